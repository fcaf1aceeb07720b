"""Stores the addresses that aren't written to, and the order in which senders are tried."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.messages.contracts import SuppressionId
from core.messages.sender_views import SenderFailure
from core.messages.suppression import Suppression, canonical
from plugins.postgres.message_tables import message_senders, suppressed_addresses
from plugins.postgres.sender_failures import failures_of, last_attempts
from plugins.postgres.unit import Unit


class PostgresSuppressions:
    """Implements `core.messages.ports.Suppressions`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def of(self, address: str) -> Suppression | None:
        """Return the entry of an address, or None."""
        return await self._one(suppressed_addresses.c.address == canonical(address))

    async def get(self, suppression_id: SuppressionId) -> Suppression | None:
        """Return an entry, or None."""
        return await self._one(suppressed_addresses.c.id == suppression_id, is_locked=True)

    async def put(self, suppression: Suppression) -> None:
        """Insert it, or let it stand in the place of the one that is there."""
        values = {name: getattr(suppression, name) for name in Suppression.__struct_fields__}
        statement = postgresql.insert(suppressed_addresses).values(
            tenant_id=self._unit.tenant_id, **values
        )
        await self._unit.execute(
            statement.on_conflict_do_update(index_elements=["tenant_id", "address"], set_=values)
        )

    async def remove(self, suppression: Suppression) -> None:
        """Delete it."""
        await self._unit.execute(
            sa.delete(suppressed_addresses).where(suppressed_addresses.c.id == suppression.id)
        )

    async def _one(
        self, condition: sa.ColumnElement[bool], *, is_locked: bool = False
    ) -> Suppression | None:
        statement = sa.select(suppressed_addresses).where(condition)
        row = await self._unit.one_or_none(statement.with_for_update() if is_locked else statement)
        if row is None:
            return None
        return Suppression(**{name: getattr(row, name) for name in Suppression.__struct_fields__})


class PostgresSenderOrder:
    """Implements `core.messages.ports.SenderOrder`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def get(self) -> Sequence[str]:
        """Return the plugins, the first first."""
        rows = await self._unit.all(
            sa.select(message_senders.c.plugin_id).order_by(message_senders.c.place)
        )
        return [row.plugin_id for row in rows]

    async def failures(self) -> Mapping[str, SenderFailure]:
        """Look at what the latest messages tell."""
        return failures_of(await self._unit.all(last_attempts()))

    async def put(self, plugins: Sequence[str]) -> None:
        """Replace the order."""
        await self._unit.execute(sa.delete(message_senders))
        if plugins:
            await self._unit.execute(
                sa.insert(message_senders).values(
                    [
                        {"tenant_id": self._unit.tenant_id, "plugin_id": plugin, "place": place}
                        for place, plugin in enumerate(plugins)
                    ]
                )
            )
