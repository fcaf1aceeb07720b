"""The pages of automations: the rules, the editor of one's own, and what they plan.

The editor's and the planned page's forms are sent by the browser itself, so that they need no
script; what was typed comes back with whatever is wrong.
"""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.errors import BadRequest, status_of
from api.replies import Reply
from api.request_scope import Scoped
from api.v1.automations import definition_of
from api.web import automation_words as words
from api.web import labels
from api.web.automation_forms import FIELDS, errors_of, rows_of, said_by, shown, typed
from api.web.frame import WEB, may, page, read_form, redirect, require
from api.web.refusals import said
from core.applications.contracts import BulkRejectionId, RecallBulkRejection
from core.automations.contracts import (
    ChangeAutomationSettings,
    CreateRule,
    DeleteRule,
    DoNow,
    DryRun,
    ListAllPlanned,
    ListRules,
    ListWaitingRejections,
    RewriteRule,
    RuleView,
    ShowAutomationSettings,
    ShowRule,
    StepId,
    TakeBackMany,
    TryRule,
    WaitingRejections,
)
from core.automations.definition import RuleDefinition
from core.automations.errors import RuleNotFound
from core.automations.quiet import QuietTimes
from core.identity.contracts.team import ListMembers
from core.jobs.contracts import GetDefaultPipeline, JobId, ListJobs
from core.shared.errors import DomainError, FieldError
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from core.shared.problems import problems_in
from core.templates.contracts import ListTemplates
from tenants.scope import TenantScope

Word = Annotated[str, QueryParameter(max_length=60)]
Cursor = Annotated[str, QueryParameter(max_length=2_000)]
PATH: Final = "/settings/automations"
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


@get(f"{PATH}/new", **WEB)
async def new_automation(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Write a rule."""
    require(tenant_scope, Action.MANAGE_TENANT)
    return await _editor(request, tenant_scope, None, shown(None))


@post(f"{PATH}/new", opt={"form": True}, status_code=303, **WEB)
async def create_automation(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[Any]:
    """Keep a new rule, or only try it."""
    require(tenant_scope, Action.MANAGE_TENANT)
    return await _written(request, tenant_scope, None)


@get(f"{PATH}/{{key:str}}", **WEB)
async def automation(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    key: FromPath[str],
    done: Word = "",
) -> Reply[bytes]:
    """Edit a rule of one's own, beside what it would have done lately."""
    require(tenant_scope, Action.MANAGE_TENANT)
    rule = await _own(tenant_scope, key)
    tried = None
    if rule.definition is not None:
        try:
            command = TryRule(definition=rule.definition, job_id=rule.job_id)
            tried = await tenant_scope.execute(command)
        except DomainError:
            tried = None  # what it names is gone, which its attention tells
    return await _editor(request, tenant_scope, rule, shown(rule), tried=tried, done=done)


@post(f"{PATH}/{{key:str}}", opt={"form": True}, status_code=303, **WEB)
async def save_automation(
    request: Request[Any, Any, Any], tenant_scope: Scoped, key: FromPath[str]
) -> Reply[Any]:
    """Keep, try or delete a rule."""
    require(tenant_scope, Action.MANAGE_TENANT)
    rule = await _own(tenant_scope, key)
    if (await read_form(request))["do"] == "delete":
        await tenant_scope.execute(DeleteRule(key=key))
        return redirect(f"{PATH}?done=deleted")
    return await _written(request, tenant_scope, rule)


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


async def _written(
    request: Request[Any, Any, Any], tenant_scope: TenantScope, rule: RuleView | None
) -> Reply[Any]:
    form = await read_form(request)
    values = typed(form)
    try:
        body = said_by(values)
        definition = definition_of(body)
        if form["do"] == "try":
            tried = await tenant_scope.execute(TryRule(definition=definition, job_id=body.job_id))
            return await _editor(request, tenant_scope, rule, values, tried=tried)
        kept = await _kept(tenant_scope, rule, definition, body.job_id, is_on=body.enabled)
    except DomainError as error:
        refusal = said(error, FIELDS)
        return await _editor(
            request,
            tenant_scope,
            rule,
            values,
            status=status_of(error),
            error=refusal["error"],
            errors=errors_of(refusal["errors"]),
        )
    return redirect(f"{PATH}/{kept.key}?done=saved")


async def _kept(
    tenant_scope: TenantScope,
    rule: RuleView | None,
    definition: RuleDefinition,
    job_id: JobId | None,
    *,
    is_on: bool,
) -> RuleView:
    if rule is None:
        return await tenant_scope.execute(
            CreateRule(definition=definition, job_id=job_id, enabled=is_on)
        )
    return await tenant_scope.execute(
        RewriteRule(key=rule.key, definition=definition, job_id=job_id, enabled=is_on)
    )


async def _own(tenant_scope: TenantScope, key: str) -> RuleView:
    rule = await tenant_scope.ask(ShowRule(key=key))
    if rule.id is None:
        raise RuleNotFound(RuleNotFound.TEXT)
    return rule


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
        jobs=await _titles(tenant_scope),
        template_names=names,
        quiet=quiet or (("", "") if hours is None else (hours.starts, hours.ends)),
        words=words,
        done=done,
        error=error,
        errors=errors or {},
        may_change=may(tenant_scope.actor, Action.MANAGE_TENANT),
    )


async def _editor(
    request: Request[Any, Any, Any],
    tenant_scope: TenantScope,
    rule: RuleView | None,
    values: dict[str, str],
    *,
    status: int = 200,
    tried: DryRun | None = None,
    done: str = "",
    error: str = "",
    errors: dict[str, str] | None = None,
) -> Reply[bytes]:
    templates = (await tenant_scope.ask(ListTemplates())).items
    members = await tenant_scope.ask(ListMembers(page=PageRequest(limit=MAX_LIMIT)))
    pipeline = await tenant_scope.ask(GetDefaultPipeline())
    return page(
        request,
        "automation_edit.html",
        status=status,
        rule=rule,
        values=values,
        rows=rows_of(values),
        tried=tried,
        done=done,
        templates=[each for each in templates if each.kind in words.TEMPLATES],
        members=[each for each in members.items if each.status == "active"],
        jobs=await _titles(tenant_scope),
        stages=[each.name for each in pipeline.stages],
        words=words,
        error=error,
        errors=errors or {},
    )


async def _titles(tenant_scope: TenantScope) -> dict[JobId, str]:
    jobs = await tenant_scope.ask(ListJobs(page=PageRequest(limit=MAX_LIMIT)))
    return {each.id: each.title for each in jobs.items}


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
    new_automation,
    create_automation,
    automation,
    save_automation,
    planned_steps,
    change_planned,
)
