"""What the database keeps of the master keys, for whoever changes them: as the schema's owner, over
all tenants. Called by `tenants.key_rotation`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, Self

import asyncpg
import msgspec

from core.shared.ids import TenantId

_WRAPPING: Final = 741_260_512
"""First half of the lock that `hold_master_key_v1` shares."""


class KeptVersion(msgspec.Struct, frozen=True):
    """A version that the database knows."""

    version: int
    check_value: bytes | None
    added_at: datetime
    retired_at: datetime | None


class WrappedKeys(msgspec.Struct, frozen=True):
    """How many keys a version wraps."""

    version: int
    tenant_keys: int
    subject_keys: int


class MasterKeyRecords:
    """The versions of the master key, on a connection of the owner's."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._owner = connection

    @classmethod
    @asynccontextmanager
    async def open(cls, owner_url: str) -> AsyncIterator[Self]:
        """Connect as the owner; whatever was locked is given back at the end."""
        connection = await asyncpg.connect(owner_url)
        try:
            yield cls(connection)
        finally:
            await connection.close()

    async def take_turn(self, lock: int) -> bool:
        """Lock out others who take the same lock until the connection ends; whether it was free."""
        return bool(await self._owner.fetchval("SELECT pg_try_advisory_lock($1)", lock))

    async def versions(self) -> dict[int, KeptVersion]:
        """Return every version that ever was."""
        rows = await self._owner.fetch(
            "SELECT version, check_value, added_at, retired_at FROM master_keys"
        )
        return {row["version"]: KeptVersion(*row) for row in rows}

    async def wrapped(self) -> dict[int, WrappedKeys]:
        """Return how many keys each version wraps, of those that wrap any."""
        rows = await self._owner.fetch(
            "SELECT version, tenant_keys, subject_keys FROM wrapped_keys_v1()"
        )
        return {row["version"]: WrappedKeys(*row) for row in rows}

    async def add(self, version: int, check_value: bytes, first: bytes | None) -> None:
        """Let new keys be wrapped with `version`; `first` is the check value of version 1, which
        may not be known yet.
        """
        async with self._owner.transaction():
            if first is not None:
                await self._owner.execute(
                    "UPDATE master_keys SET check_value = $1 "
                    "WHERE version = 1 AND check_value IS NULL",
                    first,
                )
            await self._owner.execute(
                "INSERT INTO master_keys (version, check_value, added_at) VALUES ($1, $2, now())",
                version,
                check_value,
            )

    async def age_seconds(self, version: int) -> float:
        """Return how long ago a version was added, by the database's clock."""
        return float(
            await self._owner.fetchval(
                "SELECT extract(epoch FROM now() - added_at)::float FROM master_keys "
                "WHERE version = $1",
                version,
            )
        )

    @asynccontextmanager
    async def retiring(self, version: int) -> AsyncIterator[None]:
        """Retire a version at the end of the block, unless it raises.

        Waits for transactions that wrap with it and holds off new ones until the commit, so that
        what is looked at in between stays so.
        """
        async with self._owner.transaction():
            await self._owner.execute("SELECT pg_advisory_xact_lock($1, $2)", _WRAPPING, version)
            yield
            await self._owner.execute(
                "UPDATE master_keys SET retired_at = now() WHERE version = $1", version
            )

    async def tenants_to_rewrap(self, version: int) -> list[TenantId]:
        """Return tenants of whose keys some are wrapped with another version."""
        rows = await self._owner.fetch("SELECT tenant_id FROM tenants_to_rewrap_v1($1)", version)
        return [TenantId(row["tenant_id"]) for row in rows]
