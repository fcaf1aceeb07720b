"""Tasks per second of a worker process: no-ops against Celery and Dramatiq, and events that are
handled exactly once against Celery's tasks with the same effect and no guarantee.

A worker is given its core; the engines and what feeds them have the other. The peers' queues are
filled beforehand and rates are taken from the second tenth on, when they are warm. Ours are as well
for the no-ops; events are committed while the worker runs, so that all that becomes of them counts.
"""

import asyncio
import importlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import msgspec
import redis

from plugins.dramatiq_broker.broker import Ring
from plugins.dramatiq_broker.redis_broker import NAMESPACE, RedisTaskBroker
from plugins.postgres.addresses import role_url
from plugins.postgres.migrate import migrate
from plugins.postgres.roles import DEFAULT_ROLES, drop_database, prepare_database
from tests.benchmarks.databases import BENCH, FOLDER
from tests.benchmarks.machine import cpu_seconds, pin
from tests.benchmarks.results import Row, ratio_of
from tests.benchmarks.servers import clean_environment
from tests.benchmarks.setting import Setting
from tests.benchmarks.tenants_made import SECRET_KEY, insert_tenants
from tests.fixtures.effects import make_effects_table, want_effects
from tests.fixtures.repository import ROOT

QUEUE: Final = "bench"
PEERS_TASKS: Final = 3_000
OUR_TASKS: Final = 40_000
EVENTS: Final = 5_000
AT_ONCE: Final = 100
"""Events in one commit of the feeder's."""
_WARM: Final = AT_ONCE * 3
_WANTED: Final = _WARM + EVENTS

DATABASE: Final = "bench_tasks"
BROKER_DATABASE: Final = 9
"""Of Valkey; emptied before each round."""

_WAIT: Final = 300.0
_LOOK: Final = 0.005


class Worker(msgspec.Struct, frozen=True):
    """How a contender's worker is started, and where its queue is to be seen."""

    command: list[str]
    lists: tuple[str, ...]
    hashes: tuple[str, ...]

    def waiting(self, store: redis.Redis) -> int:
        """Messages that aren't dealt with."""
        with store.pipeline(transaction=False) as pipeline:
            for name in self.lists:
                pipeline.llen(name)
            for name in self.hashes:
                pipeline.hlen(name)
            return int(sum(pipeline.execute()))


CELERY: Final = Worker(
    [sys.executable, "-m", "celery", "-A", "tests.benchmarks.peers.celery_tasks", "worker",
     "--loglevel", "WARNING"],
    (QUEUE,), ("unacked",),
)  # fmt: skip
DRAMATIQ: Final = Worker(
    [sys.executable, "-m", "dramatiq", "tests.benchmarks.peers.dramatiq_tasks",
     "--processes", "1"],
    (), (f"dramatiq:{QUEUE}.msgs",),
)  # fmt: skip
OURS: Final = Worker(
    [sys.executable, "-m", "tests.benchmarks.task_worker"], (), (f"{NAMESPACE}:{QUEUE}.msgs",)
)


class Measured(msgspec.Struct, frozen=True):
    """One round of one contender."""

    rate: float
    cpu_us: float
    """CPU time of the worker, with its children, for each task."""


async def measure(setting: Setting) -> list[Row]:
    """No-ops, then events."""
    bench = _Bench(setting)
    return [*await bench.noops(), await bench.events()]


class _Bench:
    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        path = urlsplit(setting.redis_url).path
        self._url = f"unix://{path}?db={BROKER_DATABASE}"
        self._peer_urls = {
            "celery": f"redis+socket://{path}?virtual_host={BROKER_DATABASE}",
            "dramatiq": self._url,
        }
        self._store = redis.Redis.from_url(self._url)

    async def noops(self) -> list[Row]:
        ours: list[Measured] = []
        theirs: dict[str, list[Measured]] = {"celery": [], "dramatiq": []}
        for _ in range(self._setting.rounds):
            ours.append(await self._rate(OURS, OUR_TASKS, self._fill_ours, {}))
            for peer, worker in (("celery", CELERY), ("dramatiq", DRAMATIQ)):
                fill = self._fill_celery if peer == "celery" else self._fill_dramatiq
                theirs[peer].append(await self._rate(worker, PEERS_TASKS, fill, {}, peer))
        return [
            self._row("no-op tasks", "tasks/s", "Celery", ours, theirs["celery"], 10),
            self._row("no-op tasks", "tasks/s", "Dramatiq", ours, theirs["dramatiq"], 2.5),
        ]

    async def events(self) -> Row:
        admin_url, environment = await self._database()
        ours: list[Measured] = []
        theirs: list[Measured] = []
        admin = await asyncpg.connect(admin_url)
        try:
            # What has run for a while has old tasks, and the planner knows of them.
            await self._our_events(admin, environment)
            for _ in range(self._setting.rounds):
                await admin.execute("TRUNCATE effects")
                await admin.execute("VACUUM (ANALYZE) tasks, outbox")
                await admin.execute("CHECKPOINT")
                ours.append(await self._our_events(admin, environment))
                await _assert_once(admin)
                await admin.execute("TRUNCATE effects; CHECKPOINT")
                theirs.append(
                    await self._rate(
                        CELERY,
                        PEERS_TASKS,
                        self._fill_celery_effects,
                        {"BENCH_DATABASE_URL": environment["INTELLIMATCH_DATABASE_URL"]},
                        "celery",
                    )
                )
                assert await admin.fetchval("SELECT count(*) FROM effects") == PEERS_TASKS
        finally:
            await admin.close()
        return self._row(
            "outbox to handled exactly once", "events/s", "Celery, no guarantee", ours, theirs, 2
        )

    def _row(
        self,
        name: str,
        unit: str,
        peer: str,
        ours: list[Measured],
        theirs: list[Measured],
        aim: float,
    ) -> Row:
        our_rates = [each.rate for each in ours]
        their_rates = [each.rate for each in theirs]
        ratio = ratio_of(our_rates, their_rates)
        return Row(
            name=f"{name}, one worker process",
            unit=unit,
            peer=peer,
            ours_rounds=our_rates,
            peer_rounds=their_rates,
            note=f"CPU of the worker for each: ours {_cpu(ours):.0f} us, {peer} "
            f"{_cpu(theirs):.0f} us.",
            aim=f"at least {aim:g} times",
            is_met=ratio >= aim,
            ratio=ratio,
            machine=self._setting.machine_line,
        )

    async def _database(self) -> tuple[str, dict[str, str]]:
        admin_url = self._setting.admin_url
        await drop_database(admin_url, DATABASE)
        await prepare_database(admin_url, DATABASE)
        roles = DEFAULT_ROLES
        await migrate(role_url(admin_url, roles.owner, database=DATABASE))
        database_url = role_url(admin_url, "postgres", database=DATABASE)
        await make_effects_table(database_url)
        connection = await asyncpg.connect(database_url)
        await insert_tenants(connection, [BENCH])
        await connection.close()
        return database_url, {
            "INTELLIMATCH_DATABASE_URL": role_url(admin_url, roles.app, database=DATABASE),
            "INTELLIMATCH_RELAY_DATABASE_URL": role_url(admin_url, roles.relay, database=DATABASE),
            "INTELLIMATCH_REDIS_URL": self._url,
            "INTELLIMATCH_SECRET_KEY": SECRET_KEY,
            "INTELLIMATCH_DATA_DIR": str(FOLDER / "served"),
        }

    async def _our_events(self, admin: Any, environment: dict[str, str]) -> Measured:
        self._store.flushdb()
        async with self._running("ours", OURS, environment) as pid:
            await want_effects(admin, BENCH.id, uuid4(), range(_WARM))
            await _until(admin, _WARM)
            began, used = time.perf_counter(), cpu_seconds(pid)
            for start in range(0, EVENTS, AT_ONCE):
                await want_effects(admin, BENCH.id, uuid4(), range(start, start + AT_ONCE))
            await _until(admin, _WANTED)
            return _measured(EVENTS, time.perf_counter() - began, cpu_seconds(pid) - used)

    async def _rate(
        self,
        worker: Worker,
        tasks: int,
        fill: Callable[[int], None],
        environment: dict[str, str],
        peer: str = "ours",
    ) -> Measured:
        self._store.flushdb()
        url = self._peer_urls.get(peer, self._url)
        os.environ["BENCH_BROKER_URL"] = url
        await asyncio.to_thread(fill, tasks)
        async with self._running(peer, worker, {"BENCH_BROKER_URL": url, **environment}) as pid:
            await self._until_waiting(worker, tasks * 9 // 10)
            began, used = time.perf_counter(), cpu_seconds(pid)
            left = worker.waiting(self._store)
            await self._until_waiting(worker, 0)
            return _measured(left, time.perf_counter() - began, cpu_seconds(pid) - used)

    async def _until_waiting(self, worker: Worker, number: int) -> None:
        end = time.monotonic() + _WAIT
        while worker.waiting(self._store) > number:
            if time.monotonic() > end:
                raise TimeoutError(f"{worker.command} doesn't work; see its log in {FOLDER}")
            await asyncio.sleep(_LOOK)

    @asynccontextmanager
    async def _running(
        self, name: str, worker: Worker, environment: dict[str, str]
    ) -> AsyncIterator[int]:
        core = self._setting.cores.server
        with (FOLDER / f"tasks-{name}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *worker.command,
                cwd=ROOT,
                env=clean_environment(**environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )
        try:
            pin(process.pid, core)
            yield process.pid
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    def _fill_ours(self, tasks: int) -> None:
        broker = RedisTaskBroker(self._url)
        for _ in range(tasks // 500):
            broker.ring(QUEUE, [Ring(BENCH.id, uuid4(), alone=False) for _ in range(500)])
        broker.close()

    def _fill_celery(self, tasks: int) -> None:
        module = _peer("celery_tasks")
        module.app.conf.broker_url = self._peer_urls["celery"]
        with module.app.producer_or_acquire() as producer:
            for number in range(tasks):
                module.noop.apply_async((number,), producer=producer)

    def _fill_celery_effects(self, tasks: int) -> None:
        module = _peer("celery_tasks")
        module.app.conf.broker_url = self._peer_urls["celery"]
        with module.app.producer_or_acquire() as producer:
            for number in range(tasks):
                arguments = (str(BENCH.id), str(uuid4()), number)
                module.effect.apply_async(arguments, producer=producer)

    def _fill_dramatiq(self, tasks: int) -> None:
        noop = _peer("dramatiq_tasks").noop
        for number in range(tasks):
            noop.send(number)


def _measured(tasks: int, seconds: float, cpu: float) -> Measured:
    return Measured(tasks / seconds, cpu / tasks * 1e6)


def _cpu(rounds: list[Measured]) -> float:
    return statistics.median(each.cpu_us for each in rounds)


def _peer(name: str) -> ModuleType:
    """Import a peer's tasks once the broker's address is in the environment."""
    return importlib.import_module(f"tests.benchmarks.peers.{name}")


async def _until(admin: Any, number: int) -> None:
    end = time.monotonic() + _WAIT
    while await admin.fetchval("SELECT count(*) FROM effects") < number:
        if time.monotonic() > end:
            raise TimeoutError(f"not every event was handled; see the log in {FOLDER}")
        await asyncio.sleep(0.02)


async def _assert_once(admin: Any) -> None:
    causes, made, is_open = await admin.fetchrow(
        "SELECT (SELECT count(DISTINCT cause) FROM effects), (SELECT count(*) FROM effects), "
        "(SELECT count(*) FROM tasks WHERE finished_at IS NULL)"
    )
    if (causes, made, is_open) != (_WANTED, _WANTED, 0):
        raise RuntimeError(f"{_WANTED} events, {causes} effects of {made}, {is_open} open")
