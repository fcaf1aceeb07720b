"""Promised answers: what is promised, and who waits for an answer."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, put
from litestar.params import JSONBody, QueryParameter

from api.conditional import expected_version
from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.jobs.contracts import JobId
from core.promises.contracts import (
    MOST_SHOWN,
    DropPromise,
    ListPromises,
    ListWaiting,
    PromisedDays,
    Promises,
    PromiseView,
    RemindHours,
    SetPromise,
    Waiting,
)

OfJob = Annotated[
    UUID | None,
    QueryParameter(description="For this job alone; without, for all that have none of their own."),
]

OnlyMine = Annotated[bool, QueryParameter(description="Only those that you see to.")]


class PromiseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is promised."""

    days: PromisedDays | None
    """Null: nothing."""
    remind_hours: RemindHours = 24
    on_status_page: bool = False
    in_mail: bool = False


class PromiseController(Controller):
    """Promised answers."""

    path = "/"
    tags = ("Promised answers",)

    @get(
        "/answer-promises",
        operation_id="listAnswerPromises",
        summary="List what candidates are promised",
        responses=problems(403),
    )
    async def promises(self, tenant_scope: Scoped) -> Reply[Promises]:
        """Return the workspace's promise, then those of jobs by title."""
        return reply(await tenant_scope.ask(ListPromises()))

    @put(
        "/answer-promises",
        operation_id="setAnswerPromise",
        summary="Promise an answer",
        responses=problems(403, 412),
    )
    async def set_promise(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[PromiseBody],
        job_id: OfJob = None,
    ) -> Reply[PromiseView]:
        """Say within how many days candidates hear from you, counted from the last word to them.

        Who looks after an application is reminded before, once for each silence.
        """
        command = SetPromise(
            job_id=_job(job_id),
            days=data.days,
            remind_hours=data.remind_hours,
            on_status_page=data.on_status_page,
            in_mail=data.in_mail,
            expected_version=expected_version(request),
        )
        return await mutate(request, tenant_scope, command)

    @delete(
        "/answer-promises",
        status_code=204,
        operation_id="dropAnswerPromise",
        summary="Drop a promise",
        responses=problems(403, 404),
    )
    async def drop(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: OfJob = None
    ) -> Reply[None]:
        """Let the workspace's promise hold for a job again; without a job, promise nothing."""
        return await mutate(request, tenant_scope, DropPromise(job_id=_job(job_id)), status=204)

    @get(
        "/waiting-applications",
        operation_id="listWaitingApplications",
        summary="List who waits for a promised answer",
        responses=problems(403),
    )
    async def waiting(
        self,
        tenant_scope: Scoped,
        mine: OnlyMine = False,  # noqa: FBT002 - a query parameter
        limit: Annotated[int, QueryParameter(ge=1, le=MOST_SHOWN, description="At most.")] = 50,
    ) -> Reply[Waiting]:
        """Return those whose answer is near or late, the latest first.

        You see to what is assigned to you, and to what is assigned to nobody if you are in the
        job's hiring team as more than an interviewer.
        """
        return reply(await tenant_scope.ask(ListWaiting(mine=mine, limit=limit)))


def _job(job_id: UUID | None) -> JobId | None:
    return None if job_id is None else JobId(job_id)
