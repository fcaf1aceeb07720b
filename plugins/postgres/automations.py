"""Stores what tenants change of the automations that everybody starts with."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from core.automations.contracts import RuleKey
from core.automations.errors import RuleChanged
from core.automations.rules import RuleChange
from core.jobs.contracts import JobId
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import Ids, MemberId
from plugins.postgres.automation_tables import automation_rules
from plugins.postgres.templates import Rows
from plugins.postgres.unit import Unit
from plugins.postgres.violations import broken_constraint

_RULE: Final = automation_rules.c
_HOLD: Final = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class PostgresRuleChanges:
    """Implements `core.automations.ports.RuleChanges`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def changes(self, job_id: JobId | None) -> Sequence[RuleChange]:
        """Return the changes for every job and for the one that is named."""
        for_all = _RULE.job_id.is_(None)
        found = await self._rows(
            sa.select(automation_rules).where(
                for_all if job_id is None else sa.or_(for_all, _RULE.job_id == job_id)
            )
        )
        return [_change(row) for row in found]


class PostgresRules(PostgresRuleChanges):
    """Implements `core.automations.ports.RuleStore`."""

    def __init__(self, unit: Unit, ids: Ids) -> None:
        super().__init__(unit.all)
        self._unit = unit
        self._ids = ids

    async def hold(self, key: RuleKey, job_id: JobId | None) -> RuleChange | None:
        """Lock the rule, which may have no row yet, and return its change."""
        name = f"automation:{self._unit.tenant_id}:{key}:{job_id}"
        await self._unit.execute(_HOLD, {"name": name})
        row = await self._unit.one_or_none(sa.select(automation_rules).where(_is(key, job_id)))
        return None if row is None else _change(row)

    async def keep(self, change: RuleChange, by: MemberId | None, now: UtcDatetime) -> None:
        """Insert or update the change."""
        values: dict[str, Any] = {
            "enabled": change.enabled,
            "delay_minutes": change.delay_minutes,
            "version": change.version,
            "changed_at": now,
            "changed_by": by,
        }
        if change.version > 1:
            await self._unit.execute(
                sa.update(automation_rules).where(_is(change.key, change.job_id)).values(**values)
            )
            return
        try:
            async with self._unit.savepoint():
                await self._unit.execute(
                    sa.insert(automation_rules).values(
                        tenant_id=self._unit.tenant_id,
                        id=self._ids.new(),
                        key=change.key,
                        job_id=change.job_id,
                        **values,
                    )
                )
        except sa.exc.IntegrityError as error:
            broken = broken_constraint(error) or ""
            if broken.endswith("job_id_jobs") or broken.startswith("fk_"):
                message = "There is no such job."
                raise InvalidInput(FieldError("job_id", message, "not_found")) from error
            if broken.startswith("uq_"):
                raise RuleChanged("Somebody changed this automation just now.") from error
            raise

    async def remove(self, key: RuleKey, job_id: JobId | None) -> None:
        """Delete the change."""
        await self._unit.execute(sa.delete(automation_rules).where(_is(key, job_id)))


def _is(key: RuleKey, job_id: JobId | None) -> sa.ColumnElement[bool]:
    of_job = _RULE.job_id.is_(None) if job_id is None else _RULE.job_id == job_id
    return sa.and_(_RULE.key == key, of_job)


def _change(row: sa.Row[Any]) -> RuleChange:
    job_id: UUID | None = row.job_id
    return RuleChange(
        row.key,
        None if job_id is None else JobId(job_id),
        row.enabled,
        row.delay_minutes,
        row.version,
    )
