"""`make bench`: measures everything, writes results.json and RESULTS.md, and prints the table.

`--only lists,sizes` measures some parts and writes nothing, unless `--keep` puts them beside what
the files say of the others; `--rounds` and `--seconds` make it shorter.
"""

import argparse
import subprocess
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib.metadata import version

import asyncpg
import click
import uvloop

from tests.benchmarks import (
    databases,
    measure_lists,
    measure_mails,
    measure_notifications,
    measure_outbound,
    measure_pages,
    measure_plugins,
    measure_resumes,
    measure_search,
    measure_sizes,
    measure_start,
    measure_stream_latency,
    measure_streams,
    measure_tasks,
    measure_templates,
    measure_writes,
)
from tests.benchmarks.results import Results, Row, table, write
from tests.benchmarks.setting import Setting, setting
from tests.fixtures.repository import ROOT

PARTS = (
    "lists",
    "sizes",
    "writes",
    "search",
    "start",
    "resumes",
    "streams",
    "latency",
    "notifications",
    "tasks",
    "plugins",
    "templates",
    "mails",
    "outbound",
    "pages",
)
_ALONE: dict[str, Callable[[Setting], Awaitable[list[Row]]]] = {
    "start": measure_start.measure,
    "tasks": measure_tasks.measure,
    "plugins": measure_plugins.measure,
    "templates": measure_templates.measure,
    "mails": measure_mails.measure,
    "outbound": measure_outbound.measure,
    "resumes": measure_resumes.measure,
    "streams": measure_streams.measure,
    "latency": measure_stream_latency.measure,
    "notifications": measure_notifications.measure,
    "pages": measure_pages.measure,
}
"""Parts that choose their databases by themselves."""
_PACKAGES = (
    "litestar", "uvicorn", "asyncpg", "msgspec", "sqlalchemy", "fastapi", "pydantic",
    "python-socketio",
)  # fmt: skip


async def run(parts: tuple[str, ...], rounds: int, seconds: float) -> dict[str, Results]:
    """Measure `parts` one after the other."""
    measured: dict[str, Results] = {}
    async with setting(rounds, seconds) as given:
        server = await _server_version(given)
        for part in parts:
            began = time.perf_counter()
            click.echo(f"Measuring {part}")
            rows = await _measure(part, given)
            click.echo(f"  {time.perf_counter() - began:.0f} s")
            if rows:
                measured[part] = _results(given, server, rows)
    return measured


def _results(given: Setting, server: str, rows: list[Row]) -> Results:
    apart = given.cores.are_apart
    return Results(
        at=datetime.now(UTC),
        commit=_commit(),
        machine=given.machine,
        pinning="Servers on one core, engines and load client on another."
        if apart
        else "Everything on one core.",
        versions={
            "Python": given.machine.python,
            "PostgreSQL": server,
            **{name: version(name) for name in _PACKAGES},
        },
        rows=rows,
    )


async def _measure(part: str, given: Setting) -> list[Row]:
    admin_url = given.admin_url
    match part:
        case "lists":
            database = await databases.few(admin_url)
            return [
                *await measure_lists.measure(given, database),
                *await measure_lists.measure_round_trips(given, database),
            ]
        case "sizes":
            few, many = await databases.few(admin_url), await databases.many(admin_url)
            return await measure_sizes.measure(given, few, many)
        case "writes":
            return await measure_writes.measure(given, await databases.few(admin_url))
        case "search":
            return await measure_search.measure(given, await databases.searchable(admin_url))
        case _:
            return await _ALONE[part](given)


async def _server_version(given: Setting) -> str:
    connection = await asyncpg.connect(given.admin_url)
    try:
        return str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()


def _commit() -> str:
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help=f"some of {','.join(PARTS)}; writes no file")
    parser.add_argument("--keep", action="store_true", help="write the files with --only too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one round of one contender")
    given = parser.parse_args()
    parts = tuple(given.only.split(",")) if given.only else PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    measured = uvloop.run(run(parts, given.rounds, given.seconds))
    click.echo(table(measured))
    if given.keep or not given.only:
        write(measured)
    rows = [row for results in measured.values() for row in results.rows]
    missed = [row.name for row in rows if not row.is_met and row.is_aim]
    click.echo(f"Aims missed: {len(missed)}" if missed else "Every aim is met.")


if __name__ == "__main__":
    main()
