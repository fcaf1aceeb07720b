"""The pages of importing: the wizard with its dry run, one import with its report, and the list."""

from typing import Annotated, Any, Final, get_args
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import labels
from api.web.frame import WEB, is_partial, page, partial, require
from core.imports.contracts import (
    Column,
    GetImport,
    ImportId,
    ImportView,
    ListImportRows,
    ListImports,
    RowOutcome,
)
from core.jobs.contracts import ListJobs
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from tenants.scope import TenantScope

Cursor = Annotated[str | None, QueryParameter(max_length=2_000)]
Outcome = Annotated[str, QueryParameter(max_length=20)]
_OUTCOMES: Final = frozenset(get_args(RowOutcome))
COLUMNS: Final[tuple[str, ...]] = get_args(Column)


@get("/imports", **WEB)
async def imports(
    request: Request[Any, Any, Any], tenant_scope: Scoped, cursor: Cursor = None
) -> Reply[bytes]:
    """List imports, newest first."""
    found = await tenant_scope.ask(ListImports(cursor=cursor))
    context: dict[str, Any] = {"found": found, **_words()}
    if is_partial(request) and cursor:
        return partial(request, "pieces/import_rows.html", **context)
    return page(request, "imports.html", **context)


@get("/imports/new", **WEB)
async def new_import(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Ask for a file, what its columns are, and check it before anything is imported."""
    require(tenant_scope, Action.IMPORT_CANDIDATES)
    jobs = await tenant_scope.ask(ListJobs(page=PageRequest(limit=MAX_LIMIT), status="open"))
    return page(request, "import_new.html", jobs=jobs.items, columns=COLUMNS, **_words())


@get("/imports/{import_id:uuid}", **WEB)
async def show_import(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    import_id: FromPath[UUID],
    outcome: Outcome = "",
    cursor: Cursor = None,
) -> Reply[bytes]:
    """Show how far an import is, or what became, or would become, of its rows."""
    known = ImportId(import_id)
    view = await tenant_scope.ask(GetImport(import_id=known))
    context = await _report(tenant_scope, view, outcome, cursor)
    if is_partial(request):
        name = "pieces/import_report_rows.html" if cursor else "pieces/import_report.html"
        return partial(request, name, **context)
    return page(request, "import.html", **context)


async def _report(
    scope: TenantScope, view: ImportView, outcome: str, cursor: str | None
) -> dict[str, Any]:
    # People want to see what is wrong first; the rest is a click away.
    chosen: Any = outcome if outcome in _OUTCOMES else ("error" if view.failed else None)
    rows = await scope.ask(ListImportRows(import_id=view.id, outcome=chosen, cursor=cursor))
    return {"view": view, "rows": rows, "outcome": chosen or "", **_words()}


def _words() -> dict[str, Any]:
    return {
        "states": labels.IMPORT_STATE,
        "state_kinds": labels.IMPORT_STATE_KIND,
        "outcomes": labels.ROW_OUTCOME,
        "outcome_kinds": labels.ROW_OUTCOME_KIND,
        "column_names": labels.IMPORT_COLUMN,
    }


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (imports, new_import, show_import)
