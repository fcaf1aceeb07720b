"""The pages of automations: the rules, and what they plan. `automation_editor` writes one's own."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from api.errors import BadRequest, status_of
from api.replies import Reply
from api.request_scope import Scoped
from api.web import automation_words as words
from api.web import labels
from api.web.automation_editor import PATH, job_titles
from api.web.frame import WEB, may, page, read_form, redirect, require
from api.web.refusals import said
from core.applications.contracts import BulkRejectionId, RecallBulkRejection
from core.automations.contracts import (
    ChangeAutomationSettings,
    DoNow,
    ListAllPlanned,
    ListRules,
    ListWaitingRejections,
    ShowAutomationSettings,
    StepId,
    TakeBackMany,
    WaitingRejections,
)
from core.automations.quiet import QuietTimes
from core.identity.contracts.team import ListMembers
from core.jobs.contracts import JobId, ListJobs
from core.shared.errors import DomainError, FieldError
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from core.shared.problems import problems_in
from core.templates.contracts import ListTemplates
from tenants.scope import TenantScope

Word = Annotated[str, QueryParameter(max_length=60)]
Cursor = Annotated[str, QueryParameter(max_length=2_000)]
PLANNED: Final = "/automations"


@get(PATH, **WEB)
async def automations(
    request: Request[Any, Any, Any], tenant_scope: Scoped, done: Word = ""
) -> Reply[bytes]:
    """List what is done by itself, to be switched and delayed."""
    return await _list(request, tenant_scope, done=done)


@post(PATH, opt={"form": True}, status_code=303, **WEB)
async def save_quiet_hours(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[Any]:
    """Keep the quiet hours, or that there are none."""
    require(tenant_scope, Action.MANAGE_TENANT)
    form = await read_form(request)
    given = {"starts": form["quiet_hours.starts"], "ends": form["quiet_hours.ends"]}
    try:
        hours = None
        if any(given.values()):
            wrong = list(problems_in(given, QuietTimes, "quiet_hours"))
            if wrong:
                raise BadRequest(*wrong)
            hours = msgspec.convert(given, QuietTimes)
        await tenant_scope.execute(ChangeAutomationSettings(quiet_hours=hours))
    except DomainError as error:
        fields = ("quiet_hours.starts", "quiet_hours.ends")
        return await _list(
            request,
            tenant_scope,
            status=status_of(error),
            quiet=(given["starts"], given["ends"]),
            **said(error, fields),
        )
    return redirect(f"{PATH}?done=saved")


@get(PLANNED, **WEB)
async def planned_steps(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    show: Word = "planned",
    job: Word = "",
    rule: Word = "",
    cursor: Cursor = "",
    done: Word = "",
) -> Reply[bytes]:
    """Show what rules plan and did, and the bulk rejections that wait."""
    may_change = may(tenant_scope.actor, Action.MOVE_APPLICATION)
    chosen = show if show in words.STATES else "planned"
    query = ListAllPlanned(
        page=PageRequest(cursor=cursor or None),
        state=chosen,  # type: ignore[arg-type]  # one of the words above
        job_id=_job(job),
        rule_key=rule or None,
    )
    rejections = WaitingRejections(())
    if may_change and chosen == "planned" and not cursor:
        rejections = await tenant_scope.ask(ListWaitingRejections())
    jobs = await tenant_scope.ask(ListJobs(page=PageRequest(limit=MAX_LIMIT)))
    members = await tenant_scope.ask(ListMembers(page=PageRequest(limit=MAX_LIMIT)))
    return page(
        request,
        "automations_planned.html",
        found=await tenant_scope.ask(query),
        rejections=rejections.items,
        rules=(await tenant_scope.ask(ListRules())).items,
        jobs=jobs.items,
        members={each.id: each.name for each in members.items},
        chosen=chosen,
        job=job,
        rule=rule,
        done=done,
        words=words,
        reasons=labels.REJECTION,
        may_change=may_change,
    )


@post(PLANNED, opt={"form": True}, status_code=303, **WEB)
async def change_planned(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[Any]:
    """Take back or do what was ticked, or recall a bulk rejection."""
    form = await read_form(request)
    if form["recall"]:
        recalled = BulkRejectionId(_id(form["recall"], "recall"))
        await tenant_scope.execute(RecallBulkRejection(bulk_rejection_id=recalled))
        return redirect(f"{PLANNED}?done=recalled")
    ticked = tuple(dict.fromkeys(form.all("step_ids")))
    step_ids = tuple(StepId(_id(each, "step_ids")) for each in ticked)
    if not step_ids:
        return redirect(f"{PLANNED}?done=none")
    if form["do"] == "now":
        await tenant_scope.execute(DoNow(step_ids=step_ids))
        return redirect(f"{PLANNED}?done=now")
    await tenant_scope.execute(TakeBackMany(step_ids=step_ids))
    return redirect(f"{PLANNED}?done=taken_back")


async def _list(
    request: Request[Any, Any, Any],
    tenant_scope: TenantScope,
    *,
    status: int = 200,
    done: str = "",
    quiet: tuple[str, str] | None = None,
    error: str = "",
    errors: dict[str, str] | None = None,
) -> Reply[bytes]:
    rules = (await tenant_scope.ask(ListRules())).items
    names = {each.kind: each.name for each in (await tenant_scope.ask(ListTemplates())).items}
    hours = (await tenant_scope.ask(ShowAutomationSettings())).quiet_hours
    return page(
        request,
        "automations.html",
        status=status,
        rules=[each for each in rules if each.id is None],
        own=[each for each in rules if each.id is not None],
        jobs=await job_titles(tenant_scope),
        template_names=names,
        quiet=quiet or (("", "") if hours is None else (hours.starts, hours.ends)),
        words=words,
        done=done,
        error=error,
        errors=errors or {},
        may_change=may(tenant_scope.actor, Action.MANAGE_TENANT),
    )


def _job(text: str) -> JobId | None:
    return JobId(_id(text, "job")) if text else None


def _id(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadRequest(FieldError(field, "This is no id.")) from error


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    automations,
    save_quiet_hours,
    planned_steps,
    change_planned,
)
