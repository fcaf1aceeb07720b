"""Following and withdrawing an application by the secret link that its applicant got."""

from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import labels
from api.web.careers import missing
from api.web.careers_frame import SITE, STRANGERS, careers_page, words
from api.web.careers_inbox import LONGEST_LINK, SECRET, as_of_visit, shown_inbox
from api.web.frame import partial, read_form, redirect
from api.web.languages import mark
from core.applications.contracts import WithdrawalReason
from core.careers.contracts import ProgressView, WithdrawByLink
from core.careers.errors import LinkNotFound, WithdrawnTooLate
from core.careers.inbox import OpenInbox
from core.careers.inbox_views import STATUS_MAILS, ApplicantInbox
from core.careers.model import WITHDRAWAL_REASONS
from core.promises.contracts import ShowPromisedDays
from tenants.scope import TenantScope

STANDING: Final[labels.Labels] = {
    "applied": mark("We have your application. The hiring team will look at it."),
    "in_progress": mark("The hiring team is working on your application."),
    "offer": mark("The hiring team wants to make you an offer, and will be in touch."),
    "hired": mark("You got the job. Congratulations!"),
    "rejected": mark("This time it is somebody else. Thank you for applying."),
    "withdrawn": mark("You withdrew your application. The hiring team knows."),
}
RECEIVED: Final = mark("We have your application.")
"""All that is said while it only arrived: the page of somebody who applied before shows this for
ever, and must neither promise more nor look different from everybody else's."""
STEPS: Final[labels.Labels] = {
    "received": mark("Application received"),
    "moved": mark("Next step"),
    "hired": mark("Hired"),
    "closed": mark("Application closed"),
    "withdrawn": mark("Application withdrawn"),
    "reopened": mark("Application taken up again"),
}


@get("/careers/applications/{link:str}", opt=STRANGERS, **SITE)
async def application_status(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    link: FromPath[str],
    new: Annotated[str, QueryParameter(max_length=5)] = "",
    kept: Annotated[str, QueryParameter(max_length=5)] = "",
) -> Reply[bytes]:
    """Show where an application stands, and all that came for its applicant."""
    try:
        inbox = await tenant_scope.ask(OpenInbox(link=link[:LONGEST_LINK]))
    except LinkNotFound:
        return await missing(request, tenant_scope)
    return await careers_page(
        request,
        tenant_scope,
        "careers_status.html",
        headers=SECRET,
        link=link,
        is_new=new == "1" and inbox.progress.disposition == "active",
        has_kept=kept == "1",
        status_mails=STATUS_MAILS,
        reasons=[(key, labels.WITHDRAWAL[key]) for key in WITHDRAWAL_REASONS],
        answer_days=await _answer_days(tenant_scope, inbox.progress),
        **_standing(request, inbox),
    )


@get("/careers/applications/{link:str}/progress", opt=STRANGERS, **SITE)
async def application_progress(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    link: FromPath[str],
    since: Annotated[str, QueryParameter(max_length=40)] = "",
) -> Reply[Any]:
    """Return the part of the page that changes, for its script."""
    try:
        found = await tenant_scope.ask(OpenInbox(link=link[:LONGEST_LINK]))
        inbox = as_of_visit(found, since)
    except LinkNotFound:
        return await missing(request, tenant_scope)
    return partial(
        request,
        "pieces/careers_progress.html",
        headers=SECRET,
        link=link,
        answer_days=await _answer_days(tenant_scope, inbox.progress),
        **words(request),
        **_standing(request, inbox),
    )


@post("/careers/applications/{link:str}/withdraw", opt=STRANGERS, status_code=303, **SITE)
async def withdraw_application(
    request: Request[Any, Any, Any], tenant_scope: Scoped, link: FromPath[str]
) -> Reply[Any]:
    """Withdraw; an application that has ended meanwhile stays as it is, and the page says so."""
    given = (await read_form(request))["reason"]
    reason: WithdrawalReason | None = next(
        (each for each in WITHDRAWAL_REASONS if each == given), None
    )
    try:
        await tenant_scope.execute(WithdrawByLink(link=link[:LONGEST_LINK], reason=reason))
    except LinkNotFound:
        return await missing(request, tenant_scope)
    except WithdrawnTooLate:
        pass
    return redirect(f"/careers/applications/{link}", headers=SECRET)


async def _answer_days(tenant_scope: TenantScope, progress: ProgressView) -> int | None:
    """Return in how many days an answer is promised, while there is one to wait for."""
    if progress.disposition != "active":
        return None
    return await tenant_scope.ask(ShowPromisedDays(job_id=progress.job_id))


def _standing(request: Request[Any, Any, Any], inbox: ApplicantInbox) -> dict[str, Any]:
    progress = inbox.progress
    ended = progress.disposition in {"rejected", "withdrawn"}
    state = progress.disposition if ended else progress.stage_kind
    return {
        **shown_inbox(request, inbox),
        "progress": progress,
        "state": state,
        "only_arrived": inbox.only_arrived,
        "standing": RECEIVED if inbox.only_arrived else STANDING[state],
        "steps": STEPS,
        "kinds": {"active": "info", "hired": "good", "rejected": "", "withdrawn": ""},
        "dispositions": labels.DISPOSITION,
    }


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    application_status,
    application_progress,
    withdraw_application,
)
