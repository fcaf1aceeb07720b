"""CSV imports: send a file, watch it, read what became of each row."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.params import FromPath, QueryParameter, RawBody
from msgspec import ValidationError, convert

from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.imports.contracts import (
    CancelImport,
    Column,
    CommitImport,
    GetImport,
    ImportId,
    ImportKind,
    ImportOptions,
    ImportRow,
    ImportView,
    ListImportRows,
    ListImports,
    OnDuplicate,
    OnError,
    RowOutcome,
    StartImport,
)
from core.shared.errors import FieldError, InvalidInput
from core.shared.paging import DEFAULT_LIMIT, Page

Kind = Annotated[ImportKind, QueryParameter(description="What each row is.")]
FileName = Annotated[
    str, QueryParameter(description="Shown in the list.", min_length=1, max_length=200)
]
DryRun = Annotated[bool, QueryParameter(description="Only check; commit it afterwards.")]
ErrorPolicy = Annotated[
    OnError, QueryParameter(description="Leave wrong rows out, or import nothing.")
]
DuplicatePolicy = Annotated[
    OnDuplicate, QueryParameter(description="For rows whose e-mail address is known.")
]
Job = Annotated[UUID | None, QueryParameter(description="The job of every application.")]
Mappings = Annotated[
    list[str] | None,
    QueryParameter(
        name="map",
        description="`header=column` for a header that we don't know; give it again for more.",
        max_items=100,
    ),
]
Outcome = Annotated[RowOutcome | None, QueryParameter(description="Only rows that ended so.")]


class ImportController(Controller):
    """Imports."""

    path = "/imports"
    tags = ("Import and export",)

    @post(
        operation_id="startImport",
        summary="Import a CSV file",
        status_code=202,
        opt={"upload": True, "consumes": "text/csv"},
        responses=problems(403),
    )
    async def start(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        body: RawBody,
        kind: Kind = "candidates",
        file_name: FileName = "import.csv",
        dry_run: DryRun = False,  # noqa: FBT002 - a query parameter
        on_error: ErrorPolicy = "skip",
        on_duplicate: DuplicatePolicy = "skip",
        job_id: Job = None,
        mapping: Mappings = None,
    ) -> Reply[ImportView]:
        """Take the body as a CSV file with a header line, and work on it in the background."""
        command = StartImport(
            kind=kind,
            file_name=file_name,
            content=body,
            options=ImportOptions(
                dry_run=dry_run, on_error=on_error, on_duplicate=on_duplicate, job_id=job_id
            ),
            mapping=_mapping(mapping or []),
        )
        return await mutate(
            request,
            tenant_scope,
            command,
            status=202,
            location=lambda view: f"/api/v1/imports/{view.id}",
        )

    @get(operation_id="listImports", summary="List imports", responses=problems(403))
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Reply[Page[ImportView]]:
        """Return imports, newest first."""
        return reply_page(request, await tenant_scope.ask(ListImports(limit=limit, cursor=cursor)))

    @get(
        "/{import_id:uuid}",
        operation_id="showImport",
        summary="Show an import",
        responses=problems(403, 404),
    )
    async def show(self, tenant_scope: Scoped, import_id: FromPath[UUID]) -> Reply[ImportView]:
        """Return the import with its progress and counts."""
        return reply(await tenant_scope.ask(GetImport(import_id=ImportId(import_id))))

    @get(
        "/{import_id:uuid}/rows",
        operation_id="listImportRows",
        summary="Report on the rows of an import",
        responses=problems(403, 404),
    )
    async def rows(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        import_id: FromPath[UUID],
        outcome: Outcome = None,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Reply[Page[ImportRow]]:
        """Return what became of each row, by line, with the fields that are wrong."""
        query = ListImportRows(
            import_id=ImportId(import_id), outcome=outcome, limit=limit, cursor=cursor
        )
        return reply_page(request, await tenant_scope.ask(query))

    @post(
        "/{import_id:uuid}/commit",
        operation_id="commitImport",
        summary="Do what a dry run has checked",
        status_code=202,
        responses=problems(403, 404, 409),
    )
    async def commit(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, import_id: FromPath[UUID]
    ) -> Reply[ImportView]:
        """Import the rows of a dry run. They are checked again: things may have changed."""
        command = CommitImport(import_id=ImportId(import_id))
        return await mutate(request, tenant_scope, command, status=202)

    @post(
        "/{import_id:uuid}/cancel",
        operation_id="cancelImport",
        summary="Cancel an import",
        status_code=200,
        responses=problems(403, 404, 409),
    )
    async def cancel(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, import_id: FromPath[UUID]
    ) -> Reply[ImportView]:
        """Stop an import that hasn't ended; nothing of it remains."""
        return await mutate(request, tenant_scope, CancelImport(import_id=ImportId(import_id)))


def _mapping(pairs: "list[str]") -> dict[str, Column]:
    found = dict(pair.rpartition("=")[::2] for pair in pairs)
    try:
        return convert(found, dict[str, Column])
    except ValidationError as error:
        raise InvalidInput(FieldError("map", f"Write `header=column`. {error}.")) from error
