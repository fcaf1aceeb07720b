"""Reads what automations plan and did, as others see it."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from core.applications.contracts import ApplicationId, BulkRejectionId
from core.applications.errors import ApplicationNotFound
from core.automations.contracts import HeldRejection, HeldRejections, ListAllPlanned, StepView
from core.automations.definition import Act
from core.automations.model import Step
from core.automations.rules import NAMES
from core.candidates.contracts import CandidateId
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.ids import MemberId
from core.shared.paging import Page
from plugins.postgres.application_tables import (
    applications,
    bulk_rejection_items,
    bulk_rejections,
)
from plugins.postgres.automation_tables import automation_steps
from plugins.postgres.candidate_tables import candidates
from plugins.postgres.database import TenantReader
from plugins.postgres.job_tables import jobs
from plugins.postgres.members import members
from plugins.postgres.visibility import visible_applications

SHOWN_STEPS: Final = 100
STEP_FIELDS: Final = tuple(field.name for field in fields(Step))

_STEP: Final = automation_steps.c
_SHOWN_FIELDS: Final = tuple(set(STEP_FIELDS) & set(StepView.__struct_fields__))

WITH_RECEIVER: Final = (
    sa.select(
        *(automation_steps.c[name] for name in STEP_FIELDS),
        candidates.c.full_name,
        candidates.c.emails,
        applications.c.job_id,
        applications.c.candidate_id,
        jobs.c.title.label("job_title"),
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
    .join(
        jobs,
        sa.and_(jobs.c.tenant_id == applications.c.tenant_id, jobs.c.id == applications.c.job_id),
    )
)
_WAITING: Final = (
    sa.select(
        bulk_rejections.c.id,
        bulk_rejections.c.reason_code,
        bulk_rejections.c.effective_at,
        members.c.name.label("by_name"),
        applications.c.id.label("application_id"),
        applications.c.candidate_id,
        candidates.c.full_name,
        jobs.c.title,
    )
    .select_from(bulk_rejections)
    .join(
        bulk_rejection_items,
        sa.and_(
            bulk_rejection_items.c.tenant_id == bulk_rejections.c.tenant_id,
            bulk_rejection_items.c.bulk_rejection_id == bulk_rejections.c.id,
            bulk_rejection_items.c.status == "pending",
        ),
    )
    .join(
        applications,
        sa.and_(
            applications.c.tenant_id == bulk_rejections.c.tenant_id,
            applications.c.id == bulk_rejection_items.c.application_id,
        ),
    )
    .join(
        candidates,
        sa.and_(
            candidates.c.tenant_id == applications.c.tenant_id,
            candidates.c.id == applications.c.candidate_id,
        ),
    )
    .join(
        jobs,
        sa.and_(jobs.c.tenant_id == applications.c.tenant_id, jobs.c.id == applications.c.job_id),
    )
    .outerjoin(
        members,
        sa.and_(
            members.c.tenant_id == bulk_rejections.c.tenant_id,
            members.c.id == bulk_rejections.c.created_by,
        ),
    )
    .where(bulk_rejections.c.status == "pending")
    .order_by(bulk_rejections.c.effective_at, bulk_rejections.c.id, candidates.c.full_name)
    .limit(2_000)
)


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
            WITH_RECEIVER.where(_STEP.application_id == application_id)
            .order_by(_STEP.happened_at.desc(), _STEP.id.desc())
            .limit(SHOWN_STEPS)
        )
        return [view_of(row) for row in rows]

    async def page(self, query: ListAllPlanned, only_for: MemberId | None) -> Page[StepView]:
        """Return a page: what is planned in the order of its time, the rest the latest first."""
        tenant_id = self._reader.tenant_id
        planned = query.state == "planned"
        found = WITH_RECEIVER.where(_STEP.state == query.state)
        if query.job_id is not None:
            found = found.where(applications.c.job_id == query.job_id)
        if query.rule_key is not None:
            found = found.where(_STEP.rule_key == query.rule_key)
        if only_for is not None:
            found = found.where(applications.c.id.in_(visible_applications(tenant_id, only_for)))
        if query.page.cursor is not None:
            after = sa.tuple_(*decode_cursor(query.page.cursor, tuple[datetime, UUID]))
            place = sa.tuple_(_STEP.due_at, _STEP.id)
            found = found.where(place > after if planned else place < after)
        order = (_STEP.due_at, _STEP.id) if planned else (_STEP.due_at.desc(), _STEP.id.desc())
        rows = await self._reader.select(found.order_by(*order).limit(query.page.limit + 1))
        shown = rows[: query.page.limit]
        more = encode_cursor((shown[-1].due_at, shown[-1].id)) if len(rows) > len(shown) else None
        return Page([view_of(row) for row in shown], more)

    async def waiting_rejections(self) -> Sequence[HeldRejections]:
        """Return the bulk rejections that wait, with whom they are about."""
        held: dict[UUID, list[sa.Row[Any]]] = {}
        for row in await self._reader.select(_WAITING):
            held.setdefault(row.id, []).append(row)
        return [_held(rows) for rows in held.values()]


def _held(rows: Sequence[sa.Row[Any]]) -> HeldRejections:
    """Return one bulk rejection from the rows of its applications."""
    first = rows[0]
    return HeldRejections(
        BulkRejectionId(first.id),
        first.reason_code,
        first.by_name,
        first.effective_at,
        tuple(
            HeldRejection(
                ApplicationId(row.application_id),
                CandidateId(row.candidate_id),
                row.full_name,
                row.title,
                (),
                None,
            )
            for row in rows
        ),
    )


def action_of(kept: Any) -> Act | None:
    """Return a kept action; None also when this release doesn't know such."""
    try:
        return None if kept is None else msgspec.convert(kept, Act)
    except msgspec.ValidationError:
        return None


def view_of(row: sa.Row[Any]) -> StepView:
    """Return a row of `WITH_RECEIVER` as others see it."""
    kept = {name: getattr(row, name) for name in _SHOWN_FIELDS}
    return msgspec.convert(
        {
            **kept,
            "action": msgspec.to_builtins(action_of(row.action)),
            "rule_name": row.rule_name or NAMES.get(row.rule_key, row.rule_key),
            "job_id": row.job_id,
            "candidate_id": row.candidate_id,
            "job_title": row.job_title,
            "to_name": row.full_name,
            "to_address": row.emails[0] if row.emails else None,
            "stage": row.stage_name,
        },
        StepView,
    )
