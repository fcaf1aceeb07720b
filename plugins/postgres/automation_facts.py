"""Reads applications as automations look at them: as they stand, and how silent it is around them.
What happened to them is in `automation_past`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from core.applications.contracts import ApplicationId
from core.automations.contracts import RuleKey
from core.automations.facts import Facts, KnownJob
from core.automations.ports import Silence
from core.candidates.contracts import CandidateId
from core.interviews.contracts import InterviewId
from core.jobs.contracts import JobId, StageId, StageKind
from core.shared.ids import MemberId
from plugins.postgres.application_tables import applications
from plugins.postgres.automation_past import PostgresPast
from plugins.postgres.automation_steps import OWING
from plugins.postgres.automation_tables import automation_steps
from plugins.postgres.candidate_tables import candidates
from plugins.postgres.careers_tables import submissions
from plugins.postgres.interview_tables import interviewers, interviews
from plugins.postgres.job_tables import job_team, jobs, stages
from plugins.postgres.last_words import last_words
from plugins.postgres.members import members
from plugins.postgres.templates import Rows

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
        applications.c.id,
        applications.c.candidate_id,
        applications.c.job_id,
        applications.c.stage_id,
        applications.c.answers,
        applications.c.stage_entered_at,
        applications.c.disposition,
        applications.c.source,
        applications.c.assignee_id,
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


class PostgresApplicationsKnown(PostgresPast):
    """Implements `core.automations.ports.ApplicationsKnown`."""

    def __init__(self, rows: Rows, language_of: Callable[[str | None], str]) -> None:
        super().__init__(rows)
        self._language_of = language_of

    async def facts(self, wanted: Sequence[ApplicationId]) -> dict[ApplicationId, Facts]:
        """Return those that exist."""
        if not wanted:
            return {}
        # One array instead of as many parameters: the statement is the same for any number.
        ids = sa.literal(list(wanted), ARRAY(sa.Uuid()))
        rows = await self._rows(_FACTS.where(applications.c.id == sa.any_(ids)))
        asked = {row.job_id: row.questions for row in rows}
        questions = {
            job_id: {UUID(each["id"]): each["label"] for each in of_job}
            for job_id, of_job in asked.items()
        }
        return {ApplicationId(row.id): self._facts(row, questions[row.job_id]) for row in rows}

    async def jobs(self) -> Sequence[KnownJob]:
        """Return every job."""
        rows = await self._rows(sa.select(jobs.c.id, jobs.c.department, jobs.c.location))
        return [KnownJob(JobId(row.id), row.department, row.location) for row in rows]

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

    def _facts(self, row: sa.Row[Any], questions: dict[UUID, str]) -> Facts:
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
            questions=questions,
            answers={UUID(key): value for key, value in row.answers.items()},
            stage_id=StageId(row.stage_id),
            stage_name=row.stage_name,
            stage_entered_at=row.stage_entered_at,
            disposition=row.disposition,
            source=row.source,
            assignee_id=None if row.assignee_id is None else MemberId(row.assignee_id),
        )


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
