"""CSV exports, streamed page by page: memory stays small whatever the size of the export."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Final, TypeVar
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.params import QueryParameter
from litestar.types import Receive, Scope, Send

from api.csv_text import BOM, csv_line
from api.instants import in_utc
from api.problems import problems
from api.replies import Reply
from api.request_scope import Scoped
from api.v1.candidates import (
    AssigneeFilter,
    FromFilter,
    JobFilter,
    SkillFilter,
    SourceFilter,
    StageFilter,
    TagFilter,
    TextFilter,
    ToFilter,
)
from core.applications.contracts import (
    ApplicationRow,
    ApplicationSource,
    Disposition,
    ListApplications,
)
from core.applications.exporting import ExportApplications
from core.candidates.contracts import CandidateFilter, CandidateView
from core.candidates.exporting import ExportCandidates
from core.jobs.contracts import JobId, StageId
from core.shared.ids import MemberId
from core.shared.paging import MAX_LIMIT, Page, PageRequest

T = TypeVar("T")

_CANDIDATE_HEADER: Final = (
    "id",
    "full_name",
    "preferred_name",
    "emails",
    "phones",
    "links",
    "headline",
    "location",
    "skills",
    "source",
    "tags",
    "created_at",
)
_APPLICATION_HEADER: Final = (
    "id",
    "candidate_id",
    "candidate",
    "job_id",
    "job",
    "stage",
    "disposition",
    "assignee",
    "source",
    "applied_at",
    "stage_entered_at",
)
WithBom = Annotated[
    bool, QueryParameter(description="Start with a byte order mark, which Excel needs.")
]


class CsvStream(Reply[bytes]):
    """A file sent as it is made. The first page is there before the answer starts."""

    def __init__(self, chunks: AsyncIterator[bytes], file_name: str) -> None:
        super().__init__(b"", content_type=b"text/csv; charset=utf-8")
        self._chunks = chunks
        disposition = f'attachment; filename="{file_name}"'
        self.raw_headers = [
            self.raw_headers[0],
            (b"content-disposition", disposition.encode("ascii")),
            (b"cache-control", b"no-store"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send chunk after chunk; a failure breaks the transfer off: half never looks whole."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        async for chunk in self._chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class ExportController(Controller):
    """Exports."""

    path = "/"
    tags = ("Import and export",)

    @get(
        "/candidates/export.csv",
        operation_id="exportCandidates",
        opt={"produces": "text/csv"},
        summary="Export candidates as CSV",
        responses=problems(403),
    )
    async def candidates(
        self,
        tenant_scope: Scoped,
        q: TextFilter = None,
        job_id: JobFilter = None,
        stage: StageFilter = None,
        assignee: AssigneeFilter = None,
        skill: SkillFilter = None,
        tag: TagFilter = None,
        source: SourceFilter = None,
        created_from: FromFilter = None,
        created_to: ToFilter = None,
        bom: WithBom = False,  # noqa: FBT002 - a query parameter
    ) -> Reply[bytes]:
        """Return every candidate that the same filters list.

        A cell that a spreadsheet would take for a formula starts with an apostrophe.
        """
        where = CandidateFilter(
            text=q,
            job_id=job_id,
            stage=stage,
            assignee=assignee,
            skill=skill,
            tag=tag,
            source=source,
            created_from=in_utc(created_from, "created_from"),
            created_to=in_utc(created_to, "created_to"),
        )

        async def page(cursor: str | None) -> Page[CandidateView]:
            return await tenant_scope.ask(ExportCandidates(where=where, cursor=cursor))

        return await stream_csv(
            page, _CANDIDATE_HEADER, _candidate_cells, "candidates.csv", bom=bom
        )

    @get(
        "/applications/export.csv",
        operation_id="exportApplications",
        opt={"produces": "text/csv"},
        summary="Export applications as CSV",
        responses=problems(403),
    )
    async def applications(
        self,
        tenant_scope: Scoped,
        job_id: JobFilter = None,
        stage_id: Annotated[UUID | None, QueryParameter(description="Is in this stage.")] = None,
        assignee_id: AssigneeFilter = None,
        disposition: Annotated[
            Disposition | None, QueryParameter(description="Has this disposition.")
        ] = None,
        source: Annotated[
            ApplicationSource | None, QueryParameter(description="Came this way.")
        ] = None,
        bom: WithBom = False,  # noqa: FBT002 - a query parameter
    ) -> Reply[bytes]:
        """Return every application that the same filters list."""
        listed = ListApplications(
            job_id=None if job_id is None else JobId(job_id),
            stage_id=None if stage_id is None else StageId(stage_id),
            assignee_id=None if assignee_id is None else MemberId(assignee_id),
            disposition=disposition,
            source=source,
        )

        async def page(cursor: str | None) -> Page[ApplicationRow]:
            asked = msgspec.structs.replace(listed, page=PageRequest(MAX_LIMIT, cursor))
            return await tenant_scope.ask(ExportApplications(listed=asked))

        return await stream_csv(
            page, _APPLICATION_HEADER, _application_cells, "applications.csv", bom=bom
        )


async def stream_csv(
    page: Callable[[str | None], Awaitable[Page[T]]],
    header: Sequence[str],
    cells: Callable[[T], Sequence[str]],
    file_name: str,
    *,
    bom: bool,
) -> CsvStream:
    """Return the file that `page` yields, from its first page on, below `header`."""
    first = await page(None)

    async def chunks() -> AsyncIterator[bytes]:
        yield (BOM if bom else b"") + csv_line(header)
        current = first
        while True:
            yield b"".join(csv_line(cells(item)) for item in current.items)
            if current.next_cursor is None:
                return
            current = await page(current.next_cursor)

    return CsvStream(chunks(), file_name)


def _candidate_cells(view: CandidateView) -> Sequence[str]:
    return (
        str(view.id),
        view.full_name,
        view.preferred_name or "",
        "; ".join(view.emails),
        "; ".join(view.phones),
        "; ".join(link.url for link in view.links),
        view.headline or "",
        view.location or "",
        "; ".join(view.skills),
        view.source or "",
        "; ".join(view.tags),
        _instant(view.created_at),
    )


def _application_cells(row: ApplicationRow) -> Sequence[str]:
    return (
        str(row.id),
        str(row.candidate_id),
        row.candidate_name,
        str(row.job_id),
        row.job_title,
        row.stage_name,
        row.disposition,
        row.assignee_name or "",
        row.source,
        _instant(row.applied_at),
        _instant(row.stage_entered_at),
    )


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
