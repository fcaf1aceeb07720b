"""Loads one URL over keep-alive connections, one request in flight on each, and says how it went.

Run as a process of its own, so that its work counts against neither the server nor the runner:
`python -m tests.benchmarks.load_client`, with a `Job` as JSON on standard input.
"""

import asyncio
import os
import sys
import time
from typing import cast

import msgspec
import uvloop

_ENOUGH_SECONDS = 15.0


class Job(msgspec.Struct, frozen=True):
    """What to ask for, and for how long."""

    port: int
    requests: list[str]
    """Whole HTTP/1.1 requests, taken in turn."""
    connections: int
    seconds: float
    most: int = 0
    """End after this many answers; 0: only when the time is up."""
    only_200: bool = True


class Outcome(msgspec.Struct, frozen=True):
    """What came back. Latencies in milliseconds, in the order of the answers."""

    answers: int
    seconds: float
    latencies: list[float]
    cpu_seconds: float
    """Of the client itself: near `seconds`, it is the client that was measured."""
    body_bytes: int
    """Of the last answer."""

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds


class WrongAnswerError(Exception):
    """The server answered something else than 200."""


class _Connection(asyncio.Protocol):
    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._received = b""
        self._missing = -1
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._load.done.done():
            self._load.fail(WrongAnswerError(f"the server hung up ({error})"))

    def data_received(self, data: bytes) -> None:
        if self._missing >= 0:
            self._missing -= len(data)
        else:
            self._received += data
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            self._read_head(self._received[:end])
            self._missing -= len(self._received) - end - 4
        if self._missing == 0:
            self._received, self._missing = b"", -1
            if self._load.count(time.perf_counter() - self._sent):
                self._ask()

    def _ask(self) -> None:
        assert self._transport is not None
        self._sent = time.perf_counter()
        self._transport.write(self._load.next_request())

    def _read_head(self, head: bytes) -> None:
        lowered = head.lower()
        if not head.startswith(b"HTTP/1.1 200") and self._load.only_200:
            self._load.fail(WrongAnswerError(head.decode("latin-1")))
        at = lowered.find(b"\r\ncontent-length:")
        if at < 0:
            self._load.fail(WrongAnswerError("an answer without Content-Length"))
            return
        stop = lowered.find(b"\r\n", at + 2)
        self._missing = int(lowered[at + 17 : stop if stop > 0 else None])
        self._load.body_bytes = self._missing


class _Load:
    def __init__(self, job: Job) -> None:
        self._requests = [request.encode() for request in job.requests]
        self._next = 0
        self._most = job.most
        self.only_200 = job.only_200
        self.latencies: list[float] = []
        self.body_bytes = 0
        self.started = time.perf_counter()
        self._ends = self.started + job.seconds
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next_request(self) -> bytes:
        request = self._requests[self._next]
        self._next = (self._next + 1) % len(self._requests)
        return request

    def count(self, seconds: float) -> bool:
        """Note one answer; False when that was the last one."""
        self.latencies.append(seconds)
        enough = self._most and len(self.latencies) >= self._most
        if enough or time.perf_counter() >= self._ends:
            if not self.done.done():
                self.done.set_result(None)
            return False
        return True

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


async def load(job: Job) -> Outcome:
    """Do the job. Raises WrongAnswerError at the first answer that isn't as it should be."""
    loop = asyncio.get_running_loop()
    running = _Load(job)
    cpu = time.process_time()
    transports = [
        (await loop.create_connection(lambda: _Connection(running), "127.0.0.1", job.port))[0]
        for _ in range(job.connections)
    ]
    try:
        async with asyncio.timeout(job.seconds + _ENOUGH_SECONDS):
            await running.done
        seconds = time.perf_counter() - running.started
    finally:
        for transport in transports:
            transport.abort()
    return Outcome(
        answers=len(running.latencies),
        seconds=seconds,
        latencies=[round(each * 1_000, 3) for each in running.latencies],
        cpu_seconds=time.process_time() - cpu,
        body_bytes=running.body_bytes,
    )


def request_text(path: str, host: str, api_key: str | None) -> str:
    """One GET request as it goes over the wire."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Accept: application/json"]
    if api_key is not None:
        lines.append(f"Authorization: Bearer {api_key}")
    return "\r\n".join((*lines, "", ""))


def main() -> None:
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    outcome = uvloop.run(load(job))
    sys.stdout.buffer.write(msgspec.json.encode(outcome))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
