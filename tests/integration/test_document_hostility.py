"""Hostile files end in a clear state in time; they cost the service nothing and leak nothing."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
import pytest

from core.ports.documents import ReadDocument
from core.shared.errors import Unavailable
from plugins.document_reader.limits import Limits
from plugins.document_reader.sandbox import SandboxedReader
from tests.fixtures.examined import Examined
from tests.fixtures.hostile_files import SECRET, HostileFile, hostile_files
from tests.fixtures.pdf_bytes import page_of, shown
from tests.fixtures.repository import ROOT

LONGEST_SECONDS = 10.0
MOST_GROWTH = 48 << 20
"""Of the parent's memory: the largest file and its frame, and nothing that was unpacked."""
_ESCAPED = Path("/tmp/intellimatch-escaped")


class Outcome(msgspec.Struct):
    file: HostileFile
    document: ReadDocument
    seconds: float


class Ticks:
    """Notices how late the event loop comes back to who waits for nothing."""

    def __init__(self) -> None:
        self.lags: list[float] = []

    async def run(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            self.lags.append(time.perf_counter() - before - 0.01)

    @property
    def usual_worst(self) -> float:
        """The lag that 98 of 100 stay below."""
        return sorted(self.lags)[int(len(self.lags) * 0.98)]


def faults(outcomes: list[Outcome]) -> list[str]:
    """What went wrong, file by file."""
    found = []
    for each in outcomes:
        document = each.document
        if document.state not in each.file.states:
            found.append(f"{each.file.name}: {document.state} ({document.detail})")
        if each.seconds > LONGEST_SECONDS:
            found.append(f"{each.file.name}: took {each.seconds:.1f} s")
        if document.state != "read" and not document.detail:
            found.append(f"{each.file.name}: doesn't say why")
        if SECRET in repr(document):
            found.append(f"{each.file.name}: leaks a file")
    return found


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """Give an address and the list of who connected to it."""
    server = socket.create_server(("127.0.0.1", 0))
    seen: list[str] = []

    def accept() -> None:
        while True:
            try:
                connection, address = server.accept()
            except OSError:
                return
            seen.append(str(address))
            connection.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", seen
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(2)


def honest() -> bytes:
    return page_of(
        shown("Ada Lovelace, Analyst of engines") + shown("ada@example.com", at=(72, 700))
    )


def _written(folder: Path, address: str) -> list[HostileFile]:
    """Make the files in another process: some take more memory to make than reading may."""
    _ESCAPED.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.fixtures.hostile_files", str(folder), address]
    subprocess.run(command, cwd=ROOT, check=True)
    return list(hostile_files(address))


async def _attack(reader: SandboxedReader, files: list[HostileFile], folder: Path) -> list[Outcome]:
    outcomes = []
    for file in files:
        content = (folder / file.name).read_bytes()
        began = time.perf_counter()
        document = (await reader.answer_async(content, file.name)).document
        outcomes.append(Outcome(file, document, time.perf_counter() - began))
    return outcomes


async def _served(reader: SandboxedReader, until: asyncio.Event) -> list[float]:
    """Have an honest file read again and again beside the attack."""
    content, seconds = honest(), []
    while not until.is_set():
        began = time.perf_counter()
        document = (await reader.answer_async(content, "ada.pdf")).document
        assert document.state == "read"
        assert document.lines[0].text == "Ada Lovelace, Analyst of engines"
        seconds.append(time.perf_counter() - began)
        await asyncio.sleep(0.1)
    return seconds


@pytest.mark.timeout(600)
async def test_hostile_files_end_in_a_clear_state(tmp_path: Path, examined: Examined) -> None:
    with listening() as (address, connections), SandboxedReader(processes=2) as reader:
        files = await asyncio.to_thread(_written, tmp_path, address)
        reader.start()
        assert (await reader.answer_async(honest(), "ada.pdf")).document.state == "read"
        ticks, done = Ticks(), asyncio.Event()
        ticking = asyncio.create_task(ticks.run())
        serving = asyncio.create_task(_served(reader, done))
        before = psutil.Process().memory_info().rss
        outcomes = await _attack(reader, files, tmp_path)
        grown = psutil.Process().memory_info().rss - before
        done.set()
        honest_seconds = await serving
        ticking.cancel()
    assert faults(outcomes) == []
    assert connections == []
    assert not await asyncio.to_thread(_ESCAPED.exists)
    assert grown < MOST_GROWTH
    assert ticks.usual_worst < 0.5
    assert sorted(honest_seconds)[len(honest_seconds) // 2] < 2
    examined("hostile files", len(outcomes))
    examined("honest files read beside them", len(honest_seconds))


def _outcome(state: str, *, seconds: float = 0.1, detail: str = "why") -> Outcome:
    file = HostileFile("planted.pdf", bytes, ("refused",))
    document = msgspec.convert(
        {"lines": [], "pages": 1, "kind": "pdf", "state": state, "detail": detail}, ReadDocument
    )
    return Outcome(file, document, seconds)


def test_a_wrong_state_a_late_end_a_missing_reason_and_a_leak_are_found() -> None:
    assert faults([_outcome("refused")]) == []
    for planted in (
        _outcome("read"),
        _outcome("refused", seconds=LONGEST_SECONDS + 1),
        _outcome("refused", detail=""),
        _outcome("refused", detail=f"{SECRET}:/root"),
    ):
        assert len(faults([planted])) == 1


def test_a_connection_is_noticed() -> None:
    with listening() as (address, connections):
        host, _, port = address.removeprefix("http://").partition(":")
        socket.create_connection((host, int(port))).close()
        deadline = time.monotonic() + 30
        while not connections and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(connections) == 1


async def test_a_blocked_loop_is_noticed() -> None:
    ticks = Ticks()
    ticking = asyncio.create_task(ticks.run())
    for _ in range(5):
        await asyncio.sleep(0.02)
        time.sleep(0.6)  # noqa: ASYNC251 - the defect
    ticking.cancel()
    assert ticks.usual_worst > 0.5


def test_without_limits_the_same_file_is_not_stopped() -> None:
    """The positive control: it is our limits that end these files, not the libraries."""
    file = next(each for each in hostile_files("http://127.0.0.1:9") if "thousand" in each.name)
    content = file.make()
    with SandboxedReader(limits=Limits(pages=20_000, wall_seconds=40, cpu_seconds=40)) as reader:
        assert reader.read(content, file.name).pages == 10_000
    with SandboxedReader() as reader:
        assert reader.read(content, file.name).state == "too_large"


def test_a_killed_process_is_replaced(examined: Examined) -> None:
    with SandboxedReader(processes=1) as reader:
        reader.start()
        rounds = 3
        for _ in range(rounds):
            (pid,) = reader.pids
            psutil.Process(pid).kill()
            psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=30)
            assert reader.read(honest(), "ada.pdf").state == "read"
        assert len(reader.pids) == 1
        examined("killed processes", rounds)


def test_a_service_that_is_stopped_in_order_blames_no_document(examined: Examined) -> None:
    with SandboxedReader(processes=1) as reader:
        assert reader.read(honest(), "ada.pdf").state == "read"
        signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        for number in signals:
            (pid,) = reader.pids
            psutil.Process(pid).send_signal(number)
            assert reader.read(honest(), "ada.pdf").state == "read"
            assert reader.pids == {pid}
        examined("signals", len(signals))
        psutil.Process(pid).suspend()
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(reader.read, honest(), "ada.pdf")
            time.sleep(0.3)
            reader.close()
            with pytest.raises(Unavailable):
                waiting.result(30)
        with pytest.raises(Unavailable):
            reader.read(honest(), "ada.pdf")
        assert reader.pids == frozenset()


def test_no_process_is_left_behind() -> None:
    with SandboxedReader(processes=2) as reader:
        reader.start()
        pids = reader.pids
        assert len(pids) == 2
        assert reader.read(honest(), "ada.pdf").state == "read"
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def test_the_process_has_no_secret_and_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTELLIMATCH_MASTER_KEY", "planted")
    with SandboxedReader() as reader:
        reader.read(honest(), "ada.pdf")
        (pid,) = reader.pids
        process = psutil.Process(pid)
        assert "INTELLIMATCH_MASTER_KEY" not in process.environ()
        assert process.cwd() == "/"
        # Standard streams, the two ends of the pipes, and what Python itself has open.
        assert process.num_fds() < 12
        assert process.rlimit(psutil.RLIMIT_AS)[1] == Limits().memory_bytes
