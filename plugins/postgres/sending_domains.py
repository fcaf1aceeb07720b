"""Stores what was found when the domains were looked at that a tenant sends from."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.deliverability.contracts import DomainCheck
from plugins.postgres.database import TenantReader
from plugins.postgres.schema import json_column, tenant_table, text_column, time_column
from plugins.postgres.unit import Unit

sending_domains = tenant_table(
    "sending_domains",
    text_column("domain"),
    time_column("checked_at"),
    json_column("report"),
    key=("domain",),
)
"""The last check of each domain."""


class PostgresDomainCheckQueries:
    """Implements `core.deliverability.ports.DomainCheckQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def all(self) -> Sequence[DomainCheck]:
        """Return the last check of each domain."""
        rows = await self._reader.select(sa.select(sending_domains.c.report))
        return [msgspec.convert(row.report, DomainCheck) for row in rows]


class PostgresDomainChecks:
    """Implements `core.deliverability.ports.DomainChecks`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def last(self, domain: str) -> DomainCheck | None:
        """Return the last check, locked."""
        row = await self._unit.one_or_none(
            sa.select(sending_domains.c.report)
            .where(sending_domains.c.domain == domain)
            .with_for_update()
        )
        return None if row is None else msgspec.convert(row.report, DomainCheck)

    async def put(self, check: DomainCheck) -> None:
        """Insert or replace."""
        values = {"checked_at": check.checked_at, "report": msgspec.to_builtins(check)}
        await self._unit.execute(
            postgresql.insert(sending_domains)
            .values(tenant_id=self._unit.tenant_id, domain=check.domain, **values)
            .on_conflict_do_update(index_elements=["tenant_id", "domain"], set_=values)
        )
