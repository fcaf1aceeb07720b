"""Changes the master key while the product runs: for `intellimatch keys`.

A rotation adds a version, tells the database, waits until every process has noticed, and wraps
anew what older versions wrap. Killed at any point, it is finished by running it again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

import msgspec
import structlog

from core.ports.secrets import MasterKeyMissing
from core.shared.errors import Conflict
from core.shared.ids import TenantId
from plugins.postgres.database import Database, DatabaseSettings
from plugins.postgres.master_key_records import KeptVersion, MasterKeyRecords, WrappedKeys
from plugins.postgres.master_keys import REMEMBERED_SECONDS, SETTING, MasterKeys, check_value
from plugins.postgres.rewrapping import Rewrapped, rewrap_tenant
from tenants.master_keys import (
    Source,
    add_master_key,
    master_key_loader,
    read_master_keys,
    set_aside,
    source_of,
)
from tenants.settings import Settings

TURN: Final = 741_260_513
"""Advisory lock of whoever rotates or retires; the database gives it back when they are killed."""

_MARGIN_SECONDS: Final = 1.0
_PASSES: Final = 20
_PAUSE_SECONDS: Final = 0.5
_CONNECTIONS: Final = 2

log = structlog.get_logger(__name__)


class KeysRefused(Conflict):
    """The master keys can't be changed so; the message says what to do first."""

    code: ClassVar[str] = "keys_refused"
    title: ClassVar[str] = "The master keys can't be changed so"


class KeyVersion(msgspec.Struct, frozen=True):
    """One version of the master key: what the database and this machine say of it."""

    version: int
    added_at: datetime | None
    """None: this machine holds it, and nothing was ever wrapped with it."""
    retired_at: datetime | None
    is_newest: bool
    """Whether new keys are wrapped with it."""
    is_held: bool
    is_right: bool
    """Whether what this machine holds is the key that the database knows."""
    tenant_keys: int
    subject_keys: int

    @property
    def wraps(self) -> int:
        """How many keys are wrapped with it."""
        return self.tenant_keys + self.subject_keys


class MasterKeyReport(msgspec.Struct, frozen=True):
    """Every version, the newest first, and where this machine's keys come from."""

    source: Source
    versions: tuple[KeyVersion, ...]

    @property
    def newest(self) -> int:
        """The version that new keys are wrapped with."""
        return next(each.version for each in self.versions if each.is_newest)


class Rotation(msgspec.Struct, frozen=True):
    """What a rotation did."""

    version: int
    was_resumed: bool
    """Whether it finished an earlier one rather than adding a key."""
    tenants: int
    keys: int
    damaged: int
    """Keys that couldn't be unwrapped and were left; `retire` will refuse because of them."""


async def report(settings: Settings) -> MasterKeyReport:
    """Say which versions there are and what they wrap. Raises SettingsError."""
    async with _as_owner(settings) as records:
        return await _report(settings, records)


async def rotate(settings: Settings) -> Rotation:
    """Wrap every key with the newest master key; a new one unless a rotation is unfinished.

    Raises KeysRefused, MasterKeyMissing, Unavailable and SettingsError.
    """
    async with _as_owner(settings) as records:
        await _take_turn(records)
        state = await _report(settings, records)
        _require_held(state)
        unfinished = any(each.wraps and not each.is_newest for each in state.versions)
        version = state.newest if unfinished else await _begin(settings, records, state)
        if not unfinished:
            log.info("master_key_added", version=version, source=state.source)
        await _let_everybody_notice(records, version)
        tenants, rewrapped = await _rewrap_all(settings, records, version)
        log.info(
            "master_key_rotated",
            version=version,
            tenants=tenants,
            keys=rewrapped.keys,
            damaged=rewrapped.damaged,
        )
        return Rotation(version, unfinished, tenants, rewrapped.keys, rewrapped.damaged)


async def retire(settings: Settings, version: int) -> Path | None:
    """Let nothing be wrapped with `version` ever again; return where the file's key was put.

    Raises KeysRefused while anything is wrapped with it.
    """
    async with _as_owner(settings) as records:
        await _take_turn(records)
        async with records.retiring(version):
            _require_retirable(await _report(settings, records), version)
        log.info("master_key_retired", version=version)
        if source_of(settings) == "file":
            return await asyncio.to_thread(set_aside, settings, version)
        return None


async def _report(settings: Settings, records: MasterKeyRecords) -> MasterKeyReport:
    held = await asyncio.to_thread(read_master_keys, settings)
    kept, wrapped = await records.versions(), await records.wrapped()
    in_use = [version for version, each in kept.items() if each.retired_at is None]
    if not in_use:
        raise KeysRefused("The database names no master key: run `intellimatch migrate`.")
    newest = max(in_use)
    return MasterKeyReport(
        source=source_of(settings),
        versions=tuple(
            _version(version, kept.get(version), held.get(version), wrapped.get(version), newest)
            for version in sorted({*kept, *held, *wrapped}, reverse=True)
        ),
    )


def _version(
    version: int,
    kept: KeptVersion | None,
    held: bytes | None,
    wrapped: WrappedKeys | None,
    newest: int,
) -> KeyVersion:
    check = None if kept is None else kept.check_value
    return KeyVersion(
        version=version,
        added_at=None if kept is None else kept.added_at,
        retired_at=None if kept is None else kept.retired_at,
        is_newest=version == newest,
        is_held=held is not None,
        is_right=held is not None and check in {None, check_value(held)},
        tenant_keys=0 if wrapped is None else wrapped.tenant_keys,
        subject_keys=0 if wrapped is None else wrapped.subject_keys,
    )


def _require_held(state: MasterKeyReport) -> None:
    for each in state.versions:
        if (each.wraps or each.is_newest) and not each.is_right:
            what = "another key as" if each.is_held else "no"
            raise MasterKeyMissing(
                f"This machine holds {what} master key {each.version}, which wraps "
                f"{each.wraps} keys. Put the right one into {SETTING}, or into the file "
                "master_keys of the data folder, and run this again.",
                setting=SETTING,
                version=each.version,
            )


def _require_retirable(state: MasterKeyReport, version: int) -> None:
    found = next((each for each in state.versions if each.version == version), None)
    if found is None or found.added_at is None:
        raise KeysRefused(f"There is no master key {version}. `intellimatch keys list` shows them.")
    if found.is_newest:
        raise KeysRefused(
            f"Master key {version} is the one in use. Run `intellimatch keys rotate` first."
        )
    if found.retired_at is not None:
        raise KeysRefused(f"Master key {version} was retired already.")
    if found.wraps:
        raise KeysRefused(
            f"Master key {version} still wraps {found.tenant_keys} tenants' and "
            f"{found.subject_keys} people's keys. Run `intellimatch keys rotate` first."
        )


async def _begin(settings: Settings, records: MasterKeyRecords, state: MasterKeyReport) -> int:
    """Add a version to the keys, unless a newer one is held already, and then to the database."""
    # A file may hold one that a rotation had made when it was killed.
    newer = [each.version for each in state.versions if each.version > state.newest]
    if newer:
        version = max(newer)
    elif state.source == "file":
        version = await asyncio.to_thread(add_master_key, settings)
    else:
        raise KeysRefused(
            f"No newer key than version {state.newest} is configured. Put "
            f"`{max(each.version for each in state.versions) + 1}:KEY` in front of "
            f"{SETTING}, with KEY from `openssl rand -base64 32`, on every machine, restart them, "
            "then run this again."
        )
    keys = await asyncio.to_thread(read_master_keys, settings)
    first = check_value(keys[1]) if 1 in keys else None
    await records.add(version, check_value(keys[version]), first)
    return version


async def _let_everybody_notice(records: MasterKeyRecords, version: int) -> None:
    """Wait until no process can wrap with an older version any more."""
    age = await records.age_seconds(version)
    await asyncio.sleep(max(0.0, REMEMBERED_SECONDS + _MARGIN_SECONDS - age))


async def _rewrap_all(
    settings: Settings, records: MasterKeyRecords, version: int
) -> tuple[int, Rewrapped]:
    """Go through the tenants until nothing is left but what is damaged."""
    total = Rewrapped()
    seen: set[TenantId] = set()
    async with _as_application(settings) as database:
        keys = MasterKeys(master_key_loader(settings))
        for _ in range(_PASSES):
            left = await records.tenants_to_rewrap(version)
            done = [await rewrap_tenant(database, keys, each, version) for each in left]
            seen.update(left)
            rewrapped = sum(each.keys for each in done)
            total.keys += rewrapped
            total.damaged = sum(each.damaged for each in done)
            if not left or (total.damaged and not rewrapped):
                return len(seen), total
            await asyncio.sleep(_PAUSE_SECONDS)
    raise KeysRefused(
        "Others keep changing the same keys. What was done stays done; run this again."
    )


async def _take_turn(records: MasterKeyRecords) -> None:
    if not await records.take_turn(TURN):
        raise KeysRefused("Somebody else is changing the master keys just now.")


@asynccontextmanager
async def _as_owner(settings: Settings) -> AsyncIterator[MasterKeyRecords]:
    if settings.owner_database_url is None:
        raise KeysRefused(
            "Master keys are for all tenants: set INTELLIMATCH_OWNER_DATABASE_URL to the address "
            "that migrations use."
        )
    async with MasterKeyRecords.open(settings.owner_database_url) as records:
        yield records


@asynccontextmanager
async def _as_application(settings: Settings) -> AsyncIterator[Database]:
    if settings.database_url is None:
        raise ValueError("settings must name the database; see tenants.bootstrap")
    database = await Database.open(
        DatabaseSettings(
            url=settings.database_url,
            write_connections=_CONNECTIONS,
            read_connections=_CONNECTIONS,
            lock_timeout_ms=settings.lock_timeout_ms,
        )
    )
    try:
        yield database
    finally:
        await database.close()
