"""Keeps what automations plan and did."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.applications.contracts import ApplicationId
from core.automations.contracts import RuleKey, StepId, StepView
from core.automations.model import InterviewStanding, Standing, Step
from core.automations.ports import ReachedStage
from core.interviews.contracts import InterviewId
from core.jobs.contracts import JobId, StageId
from core.shared.clock import UtcDatetime
from plugins.postgres.application_tables import applications
from plugins.postgres.automation_tables import automation_steps
from plugins.postgres.automation_views import STEP_FIELDS, WITH_RECEIVER, action_of, view_of
from plugins.postgres.candidate_tables import candidates
from plugins.postgres.interview_tables import feedback, interviewers, interviews
from plugins.postgres.job_tables import stages
from plugins.postgres.unit import Unit

_STEP: Final = automation_steps.c

_FEEDBACK: Final = (
    sa.select(feedback.c.author_id)
    .where(
        feedback.c.tenant_id == interviewers.c.tenant_id,
        feedback.c.application_id == interviewers.c.application_id,
        feedback.c.author_id == interviewers.c.member_id,
        feedback.c.updated_at >= interviews.c.starts_at,
    )
    .correlate(interviewers, interviews)
)
OWING: Final = sa.and_(
    interviewers.c.tenant_id == interviews.c.tenant_id,
    interviewers.c.interview_id == interviews.c.id,
    ~_FEEDBACK.exists(),
)
"""Interviewers of an interview who have given no feedback since it began."""

_STANDING: Final = (
    sa.select(
        applications.c.job_id,
        applications.c.source,
        applications.c.disposition,
        applications.c.stage_id,
        interviews.c.status.label("interview_status"),
        interviews.c.starts_at,
        interviews.c.ends_at,
        sa.select(sa.func.count())
        .select_from(interviewers)
        .where(OWING)
        .correlate(interviews)
        .scalar_subquery()
        .label("owing"),
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
            interviews.c.id == sa.bindparam("interview", type_=sa.UUID),
        ),
    )
    .where(applications.c.id == sa.bindparam("application", type_=sa.UUID))
)
"""Built once, as it is asked with every event of an interview or application."""


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
                **{name: getattr(step, name) for name in STEP_FIELDS if name != "action"},
                action=None if step.action is None else msgspec.to_builtins(step.action),
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

    async def is_after_silence(self, step_id: StepId) -> bool:
        """Look at the step."""
        row = await self._unit.one_or_none(
            sa.select(_STEP.after_silence).where(_STEP.id == step_id)
        )
        return row is not None and row.after_silence

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
                due_at=step.due_at,
                wanted_at=step.wanted_at,
                runs=step.runs,
            )
        )

    async def standing(
        self, application_id: ApplicationId, interview_id: InterviewId | None = None
    ) -> Standing | None:
        """Return how an application and one of its interviews stand."""
        row = await self._unit.one_or_none(
            _STANDING, {"application": application_id, "interview": interview_id}
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
            else InterviewStanding(row.interview_status, row.starts_at, row.ends_at, row.owing),
        )

    async def stage(self, stage_id: StageId) -> ReachedStage | None:
        """Return a stage."""
        row = await self._unit.one_or_none(
            sa.select(stages.c.name, stages.c.kind).where(stages.c.id == stage_id)
        )
        return None if row is None else ReachedStage(row.name, row.kind)

    async def view(self, step_id: StepId) -> StepView:
        """Return it as others see it."""
        rows = await self._unit.all(WITH_RECEIVER.where(_STEP.id == step_id))
        return view_of(rows[0])


def _step(row: sa.Row[Any]) -> Step:
    kept = {name: getattr(row, name) for name in STEP_FIELDS}
    return Step(**(kept | {"action": action_of(row.action)}))
