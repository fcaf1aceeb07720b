"""What every measurement is given: running engines, the cores, and how often to repeat."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import redis.asyncio as redis

from plugins.embedded.engines import inspect_engines, start_engines
from tests.benchmarks.databases import FOLDER
from tests.benchmarks.machine import Cores, Machine, choose_cores, keep_on, pin, this_machine

_RATE_KEYS = "intellimatch:rate:*"


class Setting(msgspec.Struct, frozen=True):
    """The surroundings of a run."""

    admin_url: str
    redis_url: str
    cores: Cores
    machine: Machine
    rounds: int
    seconds: float
    """Of one round of one contender."""

    @property
    def machine_line(self) -> str:
        return f"{self.machine.cpu}, {self.machine.cores} cores"

    async def forget_rates(self) -> None:
        """Let nobody be refused for what was asked in the round before."""
        async with redis.Redis.from_url(self.redis_url) as store:
            keys = [key async for key in store.scan_iter(_RATE_KEYS)]
            if keys:
                await store.delete(*keys)


@contextmanager
def spread(setting: Setting) -> Iterator[None]:
    """Let engines and clients use the server's core too, as on a machine of one's own.

    For what has no peer, and in which every part works at once.
    """
    cores = setting.cores
    for pid in _surroundings():
        keep_on(pid, {cores.server, cores.others})
    try:
        yield
    finally:
        for pid in _surroundings():
            pin(pid, cores.others)


def _surroundings() -> list[int]:
    """The engines' processes and this one."""
    states = inspect_engines(FOLDER)
    engines = [each.pid for each in (states.postgres, states.valkey) if each.pid is not None]
    return [*engines, os.getpid()]


@asynccontextmanager
async def setting(rounds: int, seconds: float) -> AsyncIterator[Setting]:
    """Start the engines (durable, as in production) beside the clients' core."""
    cores, machine = choose_cores(), this_machine()
    FOLDER.mkdir(parents=True, exist_ok=True)
    engines = await asyncio.to_thread(start_engines, FOLDER, postgres=True, valkey=True)
    try:
        for pid in _surroundings():
            pin(pid, cores.others)
        assert engines.postgres_admin_url is not None
        assert engines.redis_url is not None
        yield Setting(
            admin_url=engines.postgres_admin_url,
            redis_url=engines.redis_url,
            cores=cores,
            machine=machine,
            rounds=rounds,
            seconds=seconds,
        )
    finally:
        await asyncio.to_thread(engines.release)


def socket_of(url: str) -> Path:
    """The file of the Unix socket that an engine's address names."""
    return Path(parse_qs(urlsplit(url).query)["host"][0]) / ".s.PGSQL.5432"
