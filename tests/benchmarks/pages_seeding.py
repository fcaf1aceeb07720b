"""The workspace whose pages are measured: 100,000 candidates, jobs, and a board of 2,000 cards.

What one finds on its pages is made through the use cases; the mass behind it is copied in.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from core.jobs.contracts import JobView, PayRange, QuestionSpec
from core.shared.ids import TenantId
from core.shared.money import Cents, CurrencyCode
from plugins.postgres.addresses import role_url
from plugins.postgres.roles import DEFAULT_ROLES
from tenants.careers_seals import TenantFormSeals
from tenants.runtime import Runtime
from tenants.settings import load_settings
from tests.benchmarks.databases import BenchDatabase, kept
from tests.benchmarks.searchable import insert_searchable, people
from tests.benchmarks.servers import our_environment
from tests.benchmarks.setting import Setting
from tests.benchmarks.tenants_made import BEGINNING
from tests.fixtures.databases import TestDatabase
from tests.fixtures.hiring import Hiring
from tests.fixtures.populated import TITLE, Populated, populate
from tests.fixtures.runtimes import SECRET_KEY
from tests.fixtures.worlds import WorldTenant, make_world

NAME: Final = "bench_pages"
SLUG: Final = "globex"
CANDIDATES: Final = 100_000
CARDS: Final = 2_000
"""On the board that is measured."""
FEW: Final = 5
"""Of them in the last stage before the hired, so that a card that comes there is seen at once."""
JOBS: Final = 60
EACH: Final = 500
"""Applications to each of the other jobs."""
BOARD: Final = "Platform engineer, boats and beyond"
LINK: Final = "benchmarks-" * 3 + "0123456789"
"""The secret of an applicant's link."""

_MAKERS: Final = ("pages_seeding.py", "../fixtures/populated.py")
_SPREAD: Final = timedelta(days=60)
_SOURCES: Final = ("careers", "referral", "sourced", "agency", "job_board", "import")
_APPLICATIONS: Final = (
    "tenant_id", "id", "candidate_id", "job_id", "stage_id", "disposition", "assignee_id",
    "assigned_at", "source", "answers", "applied_at", "stage_entered_at", "updated_at", "version",
)  # fmt: skip
_CHANGES: Final = (
    "tenant_id", "id", "application_id", "job_id", "sequence", "at", "kind", "to_stage_id",
    "to_stage_name", "to_stage_kind", "to_stage_position", "to_disposition",
)  # fmt: skip


def environment(database: BenchDatabase, setting: Setting) -> dict[str, str]:
    """Return the settings of everything that runs on this workspace, but the port of the server."""
    given = our_environment(database.app_url, setting.redis_url, port=1)
    del given["INTELLIMATCH_PORT"]
    return {
        **given,
        "INTELLIMATCH_SECRET_KEY": SECRET_KEY,
        "INTELLIMATCH_RELAY_DATABASE_URL": database.relay_url,
    }


async def seeded(setting: Setting) -> BenchDatabase:
    """Return the database, filled."""

    async def fill(connection: asyncpg.Connection) -> None:
        database = BenchDatabase(
            name=NAME,
            admin_url=role_url(setting.admin_url, "postgres", database=NAME),
            app_url=role_url(setting.admin_url, DEFAULT_ROLES.app, database=NAME),
        )
        await _fill(connection, database, setting)

    return await kept(setting.admin_url, NAME, fill, makers=_MAKERS)


async def populated(database: BenchDatabase) -> Populated:
    """Return what was made by itself, for the addresses of pages; its job is the crowded one."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        made = await connection.fetchval("SELECT populated FROM bench.made")
    finally:
        await connection.close()
    return msgspec.json.decode(made, type=Populated)


async def _fill(connection: asyncpg.Connection, database: BenchDatabase, setting: Setting) -> None:
    test_database = TestDatabase(
        name=NAME,
        admin_url=database.admin_url,
        owner_url=role_url(setting.admin_url, DEFAULT_ROLES.owner, database=NAME),
        app_url=database.app_url,
        relay_url=database.relay_url,
    )
    world = await make_world(test_database)
    given = environment(database, setting)
    ours = {name: value for name, value in given.items() if name.startswith("INTELLIMATCH_")}
    runtime = await Runtime.open(load_settings(ours))
    try:
        hiring = Hiring(runtime, world, SLUG)
        # First, so that ids of what is measured are no younger than those of the mass.
        made = await populate(hiring, test_database)
        tenant = world[SLUG]
        ids = _ids()
        await insert_searchable(connection, tenant.id, CANDIDATES, lambda number: ids[number])
        await _insert_keys(connection, tenant.id, ids)
        board = await _open_board(hiring)
        jobs = [
            await hiring.open_job(
                title=f"Engineer {number}",
                department=("Hulls", "Engines", "Harbour")[number % 3],
                location=("Berlin", "Lisbon", "Malmö")[number % 3],
                description="You build boats.\n\n" * 20,
            )
            for number in range(JOBS)
        ]
        chance = random.Random(5)
        crowds = [(job, chance.sample(ids, EACH)) for job in jobs]
        # A candidate with as many applications as a page shows the history of.
        crowds = [(job, [*crowd, made.candidate.id]) for job, crowd in crowds[:9]] + crowds[9:]
        await _apply(connection, tenant, [(board, ids[:CARDS]), *crowds], chance)
        await _follow(connection, runtime, tenant)
        await _remember(connection, msgspec.structs.replace(made, job=board))
        await connection.execute(
            "UPDATE quota_usage SET used = used + $2 WHERE tenant_id = $1 AND quota = 'candidates'",
            tenant.id,
            CANDIDATES,
        )
    finally:
        await runtime.close()


async def _open_board(hiring: Hiring) -> JobView:
    return await hiring.open_job(
        title=BOARD,
        department="Hulls",
        location="Berlin",
        description="You keep the lights on.\n\nAnd the boats.\n\n" * 10,
        skills=("Python", "PostgreSQL"),
        pay_range=PayRange(Cents(6_000_000), Cents(8_000_000), CurrencyCode("EUR"), "year"),
        questions=(
            QuestionSpec("yes_no", "May you work in Germany?"),
            QuestionSpec("text", "Which boats do you like best?"),
        ),
    )


def _ids() -> list[UUID]:
    """Return ids as they are given in life: compressed, they weigh what they weigh there."""
    chance = random.Random(3)
    return [
        _uuid7(BEGINNING + timedelta(seconds=number * 40), chance) for number in range(CANDIDATES)
    ]


def _uuid7(at: datetime, chance: random.Random) -> UUID:
    """Return an id as RFC 9562 (5.7) has it: milliseconds, then 74 random bits."""
    milliseconds = int(at.timestamp() * 1_000)
    return UUID(
        int=milliseconds << 80
        | 7 << 76
        | chance.getrandbits(12) << 64
        | 2 << 62
        | chance.getrandbits(62)
    )


async def _insert_keys(connection: asyncpg.Connection, tenant: TenantId, ids: list[UUID]) -> None:
    """Give each an address and a phone; some share a phone with the next, as twins do."""

    def keys() -> Iterator[tuple[Any, ...]]:
        for person in people(CANDIDATES):
            number = person.number
            shared = number - 1 if number % 700 == 1 else number
            yield tenant, "email", person.profile.emails[0], ids[number]
            yield tenant, "phone", f"+4930{shared:08}", ids[number]

    await connection.execute("SET session_replication_role = replica")
    await connection.copy_records_to_table(
        "candidate_keys",
        columns=("tenant_id", "kind", "value", "candidate_id"),
        records=keys(),
    )
    await connection.execute("RESET session_replication_role")


async def _apply(
    connection: asyncpg.Connection,
    tenant: WorldTenant,
    crowds: list[tuple[JobView, list[UUID]]],
    chance: random.Random,
) -> None:
    """Put crowds into the stages of jobs, with what a history of each begins with."""
    team = [tenant.members[role].member_id for role in ("admin", "recruiter", "interviewer")]
    applications: list[tuple[Any, ...]] = []
    changes: list[tuple[Any, ...]] = []
    for job, crowd in crowds:
        stages = job.stages[:-1]
        for place, candidate in enumerate(crowd):
            stage = stages[-1] if place < FEW else chance.choice(stages[:-1])
            at = BEGINNING + chance.random() * _SPREAD
            identity = _uuid7(at, chance)
            assignee = chance.choice([*team, None])
            given = None if assignee is None else at
            applications.append((
                tenant.id, identity, candidate, job.id, stage.id, "active", assignee, given,
                chance.choice(_SOURCES), "{}", at, at + timedelta(hours=1), at, 1,
            ))  # fmt: skip
            first = job.stages[0]
            changes.append((
                tenant.id, _uuid7(at, chance), identity, job.id, 1, at, "applied", first.id,
                first.name, first.kind, 0, "active",
            ))  # fmt: skip
    await connection.execute("SET session_replication_role = replica")
    await connection.copy_records_to_table(
        "applications", columns=_APPLICATIONS, records=applications
    )
    await connection.copy_records_to_table("stage_changes", columns=_CHANGES, records=changes)
    await connection.execute("RESET session_replication_role")


async def _follow(connection: asyncpg.Connection, runtime: Runtime, tenant: WorldTenant) -> None:
    """Let somebody have sent an application on the careers site."""
    seals = TenantFormSeals(runtime.settings, tenant.context)
    await connection.execute(
        "INSERT INTO submissions (tenant_id, id, application_id, link_hash, full_name, email, "
        "is_repeated, notice_version, agreed_at, received_at) "
        "SELECT tenant_id, gen_random_uuid(), id, $2, 'Li', 'li@example.com', false, 0, now(), "
        "now() FROM applications WHERE tenant_id = $1 AND job_id IN "
        "(SELECT id FROM jobs WHERE title = $3) LIMIT 1",
        tenant.id,
        seals.link_hash(LINK),
        TITLE,
    )


async def _remember(connection: asyncpg.Connection, made: Populated) -> None:
    await connection.execute("CREATE SCHEMA bench")
    await connection.execute("CREATE TABLE bench.made (populated text NOT NULL)")
    await connection.execute(
        "INSERT INTO bench.made VALUES ($1)", msgspec.json.encode(made).decode()
    )
