"""A plugin's way through the process: its thread, what is on it, and what is done when it hangs.

A call whose time is up is cancelled; when its thread doesn't even notice, an exception is put into
the code it is in; when that isn't noticed either (`time.sleep(60)`), the thread is given up and the
plugin goes on on a new one. Used by `plugins.host.guard` alone.
"""

import asyncio
from collections.abc import Coroutine
from typing import Final

import structlog

from plugins.host.threads import DEPTH, Call, Lost, Outcome, PluginThread

GRACE_SECONDS: Final = 0.5
"""How long a call may take to end after it was told to."""

MAX_GIVEN_UP: Final = 4
"""Threads of one plugin that hang at the same time; with more, it is out of service."""

MAX_DEAF: Final = 16
"""Calls on one thread that ignored their cancellation; with more, the thread is given up."""

log = structlog.get_logger("plugins.host")


class OutOfService(Exception):
    """The plugin hung too often; only a restart of the process helps, or that its threads end."""


class Lane:
    """Of one plugin. Belongs to the host's loop."""

    def __init__(self, plugin_id: str) -> None:
        self.plugin_id = plugin_id
        self.in_flight = 0
        self._thread: PluginThread | None = None
        self._given_up: list[PluginThread] = []
        self._stopping = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()

    @property
    def hanging(self) -> int:
        """How many threads were given up and still hang."""
        self._given_up = [each for each in self._given_up if each.is_alive]
        return len(self._given_up)

    async def run(self, call: Call, seconds: float) -> Outcome:
        """Return how the call ended. Raises TimeoutError, Lost and OutOfService."""
        thread = self._ready()
        self._put(call, thread)
        try:
            done, _ = await asyncio.wait((call.ended,), timeout=seconds)
        except asyncio.CancelledError:
            self._aside(self._stop(call))
            raise
        if not done:
            await self._stop(call)
            raise TimeoutError
        self._leave(call)
        return call.ended.result()

    def close(self) -> None:
        """Let every thread end."""
        for each in self._background:
            each.cancel()
        if self._thread is not None:
            self._thread.give_up()
            self._thread = None

    def _ready(self) -> PluginThread:
        thread = self._thread
        if thread is None or thread.given_up or not thread.is_alive:
            if self.hanging >= MAX_GIVEN_UP:
                raise OutOfService
            thread = self._thread = PluginThread(self.plugin_id)
        return thread

    def _put(self, call: Call, thread: PluginThread) -> None:
        call.owner = thread
        thread.calls.add(call)
        thread.submit(call, DEPTH.get() + 1)

    def _leave(self, call: Call) -> None:
        if call.owner is not None:
            call.owner.calls.discard(call)

    async def _stop(self, call: Call) -> None:
        try:
            if call.move(None):
                return
            thread = call.owner
            if thread is None or thread.given_up:
                return
            thread.cancel(call)
            if await _ends(call):
                return
            async with self._stopping:
                await self._insist(call, thread)
        finally:
            self._leave(call)

    async def _insist(self, call: Call, thread: PluginThread) -> None:
        """Deal with a call that its cancellation didn't end."""
        if thread.given_up or call.ended.done():
            return
        if not await thread.answers(GRACE_SECONDS):
            thread.interrupt()
            if not await thread.answers(GRACE_SECONDS):
                self._give_up(thread, "it neither gives way nor ends")
                return
        if not await _ends(call):
            thread.deaf_tasks += 1
            if thread.deaf_tasks > MAX_DEAF:
                self._give_up(thread, "too many calls ignore their cancellation")

    def _give_up(self, thread: PluginThread, why: str) -> None:
        log.error("plugin_thread_given_up", plugin=self.plugin_id, reason=why)
        thread.give_up()
        self._given_up.append(thread)
        if self._thread is thread:
            self._thread = None
        waiting, thread.calls = thread.calls, set()
        for call in waiting:
            self._rescue(call)

    def _rescue(self, call: Call) -> None:
        """Take a call of a lost thread to the next one if nothing of it ran yet."""
        if call.ended.done():
            return
        try:
            fresh = self._ready()
        except OutOfService as error:
            call.ended.set_result(Outcome(error=error))
            return
        if call.move(fresh):
            fresh.calls.add(call)
            fresh.submit(call, 1)
        else:
            call.ended.set_result(Outcome(error=Lost()))

    def _aside(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


async def _ends(call: Call) -> bool:
    done, _ = await asyncio.wait((call.ended,), timeout=GRACE_SECONDS)
    return bool(done)
