"""Compiles and drives `stream_client.c`, which holds the streams open that are measured."""

import asyncio
import shutil
import subprocess
from array import array
from pathlib import Path
from typing import Self

import msgspec

from tests.benchmarks.databases import FOLDER
from tests.benchmarks.machine import cpu_seconds, pin

_SOURCE = Path(__file__).with_suffix(".c")
_PROGRAM = FOLDER / "stream_client"
_OPEN_SECONDS = 300.0
_WAIT_SECONDS = 300.0


class StreamsLostError(Exception):
    """Streams closed, or events didn't reach them all, once each and in order."""


class Ask(msgspec.Struct, frozen=True):
    """How a stream of one contender is opened."""

    request: str
    ready: str
    """What is seen in it once it is open."""
    frame: bytes = b""
    """Sent after the head of the answer."""


class State(msgspec.Struct, frozen=True):
    """What a client has seen until now."""

    opened: int
    closed: int
    holes: int
    """Events that came out of order or twice, or after one that didn't come."""
    received_bytes: int


def has_compiler() -> bool:
    """Whether the client can be made here."""
    return shutil.which("cc") is not None


class StreamClient:
    """`amount` streams in a process of their own, on a core of their own or the engines'."""

    def __init__(self, port: int, ask: Ask, amount: int, events: int, core: int) -> None:
        self._port = port
        self._ask = ask
        self.amount = amount
        self._events = events
        self._core = core
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(_compile)
        ask = self._ask
        self._process = await asyncio.create_subprocess_exec(
            str(_PROGRAM),
            *(str(self._port), str(self.amount), str(self._events)),
            *(ask.ready, ask.frame.hex(), ask.request),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        pin(self._process.pid, self._core)
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                await self._line("ready")
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()

    def cpu_seconds(self) -> float:
        """Return what it used until now."""
        assert self._process is not None
        return cpu_seconds(self._process.pid)

    async def until(self, event: int, seconds: float = _WAIT_SECONDS) -> int:
        """Wait until all streams have an event; return when the last had it, in ns.

        Raises StreamsLostError when one doesn't have it in time.
        """
        got, at = await self._ask_for(f"wait {event} {int(seconds * 1000)}", "got")
        if got != self.amount:
            raise StreamsLostError(f"event {event} reached {got} of {self.amount} streams")
        return at

    async def state(self) -> State:
        """Return what was seen until now."""
        return State(*await self._ask_for("state", "state"))

    async def check(self) -> None:
        """Raise StreamsLostError unless all are open and had each event once and in order."""
        state = await self.state()
        if state.opened != self.amount or state.closed or state.holes:
            raise StreamsLostError(f"{self.amount} streams: {state}")

    async def receipts(self) -> list["array[int]"]:
        """Return by event when it came to each stream, in ns; 0 where it didn't."""
        path = FOLDER / "stream_receipts"
        await self._ask_for(f"dump {path}", "dumped")
        times = array("Q")
        with path.open("rb") as file:
            times.frombytes(file.read())
        path.unlink()
        return [times[at : at + self.amount] for at in range(0, len(times), self.amount)]

    async def _ask_for(self, command: str, name: str) -> list[int]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(command.encode() + b"\n")
        return await self._line(name)

    async def _line(self, name: str) -> list[int]:
        assert self._process is not None
        assert self._process.stdout is not None
        answer = (await self._process.stdout.readline()).decode().split()
        if not answer or answer[0] != name:
            raise StreamsLostError(f"the client ended instead of saying {name}")
        return [int(each) for each in answer[1:]]


def _compile() -> None:
    if _PROGRAM.exists() and _PROGRAM.stat().st_mtime >= _SOURCE.stat().st_mtime:
        return
    _PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    made = _PROGRAM.with_suffix(".new")
    subprocess.run(["cc", "-O2", "-o", str(made), str(_SOURCE)], check=True)
    made.replace(_PROGRAM)
