"""Stores the automations of tenants' own, and what holds for all of a tenant's automations."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.automations.contracts import AutomationSettings, RuleId, Trigger
from core.automations.definition import RuleDefinition
from core.automations.own import OwnRule
from core.automations.ports import Refs
from core.automations.quiet import QuietTimes
from core.jobs.contracts import JobId
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import MemberId
from plugins.postgres.automation_tables import automation_settings, own_automations
from plugins.postgres.job_tables import default_pipelines, jobs, stages
from plugins.postgres.jobs import pipeline_view
from plugins.postgres.members import members
from plugins.postgres.templates import Rows
from plugins.postgres.unit import Unit
from plugins.postgres.violations import broken_constraint

_RULE: Final = own_automations.c
_HOLD: Final = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_QUESTIONS: Final = sa.text(
    "SELECT DISTINCT q ->> 'id' AS id FROM jobs, jsonb_array_elements(questions) q "
    "WHERE CAST(:job AS uuid) IS NULL OR jobs.id = CAST(:job AS uuid)"
)


class PostgresOwnRules:
    """Implements `core.automations.ports.OwnRules`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def all(self, trigger: Trigger | None = None) -> Sequence[OwnRule]:
        """Return every one, or those that wait for this."""
        found = sa.select(own_automations).order_by(_RULE.created_at, _RULE.id)
        if trigger is not None:
            found = found.where(_RULE.trigger == trigger)
        return [_rule(row) for row in await self._rows(found)]

    async def get(self, rule_id: RuleId) -> OwnRule | None:
        """Return one."""
        rows = await self._rows(sa.select(own_automations).where(_RULE.id == rule_id))
        return _rule(rows[0]) if rows else None

    async def known(self, refs: Refs, job_id: JobId | None) -> Refs:
        """Return those that are there."""
        return Refs(
            stages=frozenset(await self._stages(refs, job_id)),
            stage_names=await self._names(refs, job_id),
            members=frozenset(
                await self._ids(
                    sa.select(members.c.id).where(
                        members.c.id.in_(refs.members), members.c.status == "active"
                    )
                )
                if refs.members
                else ()
            ),
            jobs=frozenset(
                await self._ids(sa.select(jobs.c.id).where(jobs.c.id.in_(refs.jobs)))
                if refs.jobs
                else ()
            ),
            questions=await self._questions(refs, job_id),
        )

    async def settings(self) -> AutomationSettings:
        """Return what an admin decided, or that nobody has."""
        rows = await self._rows(sa.select(automation_settings))
        if not rows:
            return AutomationSettings(None, 0)
        row = rows[0]
        hours = None if row.quiet_starts is None else QuietTimes(row.quiet_starts, row.quiet_ends)
        return AutomationSettings(hours, row.version)

    async def _stages(self, refs: Refs, job_id: JobId | None) -> list[Any]:
        if not refs.stages:
            return []
        found = sa.select(stages.c.id).where(stages.c.id.in_(refs.stages))
        return await self._ids(found if job_id is None else found.where(stages.c.job_id == job_id))

    async def _names(self, refs: Refs, job_id: JobId | None) -> frozenset[str]:
        if not refs.stage_names:
            return frozenset()
        found = sa.select(stages.c.name).distinct()
        if job_id is not None:
            found = found.where(stages.c.job_id == job_id)
        there = {_folded(row[0]) for row in await self._rows(found)}
        if job_id is None:  # those of jobs to come
            kept = await self._rows(sa.select(default_pipelines))
            there |= {
                _folded(each.name) for each in pipeline_view(kept[0] if kept else None).stages
            }
        return frozenset(name for name in refs.stage_names if _folded(name) in there)

    async def _questions(self, refs: Refs, job_id: JobId | None) -> frozenset[Any]:
        if not refs.questions:
            return frozenset()
        statement = _QUESTIONS.bindparams(job=None if job_id is None else str(job_id))
        there = {row.id for row in await self._rows(statement)}
        return frozenset(each for each in refs.questions if str(each) in there)

    async def _ids(self, statement: sa.Select[Any]) -> list[Any]:
        return [row[0] for row in await self._rows(statement)]


class PostgresOwnRuleStore(PostgresOwnRules):
    """Implements `core.automations.ports.OwnRuleStore`."""

    def __init__(self, unit: Unit) -> None:
        super().__init__(unit.all)
        self._unit = unit

    async def count(self) -> int:
        """Count them, once no other is being made."""
        await self._unit.execute(_HOLD, {"name": f"automations:{self._unit.tenant_id}"})
        row = await self._unit.one_or_none(sa.select(sa.func.count()).select_from(own_automations))
        return 0 if row is None else int(row[0])

    async def get_for_change(self, rule_id: RuleId) -> OwnRule | None:
        """Return one, locked."""
        row = await self._unit.one_or_none(
            sa.select(own_automations).where(_RULE.id == rule_id).with_for_update()
        )
        return None if row is None else _rule(row)

    async def keep(self, rule: OwnRule, by: MemberId | None, now: UtcDatetime) -> None:
        """Insert or update it."""
        values: dict[str, Any] = {
            "job_id": rule.job_id,
            "name": rule.name,
            "trigger": rule.trigger,
            "enabled": rule.enabled,
            "active_since": rule.active_since,
            "version": rule.version,
            "changed_at": now,
            "changed_by": by,
        }
        if rule.definition is not None:
            values["definition"] = msgspec.to_builtins(rule.definition)
        key = {"tenant_id": self._unit.tenant_id, "id": rule.id}
        try:
            async with self._unit.savepoint():
                if rule.version == 1:
                    await self._unit.execute(
                        sa.insert(own_automations).values(**key, created_at=now, **values)
                    )
                else:
                    await self._unit.execute(
                        sa.update(own_automations).where(_RULE.id == rule.id).values(**values)
                    )
        except sa.exc.IntegrityError as error:
            if (broken_constraint(error) or "").startswith("fk_"):
                message = "There is no such job."
                raise InvalidInput(FieldError("job_id", message, "not_found")) from error
            raise

    async def delete(self, rule_id: RuleId) -> None:
        """Delete it."""
        await self._unit.execute(sa.delete(own_automations).where(_RULE.id == rule_id))

    async def keep_settings(
        self, settings: AutomationSettings, by: MemberId | None, now: UtcDatetime
    ) -> None:
        """Insert or update them."""
        hours = settings.quiet_hours
        values = {
            "quiet_starts": None if hours is None else hours.starts,
            "quiet_ends": None if hours is None else hours.ends,
            "version": settings.version,
            "changed_at": now,
            "changed_by": by,
        }
        await self._unit.execute(
            postgresql.insert(automation_settings)
            .values(tenant_id=self._unit.tenant_id, **values)
            .on_conflict_do_update(index_elements=["tenant_id"], set_=values)
        )


def _rule(row: sa.Row[Any]) -> OwnRule:
    return OwnRule(
        id=RuleId(row.id),
        job_id=None if row.job_id is None else JobId(row.job_id),
        name=row.name,
        trigger=row.trigger,
        enabled=row.enabled,
        definition=_definition(row.definition),
        active_since=row.active_since,
        version=row.version,
    )


def _definition(kept: Any) -> RuleDefinition | None:
    """Return what is kept; None when this release doesn't understand it."""
    try:
        return msgspec.convert(kept, RuleDefinition)
    except msgspec.ValidationError:
        return None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
