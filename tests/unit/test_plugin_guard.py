"""The guard around plugins: deadlines that hold, errors that stay inside, answers that are checked.

Everything runs against a real second plugin beside the misbehaving one: it must not notice.
"""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from core.ports.messaging import MessageRefused, MessagingUnavailable
from core.shared.errors import FieldError, InvalidInput, NotFound
from plugins.host import lanes
from plugins.host.failures import PluginFailed, PluginUnavailable
from plugins.host.guard import MAX_IN_FLIGHT_PER_TENANT, PluginGuard, TransactionOpen
from plugins.sdk.errors import Refused, TryLater

TENANT, OTHER = uuid4(), uuid4()


class Card(msgspec.Struct, frozen=True):
    """An answer with a shape."""

    title: str
    count: int = 0


class Time:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def seconds() -> Time:
    return Time()


@pytest_asyncio.fixture(loop_scope="session")
async def guard(seconds: Time, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PluginGuard]:
    monkeypatch.setattr(lanes, "GRACE_SECONDS", 0.1)
    made = PluginGuard(now=seconds)
    yield made
    made.close()


async def hello(name: str = "you") -> str:
    return f"hello {name}"


async def call(
    guard: PluginGuard,
    function: Callable[..., Any],
    *arguments: Any,
    plugin: str = "badly",
    tenant: UUID = TENANT,
    seconds: float = 10.0,
    expect: Any = None,
    passes: tuple[type[Exception], ...] = (),
) -> Any:
    return await guard.call(
        tenant,
        plugin,
        "say something",
        function,
        *arguments,
        timeout_seconds=seconds,
        expect=expect,
        passes=passes,
    )


async def failure(guard: PluginGuard, function: Callable[..., Any], **options: Any) -> PluginFailed:
    with pytest.raises(PluginFailed) as caught:
        await call(guard, function, **options)
    return caught.value


async def test_an_answer_comes_back(guard: PluginGuard) -> None:
    assert await call(guard, hello, "Ada", expect=str) == "hello Ada"


async def test_nothing_is_looked_at_where_nothing_is_expected(guard: PluginGuard) -> None:
    assert await call(guard, hello) is None


@pytest.mark.parametrize(
    "error", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError]
)
async def test_what_is_raised_stays_inside(guard: PluginGuard, error: type[BaseException]) -> None:
    async def raises() -> None:
        raise error("secret-text")

    failed = await failure(guard, raises)
    assert (failed.kind, failed.begun) == ("raised", True)
    assert error.__name__ in failed.message
    assert "secret-text" not in failed.message + repr(failed.details)
    assert await call(guard, hello, expect=str) == "hello you"


async def test_exit_in_a_task_of_the_plugin_ends_nothing_else(guard: PluginGuard) -> None:
    async def leaves() -> None:
        sys.exit(3)

    async def starts_one() -> str:
        task = asyncio.create_task(leaves())
        await asyncio.wait((task,))
        return "still here"

    await asyncio.wait_for(_either(call(guard, starts_one, seconds=0.3, expect=str)), 30)
    assert await call(guard, hello, expect=str) == "hello you"


async def _either(work: Any) -> None:
    try:
        await work
    except PluginFailed:
        return


async def test_a_sleeping_call_is_cancelled_in_time(guard: PluginGuard) -> None:
    cleaned: list[str] = []

    async def sleeps() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append("yes")

    began = time.monotonic()
    assert (await failure(guard, sleeps, seconds=0.3)).kind == "timed_out"
    assert time.monotonic() - began < 30
    assert cleaned == ["yes"]


async def test_a_busy_loop_is_stopped(guard: PluginGuard) -> None:
    async def spins() -> None:
        while True:
            pass

    began = time.monotonic()
    assert (await failure(guard, spins, seconds=0.3)).kind == "timed_out"
    assert time.monotonic() - began < 30
    assert await call(guard, hello, expect=str) == "hello you"
    assert guard.hanging_threads("badly") == 0


async def test_a_blocking_sleep_costs_its_thread_and_nothing_else(guard: PluginGuard) -> None:
    async def blocks() -> None:
        time.sleep(60)  # noqa: ASYNC251

    began = time.monotonic()
    neighbours = [call(guard, hello, plugin="well", expect=str) for _ in range(20)]
    failed, *greetings = await asyncio.gather(failure(guard, blocks, seconds=0.3), *neighbours)
    assert failed.kind == "timed_out"
    assert greetings == ["hello you"] * 20
    assert await call(guard, hello, expect=str) == "hello you"
    assert time.monotonic() - began < 30
    assert guard.hanging_threads("badly") == 1


async def test_what_waits_behind_a_hanging_call_goes_on_elsewhere(guard: PluginGuard) -> None:
    async def blocks() -> None:
        time.sleep(60)  # noqa: ASYNC251

    hanging = asyncio.create_task(failure(guard, blocks, seconds=0.2))
    await asyncio.sleep(0.05)
    waiting = await call(guard, hello, tenant=OTHER, seconds=30, expect=str)
    assert waiting == "hello you"
    assert (await hanging).kind == "timed_out"


async def test_a_plugin_that_swallows_everything_is_left_behind(guard: PluginGuard) -> None:
    until = time.monotonic() + 4

    async def clings() -> None:
        while time.monotonic() < until:
            try:
                while time.monotonic() < until:
                    pass
            except BaseException:  # noqa: BLE001, S112
                continue

    assert (await failure(guard, clings, seconds=0.3)).kind == "timed_out"
    assert await call(guard, hello, expect=str, seconds=30) == "hello you"


async def test_hanging_too_often_puts_it_out_of_service(
    guard: PluginGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "MAX_GIVEN_UP", 2)

    async def blocks() -> None:
        time.sleep(60)  # noqa: ASYNC251

    for _ in range(2):
        assert (await failure(guard, blocks, tenant=uuid4(), seconds=0.1)).kind == "timed_out"
    refused = await failure(guard, hello, tenant=OTHER)
    assert isinstance(refused, PluginUnavailable)
    assert not refused.begun
    assert "restarted" in refused.message
    assert await call(guard, hello, plugin="well", expect=str) == "hello you"


async def test_stopping_its_loop_ends_nothing(guard: PluginGuard) -> None:
    async def stops() -> str:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0)
        return "went on"

    async def closes() -> None:
        asyncio.get_running_loop().close()

    async def cancels() -> None:
        for task in asyncio.all_tasks():
            task.cancel()
        await asyncio.sleep(1)

    assert await call(guard, stops, expect=str) == "went on"
    assert (await failure(guard, closes)).kind == "raised"
    assert (await failure(guard, cancels)).kind == "raised"
    assert await call(guard, hello, expect=str) == "hello you"


async def test_what_a_call_started_ends_with_it(guard: PluginGuard) -> None:
    ended: list[str] = []

    async def lingers() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    kept: list[Any] = []

    async def leaves_one() -> None:
        kept.append(asyncio.create_task(lingers()))
        await asyncio.sleep(0)

    await call(guard, leaves_one)
    await call(guard, hello)
    assert ended == ["cancelled"]


@pytest.mark.parametrize(
    ("answer", "expect", "kind"),
    [
        ("text", int, "wrong_type"),
        (None, str, "wrong_type"),
        ({"title": 3}, Card, "wrong_type"),
        (object(), Card, "wrong_type"),
        ((each for each in "abc"), list[str], "wrong_type"),
        (2**70, int, "wrong_type"),
        ("x" * 5_000_000, str, "too_large"),
        ([0] * 300_000, list[int], "too_large"),
        ([["x" * 1000] * 1000] * 1000, list[list[str]], "too_large"),
    ],
)
async def test_answers_are_checked(guard: PluginGuard, answer: Any, expect: Any, kind: str) -> None:
    async def answers() -> Any:
        return answer

    assert (await failure(guard, answers, expect=expect, seconds=3)).kind == kind


async def test_an_answer_that_holds_itself_is_refused(guard: PluginGuard) -> None:
    async def answers() -> Any:
        endless: list[Any] = []
        endless.append(endless)
        return endless

    assert (await failure(guard, answers, expect=list, seconds=3)).kind in {
        "too_large",
        "wrong_type",
    }


async def test_a_function_that_is_not_async_is_refused(guard: PluginGuard) -> None:
    def gives_none() -> None:
        return None

    async def generates() -> AsyncIterator[str]:
        yield "a"

    assert (await failure(guard, gives_none, expect=str)).kind == "wrong_type"
    assert (await failure(guard, generates, expect=str)).kind == "wrong_type"


async def test_an_answer_is_of_the_hosts_own_making(guard: PluginGuard) -> None:
    class Cuckoo(Card, frozen=True):
        """Looks like a card."""

        extra: str = "x"

    async def answers() -> Card:
        return Cuckoo("egg", 1)

    answer = await call(guard, answers, expect=Card)
    assert type(answer) is Card
    assert answer == Card("egg", 1)


@pytest.mark.parametrize("error", [Refused("no"), TryLater("later"), NotFound("none")])
async def test_what_is_raised_on_purpose_comes_through(
    guard: PluginGuard, error: Exception
) -> None:
    async def raises() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        await call(guard, raises)
    assert str(caught.value) == str(error)


async def test_a_ports_own_errors_come_through_where_the_port_is_called(
    guard: PluginGuard,
) -> None:
    class TheirOwn(MessageRefused):
        """A plugin's own kind."""

    async def raises() -> None:
        raise TheirOwn("bad address")

    with pytest.raises(MessageRefused, match="bad address") as caught:
        await call(guard, raises, passes=(MessageRefused, MessagingUnavailable))
    assert type(caught.value) is MessageRefused
    assert (await failure(guard, raises)).kind == "raised"


async def fails() -> None:
    raise ValueError


async def test_the_breaker_opens_for_one_tenant_and_closes_again(
    guard: PluginGuard, seconds: Time
) -> None:
    for _ in range(5):
        assert (await failure(guard, fails)).kind == "raised"
    refused = await failure(guard, hello)
    assert isinstance(refused, PluginUnavailable)
    assert not refused.begun
    assert guard.state(TENANT, "badly").state == "open"
    assert await call(guard, hello, tenant=OTHER, expect=str) == "hello you"

    seconds.seconds += 31
    assert guard.state(TENANT, "badly").state == "half_open"
    assert (await failure(guard, fails)).kind == "raised"
    seconds.seconds += 31
    assert isinstance(await failure(guard, hello), PluginUnavailable)
    seconds.seconds += 31
    assert await call(guard, hello, expect=str) == "hello you"
    assert guard.state(TENANT, "badly").state == "closed"


async def test_being_away_opens_the_breaker_and_a_refusal_does_not(guard: PluginGuard) -> None:
    async def refuses() -> None:
        raise Refused("no such address")

    async def is_away() -> None:
        raise TryLater("in an hour")

    for _ in range(6):
        with pytest.raises(Refused):
            await call(guard, refuses)
    for _ in range(5):
        with pytest.raises(TryLater):
            await call(guard, is_away)
    assert isinstance(await failure(guard, hello), PluginUnavailable)


async def test_one_tenant_cannot_use_up_a_plugin(guard: PluginGuard) -> None:
    released = threading.Event()

    async def waits() -> None:
        await asyncio.to_thread(released.wait, 60)

    calls = [
        asyncio.create_task(call(guard, waits, seconds=60)) for _ in range(MAX_IN_FLIGHT_PER_TENANT)
    ]
    await asyncio.sleep(0.05)
    assert "busy" in (await failure(guard, hello)).message
    assert await call(guard, hello, tenant=OTHER, expect=str) == "hello you"
    released.set()
    await asyncio.gather(*calls)
    assert await call(guard, hello, expect=str) == "hello you"


async def test_a_plugin_is_never_called_within_a_transaction() -> None:
    guard = PluginGuard(in_transaction=lambda: True)
    with pytest.raises(TransactionOpen):
        await call(guard, hello)
    guard.close()


async def test_a_caller_that_goes_away_ends_the_call(guard: PluginGuard) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def sleeps() -> None:
        loop.call_soon_threadsafe(begun.set)
        try:
            await asyncio.sleep(60)
        finally:
            loop.call_soon_threadsafe(ended.set)

    task = asyncio.create_task(call(guard, sleeps, seconds=60))
    await asyncio.wait_for(begun.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), 30)
    assert guard.state(TENANT, "badly").failures == 0


class Sly(Refused):
    """Runs code of its own wherever it is looked at."""

    def __init__(self, text: str, ran_on: list[str]) -> None:
        super().__init__(text)
        self.ran_on = ran_on

    def __str__(self) -> str:
        self.ran_on.append(threading.current_thread().name)
        while self.args == ():
            time.sleep(0.001)
        return "no"


Sly.__module__ = "plugins.sdk.errors"


async def test_what_is_raised_runs_no_code_in_the_host(guard: PluginGuard) -> None:
    """Planted: an exception that claims to be the SDK's and never comes back when it is shown."""
    ran_on: list[str] = []

    async def raises() -> None:
        error = Sly("no", ran_on)
        error.args = ()
        raise error

    async def says_no() -> None:
        raise Sly("no", ran_on)

    failed = await failure(guard, raises, seconds=0.3)
    assert failed.kind == "timed_out"
    with pytest.raises(Refused, match="no") as caught:
        await call(guard, says_no)
    assert type(caught.value) is Refused
    assert set(ran_on) == {"plugin-badly"}


async def test_the_facts_of_a_refusal_come_through(guard: PluginGuard) -> None:
    async def raises() -> None:
        raise InvalidInput(FieldError("name", "Too long."), message="Not valid.")

    async def waits() -> None:
        raise TryLater("Slow down.", after_seconds=7)

    with pytest.raises(InvalidInput) as invalid:
        await call(guard, raises)
    assert invalid.value.fields == (FieldError("name", "Too long."),)
    with pytest.raises(TryLater) as later:
        await call(guard, waits)
    assert (later.value.message, later.value.after_seconds) == ("Slow down.", 7)
