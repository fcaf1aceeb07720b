"""The settings page of promised answers: that of the workspace, and those of single jobs."""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web.frame import WEB, page, require
from core.jobs.contracts import GetJob, JobId, ListJobs
from core.promises.contracts import ListPromises, PromiseView
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action


@get("/settings/answers", **WEB)
async def promises(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    job: Annotated[str, QueryParameter(max_length=40)] = "",
) -> Reply[bytes]:
    """Show what is promised; `job` names one to promise something else for.

    The newest jobs are there to choose from; any other can be named.
    """
    require(tenant_scope, Action.MANAGE_TENANT)
    found = (await tenant_scope.ask(ListPromises())).items
    jobs = (await tenant_scope.ask(ListJobs(page=PageRequest(limit=MAX_LIMIT)))).items
    titles = {each.id: each.title for each in jobs if each.status != "draft"}
    titles |= {each.job_id: each.job_title or "" for each in found if each.job_id is not None}
    chosen = _id(job)
    if chosen is not None and chosen not in titles:
        titles[chosen] = (await tenant_scope.ask(GetJob(job_id=chosen))).title
    return page(
        request,
        "promises.html",
        general=found[0],
        own=found[1:],
        titles=titles,
        chosen=chosen,
        promise=_edited(found, chosen),
    )


def _id(text: str) -> JobId | None:
    try:
        return JobId(UUID(text))
    except ValueError:
        return None


def _edited(found: tuple[PromiseView, ...], job_id: JobId | None) -> PromiseView:
    """Return what the form begins with: a job without a promise of its own has the workspace's."""
    general = found[0]
    if job_id is None:
        return general
    own = next((each for each in found if each.job_id == job_id), None)
    return own or PromiseView(
        job_id=job_id,
        job_title=None,
        days=general.days,
        remind_hours=general.remind_hours,
        on_status_page=general.on_status_page,
        in_mail=general.in_mail,
        version=0,
    )


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (promises,)
