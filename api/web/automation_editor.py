"""The editor of an automation of one's own, and what it would have done.

The form is sent by the browser itself, so that it needs no script; what was typed comes back with
whatever is wrong.
"""

import asyncio
from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.errors import status_of
from api.replies import Reply
from api.request_scope import Scoped
from api.v1.automations import definition_of
from api.web import automation_words as words
from api.web.automation_forms import FIELDS, errors_of, rows_of, said_by, shown, typed
from api.web.frame import WEB, page, partial, read_form, redirect, require
from api.web.refusals import said
from core.automations.contracts import (
    CreateRule,
    DeleteRule,
    DryRun,
    RewriteRule,
    RuleView,
    ShowRule,
    TryRule,
)
from core.automations.definition import RuleDefinition
from core.automations.errors import RuleNotFound
from core.identity.contracts.team import ListMembers
from core.jobs.contracts import GetDefaultPipeline, JobId, ListJobs
from core.shared.errors import DomainError, InvalidInput
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from core.templates.contracts import ListTemplates
from tenants.scope import TenantScope

Word = Annotated[str, QueryParameter(max_length=60)]
PATH: Final = "/settings/automations"


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
    """Edit a rule of one's own. What it would have done the page's script asks for right after."""
    require(tenant_scope, Action.MANAGE_TENANT)
    rule = await _own(tenant_scope, key)
    return await _editor(request, tenant_scope, rule, shown(rule), done=done)


@get(f"{PATH}/{{key:str}}/dry-run", **WEB)
async def dry_run(
    request: Request[Any, Any, Any], tenant_scope: Scoped, key: FromPath[str]
) -> Reply[bytes]:
    """Show what a rule, as it is kept, would have done lately."""
    require(tenant_scope, Action.MANAGE_TENANT)
    rule = await _own(tenant_scope, key)
    tried = None
    if rule.definition is not None and not rule.attention:
        command = TryRule(definition=rule.definition, job_id=rule.job_id)
        try:
            tried = await tenant_scope.execute(command)
        except InvalidInput:
            tried = None  # what it names went just now
    sends = rule.template is not None
    return partial(request, "pieces/dry_run.html", tried=tried, sends=sends)


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
    templates, members, pipeline, jobs = await asyncio.gather(
        tenant_scope.ask(ListTemplates()),
        tenant_scope.ask(ListMembers(page=PageRequest(limit=MAX_LIMIT))),
        tenant_scope.ask(GetDefaultPipeline()),
        job_titles(tenant_scope),
    )
    return page(
        request,
        "automation_edit.html",
        status=status,
        rule=rule,
        values=values,
        rows=rows_of(values),
        tried=tried,
        sends=values["action.do"] == "send",
        is_kept=status == 200 and tried is None and rule is not None and not rule.attention,
        done=done,
        templates=[each for each in templates.items if each.kind in words.TEMPLATES],
        members=[each for each in members.items if each.status == "active"],
        jobs=jobs,
        stages=[each.name for each in pipeline.stages],
        words=words,
        error=error,
        errors=errors or {},
    )


async def job_titles(tenant_scope: TenantScope) -> dict[JobId, str]:
    """Return what jobs are called."""
    jobs = await tenant_scope.ask(ListJobs(page=PageRequest(limit=MAX_LIMIT)))
    return {each.id: each.title for each in jobs.items}


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    new_automation,
    create_automation,
    automation,
    dry_run,
    save_automation,
)
