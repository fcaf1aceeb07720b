"""Stores interviews with their interviewers, and feedback with its versions."""

from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from core.applications.contracts import ApplicationId, Disposition
from core.interviews.contracts import FeedbackId, FeedbackView, InterviewId, InterviewView
from core.interviews.errors import (
    FeedbackGiven,
    FeedbackNotFound,
    InterviewerBusy,
    InterviewNotFound,
)
from core.interviews.model import Feedback, Interview
from core.shared.ids import MemberId
from plugins.postgres.application_tables import applications
from plugins.postgres.automation_steps import OWING
from plugins.postgres.interview_tables import (
    feedback,
    feedback_versions,
    interviewers,
    interviews,
)
from plugins.postgres.unit import Unit
from plugins.postgres.violations import broken_constraint
from plugins.postgres.visibility import visible_applications

_VIEW = sa.text(
    "SELECT * FROM list_interviews_v1(:tenant, 1, NULL, NULL, NULL, :id, NULL, NULL, NULL, TRUE)"
)
_FEEDBACK = sa.text("SELECT feedback_json_v1(:tenant, :id) AS view")
_FIELDS = (
    "id",
    "application_id",
    "kind",
    "status",
    "starts_at",
    "ends_at",
    "time_zone",
    "location",
    "link",
    "cancel_reason",
    "created_by",
    "created_at",
    "updated_at",
    "version",
)
_VERSIONED = ("recommendation", "comment", "version")


class PostgresInterviews:
    """Implements `core.interviews.ports.InterviewRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def disposition(
        self, application_id: ApplicationId, only_for: MemberId | None
    ) -> Disposition | None:
        """Return the application's disposition; the row is share-locked against its change."""
        query = sa.select(applications.c.disposition).where(applications.c.id == application_id)
        if only_for is not None:
            seen = visible_applications(self._unit.tenant_id, only_for)
            query = query.where(applications.c.id.in_(seen))
        row = await self._unit.one_or_none(query.with_for_update(read=True))
        return None if row is None else row.disposition

    async def add(self, interview: Interview) -> None:
        """Insert the interview and who holds it."""
        values = {name: getattr(interview, name) for name in _FIELDS}
        await self._unit.execute(
            sa.insert(interviews).values(tenant_id=self._unit.tenant_id, **values)
        )
        await self._write_interviewers(interview)

    async def get_for_change(self, interview_id: InterviewId) -> Interview:
        """Return one, locked."""
        row = await self._unit.one_or_none(
            sa.select(interviews).where(interviews.c.id == interview_id).with_for_update()
        )
        if row is None:
            raise InterviewNotFound("There is no such interview.")
        held_by = await self._unit.all(
            sa.select(interviewers.c.member_id)
            .where(interviewers.c.interview_id == interview_id)
            .order_by(interviewers.c.member_id)
        )
        members = tuple(each.member_id for each in held_by)
        return Interview(**{name: getattr(row, name) for name in _FIELDS}, interviewers=members)

    async def save(self, interview: Interview) -> None:
        """Update the row, which is locked since it was read, and who holds it."""
        interview.version += 1
        values = {name: getattr(interview, name) for name in _FIELDS if name != "id"}
        await self._unit.execute(
            sa.update(interviews).where(interviews.c.id == interview.id).values(values)
        )
        await self._unit.execute(
            sa.delete(interviewers).where(interviewers.c.interview_id == interview.id)
        )
        await self._write_interviewers(interview)

    async def view(self, interview_id: InterviewId) -> InterviewView:
        """Return it as it is in this transaction."""
        result = await self._unit.execute(
            _VIEW, {"tenant": self._unit.tenant_id, "id": interview_id}
        )
        return msgspec.convert(dict(result.mappings().one()), InterviewView)

    async def owing(self, interview_id: InterviewId) -> tuple[MemberId, ...]:
        """Look at what they gave."""
        rows = await self._unit.all(
            sa.select(interviewers.c.member_id)
            .select_from(interviewers.join(interviews, OWING))
            .where(interviews.c.id == interview_id)
            .order_by(interviewers.c.member_id)
        )
        return tuple(row.member_id for row in rows)

    async def _write_interviewers(self, interview: Interview) -> None:
        rows = [
            {
                "tenant_id": self._unit.tenant_id,
                "interview_id": interview.id,
                "member_id": member,
                "application_id": interview.application_id,
                "during": Range(interview.starts_at, interview.ends_at, bounds="[)"),
                "busy": interview.status == "scheduled",
            }
            for member in sorted(interview.interviewers)
        ]
        try:
            await self._unit.execute(sa.insert(interviewers), rows)
        except sa.exc.IntegrityError as error:
            if broken_constraint(error) == "ex_interviewers_double_booking":
                raise InterviewerBusy(
                    "An interviewer has another interview at that time. Choose another time."
                ) from error
            raise


class PostgresFeedback:
    """Implements `core.interviews.ports.FeedbackRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, given: Feedback) -> None:
        """Insert it as its first version."""
        try:
            await self._unit.execute(
                sa.insert(feedback).values(
                    tenant_id=self._unit.tenant_id,
                    id=given.id,
                    application_id=given.application_id,
                    author_id=given.author_id,
                    submitted_at=given.submitted_at,
                    **_current(given),
                )
            )
        except sa.exc.IntegrityError as error:
            if broken_constraint(error) == "uq_feedback_tenant_id_application_id_author_id":
                raise FeedbackGiven(
                    "You have given feedback on this application. Edit it instead."
                ) from error
            raise
        await self._keep_version(given)

    async def get_for_change(self, feedback_id: FeedbackId) -> Feedback:
        """Return one, locked."""
        row = await self._unit.one_or_none(
            sa.select(feedback).where(feedback.c.id == feedback_id).with_for_update()
        )
        if row is None:
            raise FeedbackNotFound("There is no such feedback.")
        return Feedback(
            id=row.id,
            application_id=row.application_id,
            author_id=row.author_id,
            recommendation=row.recommendation,
            submitted_at=row.submitted_at,
            updated_at=row.updated_at,
            ratings=row.ratings,
            comment=row.comment,
            version=row.version,
        )

    async def save(self, given: Feedback) -> None:
        """Update the row, which is locked since it was read, and keep the new version."""
        given.version += 1
        await self._unit.execute(
            sa.update(feedback).where(feedback.c.id == given.id).values(_current(given))
        )
        await self._keep_version(given)

    async def view(self, feedback_id: FeedbackId) -> FeedbackView:
        """Return it as it is in this transaction."""
        result = await self._unit.execute(
            _FEEDBACK, {"tenant": self._unit.tenant_id, "id": feedback_id}
        )
        return msgspec.convert(_decoded(result.scalar_one()), FeedbackView)

    async def _keep_version(self, given: Feedback) -> None:
        values = {name: getattr(given, name) for name in _VERSIONED}
        await self._unit.execute(
            sa.insert(feedback_versions).values(
                tenant_id=self._unit.tenant_id,
                feedback_id=given.id,
                at=given.updated_at,
                ratings=dict(given.ratings),
                **values,
            )
        )


def _current(given: Feedback) -> dict[str, Any]:
    values = {name: getattr(given, name) for name in _VERSIONED}
    return values | {"ratings": dict(given.ratings), "updated_at": given.updated_at}


def _decoded(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, str) else value
