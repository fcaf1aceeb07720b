"""Where uploaded files go, by configuration: a folder or a bucket. Opened once per process."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog
from obstore.exceptions import BaseError

from core.ports.files import FileStore
from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from plugins.local_files.store import LocalFiles
from plugins.s3_files.bucket import Bucket, BucketRefused, Storage, open_bucket
from plugins.s3_files.store import S3Files
from tenants.settings import Settings
from tenants.settings_values import SettingsError, SettingsProblem

log = structlog.get_logger(__name__)

FileStores = Callable[[TenantId], FileStore]
"""Gives a tenant its store, which reaches nobody else's files."""


def files_folder(settings: Settings) -> Path | None:
    """Return the folder that files are kept in, or None when that is a bucket."""
    if settings.files_url is None:
        return settings.data_dir / "files"
    parts = urlsplit(settings.files_url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def open_storage(settings: Settings) -> Storage:
    """Return the configured bucket; nothing is asked of it yet. Raises SettingsError."""
    bucket = Bucket.at(
        settings.files_url or "",
        endpoint=settings.files_s3_endpoint,
        region=settings.files_s3_region,
        access_key_id=settings.files_s3_access_key_id,
        secret_access_key=settings.files_s3_secret_access_key,
    )
    try:
        return open_bucket(bucket)
    except (BaseError, ValueError) as error:
        # What Amazon's own variables (AWS_...) say is read here too.
        raise wrong_place("its client can't be made; look at the AWS_ variables") from error


async def open_file_stores(settings: Settings) -> FileStores:
    """Return what gives each tenant its store.

    Raises SettingsError when it can't work as configured. A bucket that doesn't answer at the
    moment is no reason to stay down: until it does, uploads are refused and all else works.
    """
    folder = files_folder(settings)
    if folder is not None:
        if settings.files_url is not None and (reason := why_not_writable(folder)):
            raise wrong_place(reason)
        return lambda tenant_id: LocalFiles(folder, tenant_id)
    storage = open_storage(settings)
    try:
        await storage.check(write=False)
    except BucketRefused as error:
        raise wrong_place(f"can't be used: {error}") from error
    except Unavailable as error:
        log.warning("files_away", bucket=storage.bucket.name, reason=error.message)
    return lambda tenant_id: S3Files(storage, tenant_id)


def why_not_writable(folder: Path) -> str:
    """Say what is wrong with a folder that was chosen, or nothing.

    It isn't made when it is missing: then most likely what should be mounted there isn't.
    """
    if not folder.is_dir():
        return f"names {folder}, which is no folder"
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return f"names {folder}, which this user can't write to"
    return ""


def wrong_place(wrong: str) -> SettingsError:
    """Return what stops the start, with the setting to correct."""
    return SettingsError(
        (
            SettingsProblem(
                "INTELLIMATCH_FILES_URL", f"is set but {wrong}", "see docs/operators/files.md"
            ),
        )
    )
