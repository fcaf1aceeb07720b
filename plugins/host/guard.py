"""The only way in which the host calls a plugin: with a deadline, a breaker and a checked answer.

Whatever a plugin does in its own Python code, the caller gets an answer of the type it asked for,
or `PluginFailed`, or what a plugin may raise on purpose. `tenants/plugins` makes every call here.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import structlog

from plugins.host.answers import MAX_ANSWER_BYTES, AnswerMistyped, AnswerTooLarge, unpack
from plugins.host.breaker import Breaker, BreakerState
from plugins.host.failures import (
    FailureKind,
    PluginFailed,
    PluginStopped,
    PluginUnavailable,
)
from plugins.host.lanes import Lane, OutOfService
from plugins.host.purpose import NotAwaitable, Raised, is_unavailability
from plugins.host.threads import DEPTH, Call, Lost, Outcome

MAX_IN_FLIGHT: Final = 64
"""Calls of one plugin at the same time."""

MAX_IN_FLIGHT_PER_TENANT: Final = 24
"""Of those, calls for one tenant: it can't use up the plugin for the others."""

MAX_DEPTH: Final = 4
"""How deep a call of a plugin may lead to further calls of plugins."""

_FAILURES: Final = (
    Raised,
    NotAwaitable,
    AnswerTooLarge,
    AnswerMistyped,
    PluginStopped,
    Lost,
    OutOfService,
)
"""How a call ends that isn't the plugin's own answer."""

log = structlog.get_logger("plugins.host")


class TransactionOpen(AssertionError):
    """A plugin was to be called while a transaction was open: a defect of the host's caller."""


class PluginGuard:
    """Holds the threads and breakers of one process. Used from one event loop."""

    def __init__(
        self,
        *,
        in_transaction: Callable[[], bool] = lambda: False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._in_transaction = in_transaction
        self._now = now
        self._lanes: dict[str, Lane] = {}
        self._breakers: dict[tuple[UUID, str], Breaker] = {}
        self._busy: dict[tuple[UUID, str], int] = {}

    async def call(
        self,
        tenant_id: UUID,
        plugin_id: str,
        what: str,
        function: Callable[..., Any],
        *arguments: Any,
        timeout_seconds: float,
        expect: Any = None,
        passes: tuple[type[Exception], ...] = (),
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Any:
        """Return what the async `function` of a plugin answers, made anew as an `expect`.

        `what` completes "the plugin could not ...". With `expect` None nothing is looked at and
        None is returned. Raises PluginFailed; PluginUnavailable when it wasn't called; what a
        plugin raises on purpose (`plugins.sdk.errors`, the domain's errors) and `passes`: the
        errors of the port that is called. Raises TransactionOpen inside a transaction.
        """
        if self._in_transaction():
            raise TransactionOpen(f"{plugin_id} is called within a transaction, to {what}")
        key = (tenant_id, plugin_id)
        breaker = self._admit(key, what)
        call = Call(function, arguments, None if expect is None else max_bytes, passes)
        lane = self._lanes.setdefault(plugin_id, Lane(plugin_id))
        lane.in_flight += 1
        self._busy[key] = self._busy.get(key, 0) + 1
        try:
            return await self._run(lane, call, breaker, what, timeout_seconds, expect)
        except asyncio.CancelledError:
            breaker.undecided()
            raise
        finally:
            lane.in_flight -= 1
            self._busy[key] -= 1
            if not self._busy[key]:
                del self._busy[key]
                if breaker.is_spotless:
                    self._breakers.pop(key, None)

    def state(self, tenant_id: UUID, plugin_id: str) -> BreakerState:
        """Return whether the plugin is called for the tenant, and if not, since what."""
        breaker = self._breakers.get((tenant_id, plugin_id))
        return BreakerState() if breaker is None else breaker.state()

    def hanging_threads(self, plugin_id: str) -> int:
        """Return how many threads of the plugin were given up and still hang."""
        lane = self._lanes.get(plugin_id)
        return 0 if lane is None else lane.hanging

    def forget(self, tenant_id: UUID, plugin_id: str) -> None:
        """Give the plugin a fresh start for the tenant: it was configured anew."""
        self._breakers.pop((tenant_id, plugin_id), None)

    def close(self) -> None:
        """Let the threads end. What hangs is left behind and ends with the process."""
        for lane in self._lanes.values():
            lane.close()
        self._lanes.clear()

    def _admit(self, key: tuple[UUID, str], what: str) -> Breaker:
        _, plugin_id = key
        lane = self._lanes.get(plugin_id)
        if DEPTH.get() >= MAX_DEPTH:
            raise _unavailable(plugin_id, what, "plugins called one another too often")
        if self._busy.get(key, 0) >= MAX_IN_FLIGHT_PER_TENANT or (
            lane is not None and lane.in_flight >= MAX_IN_FLIGHT
        ):
            raise _unavailable(plugin_id, what, "it is busy with too many other calls", after=1.0)
        breaker = self._breakers.get(key)
        if breaker is None:
            breaker = self._breakers[key] = Breaker(self._now)
        wait = breaker.admit()
        if wait is not None:
            raise _unavailable(
                plugin_id,
                what,
                f"it failed several times in a row and is tried again in {wait:.0f} seconds",
                after=wait,
            )
        return breaker

    async def _run(
        self,
        lane: Lane,
        call: Call,
        breaker: Breaker,
        what: str,
        timeout_seconds: float,
        expect: Any,
    ) -> Any:
        plugin_id = lane.plugin_id
        try:
            outcome = await lane.run(call, timeout_seconds)
        except TimeoutError:
            why = f"it took longer than {timeout_seconds:g} seconds"
            raise _failed(breaker, plugin_id, what, "timed_out", why, begun=call.began) from None
        except OutOfService:
            outcome = Outcome(error=OutOfService())
        if outcome.error is None:
            answer = None
            if expect is not None:
                answer = _unpacked(breaker, plugin_id, what, outcome.packed, expect)
            breaker.succeeded()
            return answer
        meant = outcome.error
        if not isinstance(meant, Exception) or isinstance(meant, _FAILURES):
            raise _failure(breaker, plugin_id, what, meant) from None
        if is_unavailability(meant):
            breaker.failed(str(meant)[:200])
        else:
            breaker.succeeded()
        raise meant


def _unpacked(breaker: Breaker, plugin_id: str, what: str, packed: bytes, expect: Any) -> Any:
    try:
        return unpack(packed, expect)
    except AnswerMistyped as error:
        why = f"its answer is not what was asked for: {error}"
        raise _failed(breaker, plugin_id, what, "wrong_type", why) from None


def _failure(breaker: Breaker, plugin_id: str, what: str, error: BaseException) -> PluginFailed:
    if isinstance(error, OutOfService):
        breaker.undecided()
        return _unavailable(plugin_id, what, "it hung too often; the server must be restarted")
    if isinstance(error, Lost):
        breaker.undecided()
        return _unavailable(plugin_id, what, "another call of it hung", begun=True)
    kind, why = _kind_of(error)
    return _failed(breaker, plugin_id, what, kind, why)


def _kind_of(error: BaseException) -> tuple[FailureKind, str]:
    match error:
        case PluginStopped():
            return "timed_out", "it was stopped, since it neither ended nor gave way"
        case AnswerTooLarge():
            return "too_large", "its answer is too large"
        case AnswerMistyped():
            return "wrong_type", f"its answer is not what was asked for: {error}"
        case NotAwaitable():
            return "wrong_type", f"its function is not async: it returned a {error}"
        case _:
            return "raised", f"it raised {error}"


def _failed(
    breaker: Breaker,
    plugin_id: str,
    what: str,
    kind: FailureKind,
    why: str,
    *,
    begun: bool = True,
) -> PluginFailed:
    breaker.failed(why)
    log.warning("plugin_failed", plugin=plugin_id, what=what, kind=kind, reason=why)
    return PluginFailed(
        plugin_id, what, kind, f"The plugin {plugin_id} could not {what}: {why}.", begun=begun
    )


def _unavailable(
    plugin_id: str, what: str, why: str, *, after: float | None = None, begun: bool = False
) -> PluginUnavailable:
    return PluginUnavailable(
        plugin_id,
        what,
        "unavailable",
        f"The plugin {plugin_id} could not {what}: {why}.",
        begun=begun,
        retry_after_seconds=after,
    )
