"""One event loop on a thread of its own for one plugin: what blocks there blocks that plugin only.

`plugins.host.lanes` hands calls to it, and gives the thread up when a call can't be ended.
"""

import asyncio
import contextlib
import contextvars
import ctypes
import inspect
import threading
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog

from plugins.host.answers import pack
from plugins.host.failures import PluginStopped
from plugins.host.purpose import NotAwaitable, as_told

CLEAN_UP_SECONDS: Final = 1.0

log = structlog.get_logger("plugins.host")


class Lost(Exception):
    """The thread was given up while the call was on it, because of another call."""


class Outcome(msgspec.Struct, frozen=True):
    """How a call ended: what it raised, or its packed answer."""

    error: BaseException | None = None
    packed: bytes = b""


class Call:
    """One call on its way. The host's loop waits for `ended`; everything else happens elsewhere."""

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        max_bytes: int | None,
        passes: tuple[type[Exception], ...] = (),
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.passes = passes
        """The errors of the port that is called."""
        self.max_bytes = max_bytes
        """How large an answer may be; None where none is looked at."""
        self.host_loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[Outcome] = self.host_loop.create_future()
        self.owner: PluginThread | None = None
        self.began = False
        self.task: asyncio.Task[None] | None = None
        self.tasks: set[asyncio.Task[Any]] = set()
        """Everything that the plugin started in this call."""
        self._claim = threading.Lock()

    def claim(self, thread: "PluginThread") -> bool:
        """Begin on `thread`, unless the call was moved away meanwhile."""
        with self._claim:
            if self.owner is not thread or self.began:
                return False
            self.began = True
            return True

    def move(self, thread: "PluginThread | None") -> bool:
        """Hand the call to another thread; say whether it hadn't begun."""
        with self._claim:
            if self.began:
                return False
            self.owner = thread
            return True

    def finish(self, outcome: Outcome) -> None:
        """Tell the host's loop, from whichever thread."""
        try:
            self.host_loop.call_soon_threadsafe(self._settle, outcome)
        except RuntimeError:
            log.debug("plugin_call_outlived_the_host")

    def _settle(self, outcome: Outcome) -> None:
        if not self.ended.done():
            self.ended.set_result(outcome)


_current: contextvars.ContextVar[Call] = contextvars.ContextVar("plugin_call")
DEPTH: contextvars.ContextVar[int] = contextvars.ContextVar("plugin_depth", default=0)
"""How many plugins' calls this one lies within: a plugin may cause calls of plugins."""


class PluginThread:
    """A daemon thread, so that one that never ends doesn't keep the process from ending."""

    def __init__(self, plugin_id: str) -> None:
        self.plugin_id = plugin_id
        self.calls: set[Call] = set()
        """Not ended yet; used by the host's loop alone."""
        self.given_up = False
        self.deaf_tasks = 0
        """Calls that ignored their cancellation and are still there."""
        # Not uvloop's: an exception can be put into Python code, not into C.
        self._loop = asyncio.SelectorEventLoop()
        self._loop.set_task_factory(_remember)
        self._thread = threading.Thread(target=self._run, name=f"plugin-{plugin_id}", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still runs something."""
        return self._thread.is_alive()

    def submit(self, call: Call, depth: int) -> None:
        """Begin `call` soon, in a context that knows nothing of the host's."""
        context = contextvars.Context()
        context.run(DEPTH.set, depth)
        try:
            self._loop.call_soon_threadsafe(self._begin, call, context=context)
        except RuntimeError:
            call.finish(Outcome(error=Lost()))

    def cancel(self, call: Call) -> None:
        """Ask the call to end."""

        def cancel() -> None:
            if call.task is not None:
                call.task.cancel()

        self._soon(cancel)

    async def answers(self, seconds: float) -> bool:
        """Whether the loop gets to do something new within `seconds`."""
        heard, host_loop = asyncio.Event(), asyncio.get_running_loop()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the host may have closed its loop meanwhile
                host_loop.call_soon_threadsafe(heard.set)

        if not self._soon(tell):
            return False
        try:
            async with asyncio.timeout(seconds):
                await heard.wait()
        except TimeoutError:
            return False
        return True

    def interrupt(self) -> None:
        """Raise PluginStopped in the Python code that the thread is in, as soon as it is in any."""
        if self._thread.ident is not None and self._thread.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident), ctypes.py_object(PluginStopped)
            )

    def give_up(self) -> None:
        """Let the thread end when it can, without doing anything more."""
        self.given_up = True
        self._soon(self._loop.stop)

    def _soon(self, callback: Callable[[], Any]) -> bool:
        try:
            self._loop.call_soon_threadsafe(callback, context=contextvars.Context())
        except RuntimeError:
            return False
        return True

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        while not self.given_up and not self._loop.is_closed():
            try:
                self._loop.run_forever()
            except BaseException as error:  # noqa: BLE001
                # SystemExit of a task that the plugin started, or a late PluginStopped.
                log.warning(
                    "plugin_loop_escaped", plugin=self.plugin_id, error=type(error).__name__
                )
        self.given_up = True
        self._clean_up()

    def _clean_up(self) -> None:
        if self._loop.is_closed():
            return
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        try:
            if left:
                self._loop.run_until_complete(asyncio.wait(left, timeout=CLEAN_UP_SECONDS))
            self._loop.close()
        except BaseException as error:  # noqa: BLE001
            log.debug("plugin_loop_left", plugin=self.plugin_id, error=type(error).__name__)

    def _begin(self, call: Call) -> None:
        if not self.given_up and call.claim(self):
            _current.set(call)
            # An earlier call may have set others.
            self._loop.set_task_factory(_remember)
            self._loop.set_exception_handler(None)
            call.task = _remember(self._loop, self._perform(call))

    async def _perform(self, call: Call) -> None:
        try:
            answer = call.function(*call.arguments)
            if not inspect.isawaitable(answer):
                raise NotAwaitable(type(answer).__name__)
            answer = await answer
            packed = b"" if call.max_bytes is None else pack(answer, call.max_bytes)
            outcome = Outcome(packed=packed)
        except BaseException as error:  # noqa: BLE001
            # Also SystemExit and KeyboardInterrupt: a plugin ends a call, never the process.
            outcome = Outcome(error=as_told(error, call.passes))
        call.finish(outcome)
        for left in tuple(call.tasks):
            if left is not call.task and not left.done():
                left.cancel()


def _remember(
    loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
) -> "asyncio.Task[Any]":
    """Make a task and note in which call: it ends with it."""
    task = asyncio.Task(coroutine, loop=loop, **options)
    call = _current.get(None)
    if call is not None:
        call.tasks.add(task)
        task.add_done_callback(call.tasks.discard)
    return task
