"""The master keys that this process holds, and which of them the database wants used.

Tenant keys and subject keys are wrapped with a master key and say with which version. Keys come
from outside (`tenants.master_keys`); the table knows each version's check value, so that a wrong
key is told from damaged data, and the newest version, so that all processes change at once.
"""

import hmac
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa

from core.ports.secrets import MasterKeyMissing
from plugins.postgres.database import Database
from plugins.postgres.schema import global_table, time_column
from plugins.postgres.unit import Unit

SETTING: Final = "INTELLIMATCH_MASTER_KEYS"
REMEMBERED_SECONDS: Final = 3.0
"""How long a process may go on wrapping with a version after a newer one was added."""

_RELOAD_SECONDS: Final = 1.0
_CHECK_BYTES: Final = 16

master_keys = global_table(
    "master_keys",
    sa.Column("version", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("check_value", sa.LargeBinary, nullable=True),
    time_column("added_at"),
    time_column("retired_at", nullable=True),
    sa.CheckConstraint("version > 0", name="version"),
    reason="One master key wraps the keys of all tenants; here is which, and no key.",
)
"""A retired version stays, so that its number is never given to another key."""

Ask = Callable[[], Awaitable[Sequence[Any]]]
"""Returns the usable versions as the database has them."""


class MasterKeys:
    """What the process holds. `load` reads the keys anew, wherever they come from."""

    def __init__(
        self,
        load: Callable[[], Mapping[int, bytes]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._monotonic = monotonic
        self._held = dict(load())
        self._missed_at: dict[int, float] = {}
        self._checks: dict[int, bytes] = {}
        self._newest: int | None = None
        self._asked_at = 0.0

    def get(self, version: int) -> bytes:
        """Return the key of `version`; the keys are read anew when it isn't held.

        Raises MasterKeyMissing when it isn't there, or isn't the key that it was.
        """
        if not self._is_good(version):
            missed_at = self._missed_at.get(version)
            if missed_at is None or self._monotonic() - missed_at >= _RELOAD_SECONDS:
                self._held = dict(self._load())
            if not self._is_good(version):
                self._missed_at[version] = self._monotonic()
                raise _missing(version, is_wrong=version in self._held)
        return self._held[version]

    async def newest(self, ask: Ask) -> tuple[int, bytes]:
        """Return the version to wrap with, and its key. Raises MasterKeyMissing."""
        if self._newest is None or self._monotonic() - self._asked_at >= REMEMBERED_SECONDS:
            await self.refresh(ask)
        if self._newest is None:
            raise MasterKeyMissing(
                "The database names no master key: run `intellimatch migrate`.", setting=SETTING
            )
        return self._newest, self.get(self._newest)

    async def refresh(self, ask: Ask) -> None:
        """Ask the database which versions are in use and what their check values are."""
        asked_at = self._monotonic()
        rows = await ask()
        self._checks = {
            row["version"]: row["check_value"] for row in rows if row["check_value"] is not None
        }
        self._newest = max((row["version"] for row in rows), default=None)
        self._asked_at = asked_at

    def held(self) -> dict[int, bytes]:
        """Return every key as the source has them now."""
        self._held = dict(self._load())
        return dict(self._held)

    def _is_good(self, version: int) -> bool:
        key = self._held.get(version)
        if key is None:
            return False
        check = self._checks.get(version)
        return check is None or hmac.compare_digest(check, check_value(key))


def check_value(key: bytes) -> bytes:
    """Return what tells this key from another and says nothing about it."""
    return hmac.digest(key, b"intellimatch master key check 1", sha256)[:_CHECK_BYTES]


def asked_by(database: Database, first: bytes | None = None) -> Ask:
    """Return what asks outside of any transaction; it tells the check value of version 1.

    Version 1 was in use before there were check values: the first process says what it is.
    """

    async def ask() -> Sequence[Any]:
        given = None if first is None else check_value(first)
        return await database.fetch("SELECT * FROM master_keys_v1($1)", given)

    return ask


def asked_in(unit: Unit) -> Ask:
    """Return what asks in an open transaction."""

    async def ask() -> Sequence[Any]:
        return (await unit.execute(_VERSIONS)).mappings().all()

    return ask


_VERSIONS: Final = sa.text("SELECT * FROM master_keys_v1(NULL)")


def _missing(version: int, *, is_wrong: bool) -> MasterKeyMissing:
    what = (
        f"The server holds another key as master key {version} than this was encrypted with."
        if is_wrong
        else f"The server doesn't hold master key {version}, which this was encrypted with."
    )
    return MasterKeyMissing(
        f"{what} Its operator must put the right one into {SETTING}, or into the file "
        "master_keys of the data folder.",
        setting=SETTING,
        version=version,
    )
