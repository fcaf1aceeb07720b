"""What needs me today: the first page after signing in."""

from typing import Any, Final

from litestar import Request, get
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web.frame import WEB, page
from core.jobs.contracts import ListJobs
from core.shared.paging import PageRequest


@get("/dashboard", **WEB)
async def dashboard(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Show what is waiting."""
    jobs = await tenant_scope.ask(ListJobs(page=PageRequest(limit=10), status="open"))
    return page(request, "dashboard.html", jobs=jobs.items)


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (dashboard,)
