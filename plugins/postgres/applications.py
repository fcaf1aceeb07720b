"""Stores applications with their history, and reads jobs as applications need them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from core.applications.contracts import ApplicationId, ApplicationView
from core.applications.errors import AlreadyApplied, ApplicationNotFound
from core.applications.model import Application, Change
from core.applications.ports import LastChange, Opening
from core.jobs.contracts import JobId, Question, Stage, StageId
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import Ids, MemberId
from plugins.postgres.application_tables import applications, assignments, stage_changes
from plugins.postgres.job_tables import jobs, stages
from plugins.postgres.jobs import stages_of
from plugins.postgres.members import members
from plugins.postgres.unit import Unit
from plugins.postgres.violations import broken_constraint

CHANGING = (
    "stage_id",
    "disposition",
    "disposition_reason",
    "disposition_note",
    "assignee_id",
    "assigned_at",
    "assigned_by",
    "stage_entered_at",
    "updated_at",
    "version",
)
FIELDS = ("id", "candidate_id", "job_id", "source", "applied_at", "answers", *CHANGING)

_VIEW = sa.text("SELECT * FROM get_application_v1(:tenant, :application, NULL)")


class PostgresOpenings:
    """Implements `core.applications.ports.Openings`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def opening(self, job_id: JobId) -> Opening | None:
        """Return the job, share-locked, so that its status and stages can't change meanwhile."""
        row = await self._unit.one_or_none(
            sa.select(jobs.c.id, jobs.c.status, jobs.c.questions)
            .where(jobs.c.id == job_id)
            .with_for_update(read=True)
        )
        if row is None:
            return None
        questions = msgspec.convert(row.questions, tuple[Question, ...])
        return Opening(job_id, row.status, questions, await stages_of(self._unit, job_id))

    async def opening_with(self, stage_id: StageId) -> Opening | None:
        """Return the job that has the stage."""
        row = await self._unit.one_or_none(
            sa.select(stages.c.job_id).where(stages.c.id == stage_id)
        )
        return None if row is None else await self.opening(row.job_id)


class PostgresApplications:
    """Implements `core.applications.ports.ApplicationRepository`."""

    def __init__(self, unit: Unit, ids: Ids) -> None:
        self._unit = unit
        self._ids = ids

    async def add(
        self, application: Application, change: Change, opening: Opening, by: MemberId | None
    ) -> None:
        """Insert the application and the first entry of its history."""
        values = {name: getattr(application, name) for name in FIELDS}
        values["answers"] = msgspec.to_builtins(application.answers, str_keys=True)
        async with _said_in_our_words():
            await self._unit.execute(
                sa.insert(applications).values(tenant_id=self._unit.tenant_id, **values)
            )
        await self._unit.execute(
            sa.insert(stage_changes), [self._entry(application, change, opening, by)]
        )

    async def get_for_change(self, application_id: ApplicationId) -> Application:
        """Return one, locked."""
        found = await self.many_for_change([application_id])
        if application_id not in found:
            raise ApplicationNotFound("There is no such application.")
        return found[application_id]

    async def many_for_change(
        self, application_ids: Sequence[ApplicationId]
    ) -> dict[ApplicationId, Application]:
        """Return those that exist, locked in the order of ids so that bulks can't deadlock."""
        rows = await self._unit.all(
            sa.select(applications)
            .where(applications.c.id.in_(application_ids))
            .order_by(applications.c.id)
            .with_for_update()
        )
        return {row.id: _application(row) for row in rows}

    async def keep(
        self,
        changed: Sequence[tuple[Application, Change]],
        opening: Opening,
        by: MemberId | None,
    ) -> None:
        """Update the rows, which are locked since they were read, and append to the history."""
        for application, _ in changed:
            application.version += 1
        update = (
            sa.update(applications)
            .where(applications.c.id == sa.bindparam("application"))
            .values({name: sa.bindparam(f"new_{name}") for name in CHANGING})
        )
        async with _said_in_our_words():
            await self._unit.execute(update, [_new_values(each) for each, _ in changed])
        await self._unit.execute(
            sa.insert(stage_changes),
            [self._entry(application, change, opening, by) for application, change in changed],
        )

    async def keep_assignment(self, application: Application, before: MemberId | None) -> None:
        """Update who looks after it and append to the history of assignments."""
        application.version += 1
        await self._unit.execute(
            sa.update(applications)
            .where(applications.c.id == application.id)
            .values({name: getattr(application, name) for name in CHANGING})
        )
        await self._unit.execute(
            sa.insert(assignments).values(
                tenant_id=self._unit.tenant_id,
                id=self._ids.new(),
                application_id=application.id,
                at=application.assigned_at,
                by_member_id=application.assigned_by,
                from_member_id=before,
                to_member_id=application.assignee_id,
            )
        )

    async def last_changes(
        self, application_ids: Sequence[ApplicationId]
    ) -> dict[ApplicationId, LastChange]:
        """Return the last entry of each history."""
        entry = stage_changes.c
        rows = await self._unit.all(
            sa.select(
                entry.application_id,
                entry.at,
                entry.to_stage_name,
                entry.to_disposition,
                members.c.name,
            )
            .ext(distinct_on(entry.application_id))
            .outerjoin_from(stage_changes, members, members.c.id == entry.by_member_id)
            .where(entry.application_id.in_(application_ids))
            .order_by(entry.application_id, entry.sequence.desc())
        )
        return {
            row.application_id: LastChange(row.name, row.at, row.to_stage_name, row.to_disposition)
            for row in rows
        }

    async def view(self, application_id: ApplicationId) -> ApplicationView:
        """Return it as it is in this transaction."""
        result = await self._unit.execute(
            _VIEW, {"tenant": self._unit.tenant_id, "application": application_id}
        )
        row = result.mappings().one_or_none()
        if row is None:
            raise ApplicationNotFound("There is no such application.")
        return msgspec.convert(dict(row), ApplicationView)

    def _entry(
        self, application: Application, change: Change, opening: Opening, by: MemberId | None
    ) -> dict[str, Any]:
        names = {stage.id: stage.name for stage in opening.stages}
        position, to = _placed(opening, change.to_stage_id)
        return {
            "tenant_id": self._unit.tenant_id,
            "id": self._ids.new(),
            "application_id": application.id,
            "job_id": application.job_id,
            "sequence": application.version,
            "at": change.at,
            "kind": change.kind,
            "by_member_id": by,
            "from_stage_id": change.from_stage_id,
            "from_stage_name": names.get(change.from_stage_id) if change.from_stage_id else None,
            "to_stage_id": to.id,
            "to_stage_name": to.name,
            "to_stage_kind": to.kind,
            "to_stage_position": position,
            "from_disposition": change.from_disposition,
            "to_disposition": change.to_disposition,
            "reason_code": change.reason_code,
            "reason": change.reason,
        }


@asynccontextmanager
async def _said_in_our_words() -> AsyncIterator[None]:
    """Turn broken constraints into the slice's refusals."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        match broken_constraint(error):
            case "uq_applications_active":
                raise AlreadyApplied(
                    "The candidate has an active application to this job."
                ) from error
            case "fk_applications_tenant_id_candidate_id":
                field = FieldError("candidate_id", "There is no such candidate.")
                raise InvalidInput(field) from error
            case _:
                raise


def _application(row: Any) -> Application:
    return Application(**{name: getattr(row, name) for name in FIELDS})


def _new_values(application: Application) -> dict[str, Any]:
    values = {f"new_{name}": getattr(application, name) for name in CHANGING}
    return values | {"application": application.id}


def _placed(opening: Opening, stage_id: StageId) -> tuple[int, Stage]:
    return next((place, each) for place, each in enumerate(opening.stages) if each.id == stage_id)
