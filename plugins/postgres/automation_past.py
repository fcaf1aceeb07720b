"""Reads what happened to applications lately, for dry runs of automations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from core.applications.contracts import ApplicationId
from core.automations.contracts import Trigger
from core.automations.ports import Past
from core.automations.rules import Occasion
from core.jobs.contracts import JobId, StageId
from plugins.postgres.application_tables import applications, assignments, stage_changes
from plugins.postgres.automation_steps import OWING
from plugins.postgres.interview_tables import interviewers, interviews
from plugins.postgres.last_words import last_words
from plugins.postgres.templates import Rows

_SILENCE: Final = Occasion("no_answer")

_KINDS: Final = {
    "application_received": "applied",
    "stage_reached": "moved",
    "hired": "hired",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
}


class PostgresPast:
    """Implements what `core.automations.ports.ApplicationsKnown` tells of the past."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def fallen_silent(
        self, since: datetime, until: datetime, jobs: frozenset[JobId] | None, limit: int
    ) -> Sequence[Past]:
        """Return active applications whose last word to the candidate lies between the two."""
        words = last_words()
        silent = sa.select(words.c.application_id, words.c.last_word_at).where(
            words.c.last_word_at.between(since, until)
        )
        if jobs is not None:
            # OFFSET 0 has them read once, instead of one for each of those who fell silent.
            theirs = sa.select(applications.c.id).where(*_in(applications.c.job_id, jobs))
            theirs = theirs.offset(0)
            silent = silent.where(words.c.application_id.in_(theirs))
        # Cut off before it is joined: the planner can't know how few of all fell silent then.
        latest = (
            silent.order_by(words.c.last_word_at.desc(), words.c.application_id)
            .limit(limit)
            .subquery("latest")
        )
        rows = await self._rows(
            sa.select(applications.c.id, applications.c.job_id, latest.c.last_word_at)
            .join_from(latest, applications, applications.c.id == latest.c.application_id)
            .order_by(latest.c.last_word_at.desc(), applications.c.id)
        )
        return [
            Past(ApplicationId(row.id), JobId(row.job_id), row.last_word_at, _SILENCE)
            for row in rows
        ]

    async def past(
        self, trigger: Trigger, since: datetime, jobs: frozenset[JobId] | None, limit: int
    ) -> Sequence[Past]:
        """Return what happened since then, from the histories that nobody can change."""
        if trigger in _KINDS:
            rows = await self._rows(
                _CHANGES.where(
                    stage_changes.c.at >= since,
                    stage_changes.c.kind == _KINDS[trigger],
                    *_in(stage_changes.c.job_id, jobs),
                )
                .order_by(stage_changes.c.at.desc(), stage_changes.c.id)
                .limit(limit)
            )
            return [_change(trigger, row) for row in rows]
        happened = (_ASSIGNED if trigger == "assigned" else _of_interviews(trigger)).subquery(
            "happened"
        )
        rows = await self._rows(
            sa.select(happened.c.application_id, applications.c.job_id, happened.c.at)
            .join_from(happened, applications, _of(happened))
            .where(
                happened.c.at >= since,
                happened.c.at <= sa.func.now(),
                *_in(applications.c.job_id, jobs),
            )
            .order_by(happened.c.at.desc(), happened.c.application_id)
            .limit(limit)
        )
        occasion = Occasion(trigger)
        return [
            Past(ApplicationId(row.application_id), JobId(row.job_id), row.at, occasion)
            for row in rows
        ]


_CHANGES: Final = sa.select(
    stage_changes.c.application_id,
    stage_changes.c.job_id,
    stage_changes.c.at,
    stage_changes.c.to_stage_id,
    stage_changes.c.to_stage_name,
    stage_changes.c.to_stage_kind,
    stage_changes.c.reason_code,
)
_ASSIGNED: Final = sa.select(
    assignments.c.tenant_id, assignments.c.application_id, assignments.c.at
).where(assignments.c.to_member_id.is_not(None))


def _of_interviews(trigger: Trigger) -> sa.Select[Any]:
    """Return interviews with the time at which they would have been such an occasion.

    A changed interview is known by its last change alone.
    """
    known = interviews.c

    def at(moment: sa.Column[Any]) -> sa.Select[Any]:
        return sa.select(known.tenant_id, known.application_id, moment.label("at"))

    if trigger == "interview_scheduled":
        return at(known.created_at)
    if trigger == "interview_cancelled":
        return at(known.updated_at).where(known.status == "cancelled")
    if trigger == "interview_rescheduled":
        return at(known.updated_at).where(known.status == "scheduled", known.version > 1)
    if trigger == "interview_ahead":
        return at(known.starts_at).where(known.status == "scheduled")
    owing = sa.select(interviewers.c.member_id).where(OWING).correlate(interviews)
    return at(known.ends_at).where(known.status == "scheduled", owing.exists())


def _of(happened: sa.Subquery) -> sa.ColumnElement[bool]:
    return sa.and_(
        applications.c.tenant_id == happened.c.tenant_id,
        applications.c.id == happened.c.application_id,
    )


def _in(
    job_id: sa.Column[Any], jobs: frozenset[JobId] | None
) -> tuple[sa.ColumnElement[bool], ...]:
    if jobs is None:
        return ()
    return (job_id == sa.any_(sa.literal(sorted(jobs), ARRAY(sa.Uuid()))),)


def _change(trigger: Trigger, row: sa.Row[Any]) -> Past:
    reached = trigger in {"stage_reached", "hired"}
    occasion = Occasion(
        trigger,
        row.to_stage_name if reached else "",
        row.to_stage_kind if reached else None,
        reason=row.reason_code,
        stage_id=StageId(row.to_stage_id) if reached else None,
    )
    return Past(ApplicationId(row.application_id), JobId(row.job_id), row.at, occasion)
