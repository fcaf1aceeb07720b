"""The pages of jobs: the list, the board of one job, its details, and the editors."""

from typing import Annotated, Any, Final, get_args
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import labels
from api.web.careers_frame import CURRENCY_DIGITS, amount_text, pay_text
from api.web.frame import WEB, is_partial, language_of, may, page, partial, require
from core.identity.contracts.team import ListMembers, MemberView
from core.jobs.contracts import GetDefaultPipeline, GetJob, JobId, JobStatus, ListJobs
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from tenants.scope import TenantScope

Words = Annotated[str, QueryParameter(max_length=200)]
Cursor = Annotated[str | None, QueryParameter(max_length=1_000)]
_STATUSES: Final = frozenset(get_args(JobStatus))


@get("/jobs", **WEB)
async def jobs(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    q: Words = "",
    status: Words = "",
    cursor: Cursor = None,
) -> Reply[bytes]:
    """List jobs, newest first; the address holds the filters."""
    known: Any = status if status in _STATUSES else None
    found = await tenant_scope.ask(
        ListJobs(page=PageRequest(cursor=cursor), status=known, q=q.strip() or None)
    )
    context: dict[str, Any] = {
        "found": found,
        "q": q,
        "chosen": known or "",
        "is_first": cursor is None,
        "statuses": labels.JOB_STATUS,
        "status_kinds": labels.JOB_STATUS_KIND,
        "may_create": may(tenant_scope.actor, Action.CREATE_JOB),
    }
    if is_partial(request):
        name = "pieces/job_rows.html" if cursor else "pieces/job_table.html"
        return partial(request, name, **context)
    return page(request, "jobs.html", **context)


@get("/jobs/new", **WEB)
async def new_job(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Ask for a new job."""
    require(tenant_scope, Action.CREATE_JOB)
    return page(
        request,
        "job_edit.html",
        job=None,
        members=await _members(tenant_scope),
        **_amounts(),
        **_words(),
    )


@get("/jobs/{job_id:uuid}", **WEB)
async def board(
    request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: FromPath[UUID]
) -> Reply[bytes]:
    """Show the job's board. Its cards are read by the page's script."""
    job = await tenant_scope.ask(GetJob(job_id=JobId(job_id)))
    actor = tenant_scope.actor
    return page(
        request,
        "board.html",
        job=job,
        members=await _members(tenant_scope),
        may_move=may(actor, Action.MOVE_APPLICATION),
        may_assign=may(actor, Action.ASSIGN_APPLICATION),
        may_edit=may(actor, Action.EDIT_JOB),
        me=actor.member_id,
        **_words(),
    )


@get("/jobs/{job_id:uuid}/details", **WEB)
async def details(
    request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: FromPath[UUID]
) -> Reply[bytes]:
    """Show the posting as applicants will see it, the team, the questions and the stages."""
    job = await tenant_scope.ask(GetJob(job_id=JobId(job_id)))
    names = {each.id: each.name for each in await _members(tenant_scope)}
    return page(
        request,
        "job_details.html",
        job=job,
        names=names,
        pay=lambda given: pay_text(given, language_of(request.scope)),
        may_edit=may(tenant_scope.actor, Action.EDIT_JOB),
        **_words(),
    )


@get("/jobs/{job_id:uuid}/edit", **WEB)
async def edit_job(
    request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: FromPath[UUID]
) -> Reply[bytes]:
    """Change what a job says, its team and its questions."""
    require(tenant_scope, Action.EDIT_JOB)
    job = await tenant_scope.ask(GetJob(job_id=JobId(job_id)))
    return page(
        request,
        "job_edit.html",
        job=job,
        members=await _members(tenant_scope),
        **_amounts(),
        **_words(),
    )


@get("/jobs/{job_id:uuid}/stages", **WEB)
async def edit_stages(
    request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: FromPath[UUID]
) -> Reply[bytes]:
    """Change a job's stages."""
    require(tenant_scope, Action.EDIT_JOB)
    job = await tenant_scope.ask(GetJob(job_id=JobId(job_id)))
    return page(
        request,
        "stages_edit.html",
        job=job,
        stages=job.stages,
        version=job.version,
        path=f"/jobs/{job.id}/stages",
        back=f"/jobs/{job.id}/details",
        **_words(),
    )


@get("/pipeline", **WEB)
async def default_stages(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Change the stages that new jobs start with."""
    require(tenant_scope, Action.MANAGE_TENANT)
    view = await tenant_scope.ask(GetDefaultPipeline())
    return page(
        request,
        "stages_edit.html",
        job=None,
        stages=view.stages,
        version=view.version,
        path="/pipeline",
        back="/pipeline",
        **_words(),
    )


async def _members(scope: TenantScope) -> list[MemberView]:
    """Return those who can be given work, by name; nobody where the team may not be seen."""
    if not may(scope.actor, Action.VIEW_TEAM):
        return []
    found = await scope.ask(ListMembers(page=PageRequest(limit=MAX_LIMIT), status="active"))
    return sorted(found.items, key=lambda member: member.name.casefold())


def _amounts() -> dict[str, Any]:
    """Return how amounts are written in a field, and read from it again by `forms.js`."""
    return {"amount": amount_text, "currency_digits": CURRENCY_DIGITS}


def _words() -> dict[str, Any]:
    return {
        "statuses": labels.JOB_STATUS,
        "status_kinds": labels.JOB_STATUS_KIND,
        "remotes": labels.REMOTE,
        "employments": labels.EMPLOYMENT,
        "seniorities": labels.SENIORITY,
        "periods": labels.PAY_PERIOD,
        "team_parts": labels.TEAM_PART,
        "question_kinds": labels.QUESTION_KIND,
        "stage_kinds": labels.STAGE_KIND,
        "rejections": labels.REJECTION,
        "sources": labels.SOURCE,
    }


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    jobs,
    new_job,
    board,
    details,
    edit_job,
    edit_stages,
    default_stages,
)
