"""From the start of the command to the first yes of `/health/ready`, engines included."""

import asyncio
import time

from tests.benchmarks.databases import FOLDER
from tests.benchmarks.results import Row
from tests.benchmarks.servers import (
    clean_environment,
    free_port,
    intellimatch,
    start,
    stop,
    until_answered,
)
from tests.benchmarks.setting import Setting

LIMIT_SECONDS = 4.0
_DATA = FOLDER / "start"
_LOG = FOLDER / "logs" / "start.log"


async def measure(setting: Setting) -> list[Row]:
    """Warm starts: the data folder was made and migrated by a start that isn't counted."""
    first = await _start_seconds()
    seconds = [await _start_seconds() for _ in range(setting.rounds)]
    return [
        Row(
            name="start to ready, embedded engines, warm",
            unit="s",
            peer="",
            ours_rounds=seconds,
            peer_rounds=[],
            aim=f"each below {LIMIT_SECONDS:.0f} s",
            is_met=max(seconds) < LIMIT_SECONDS,
            ratio=None,
            machine=setting.machine_line,
            note=f"The one before these took {first:.1f} s. PostgreSQL and Valkey start anew.",
        )
    ]


async def _start_seconds() -> float:
    port = free_port()
    environment = clean_environment(INTELLIMATCH_DATA_DIR=str(_DATA), INTELLIMATCH_PORT=str(port))
    began = time.perf_counter()
    process = start([*intellimatch(), "serve"], environment, _LOG)
    try:
        await until_answered(f"http://127.0.0.1:{port}/health/ready", process, _LOG)
        return time.perf_counter() - began
    finally:
        await stop(process)
        await asyncio.sleep(0)
