"""What plugins keep without tables of their own: small values, counts of use, received webhooks.

Values arrive here encrypted. `tenants.plugins` writes and reads these for one plugin and tenant.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.shared.clock import UtcDatetime
from plugins.postgres.schema import tenant_table, text_column, time_column, uuid_column
from plugins.postgres.unit import Unit

plugin_store = tenant_table(
    "plugin_store",
    text_column("plugin_id"),
    text_column("name"),
    text_column("sealed"),
    time_column("updated_at"),
    key=("plugin_id", "name"),
)

plugin_usage = tenant_table(
    "plugin_usage",
    text_column("plugin_id"),
    text_column("meter"),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    key=("plugin_id", "meter", "day"),
)

plugin_webhooks = tenant_table(
    "plugin_webhooks",
    uuid_column("id"),
    text_column("plugin_id"),
    text_column("webhook"),
    text_column("delivery"),
    text_column("sealed", nullable=True),
    time_column("received_at"),
    time_column("handled_at", nullable=True),
    unique=[("plugin_id", "webhook", "delivery")],
    indexes=[("handled_at",)],
)
"""What vendors sent: encrypted until it was handled; the name stays, to know a repetition."""

REMEMBERED: Final = timedelta(days=30)
"""How long a handled delivery is recognised when the vendor sends it again."""

MAX_KEYS: Final = 1_000


class PluginStore:
    """The small values of one plugin within one unit."""

    def __init__(self, unit: Unit, plugin_id: str) -> None:
        self._unit = unit
        self._plugin_id = plugin_id

    async def get(self, name: str) -> str | None:
        """Return the sealed value, or None."""
        row = await self._unit.one_or_none(
            sa.select(plugin_store.c.sealed).where(*self._is(), plugin_store.c.name == name)
        )
        return None if row is None else row.sealed

    async def put(self, name: str, sealed: str, now: UtcDatetime) -> None:
        """Keep the value."""
        statement = postgresql.insert(plugin_store).values(
            tenant_id=self._unit.tenant_id,
            plugin_id=self._plugin_id,
            name=name,
            sealed=sealed,
            updated_at=now,
        )
        await self._unit.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "plugin_id", "name"],
                set_={"sealed": sealed, "updated_at": now},
            )
        )

    async def delete(self, name: str) -> None:
        """Forget the value."""
        await self._unit.execute(
            sa.delete(plugin_store).where(*self._is(), plugin_store.c.name == name)
        )

    async def keys(self, prefix: str) -> Sequence[str]:
        """Return names in order."""
        rows = await self._unit.all(
            sa.select(plugin_store.c.name)
            .where(*self._is(), plugin_store.c.name.startswith(prefix, autoescape=True))
            .order_by(plugin_store.c.name)
            .limit(MAX_KEYS)
        )
        return [row.name for row in rows]

    def _is(self) -> tuple[sa.ColumnElement[bool], ...]:
        return (plugin_store.c.plugin_id == self._plugin_id,)


class PluginUsage:
    """Counts of use within one unit."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, plugin_id: str, meter: str, amount: int, now: UtcDatetime) -> None:
        """Add to the count of the day, in UTC."""
        statement = postgresql.insert(plugin_usage).values(
            tenant_id=self._unit.tenant_id,
            plugin_id=plugin_id,
            meter=meter,
            day=now.date(),
            amount=amount,
        )
        await self._unit.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "plugin_id", "meter", "day"],
                set_={"amount": plugin_usage.c.amount + amount},
            )
        )


class ReceivedWebhook(msgspec.Struct, frozen=True):
    """A delivery that wasn't handled yet."""

    id: UUID
    plugin_id: str
    webhook: str
    delivery: str
    sealed: str


class PluginWebhooks:
    """What vendors sent, within one unit."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def keep(self, received: ReceivedWebhook, now: UtcDatetime) -> bool:
        """Keep it; say whether it wasn't there."""
        inserted = await self._unit.one_or_none(
            postgresql.insert(plugin_webhooks)
            .values(
                tenant_id=self._unit.tenant_id,
                **msgspec.structs.asdict(received),
                received_at=now,
            )
            .on_conflict_do_nothing(
                index_elements=["tenant_id", "plugin_id", "webhook", "delivery"]
            )
            .returning(plugin_webhooks.c.id)
        )
        return inserted is not None

    async def waiting(self, webhook_id: UUID) -> ReceivedWebhook | None:
        """Return it, or None when it was handled or removed."""
        row: Any = await self._unit.one_or_none(
            sa.select(plugin_webhooks).where(
                plugin_webhooks.c.id == webhook_id, plugin_webhooks.c.handled_at.is_(None)
            )
        )
        if row is None:
            return None
        return ReceivedWebhook(row.id, row.plugin_id, row.webhook, row.delivery, row.sealed)

    async def handled(self, webhook_id: UUID, now: UtcDatetime) -> None:
        """Note that it was handled and forget what was in it; and what is long past."""
        columns = plugin_webhooks.c
        await self._unit.execute(
            sa.update(plugin_webhooks)
            .where(columns.id == webhook_id)
            .values(handled_at=now, sealed=None)
        )
        await self._unit.execute(
            sa.delete(plugin_webhooks).where(columns.handled_at < now - REMEMBERED)
        )
