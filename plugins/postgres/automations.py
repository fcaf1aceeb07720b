"""Stores what tenants change of automations, and what automations plan and did."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.applications.contracts import ApplicationId
from core.applications.errors import ApplicationNotFound
from core.automations.contracts import RuleKey, StepId, StepView
from core.automations.errors import RuleChanged
from core.automations.model import InterviewStanding, Standing, Step
from core.automations.ports import ReachedStage
from core.automations.rules import NAMES, RuleChange
from core.interviews.contracts import InterviewId
from core.jobs.contracts import JobId, StageId
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import Ids, MemberId
from plugins.postgres.application_tables import applications
from plugins.postgres.automation_tables import automation_rules, automation_steps
from plugins.postgres.candidate_tables import candidates
from plugins.postgres.database import TenantReader
from plugins.postgres.interview_tables import interviews
from plugins.postgres.job_tables import stages
from plugins.postgres.templates import Rows
from plugins.postgres.unit import Unit
from plugins.postgres.violations import broken_constraint

SHOWN_STEPS: Final = 100

_RULE: Final = automation_rules.c
_STEP: Final = automation_steps.c
_STEP_FIELDS: Final = tuple(field.name for field in fields(Step))
_HOLD: Final = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")

_WITH_RECEIVER: Final = (
    sa.select(
        *(automation_steps.c[name] for name in _STEP_FIELDS),
        candidates.c.full_name,
        candidates.c.emails,
    )
    .select_from(automation_steps)
    .join(
        applications,
        sa.and_(
            applications.c.tenant_id == _STEP.tenant_id,
            applications.c.id == _STEP.application_id,
        ),
    )
    .join(
        candidates,
        sa.and_(
            candidates.c.tenant_id == applications.c.tenant_id,
            candidates.c.id == applications.c.candidate_id,
        ),
    )
)


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


class PostgresSteps:
    """Implements `core.automations.ports.Steps`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, step: Step) -> bool:
        """Insert it unless the rule has reacted to the event before."""
        row = await self._unit.one_or_none(
            postgresql.insert(automation_steps)
            .values(
                tenant_id=self._unit.tenant_id,
                **{name: getattr(step, name) for name in _STEP_FIELDS},
            )
            .on_conflict_do_nothing(index_elements=["tenant_id", "event_id", "rule_key"])
            .returning(_STEP.id)
        )
        return row is not None

    async def has_reacted(
        self, application_id: ApplicationId, rule_key: RuleKey, since: UtcDatetime
    ) -> bool:
        """Look for a step that was done or is planned."""
        found = sa.select(_STEP.id).where(
            _STEP.application_id == application_id,
            _STEP.happened_at >= since,
            _STEP.rule_key == rule_key,
            _STEP.state.in_(["planned", "done"]),
        )
        return await self._unit.one_or_none(found.limit(1)) is not None

    async def get_for_change(self, step_id: StepId) -> Step | None:
        """Return it, locked."""
        row = await self._unit.one_or_none(
            sa.select(automation_steps).where(_STEP.id == step_id).with_for_update()
        )
        return None if row is None else _step(row)

    async def planned_for_change(self, application_id: ApplicationId) -> Sequence[Step]:
        """Return those still planned, locked in the order of their ids."""
        rows = await self._unit.all(
            sa.select(automation_steps)
            .where(_STEP.application_id == application_id, _STEP.state == "planned")
            .order_by(_STEP.id)
            .with_for_update()
        )
        return [_step(row) for row in rows]

    async def save(self, step: Step) -> None:
        """Update what became of it."""
        await self._unit.execute(
            sa.update(automation_steps)
            .where(_STEP.id == step.id)
            .values(
                state=step.state,
                reason=step.reason,
                ended_at=step.ended_at,
                taken_back_by=step.taken_back_by,
                message_id=step.message_id,
            )
        )

    async def standing(
        self, application_id: ApplicationId, interview_id: InterviewId | None = None
    ) -> Standing | None:
        """Return how an application and one of its interviews stand."""
        row = await self._unit.one_or_none(
            sa.select(
                applications.c.job_id,
                applications.c.source,
                applications.c.disposition,
                applications.c.stage_id,
                interviews.c.status.label("interview_status"),
                interviews.c.starts_at,
                (sa.func.cardinality(candidates.c.emails) > 0).label("has_address"),
            )
            .join_from(
                applications,
                candidates,
                sa.and_(
                    candidates.c.tenant_id == applications.c.tenant_id,
                    candidates.c.id == applications.c.candidate_id,
                ),
            )
            .outerjoin(
                interviews,
                sa.and_(
                    interviews.c.tenant_id == applications.c.tenant_id,
                    interviews.c.application_id == applications.c.id,
                    interviews.c.id == interview_id,
                ),
            )
            .where(applications.c.id == application_id)
        )
        if row is None:
            return None
        return Standing(
            application_id,
            JobId(row.job_id),
            row.source,
            row.disposition,
            StageId(row.stage_id),
            row.has_address,
            None
            if row.interview_status is None
            else InterviewStanding(row.interview_status, row.starts_at),
        )

    async def stage(self, stage_id: StageId) -> ReachedStage | None:
        """Return a stage."""
        row = await self._unit.one_or_none(
            sa.select(stages.c.name, stages.c.kind).where(stages.c.id == stage_id)
        )
        return None if row is None else ReachedStage(row.name, row.kind)

    async def view(self, step_id: StepId) -> StepView:
        """Return it as others see it."""
        rows = await self._unit.all(_WITH_RECEIVER.where(_STEP.id == step_id))
        return _view(rows[0])


class PostgresStepQueries:
    """Implements `core.automations.ports.StepQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def of_application(
        self, application_id: ApplicationId, only_for: MemberId | None
    ) -> Sequence[StepView]:
        """Return the last ones. Raises ApplicationNotFound."""
        seen = await self._reader.call("get_application_v1", application_id, only_for)
        if not seen:
            raise ApplicationNotFound("There is no such application.")
        rows = await self._reader.select(
            _WITH_RECEIVER.where(_STEP.application_id == application_id)
            .order_by(_STEP.happened_at.desc(), _STEP.id.desc())
            .limit(SHOWN_STEPS)
        )
        return [_view(row) for row in rows]


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


def _step(row: sa.Row[Any]) -> Step:
    return Step(**{name: getattr(row, name) for name in _STEP_FIELDS})


def _view(row: sa.Row[Any]) -> StepView:
    kept = {name: getattr(row, name) for name in _STEP_FIELDS if name != "stage_name"}
    kept.pop("event_id")
    kept.pop("application_id")
    kept.pop("stage_id")
    kept.pop("interview_at")
    return msgspec.convert(
        {
            **kept,
            "rule_name": NAMES.get(row.rule_key, row.rule_key),
            "to_name": row.full_name,
            "to_address": row.emails[0] if row.emails else None,
            "stage": row.stage_name,
        },
        StepView,
    )
