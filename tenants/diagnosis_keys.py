"""The part of the diagnosis that looks at the master keys. Called by `diagnosis`."""

import os
import stat
from collections.abc import Iterator

import asyncpg
import msgspec

from core.shared.errors import DomainError
from plugins.embedded.engines import EMBEDDED_DATABASE, EngineState
from plugins.postgres.addresses import role_url
from plugins.postgres.roles import DEFAULT_ROLES
from tenants.findings import Finding, ok, problem, warning
from tenants.key_rotation import KeyVersion, MasterKeyReport, report
from tenants.master_keys import master_keys_path, read_master_keys, source_of
from tenants.secret_key import secret_key_path
from tenants.settings import Settings
from tenants.settings_values import SettingsError

_SUBJECT = "master keys"
_UNREACHABLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def examine_master_keys(settings: Settings, embedded: EngineState | None) -> list[Finding]:
    """Look at the keys of this machine and, where the owner's role is known, at what they wrap."""
    path = master_keys_path(settings)
    if source_of(settings) == "secret_key" and settings.uses_embedded_postgres:
        return [ok(_SUBJECT, f"{path} will be made by the first start")]
    try:
        complete = _completed(settings, embedded)
        held = read_master_keys(complete)
    except (SettingsError, OSError, ValueError) as error:
        return [problem(_SUBJECT, str(error), "Restore what is missing from a backup.")]
    findings = list(_judge_source(settings, held))
    if complete.owner_database_url is None:
        return findings
    try:
        found = await report(complete)
    except (*_UNREACHABLE, DomainError):
        # That the database is away or not migrated is another finding's to say.
        return findings
    return [*findings, *_judge_versions(found)]


def _completed(settings: Settings, embedded: EngineState | None) -> Settings:
    """Return settings with the secret key and the owner's address, as far as they are there."""
    key = settings.secret_key
    if key is None and secret_key_path(settings).exists():
        key = secret_key_path(settings).read_text(encoding="ascii").strip()
    owner = settings.owner_database_url
    if embedded is not None and embedded.pid is not None:
        owner = role_url(embedded.url, DEFAULT_ROLES.owner, database=EMBEDDED_DATABASE)
    return msgspec.structs.replace(settings, secret_key=key, owner_database_url=owner)


def _judge_source(settings: Settings, held: dict[int, bytes]) -> Iterator[Finding]:
    path = master_keys_path(settings)
    versions = ", ".join(str(version) for version in held)
    source = source_of(settings)
    if source == "secret_key":
        yield warning(
            _SUBJECT,
            "version 1 alone, derived from the secret key: replacing that loses every secret",
            "Set INTELLIMATCH_MASTER_KEYS and run `intellimatch keys rotate`.",
        )
    elif source == "setting":
        yield ok(_SUBJECT, f"versions {versions}, set by INTELLIMATCH_MASTER_KEYS")
    elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield problem(
            _SUBJECT,
            f"{path} is open to other users of this machine",
            f"Run `chmod 600 {path}`; if others may have read it, rotate the master key.",
        )
    elif not os.access(path, os.W_OK):
        yield problem(_SUBJECT, f"{path} can't be written by this user", "Start as its owner.")
    else:
        yield ok(_SUBJECT, f"versions {versions}, kept in {path}")


def _judge_versions(found: MasterKeyReport) -> Iterator[Finding]:
    for each in found.versions:
        if (each.wraps or each.is_newest) and not each.is_right:
            yield _unreadable(each)
        elif each.wraps and not each.is_newest:
            yield warning(
                _SUBJECT,
                f"version {each.version} still wraps {each.wraps} keys, {found.newest} is in use",
                "Run `intellimatch keys rotate` to finish.",
            )


def _unreadable(version: KeyVersion) -> Finding:
    what = "another key is held as" if version.is_held else "this machine lacks"
    return problem(
        _SUBJECT,
        f"{what} version {version.version}, which wraps {version.wraps} keys",
        "Put the right key into INTELLIMATCH_MASTER_KEYS or the file master_keys.",
    )
