"""The audit trail: a list with filters, and the same as CSV."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, get
from litestar.params import QueryParameter

from api.instants import in_utc
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply
from api.request_scope import Scoped
from api.v1.exports import WithBom, stream_csv
from core.audit.contracts import AuditEntry, AuditFilter, ListAudit
from core.shared.ids import MemberId
from core.shared.paging import DEFAULT_LIMIT, MAX_LIMIT, Page, PageRequest

_HEADER: Final = (
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "member_id",
    "member",
    "action",
    "subject",
    "subject_id",
    "content",
    "before",
    "after",
    "reason",
    "request_id",
    "position",
)
MemberFilter = Annotated[UUID | None, QueryParameter(description="Done by this member.")]
ActionFilter = Annotated[
    str | None,
    QueryParameter(max_length=100, description="What happened, e.g. `application.moved`."),
]
SubjectFilter = Annotated[
    str | None,
    QueryParameter(max_length=100, description="To what kind of thing, e.g. `application`."),
]
SubjectIdFilter = Annotated[UUID | None, QueryParameter(description="To this thing.")]
FromFilter = Annotated[datetime | None, QueryParameter(description="At or after (RFC 3339).")]
ToFilter = Annotated[datetime | None, QueryParameter(description="Before (RFC 3339).")]


class AuditController(Controller):
    """The audit trail."""

    path = "/audit"
    tags = ("Audit",)

    @get(
        operation_id="listAuditEntries",
        summary="List what was done, newest first",
        responses=problems(403),
    )
    async def entries(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        member_id: MemberFilter = None,
        action: ActionFilter = None,
        subject: SubjectFilter = None,
        subject_id: SubjectIdFilter = None,
        at_from: FromFilter = None,
        at_to: ToFilter = None,
    ) -> Reply[Page[AuditEntry]]:
        """Return who did what to what and when, with what changed. For admins.

        Conditions are joined by "and".
        """
        where = _where(member_id, action, subject, subject_id, at_from, at_to)
        query = ListAudit(where=where, page=PageRequest(limit, cursor))
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/export.csv",
        operation_id="exportAuditEntries",
        summary="Export the audit trail as CSV",
        opt={"produces": "text/csv"},
        responses=problems(403),
    )
    async def export(
        self,
        tenant_scope: Scoped,
        member_id: MemberFilter = None,
        action: ActionFilter = None,
        subject: SubjectFilter = None,
        subject_id: SubjectIdFilter = None,
        at_from: FromFilter = None,
        at_to: ToFilter = None,
        bom: WithBom = False,  # noqa: FBT002 - a query parameter
    ) -> Reply[bytes]:
        """Return every entry that the same filters list.

        `before` and `after` are JSON. A cell that a spreadsheet would take for a formula starts
        with an apostrophe.
        """
        where = _where(member_id, action, subject, subject_id, at_from, at_to)

        async def page(cursor: str | None) -> Page[AuditEntry]:
            return await tenant_scope.ask(
                ListAudit(where=where, page=PageRequest(MAX_LIMIT, cursor))
            )

        return await stream_csv(page, _HEADER, _cells, "audit.csv", bom=bom)


def _where(
    member_id: UUID | None,
    action: str | None,
    subject: str | None,
    subject_id: UUID | None,
    at_from: datetime | None,
    at_to: datetime | None,
) -> AuditFilter:
    return AuditFilter(
        member_id=None if member_id is None else MemberId(member_id),
        action=action,
        subject=subject,
        subject_id=subject_id,
        at_from=in_utc(at_from, "at_from"),
        at_to=in_utc(at_to, "at_to"),
    )


def _cells(entry: AuditEntry) -> Sequence[str]:
    return (
        str(entry.id),
        entry.at.isoformat().replace("+00:00", "Z"),
        entry.actor.kind,
        str(entry.actor.id),
        "" if entry.actor.member_id is None else str(entry.actor.member_id),
        entry.actor.name or "",
        entry.action,
        entry.subject,
        str(entry.subject_id),
        entry.content,
        _json(entry.before),
        _json(entry.after),
        entry.reason or "",
        entry.request_id,
        "" if entry.position is None else str(entry.position),
    )


def _json(value: Any) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()
