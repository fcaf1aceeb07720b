"""Tables that plugins describe: isolated like ours, made once, whole or not at all, and removed."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from core.shared.ids import TenantId
from plugins.postgres.database import Database, DatabaseSettings
from plugins.postgres.migrate import Migrated, migrate, pending
from plugins.postgres.plugin_data import PostgresPluginData
from plugins.postgres.plugin_tables import sql_tables
from plugins.postgres.roles import drop_database
from plugins.postgres.tenant_erasure import erase_tenant
from plugins.postgres.tenant_snapshot import tenant_snapshot
from plugins.sdk import AddIndex, Column, CreateTable, DropColumn, DropTable, Migration, Table
from plugins.system.ids import RandomIds
from tests.fixtures.catalogue import audit
from tests.fixtures.catalogue_lists import expected
from tests.fixtures.databases import TestDatabase, clone_database
from tests.fixtures.engines import TestEngines
from tests.fixtures.examined import Examined
from tests.fixtures.plugin_samples import FIRST, SECOND
from tests.fixtures.worlds import make_world

OTHER = Migration(1, (CreateTable(Table(name="things", columns=(Column("id", "uuid"),))),))


@pytest_asyncio.fixture(loop_scope="session")
async def database(engines: TestEngines, template: str) -> AsyncIterator[TestDatabase]:
    """One for each test, as each makes tables."""
    made = await clone_database(engines, template)
    yield made
    await drop_database(engines.admin_url, made.name)


@pytest_asyncio.fixture(loop_scope="session")
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


async def made(database: TestDatabase, *migrations: Migration, **others: Any) -> Migrated:
    return await migrate(database.owner_url, plugins={"codes": migrations, **others})


async def tables_in(admin: asyncpg.Connection) -> list[str]:
    rows = await admin.fetch(
        "SELECT relname FROM pg_class WHERE relname LIKE 'x\\_%' AND relkind = 'r' ORDER BY 1"
    )
    return [row["relname"] for row in rows]


async def test_the_walls_stand_around_plugins_tables(
    database: TestDatabase, admin: asyncpg.Connection, examined: Examined
) -> None:
    done = await made(database, FIRST, SECOND, other=(OTHER,))
    assert done.plugins == ("codes: 1", "codes: 2", "other: 1")
    assert await tables_in(admin) == ["x_codes_codes", "x_codes_notes", "x_other_things"]
    tables = [
        *sql_tables("codes", (FIRST, SECOND)).values(),
        *sql_tables("other", (OTHER,)).values(),
    ]
    found = await audit(admin, with_plugins(tables))
    assert [str(finding) for finding in found.findings] == []
    examined("tables of plugins", len(tables))


@pytest.mark.parametrize(
    ("defect", "rule"),
    [
        (
            "ALTER TABLE x_codes_codes NO FORCE ROW LEVEL SECURITY",
            "row-level security is on and forced",
        ),
        ("DROP POLICY tenant_isolation ON x_codes_codes", "one policy lets the application in"),
        ("CREATE INDEX planted ON x_codes_codes (label)", "tenant_id leads every index"),
        (
            "ALTER TABLE x_codes_codes ADD CONSTRAINT planted UNIQUE (label)",
            "tenant_id leads every unique key",
        ),
        (
            "CREATE TABLE x_codes_planted (id uuid PRIMARY KEY)",
            "a table is a tenant's or listed",
        ),
        (
            "GRANT TRUNCATE ON x_codes_codes TO intellimatch_app",
            "the application may do what is declared",
        ),
    ],
)
async def test_the_audit_sees_a_hole_in_a_plugins_table(
    database: TestDatabase, admin: asyncpg.Connection, defect: str, rule: str
) -> None:
    await made(database, FIRST)
    await admin.execute(defect)
    found = await audit(admin, with_plugins(list(sql_tables("codes", (FIRST,)).values())))
    assert rule in {finding.rule for finding in found.findings}


def with_plugins(tables: Sequence[Any]) -> Any:
    ours = expected()
    of_plugins = {table.name: table.info["privileges"] for table in tables}
    return msgspec.structs.replace(ours, privileges={**ours.privileges, **of_plugins})


async def test_each_revision_is_applied_once(database: TestDatabase) -> None:
    assert (await made(database, FIRST)).plugins == ("codes: 1",)
    assert (await made(database, FIRST)).plugins == ()
    waiting = await pending(database.owner_url, plugins={"codes": (FIRST, SECOND)})
    assert waiting == ["the plugin codes: revision 2"]
    at_once = await asyncio.gather(*(made(database, FIRST, SECOND) for _ in range(3)))
    assert sorted(done.plugins for done in at_once) == [(), (), ("codes: 2",)]
    # The version before works beside tables that are newer.
    assert (await made(database, FIRST)).refused == ()


async def test_a_released_revision_that_changed_is_refused_and_others_go_on(
    database: TestDatabase, admin: asyncpg.Connection
) -> None:
    await made(database, FIRST)
    changed = Migration(1, (*FIRST.steps, *SECOND.steps))
    done = await made(database, changed, SECOND, other=(OTHER,))
    assert done.plugins == ("other: 1",)
    (reason,) = done.refused
    assert "plugin codes: revision 1 of its tables was changed after it was released" in reason
    assert "new revision 3" in reason
    assert await tables_in(admin) == ["x_codes_codes", "x_other_things"]
    assert await pending(database.owner_url, plugins={"codes": (changed,)}) == [
        reason.replace("new revision 3", "new revision 2")
    ]


async def test_a_revision_that_fails_leaves_nothing_of_itself(
    database: TestDatabase, admin: asyncpg.Connection
) -> None:
    await made(database, FIRST)
    await admin.execute("CREATE TABLE x_codes_notes (id uuid)")
    await admin.execute("ALTER TABLE x_codes_notes OWNER TO intellimatch_owner")
    done = await made(database, FIRST, SECOND)
    assert "revision 2 of its tables can't be applied" in done.refused[0]
    columns = await admin.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'x_codes_codes'"
    )
    assert "colour" not in {row["column_name"] for row in columns}
    await admin.execute("DROP TABLE x_codes_notes")
    assert (await made(database, FIRST, SECOND)).plugins == ("codes: 2",)


async def test_a_migration_that_dies_halfway_is_taken_up_again(
    database: TestDatabase, admin: asyncpg.Connection
) -> None:
    await made(database, FIRST)
    third = Migration(3, (AddIndex("codes", ("uses",)), DropColumn("codes", "about")))
    # Somebody reads the table, so that the second revision waits; then the migrator is killed.
    reading = admin.transaction()
    await reading.start()
    await admin.execute("SELECT FROM x_codes_codes")
    running = asyncio.create_task(made(database, FIRST, SECOND, third))
    killed = False
    while not killed:
        await asyncio.sleep(0.02)
        killed = await admin.fetchval(
            "SELECT bool_or(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = 'intellimatch-migrate' AND wait_event_type = 'Lock' "
            "AND datname = current_database()"
        )
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await running
    await reading.rollback()
    applied = await admin.fetch("SELECT revision FROM plugin_revisions")
    assert [row["revision"] for row in applied] == [1]
    assert (await made(database, FIRST, SECOND, third)).plugins == ("codes: 2", "codes: 3")


async def test_the_version_before_writes_beside_the_tables_of_the_next(
    database: TestDatabase, admin: asyncpg.Connection
) -> None:
    world = await make_world(database)
    insert = "INSERT INTO x_codes_codes (tenant_id, id, label) VALUES ($1, $2, $3)"
    await made(database, FIRST)
    await admin.execute(insert, world.acme.id, RandomIds().new(), "before")
    await made(database, FIRST, SECOND)
    await admin.execute(insert, world.acme.id, RandomIds().new(), "between")
    rows = await admin.fetch("SELECT colour, uses FROM x_codes_codes")
    assert [tuple(row) for row in rows] == [("it's red", 0)] * 2
    third = Migration(3, (DropColumn("codes", "colour"), DropTable("notes")))
    await made(database, FIRST, SECOND, third)
    assert await tables_in(admin) == ["x_codes_codes"]


async def test_rows_are_the_tenants_and_go_with_it(
    database: TestDatabase, admin: asyncpg.Connection
) -> None:
    world = await make_world(database)
    await made(database, FIRST, other=(OTHER,))
    for tenant in (world.acme, world.globex):
        for label in ("one", "two"):
            await admin.execute(
                "INSERT INTO x_codes_codes (tenant_id, id, label) VALUES ($1, $2, $3)",
                tenant.id,
                RandomIds().new(),
                label,
            )
        await admin.execute(
            "INSERT INTO x_other_things (tenant_id, id) VALUES ($1, $2)",
            tenant.id,
            RandomIds().new(),
        )
    async with tenant_snapshot(database.app_url, TenantId(world.acme.id)) as snapshot:
        tables = {each.name: each for each in await snapshot.tables()}
        assert tables["x_codes_codes"].plugin_id == "codes"
        lines = [line async for rows in snapshot.rows(tables["x_codes_codes"]) for line in rows]
    assert sorted(json.loads(line)["label"] for line in lines) == ["one", "two"]
    opened = await Database.open(DatabaseSettings(url=database.app_url, read_connections=1))
    try:
        async with opened.unit(TenantId(world.acme.id)) as unit:
            assert await PostgresPluginData(unit).remove("codes") == 2
    finally:
        await opened.close()
    counts = "SELECT tenant_id, count(*) FROM {} GROUP BY 1"
    assert [tuple(row) for row in await admin.fetch(counts.format("x_codes_codes"))] == [
        (world.globex.id, 2)
    ]
    assert len(await admin.fetch(counts.format("x_other_things"))) == 2
    await erase_tenant(database.admin_url, world.globex.id, [])
    assert await admin.fetch(counts.format("x_codes_codes")) == []
    assert [row[0] for row in await admin.fetch(counts.format("x_other_things"))] == [world.acme.id]
