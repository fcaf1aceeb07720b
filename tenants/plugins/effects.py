"""Does what a plugin asks for once, however often the call that asks is repeated.

A handler that failed is called again from its beginning. Its first change to the platform has the
number 1, its second 2, and so on; each is made in one transaction with a note of its number, and
where that note is found, the first answer is given again.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, get_args

import msgspec

from core.shared.actor import Actor
from core.shared.errors import Conflict
from core.shared.ids import TenantId
from core.shared.tenant import TenantContext
from core.shared.usecase import Command
from plugins.postgres.idempotency import (
    Answer,
    IdempotencyKeyReused,
    Once,
    PostgresIdempotency,
)
from plugins.postgres.unit import Unit
from tenants.plugins.seams import Process, Scope

_DONE = Answer(200, {}, b"")
_encode = msgspec.json.Encoder().encode


class CallChanged(Conflict):
    """A repeated call asked for something else than the first one did at the same place."""

    code = "plugin_call_changed"
    title = "A repeated call went another way"


class Effects:
    """Of one call. With `repeatable`, a call of the same `call_id` repeats nothing."""

    def __init__(
        self,
        process: Process,
        tenant: TenantContext,
        actor: Actor,
        plugin_id: str,
        call_id: str,
        *,
        repeatable: bool,
    ) -> None:
        self._process = process
        self._tenant = tenant
        self._actor = actor
        self._plugin_id = plugin_id
        self._call_id = call_id
        self._repeatable = repeatable
        self._number = 0

    def number(self) -> int:
        """Return the number of the next change. To be called in the order of the plugin's code."""
        self._number += 1
        return self._number

    async def change(
        self, number: int, operation: str, work: Callable[[Unit], Awaitable[None]]
    ) -> None:
        """Do `work` in a transaction of its own, unless it was done."""
        async with self._process.database.unit(self._tenant_id) as unit:
            if not self._repeatable:
                await work(unit)
                return
            once = self._once(number, operation)
            notes = PostgresIdempotency(unit, self._process.clock)
            if await self._claim(notes, once) is None:
                await work(unit)
                await notes.keep(once, _DONE)

    async def execute(self, number: int, scope: Scope, command: Command[Any]) -> Any:
        """Run a command, unless it was run; then return what it returned."""
        if not self._repeatable:
            return await scope.execute(command)
        once = self._once(number, f"execute {type(command).__name__}")
        fresh: list[Any] = []

        def respond(view: Any) -> Answer:
            fresh[:] = [view]
            return Answer(200, {}, _encode(view))

        try:
            kept = await scope.execute_once(command, once, respond)
        except IdempotencyKeyReused as error:
            raise self._changed(once) from error
        return fresh[0] if fresh else msgspec.json.decode(kept.body, type=view_of(type(command)))

    async def _claim(self, notes: PostgresIdempotency, once: Once) -> Answer | None:
        try:
            return await notes.claim(once)
        except IdempotencyKeyReused as error:
            raise self._changed(once) from error

    def _changed(self, once: Once) -> CallChanged:
        return CallChanged(
            f"The plugin {self._plugin_id} asked for {once.route!r} where it asked for something "
            "else at its first attempt. Let a handler ask for the same things in the same order."
        )

    def _once(self, number: int, operation: str) -> Once:
        return Once(
            credential=f"plugin:{self._plugin_id}",
            route="plugin",
            key=f"plugin:{self._call_id}:{number}",
            fingerprint=hashlib.sha256(operation.encode()).digest(),
        )

    @property
    def _tenant_id(self) -> TenantId:
        return self._tenant.id


def view_of(request: type[Any]) -> Any:
    """Return the type that a command or query answers with."""
    for base in getattr(request, "__orig_bases__", ()):
        arguments = get_args(base)
        if arguments:
            return arguments[0]
    return Any
