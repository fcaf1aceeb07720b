"""What is done by itself: the rules, and what they plan for an application.

What they plan in the whole workspace is in `api.v1.automation_steps`.
"""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, patch, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from api.conditional import expected_version, reply_with_version
from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.applications.contracts import ApplicationId
from core.automations.contracts import (
    ChangeRule,
    CreateRule,
    DelayMinutes,
    DeleteRule,
    DryRun,
    ListPlanned,
    ListRules,
    Planned,
    ResetRule,
    RewriteRule,
    Rules,
    RuleView,
    ShowRule,
    StepId,
    StepView,
    TakeBack,
    TryRule,
)
from core.automations.definition import RuleDefinition
from core.jobs.contracts import JobId

JobFilter = Annotated[
    UUID | None,
    QueryParameter(description="For this job alone; without, for every job."),
]


class RuleChangeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change of a rule; what is left out stays."""

    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    delay_minutes: DelayMinutes | msgspec.UnsetType = msgspec.UNSET


class RuleBody(RuleDefinition, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule of one's own: when this happens, if all of this holds, after this while, do that."""

    job_id: JobId | None = None
    """The job that it is for; null: every job."""
    enabled: bool = True


class TrialBody(RuleDefinition, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule to be tried."""

    job_id: JobId | None = None


class AutomationController(Controller):
    """The rules."""

    path = "/automations"
    tags = ("Automations",)

    @get(operation_id="listAutomations", summary="List the automations", responses=problems(403))
    async def list_rules(self, tenant_scope: Scoped, job_id: JobFilter = None) -> Reply[Rules]:
        """Return the rules as they hold, in the order in which they are tried.

        Of those with the same trigger, the first whose conditions hold applies.
        """
        return reply(await tenant_scope.ask(ListRules(job_id=_job(job_id))))

    @post(
        operation_id="createAutomation",
        summary="Make an automation of your own",
        responses=problems(403, 409),
    )
    async def create(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[RuleBody],
    ) -> Reply[RuleView]:
        """Keep a rule. It holds for what happens from now on; `POST /automations/dry-run` tells
        what it would have done lately. A workspace has at most a hundred.
        """
        command = CreateRule(
            definition=definition_of(data), job_id=data.job_id, enabled=data.enabled
        )
        return await mutate(
            request,
            tenant_scope,
            command,
            status=201,
            location=lambda view: f"/api/v1/automations/{view.key}",
        )

    @post(
        "/dry-run",
        status_code=200,
        operation_id="tryAutomation",
        summary="Try an automation",
        responses=problems(403),
    )
    async def try_rule(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[TrialBody],
    ) -> Reply[DryRun]:
        """Return what a rule would have done in the last thirty days: how often, and to whom
        because of what. Whether conditions held is told from how applications stand now. Changes
        nothing.
        """
        command = TryRule(definition=definition_of(data), job_id=data.job_id)
        return await mutate(request, tenant_scope, command)

    @get(
        "/{key:str}",
        operation_id="showAutomation",
        summary="Show an automation",
        responses=problems(403, 404),
    )
    async def show(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        key: FromPath[str],
        job_id: JobFilter = None,
    ) -> Reply[RuleView]:
        """Return a rule as it holds: by the name of one that everybody starts with, or the id of
        one of your own.
        """
        view = await tenant_scope.ask(ShowRule(key=key, job_id=_job(job_id)))
        return reply_with_version(request, view, view.version)

    @put(
        "/{key:str}",
        operation_id="rewriteAutomation",
        summary="Rewrite an automation of your own",
        responses=problems(403, 404, 409, 412),
    )
    async def rewrite(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        key: FromPath[str],
        data: JSONBody[RuleBody],
    ) -> Reply[RuleView]:
        """Replace what a rule of your own says. From then on it holds for what happens from then
        on; what it planned before is looked at again when its time comes.
        """
        command = RewriteRule(
            key=key,
            definition=definition_of(data),
            job_id=data.job_id,
            enabled=data.enabled,
            expected_version=expected_version(request),
        )
        return await mutate(request, tenant_scope, command)

    @delete(
        "/{key:str}",
        status_code=204,
        operation_id="deleteAutomation",
        summary="Delete an automation of your own",
        responses=problems(403, 404, 409, 412),
    )
    async def remove(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, key: FromPath[str]
    ) -> Reply[None]:
        """Remove a rule of your own. What it planned is skipped when its time comes."""
        command = DeleteRule(key=key, expected_version=expected_version(request))
        return await mutate(request, tenant_scope, command, status=204)

    @patch(
        "/{key:str}",
        operation_id="changeAutomation",
        summary="Change an automation",
        responses=problems(403, 404, 412),
    )
    async def change(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        key: FromPath[str],
        data: JSONBody[RuleChangeBody],
        job_id: JobFilter = None,
    ) -> Reply[RuleView]:
        """Switch a rule on or off, or let it wait for another while. What is planned already stays
        planned; it is skipped when its time comes and its rule is off.
        """
        command = ChangeRule(
            key=key,
            job_id=_job(job_id),
            enabled=data.enabled,
            delay_minutes=data.delay_minutes,
            expected_version=expected_version(request),
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/{key:str}/reset",
        status_code=200,
        operation_id="resetAutomation",
        summary="Reset an automation",
        responses=problems(403, 404, 409),
    )
    async def reset(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        key: FromPath[str],
        job_id: JobFilter = None,
    ) -> Reply[RuleView]:
        """Let a rule be as everybody starts with it; for one job: as it is for every job."""
        return await mutate(request, tenant_scope, ResetRule(key=key, job_id=_job(job_id)))


class PlannedController(Controller):
    """What rules do for one application."""

    path = "/applications/{application_id:uuid}/planned"
    tags = ("Automations",)

    @get(
        operation_id="listPlanned",
        summary="List what automations do for an application",
        responses=problems(403, 404),
    )
    async def list_planned(
        self, tenant_scope: Scoped, application_id: FromPath[UUID]
    ) -> Reply[Planned]:
        """Return what will be sent, what was and what was not: when, to whom and why."""
        query = ListPlanned(application_id=ApplicationId(application_id))
        return reply(await tenant_scope.ask(query))

    @post(
        "/{step_id:uuid}/take-back",
        status_code=200,
        operation_id="takeBackPlanned",
        summary="Take back what is planned",
        responses=problems(403, 404, 409),
    )
    async def take_back(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        application_id: FromPath[UUID],
        step_id: FromPath[UUID],
    ) -> Reply[StepView]:
        """Keep something from being sent, as long as it is only planned."""
        command = TakeBack(application_id=ApplicationId(application_id), step_id=StepId(step_id))
        return await mutate(request, tenant_scope, command)


def definition_of(body: RuleBody | TrialBody) -> RuleDefinition:
    """Return what a rule says, without where it holds."""
    return RuleDefinition(
        name=body.name,
        when=body.when,
        conditions=body.conditions,
        delay_minutes=body.delay_minutes,
        action=body.action,
    )


def _job(job_id: UUID | None) -> JobId | None:
    return None if job_id is None else JobId(job_id)
