"""Reads applications as automations look at them: as they stand, how silent it is around them, and
what happened to them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import sqlalchemy as sa

from core.applications.contracts import ApplicationId
from core.automations.contracts import RuleKey, Trigger
from core.automations.facts import Facts
from core.automations.ports import Past, Silence
from core.automations.rules import Occasion
from core.candidates.contracts import CandidateId
from core.interviews.contracts import InterviewId
from core.jobs.contracts import JobId, StageId, StageKind
from core.shared.ids import MemberId
from plugins.postgres.application_tables import applications, assignments, stage_changes
from plugins.postgres.automation_steps import OWING
from plugins.postgres.automation_tables import automation_steps
from plugins.postgres.candidate_tables import candidates
from plugins.postgres.careers_tables import submissions
from plugins.postgres.interview_tables import interviewers, interviews
from plugins.postgres.job_tables import job_team, jobs, stages
from plugins.postgres.last_words import last_words
from plugins.postgres.members import members
from plugins.postgres.templates import Rows

_CHUNK: Final = 1_000
_NEVER: Final = UUID(int=0)

_LANGUAGE: Final = (
    sa.select(submissions.c.language)
    .where(
        submissions.c.tenant_id == applications.c.tenant_id,
        submissions.c.application_id == applications.c.id,
        submissions.c.is_repeated.is_(False),
    )
    .order_by(submissions.c.received_at)
    .limit(1)
    .scalar_subquery()
)


def _joined(table: sa.Table, column: Any) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.tenant_id == applications.c.tenant_id, table.c.id == column)


_FACTS: Final = (
    sa.select(
        applications,
        candidates.c.full_name,
        candidates.c.emails,
        candidates.c.location.label("candidate_location"),
        candidates.c.phones,
        candidates.c.tags,
        jobs.c.title,
        jobs.c.department,
        jobs.c.location,
        jobs.c.questions,
        stages.c.name.label("stage_name"),
        _LANGUAGE.label("language"),
    )
    .select_from(applications)
    .join(candidates, _joined(candidates, applications.c.candidate_id))
    .join(jobs, _joined(jobs, applications.c.job_id))
    .join(stages, _joined(stages, applications.c.stage_id))
)

_KINDS: Final = {
    "application_received": "applied",
    "stage_reached": "moved",
    "hired": "hired",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
}


class PostgresApplicationsKnown:
    """Implements `core.automations.ports.ApplicationsKnown`."""

    def __init__(self, rows: Rows, language_of: Callable[[str | None], str]) -> None:
        self._rows = rows
        self._language_of = language_of

    async def facts(self, wanted: Sequence[ApplicationId]) -> dict[ApplicationId, Facts]:
        """Return those that exist."""
        found: dict[ApplicationId, Facts] = {}
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            for row in await self._rows(_FACTS.where(applications.c.id.in_(chunk))):
                found[ApplicationId(row.id)] = self._facts(row)
        return found

    async def stage_of(
        self, job_id: JobId, stage_id: StageId | None, name: str | None
    ) -> tuple[StageId, StageKind] | None:
        """Return the job's stage; of several of that name the first."""
        rows = await self._rows(
            sa.select(stages.c.id, stages.c.name, stages.c.kind)
            .where(stages.c.job_id == job_id)
            .order_by(stages.c.position)
        )
        for row in rows:
            if row.id == stage_id or (name is not None and _folded(row.name) == _folded(name)):
                return StageId(row.id), row.kind
        return None

    async def to_tell(
        self,
        who: Literal["assignee", "hiring_team", "interviewers"],
        application_id: ApplicationId,
        interview_id: InterviewId | None,
    ) -> Sequence[MemberId]:
        """Return the active members who are meant."""
        meant: sa.Select[Any]
        if who == "assignee":
            meant = sa.select(applications.c.assignee_id).where(applications.c.id == application_id)
        elif who == "hiring_team":
            meant = sa.select(job_team.c.member_id).where(
                job_team.c.job_id
                == sa.select(applications.c.job_id)
                .where(applications.c.id == application_id)
                .scalar_subquery()
            )
        else:
            meant = (
                sa.select(interviewers.c.member_id)
                .select_from(interviewers.join(interviews, OWING))
                .where(interviews.c.id == (interview_id or _NEVER))
            )
        rows = await self._rows(
            sa.select(members.c.id)
            .where(members.c.id.in_(meant), members.c.status == "active")
            .order_by(members.c.id)
        )
        return [MemberId(row.id) for row in rows]

    async def silent(
        self,
        since: datetime,
        until: datetime,
        job_id: JobId | None,
        after: ApplicationId | None,
        limit: int,
        *,
        unknown_to: RuleKey | None = None,
    ) -> Sequence[Silence]:
        """Return active applications whose last word lies between the two."""
        words = last_words()
        application_id, at = words.c.application_id, words.c.last_word_at
        found = sa.select(application_id, at).where(at >= since, at <= until)
        if job_id is not None:
            of_job = sa.select(applications.c.id).where(applications.c.job_id == job_id)
            found = found.where(application_id.in_(of_job))
        if unknown_to is not None:
            found = found.where(~_reacted(unknown_to, application_id, at).exists())
        if after is not None:
            found = found.where(application_id > after)
        rows = await self._rows(found.order_by(application_id).limit(limit))
        return [Silence(ApplicationId(row.application_id), row.last_word_at) for row in rows]

    async def last_word(self, application_id: ApplicationId) -> datetime | None:
        """Return when the candidate last heard from us."""
        words = last_words(application_id)
        rows = await self._rows(sa.select(words.c.last_word_at))
        return rows[0].last_word_at if rows else None

    async def past(self, trigger: Trigger, since: datetime, limit: int) -> Sequence[Past]:
        """Return what happened since then, from the histories that nobody can change."""
        if trigger in _KINDS:
            rows = await self._rows(
                sa.select(stage_changes)
                .where(stage_changes.c.at >= since, stage_changes.c.kind == _KINDS[trigger])
                .order_by(stage_changes.c.at.desc(), stage_changes.c.id)
                .limit(limit)
            )
            return [_change(trigger, row) for row in rows]
        found = _ASSIGNED if trigger == "assigned" else _of_interviews(trigger)
        named = found.subquery("happened")
        rows = await self._rows(
            sa.select(named)
            .where(named.c.at >= since, named.c.at <= sa.func.now())
            .order_by(named.c.at.desc(), named.c.application_id)
            .limit(limit)
        )
        return [Past(ApplicationId(row.application_id), row.at, Occasion(trigger)) for row in rows]

    def _facts(self, row: sa.Row[Any]) -> Facts:
        return Facts(
            application_id=ApplicationId(row.id),
            candidate_id=CandidateId(row.candidate_id),
            candidate_name=row.full_name,
            address=row.emails[0] if row.emails else None,
            candidate_location=row.candidate_location,
            phones=tuple(row.phones),
            tags=tuple(row.tags),
            language=self._language_of(row.language),
            job_id=JobId(row.job_id),
            job_title=row.title,
            department=row.department,
            job_location=row.location,
            questions={UUID(each["id"]): each["label"] for each in row.questions},
            answers={UUID(key): value for key, value in row.answers.items()},
            stage_id=StageId(row.stage_id),
            stage_name=row.stage_name,
            stage_entered_at=row.stage_entered_at,
            disposition=row.disposition,
            source=row.source,
            assignee_id=None if row.assignee_id is None else MemberId(row.assignee_id),
        )


_ASSIGNED: Final = sa.select(assignments.c.application_id, assignments.c.at).where(
    assignments.c.to_member_id.is_not(None)
)


def _of_interviews(trigger: Trigger) -> sa.Select[Any]:
    """Return interviews with the time at which they would have been such an occasion.

    A changed interview is known by its last change alone.
    """
    known = interviews.c
    if trigger == "interview_scheduled":
        return sa.select(known.application_id, known.created_at.label("at"))
    if trigger == "interview_cancelled":
        return sa.select(known.application_id, known.updated_at.label("at")).where(
            known.status == "cancelled"
        )
    if trigger == "interview_rescheduled":
        return sa.select(known.application_id, known.updated_at.label("at")).where(
            known.status == "scheduled", known.version > 1
        )
    if trigger == "interview_ahead":
        return sa.select(known.application_id, known.starts_at.label("at")).where(
            known.status == "scheduled"
        )
    owing = sa.select(interviewers.c.member_id).where(OWING).correlate(interviews)
    return sa.select(known.application_id, known.ends_at.label("at")).where(
        known.status == "scheduled", owing.exists()
    )


def _change(trigger: Trigger, row: sa.Row[Any]) -> Past:
    reached = trigger in {"stage_reached", "hired"}
    occasion = Occasion(
        trigger,
        row.to_stage_name if reached else "",
        row.to_stage_kind if reached else None,
        reason=row.reason_code,
        stage_id=StageId(row.to_stage_id) if reached else None,
    )
    return Past(ApplicationId(row.application_id), row.at, occasion)


def _reacted(
    rule_key: RuleKey, application_id: sa.ColumnElement[Any], since: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    steps = automation_steps.c
    return sa.select(steps.id).where(
        steps.application_id == application_id,
        steps.happened_at >= since,
        steps.rule_key == rule_key,
        steps.state.in_(["planned", "done"]),
    )


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
