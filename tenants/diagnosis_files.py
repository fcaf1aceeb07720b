"""The part of the diagnosis that looks at where files are kept. Called by `diagnosis`."""

from urllib.parse import urlsplit

from core.shared.errors import Unavailable
from plugins.s3_files.bucket import BucketRefused
from tenants.file_stores import files_folder, open_storage, why_not_writable
from tenants.findings import Finding, ok, problem, warning
from tenants.settings import Settings
from tenants.settings_values import SettingsError

_SUBJECT = "files"


async def examine_files(settings: Settings) -> list[Finding]:
    """Look at the folder, or put an empty object into the bucket and take it out again."""
    if settings.files_url is None:
        return [ok(_SUBJECT, "kept in the data folder")]
    folder = files_folder(settings)
    if folder is not None:
        reason = why_not_writable(folder)
        if reason:
            said = f"INTELLIMATCH_FILES_URL {reason}"
            return [problem(_SUBJECT, said, "Make or mount it, for this user to write to.")]
        return [ok(_SUBJECT, f"kept in {folder}")]
    return [*await _examine_bucket(settings), *_examine_way(settings)]


async def _examine_bucket(settings: Settings) -> list[Finding]:
    where = f"bucket {urlsplit(settings.files_url or '').netloc}"
    try:
        await open_storage(settings).check(write=True)
    except SettingsError as error:
        return [problem(_SUBJECT, str(error), "Correct or unset the variable.")]
    except BucketRefused as error:
        remedy = "Correct INTELLIMATCH_FILES_URL and _FILES_S3_..., or the rights of the key."
        return [problem(_SUBJECT, f"{where}: {error}", remedy)]
    except Unavailable as error:
        return [problem(_SUBJECT, f"{where}: {error.message}", "Start it, or correct its address.")]
    return [ok(_SUBJECT, f"{where} can be listed, written to and deleted from")]


def _examine_way(settings: Settings) -> list[Finding]:
    endpoint = urlsplit(settings.files_s3_endpoint or "https:")
    if endpoint.scheme == "https" or endpoint.hostname in {"localhost", "127.0.0.1", "::1"}:
        return []
    return [
        warning(
            _SUBJECT,
            f"résumés travel to {endpoint.hostname} unencrypted",
            "Set INTELLIMATCH_FILES_S3_ENDPOINT to an https:// address.",
        )
    ]
