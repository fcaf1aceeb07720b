"""One application created, with its history, event and audit entry, against the bare inserts.

Both commit the same rows to the same tables as the same role, eight at a time, durably. pgbench is
C, prepares its statements, and leaves out what a use case reads and checks.
"""

import asyncio
import os
import time
from uuid import UUID

import asyncpg
import msgspec

from core.applications.contracts import CreateApplication
from core.candidates.contracts import CandidateId
from core.jobs.contracts import ChangeJobStatus, CreateJob, JobId
from plugins.embedded.postgres_server import postgres_binaries
from plugins.postgres.roles import DEFAULT_ROLES
from tenants.runtime import Runtime
from tenants.settings import load_settings
from tests.benchmarks.databases import BENCH, FOLDER, LISTED, BenchDatabase
from tests.benchmarks.machine import pin
from tests.benchmarks.results import Row, ratio_of
from tests.benchmarks.setting import Setting, socket_of
from tests.benchmarks.tenants_made import SECRET_KEY

WRITERS = 8
_TABLES = ("applications", "stage_changes", "outbox", "audit_entries")


class Opening(msgspec.Struct, frozen=True):
    """An open job of its own for each round, as a candidate may apply for a job once."""

    job_id: JobId
    stage_id: str


async def measure(setting: Setting, database: BenchDatabase) -> list[Row]:
    """Transactions per second of ours and of pgbench, in turn."""
    runtime = await _runtime(setting, database)
    ours: list[float] = []
    theirs: list[float] = []
    try:
        await _ours(runtime, await _open_job(runtime), 1.0)
        for _ in range(setting.rounds):
            mine = await _open_job(runtime)
            rows_before = await _counts(database)
            done, rate = await _ours(runtime, mine, setting.seconds)
            ours.append(rate)
            middle = await _counts(database)
            _assert_written(rows_before, middle, done)
            peer_done, peer_rate = await _pgbench(setting, database, await _open_job(runtime))
            theirs.append(peer_rate)
            # The job that pgbench writes to is itself an event and an audit entry or two.
            _assert_written(middle, await _counts(database), peer_done, allowed=4)
    finally:
        await runtime.close()
        await _forget(database)
    ratio = ratio_of(ours, theirs)
    return [
        Row(
            name="one application created (state, history, outbox, audit in one commit)",
            unit="transactions/s",
            peer="pgbench, the same inserts",
            ours_rounds=ours,
            peer_rounds=theirs,
            aim="for comparison",
            is_met=True,
            is_aim=False,
            ratio=ratio,
            machine=setting.machine_line,
            note=f"{WRITERS} at a time; ours is one process that also authorises, reads and locks "
            "the job, checks its questions and reads the answer back.",
        )
    ]


async def _runtime(setting: Setting, database: BenchDatabase) -> Runtime:
    # This process is the server now.
    pin(os.getpid(), setting.cores.server)
    settings = load_settings(
        {
            "INTELLIMATCH_DATABASE_URL": database.app_url,
            "INTELLIMATCH_REDIS_URL": setting.redis_url,
            "INTELLIMATCH_SECRET_KEY": SECRET_KEY,
            "INTELLIMATCH_DATA_DIR": str(FOLDER / "served"),
        }
    )
    return await Runtime.open(settings)


async def _open_job(runtime: Runtime) -> Opening:
    scope = runtime.scope(BENCH.context, BENCH.actor, "bench-job")
    job = await scope.execute(
        CreateJob(
            title="Bench engineer",
            department="Engineering",
            location="Berlin",
            employment_type="full_time",
            description="Measures.",
        )
    )
    await scope.execute(ChangeJobStatus(job_id=job.id, status="open"))
    return Opening(job.id, str(job.stages[0].id))


async def _ours(runtime: Runtime, opening: Opening, seconds: float) -> tuple[int, float]:
    numbers = iter(range(1, LISTED + 1))
    ends = time.perf_counter() + seconds
    done = 0

    async def write() -> None:
        nonlocal done
        while time.perf_counter() < ends:
            number = next(numbers)
            scope = runtime.scope(BENCH.context, BENCH.actor, f"bench-{number}")
            await scope.execute(
                CreateApplication(
                    job_id=opening.job_id, candidate_id=_candidate(number), source="api"
                )
            )
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(WRITERS)))
    return done, done / (time.perf_counter() - started)


async def _pgbench(
    setting: Setting, database: BenchDatabase, opening: Opening
) -> tuple[int, float]:
    script = FOLDER / "application.pgbench.sql"
    script.write_text(_script(opening))
    process = await asyncio.create_subprocess_exec(
        str(postgres_binaries() / "pgbench"),
        *("--no-vacuum", "--protocol=prepared", "--file", str(script)),
        *("--client", str(WRITERS), "--jobs", "1", "--time", str(max(1, round(setting.seconds)))),
        *("--host", str(socket_of(database.app_url).parent)),
        *("--username", DEFAULT_ROLES.app, "--define", "i=0", database.name),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, {setting.cores.server}),
    )
    out, error = await process.communicate()
    if process.returncode != 0 or b"aborted" in error:
        raise RuntimeError(f"pgbench failed: {error.decode()}")
    return _said(out, "number of transactions actually processed"), float(
        _line(out, "tps").split()[0]
    )


def _script(opening: Opening) -> str:
    """The rows that `CreateApplication` writes. `i` counts the transactions of each client."""
    tenant, actor = BENCH.id, BENCH.actor
    identity = "gen_random_uuid()"
    number = "lpad(to_hex(CAST(:n AS bigint)), 12, '0')"
    # As in candidate_rows.
    candidate = f"(substr('{tenant}', 1, 24) || {number})::uuid"
    application = f"(substr('{opening.job_id}', 1, 24) || {number})::uuid"
    payload = (
        f"jsonb_build_object('aggregate_id', {application}::text, 'job_id', '{opening.job_id}', "
        f"'candidate_id', {candidate}::text, 'stage_id', '{opening.stage_id}', 'source', 'api')"
    )
    after = f"jsonb_build_object('stage_id', '{opening.stage_id}', 'disposition', 'active')"
    return f"""\
\\set i :i + 1
\\set n (:i - 1) * {WRITERS} + :client_id + 1
BEGIN;
SELECT set_config('app.tenant', '{tenant}', true);
INSERT INTO applications (tenant_id, id, candidate_id, job_id, stage_id, disposition, source,
    answers, applied_at, stage_entered_at, updated_at, version)
VALUES ('{tenant}', {application}, {candidate}, '{opening.job_id}', '{opening.stage_id}', 'active',
    'api', '[]', now(), now(), now(), 1);
INSERT INTO stage_changes (tenant_id, id, application_id, job_id, sequence, at, kind, by_member_id,
    to_stage_id, to_stage_name, to_stage_kind, to_stage_position, to_disposition)
VALUES ('{tenant}', {identity}, {application}, '{opening.job_id}', 1, now(), 'applied',
    '{actor.member_id}', '{opening.stage_id}', 'Applied', 'applied', 0, 'active');
INSERT INTO outbox (tenant_id, id, type, version, aggregate, aggregate_id, payload, occurred_at,
    request_id)
VALUES ('{tenant}', {identity}, 'application.created', 1, 'application', {application}, {payload},
    now(), 'bench');
INSERT INTO audit_entries (tenant_id, id, at, actor_kind, actor_id, member_id, action, subject,
    subject_id, after, request_id)
VALUES ('{tenant}', {identity}, now(), 'api_key', '{actor.id}', '{actor.member_id}',
    'application.created', 'application', {application}, {after}, 'bench');
COMMIT;
"""


def _candidate(number: int) -> CandidateId:
    return CandidateId(UUID(f"{str(BENCH.id)[:24]}{number:012x}"))


def _line(out: bytes, name: str) -> str:
    for line in out.decode().splitlines():
        if line.startswith(name):
            return line.partition("=" if "=" in line else ":")[2].strip()
    raise RuntimeError(f"pgbench said nothing of {name}: {out.decode()}")


def _said(out: bytes, name: str) -> int:
    return int(_line(out, name).partition("/")[0])


async def _counts(database: BenchDatabase) -> list[int]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        return [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in _TABLES]
    finally:
        await connection.close()


def _assert_written(before: list[int], after: list[int], done: int, allowed: int = 0) -> None:
    """Each transaction that was counted left a row in each of the tables."""
    written = [b - a for a, b in zip(before, after, strict=True)]
    if not all(done <= rows <= done + allowed for rows in written):
        raise RuntimeError(f"{done} transactions left {written} rows in {_TABLES}")


async def _forget(database: BenchDatabase) -> None:
    """Leave the database as it was, for the next run."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(
            "TRUNCATE applications, stage_changes, outbox, audit_entries, jobs, quota_usage CASCADE"
        )
    finally:
        await connection.close()
