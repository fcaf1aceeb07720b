"""The contenders of the stream measurements: ours, python-socketio, and nginx with nchan.

Each runs in one serving process, and is told of an event by one commit or one POST.
"""

import asyncio
import itertools
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from api.streams.frames import EventView
from core.shared.clock import UtcDatetime
from plugins.postgres.addresses import role_url
from plugins.postgres.migrate import migrate
from plugins.postgres.roles import DEFAULT_ROLES, drop_database, prepare_database
from tests.benchmarks.databases import BENCH, FOLDER
from tests.benchmarks.machine import descendants, pin
from tests.benchmarks.servers import (
    Server,
    clean_environment,
    free_port,
    intellimatch,
    our_environment,
    start,
    stop,
    until_answered,
)
from tests.benchmarks.setting import Setting
from tests.benchmarks.stream_client import Ask
from tests.benchmarks.tenants_made import BEGINNING, insert_tenants, numbered_id

Publish = Callable[[int], Awaitable[None]]
"""Tell the server of the event of this number."""

NCHAN_MODULE: Final = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
_PEERS = Path(__file__).parent / "peers"
_EVENT = """
    INSERT INTO outbox (tenant_id, id, type, version, aggregate, aggregate_id, payload,
                        occurred_at, request_id)
    VALUES ($1, $2, 'job.edited', 1, 'job', $3,
            jsonb_build_object('fields', jsonb_build_array($4::text)), now(), 'bench')
"""

# Ids that rise by one, since events that commit together are told in the order of their ids.
_written = itertools.count(1)


class StreamServer(msgspec.Struct, frozen=True):
    """A running contender."""

    server: Server
    """The process whose CPU time and memory count."""
    ask: Ask
    publish: Publish

    @property
    def port(self) -> int:
        return self.server.port

    def memory_kib(self) -> int:
        """What its processes have to themselves and their share of the rest (proc(5), Pss)."""
        return sum(_pss_kib(pid) for pid in (self.server.pid, *descendants(self.server.pid)))


class StreamDatabase(msgspec.Struct, frozen=True):
    """A database with one tenant, and how the roles reach it."""

    admin_url: str
    app_url: str
    relay_url: str


def has_nchan() -> bool:
    """Whether nginx and its module are installed."""
    return _nginx() is not None and NCHAN_MODULE.exists()


def mark(number: int) -> str:
    """What the client recognises an event by."""
    return f"bench-{number:08d}"


@asynccontextmanager
async def stream_database(admin_url: str) -> AsyncIterator[StreamDatabase]:
    """Make a database, and drop it."""
    name = "bench_streams"
    await drop_database(admin_url, name)
    await prepare_database(admin_url, name)
    database = StreamDatabase(
        admin_url=role_url(admin_url, "postgres", database=name),
        app_url=role_url(admin_url, DEFAULT_ROLES.app, database=name),
        relay_url=role_url(admin_url, DEFAULT_ROLES.relay, database=name),
    )
    try:
        await migrate(role_url(admin_url, DEFAULT_ROLES.owner, database=name))
        async with connected(database) as connection:
            await insert_tenants(connection, [BENCH])
        yield database
    finally:
        await drop_database(admin_url, name)


@asynccontextmanager
async def connected(database: StreamDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may write past the use cases."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        yield connection
    finally:
        await connection.close()


async def write_event(connection: asyncpg.Connection, number: int) -> None:
    """Write an event as a use case does: with the notice, in the transaction that runs."""
    await connection.execute(
        _EVENT,
        BENCH.id,
        numbered_id(9, BENCH.number, next(_written)),
        BENCH.actor.member_id,
        mark(number),
    )
    await connection.execute("SELECT pg_notify('outbox_written', '')")


@asynccontextmanager
async def our_streams(
    setting: Setting, database: StreamDatabase, *, is_alone: bool = True
) -> AsyncIterator[StreamServer]:
    """`intellimatch serve` and `intellimatch worker`; an event is a committed outbox row.

    With `is_alone` the API has a core of its own, as its peers have.
    """
    port = free_port()
    environment = {
        **our_environment(database.app_url, setting.redis_url, port),
        "INTELLIMATCH_RELAY_DATABASE_URL": database.relay_url,
        "INTELLIMATCH_STREAMS_PER_MEMBER": "20000",
        "INTELLIMATCH_STREAMS_PER_TENANT": "20000",
    }
    worker = start([*intellimatch(), "worker"], environment, _log("streams-worker"))
    try:
        ready = f"http://127.0.0.1:{port}/health/ready"
        async with (
            _served("ours", [*intellimatch(), "serve"], environment, port, ready) as server,
            connected(database) as connection,
        ):
            if is_alone:
                pin(server.pid, setting.cores.server)
                pin(worker.pid, setting.cores.others)

            async def publish(number: int) -> None:
                async with connection.transaction():
                    await write_event(connection, number)

            yield StreamServer(server, _our_ask(), publish)
    finally:
        await stop(worker)


@asynccontextmanager
async def socketio(setting: Setting) -> AsyncIterator[StreamServer]:
    """python-socketio under uvicorn with uvloop, over WebSockets."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "uvicorn", "tests.benchmarks.peers.socketio_service:app"),
        *("--port", str(port), "--loop", "uvloop", "--http", "httptools"),
        *("--no-access-log", "--log-level", "warning", "--no-server-header"),
        # The connection that publishes waits while thousands of others open, and no client pongs.
        *("--timeout-keep-alive", "3600", "--ws-ping-interval", "3600"),
    ]
    handshake = (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    # A masked text frame (mask: zeros) with "40", which asks for the default namespace.
    ask = Ask(handshake, '40{"sid"', b"\x81\x82\x00\x00\x00\x0040")
    url = f"http://127.0.0.1:{port}/"
    async with (
        _served("socketio", command, clean_environment(), port, url) as server,
        _posting(port) as publish,
    ):
        pin(server.pid, setting.cores.server)
        yield StreamServer(server, ask, publish)


@asynccontextmanager
async def nchan(setting: Setting) -> AsyncIterator[StreamServer]:
    """nginx with one worker process and its own event source."""
    port, folder = free_port(), FOLDER / "nchan"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = (_PEERS / "nchan.conf").read_text()
    user = "user root;" if os.geteuid() == 0 else ""
    filled = text.replace("PORT", str(port)).replace("LIMIT", str(files)).replace("ROOT", user)
    (folder / "nginx.conf").write_text(filled)
    command = [str(_nginx()), "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]
    url = f"http://127.0.0.1:{port}/"
    request = f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n"
    async with (
        _served("nchan", command, clean_environment(), port, url) as server,
        _posting(port) as publish,
    ):
        pin(server.pid, setting.cores.server)
        yield StreamServer(server, Ask(request, "\r\n\r\n"), publish)


@contextmanager
def many_files() -> Iterator[int]:
    """Let this process and those it starts have as many files open as they may; say how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _our_ask() -> Ask:
    request = (
        f"GET /api/v1/stream HTTP/1.1\r\nHost: {BENCH.context.slug}.localhost\r\n"
        f"Authorization: Bearer {BENCH.api_key}\r\nAccept: text/event-stream\r\n\r\n"
    )
    return Ask(request, "event: ready")


@asynccontextmanager
async def _posting(port: int) -> AsyncIterator[Publish]:
    """POST an event as long as ours over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def publish(number: int) -> None:
        body = _document(number)
        writer.write(
            b"POST /publish HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: %d\r\n"
            b"Content-Type: application/json\r\n\r\n%b" % (port, len(body), body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 20" not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"the event was refused: {head!r}")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))

    try:
        yield publish
    finally:
        writer.close()


def _document(number: int) -> bytes:
    member = BENCH.actor.member_id
    assert member is not None
    at = UtcDatetime(BEGINNING)
    return msgspec.json.encode(
        EventView(number, "job.edited", 1, "job", member, at, {"fields": [mark(number)]})
    )


@asynccontextmanager
async def _served(
    name: str, command: list[str], environment: Mapping[str, str], port: int, url: str
) -> AsyncIterator[Server]:
    log = _log(f"streams-{name}")
    process: subprocess.Popen[bytes] = start(command, environment, log)
    try:
        await until_answered(url, process, log)
        yield Server(name, port, process.pid)
    finally:
        await stop(process)


def _log(name: str) -> Path:
    return FOLDER / "logs" / f"{name}.log"


def _nginx() -> str | None:
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


def _pss_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise RuntimeError(f"process {pid} has no Pss")
