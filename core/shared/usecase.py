"""How a slice declares its use cases, so that `tenants/` can run them.

A command changes something and runs in one transaction; a query only reads. Both are frozen Structs
in a slice's `contracts.py`, and name the type of their answer: `class CreateJob(Command[JobView])`.
The function that answers one is registered with `@handles`; its further parameters are ports,
found by their annotated type:

    @handles(CreateJob, action=Action.CREATE_JOB)
    async def create_job(
        command: CreateJob, *, actor: Actor, jobs: JobRepository, clock: Clock, recorder: Recorder
    ) -> JobView: ...
"""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec

from core.shared.permissions import Action

R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")


class Command(msgspec.Struct, Generic[R_co], frozen=True, kw_only=True):
    """Something to be done; `R_co` is what its use case returns."""


class Query(msgspec.Struct, Generic[R_co], frozen=True, kw_only=True):
    """Something to be read; `R_co` is the view that comes back."""


class UseCase(msgspec.Struct, frozen=True):
    """One registered use case: what it answers, who may ask, what the plan must include."""

    request: type[Command[Any]] | type[Query[Any]]
    run: Callable[..., Awaitable[Any]]
    action: Action | None
    feature: str | None

    @property
    def is_query(self) -> bool:
        """Whether this only reads."""
        return issubclass(self.request, Query)


USE_CASES: dict[type, UseCase] = {}
"""Every registered use case by its request type; filled by importing the slices' `usecases`."""

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Any]])


def handles(
    request: type[Command[Any]] | type[Query[Any]],
    *,
    action: Action | None,
    feature: str | None = None,
) -> Callable[[Handler], Handler]:
    """Register the decorated function as the use case for `request`.

    `action` is the row of the permission table that the actor needs; None only where everybody may
    ask, signed in or not. `feature` is a key of the plans that the tenant's plan must include.
    Raises ValueError when the request has a use case already.
    """

    def register(run: Handler) -> Handler:
        if request in USE_CASES:
            raise ValueError(f"{request.__name__} has two use cases")
        USE_CASES[request] = UseCase(request, run, action, feature)
        return run

    return register
