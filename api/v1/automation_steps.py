"""What automations plan in the whole workspace: seen, taken back, done now; and quiet hours."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post, put
from litestar.params import JSONBody, QueryParameter

from api.conditional import expected_version, reply_with_version
from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.automations.contracts import (
    MAX_AT_ONCE,
    AutomationSettings,
    ChangeAutomationSettings,
    DoNow,
    ListAllPlanned,
    ListWaitingRejections,
    ShowAutomationSettings,
    StepId,
    StepOutcomes,
    StepState,
    StepView,
    TakeBackMany,
    WaitingRejections,
)
from core.automations.quiet import QuietTimes
from core.jobs.contracts import JobId
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest


class StepsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which planned things."""

    step_ids: Annotated[tuple[StepId, ...], msgspec.Meta(min_length=1, max_length=MAX_AT_ONCE)]


class SettingsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for every automation."""

    quiet_hours: QuietTimes | None
    """On the clock where the candidate is; null: mails go out at any time."""


class PlannedStepsController(Controller):
    """What rules plan and did in the whole workspace."""

    path = "/automations/planned"
    tags = ("Automations",)

    @get(
        operation_id="listAllPlanned",
        summary="List what automations do",
        responses=problems(403),
    )
    async def list_all(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        step_state: Annotated[
            StepState, QueryParameter(name="state", description="What became of it.")
        ] = "planned",
        job_id: Annotated[UUID | None, QueryParameter(description="For this job.")] = None,
        rule: Annotated[
            str | None, QueryParameter(max_length=60, description="Key of the automation.")
        ] = None,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Reply[Page[StepView]]:
        """Return what is planned, the next first; or what was done, skipped or taken back, the
        latest first. Interviewers see what is about applications of theirs.
        """
        query = ListAllPlanned(
            page=PageRequest(limit, cursor),
            state=step_state,
            job_id=None if job_id is None else JobId(job_id),
            rule_key=rule,
        )
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/bulk-rejections",
        operation_id="listWaitingRejections",
        summary="List bulk rejections that wait",
        responses=problems(403),
    )
    async def rejections(self, tenant_scope: Scoped) -> Reply[WaitingRejections]:
        """Return the bulk rejections that haven't taken effect, and what will be sent for them, to
        whom. `POST /bulk-rejections/{id}/recall` takes one back as a whole.
        """
        return reply(await tenant_scope.ask(ListWaitingRejections()))

    @post(
        "/take-back",
        status_code=200,
        operation_id="takeBackManyPlanned",
        summary="Take back what is planned",
        responses=problems(403),
    )
    async def take_back(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[StepsBody],
    ) -> Reply[StepOutcomes]:
        """Keep things from being done that are planned; each by itself, with what became of it."""
        return await mutate(request, tenant_scope, TakeBackMany(step_ids=data.step_ids))

    @post(
        "/do-now",
        status_code=200,
        operation_id="doPlannedNow",
        summary="Do what is planned now",
        responses=problems(403),
    )
    async def do_now(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[StepsBody],
    ) -> Reply[StepOutcomes]:
        """Do things at once that are planned for later, also in quiet hours; each by itself."""
        return await mutate(request, tenant_scope, DoNow(step_ids=data.step_ids))


class AutomationSettingsController(Controller):
    """What holds for every automation."""

    path = "/automations/settings"
    tags = ("Automations",)

    @get(
        operation_id="showAutomationSettings",
        summary="Show the quiet hours",
        responses=problems(403),
    )
    async def show(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped
    ) -> Reply[AutomationSettings]:
        """Return when automations send nothing."""
        view = await tenant_scope.ask(ShowAutomationSettings())
        return reply_with_version(request, view, view.version)

    @put(
        operation_id="changeAutomationSettings",
        summary="Change the quiet hours",
        responses=problems(403, 412),
    )
    async def change(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[SettingsBody],
    ) -> Reply[AutomationSettings]:
        """Say when automations send nothing, on the clock where the candidate is. Mails wait until
        the hours end; reminders that would come too late then go out before they begin.
        """
        command = ChangeAutomationSettings(
            quiet_hours=data.quiet_hours, expected_version=expected_version(request)
        )
        return await mutate(request, tenant_scope, command)
