"""What candidates are told by itself: the rules, and what they plan for an application."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from api.conditional import expected_version
from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.applications.contracts import ApplicationId
from core.automations.contracts import (
    ChangeRule,
    DelayMinutes,
    ListPlanned,
    ListRules,
    Planned,
    ResetRule,
    Rules,
    RuleView,
    StepId,
    StepView,
    TakeBack,
)
from core.jobs.contracts import JobId

JobFilter = Annotated[
    UUID | None,
    QueryParameter(description="For this job alone; without, for every job."),
]


class RuleChangeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change of a rule; what is left out stays."""

    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    delay_minutes: DelayMinutes | msgspec.UnsetType = msgspec.UNSET


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
        responses=problems(403, 404),
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


def _job(job_id: UUID | None) -> JobId | None:
    return None if job_id is None else JobId(job_id)
