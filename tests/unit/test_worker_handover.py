"""Between Dramatiq's thread and the loop: how many at once, how many together, who is alone."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty
from uuid import UUID, uuid4

import msgspec
import pytest
from dramatiq.broker import MessageProxy
from dramatiq.message import Message

from plugins.dramatiq_broker.broker import Ring, message_of
from plugins.postgres.task_claims import Due
from workers.consuming import Handover


class Item(msgspec.Struct):
    """What Dramatiq puts into its work queue."""

    message: MessageProxy


class Handling:
    """Notes what is handed over, and ends it when it is told to."""

    def __init__(self) -> None:
        self.given: list[list[Due]] = []
        self.ends: list[Callable[[], None]] = []

    def handle(self, dues: Sequence[Due], ended: Callable[[], None]) -> None:
        self.given.append(list(dues))
        self.ends.append(ended)

    @property
    def sizes(self) -> list[int]:
        return [len(each) for each in self.given]


def item(*, alone: bool = False) -> Item:
    encoded = message_of("events", Ring(UUID(int=1), uuid4(), alone))[1]
    return Item(MessageProxy(Message.decode(encoded)))


async def handed(handling: Handling, at_once: int, together: int, items: list[Item]) -> Handover:
    """Put everything from another thread, as Dramatiq does, and let the loop look."""
    handover = Handover(asyncio.get_running_loop(), handling, at_once, together)
    handover.done = lambda _: None

    def put_all() -> None:
        for each in items:
            handover.put(each)

    thread = threading.Thread(target=put_all)
    thread.start()
    thread.join()
    await asyncio.sleep(0.01)
    return handover


async def test_no_more_are_begun_than_may_run_at_once() -> None:
    handling = Handling()
    handover = await handed(handling, 3, 1, [item() for _ in range(8)])
    assert (handling.sizes, handover.running) == ([1, 1, 1], 3)
    handling.ends[0]()
    handling.ends[1]()
    await asyncio.sleep(0.01)
    assert (len(handling.given), handover.running) == (5, 3)


async def test_those_that_wait_go_together_and_are_done_together() -> None:
    handling = Handling()
    done: list[MessageProxy] = []
    handover = await handed(handling, 2, 25, [item() for _ in range(60)])
    handover.done = done.append
    assert handling.sizes == [25, 25]
    handling.ends[0]()
    assert len(done) == 25
    await asyncio.sleep(0.01)
    assert handling.sizes == [25, 25, 10]


async def test_who_is_to_be_alone_goes_with_nobody_and_keeps_its_place() -> None:
    handling = Handling()
    items = [item(), item(), item(alone=True), item(), item()]
    await handed(handling, 8, 25, items)
    assert handling.sizes == [2, 1, 2]
    assert [due.was_interrupted for due in handling.given[1]] == [True]


async def test_what_was_not_begun_goes_back_once_it_is_closed() -> None:
    handling = Handling()
    handover = await handed(handling, 1, 1, [item() for _ in range(3)])
    handover.close()
    handling.ends[0]()
    await asyncio.sleep(0.01)
    assert (len(handling.given), handover.running) == (1, 0)
    handover.get_nowait()
    handover.get_nowait()
    with pytest.raises(Empty):
        handover.get_nowait()
