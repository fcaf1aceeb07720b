"""Migrations make what the code declares, give way to running work, and are safe to repeat."""

import ast
import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

import migrations
from plugins.postgres import migrate as migration
from plugins.postgres.migrate import MigrationError, head, migrate, migration_config, pending
from plugins.postgres.roles import drop_database
from plugins.postgres.sql_functions import SqlFileError, parse_sql_file, sql_files
from plugins.postgres.tables import metadata
from tests.fixtures.databases import TestDatabase, clone_database, empty_database
from tests.fixtures.engines import TestEngines
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import make_world

VERSIONS = Path(migrations.__file__).parent / "versions"

NEXT_REVISION = """\
'Nicknames.'
from alembic import op
revision = "9999"
down_revision = "{head}"
def upgrade():
    op.execute("SET LOCAL lock_timeout = '1s'")
    op.execute("ALTER TABLE members ADD COLUMN nickname text")
"""

# Everything that a migration could change, as text: two equal prints mean that it changed nothing.
FINGERPRINT = """
    SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
        SELECT concat_ws(' ', 'table', oid::regclass, relkind, relacl, relrowsecurity,
            relforcerowsecurity, relowner::regrole, reloptions) AS line
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', 'column', attrelid::regclass, attname, atttypid::regtype,
            attnotnull, attacl) FROM pg_attribute WHERE attnum > 0 AND attrelid IN (
            SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname,
            pg_get_constraintdef(oid)) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', 'policy', polrelid::regclass, polname, polcmd, polroles,
            pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy
        UNION ALL SELECT concat_ws(' ', 'function', oid::regprocedure, proowner::regrole, proacl,
            prosecdef, proconfig, md5(prosrc)) FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', 'trigger', tgrelid::regclass, pg_get_triggerdef(oid))
            FROM pg_trigger WHERE NOT tgisinternal
    ) AS lines
"""


@pytest_asyncio.fixture(loop_scope="session")
async def fresh(engines: TestEngines) -> AsyncIterator[TestDatabase]:
    """A database with roles and rights, but no table."""
    made = await empty_database(engines)
    yield made
    await drop_database(engines.admin_url, made.name)


@pytest.fixture
def next_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Another revision after the newest one, which changes a table that has rows."""
    (tmp_path / "9999_next.py").write_text(NEXT_REVISION.format(head=head()))

    def with_next() -> object:
        config = migration_config()
        config.set_main_option("version_locations", f"{VERSIONS}\n{tmp_path}")
        config.set_main_option("path_separator", "newline")
        return config

    monkeypatch.setattr(migration, "migration_config", with_next)
    return "9999"


async def fingerprint(database: TestDatabase) -> str:
    connection = await asyncpg.connect(database.admin_url)
    try:
        return str(await connection.fetchval(FINGERPRINT))
    finally:
        await connection.close()


async def differences(database: TestDatabase) -> list[object]:
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(database.owner_url)
    )

    def compare(connection: sa.Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


async def test_the_database_is_what_the_code_declares(
    database: TestDatabase, examined: Examined
) -> None:
    hint = 'run `python -m migrations.generate "what changed"`'
    assert await differences(database) == [], hint
    examined("tables", len(metadata.tables))


async def test_checks_and_exclusions_are_what_the_code_declares(
    database: TestDatabase, examined: Examined
) -> None:
    # Alembic compares neither.
    connection = await asyncpg.connect(database.admin_url)
    rows = await connection.fetch(
        "SELECT conname, conrelid::regclass::text AS name FROM pg_constraint "
        "WHERE contype IN ('c', 'x') AND connamespace = 'public'::regnamespace"
    )
    await connection.close()
    kinds = (sa.CheckConstraint, sa.dialects.postgresql.ExcludeConstraint)
    declared = {
        (table.name, str(constraint.name))
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, kinds)
    }
    assert {(row["name"], row["conname"]) for row in rows} == declared
    examined("checks and exclusions", len(declared))


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE members ADD COLUMN extra text",
        "ALTER TABLE members DROP COLUMN name",
        "ALTER TABLE members ALTER COLUMN name TYPE varchar(10)",
        "ALTER TABLE members ALTER COLUMN name DROP NOT NULL",
        "ALTER TABLE members ALTER COLUMN status DROP DEFAULT",
        "DROP INDEX ix_tasks_due",
        "CREATE TABLE extra (id int)",
        "ALTER TABLE members DROP CONSTRAINT uq_members_tenant_id_email",
    ],
)
async def test_a_difference_is_found(engines: TestEngines, template: str, change: str) -> None:
    changed = await clone_database(engines, template)
    connection = await asyncpg.connect(changed.owner_url)
    await connection.execute(change)
    await connection.close()
    assert len(await differences(changed)) >= 1
    await drop_database(engines.admin_url, changed.name)


def first_call(source: str) -> str:
    """What `upgrade` does first."""
    (upgrade,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    statements = [
        node
        for node in upgrade.body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    return ast.unparse(statements[0])


def test_each_revision_limits_its_lock_waits_first(examined: Examined) -> None:
    files = sorted(VERSIONS.glob("[0-9]*.py"))
    for file in files:
        assert first_call(file.read_text()) == "limit_lock_waits()", file.name
    examined("revisions", len(files))


def test_a_revision_without_a_limit_is_found() -> None:
    source = 'def upgrade():\n    """X."""\n    op.drop_table("a")\n    limit_lock_waits()\n'
    assert first_call(source) == "op.drop_table('a')"


async def test_a_second_run_changes_nothing(fresh: TestDatabase) -> None:
    assert (await pending(fresh.owner_url))[0].startswith("revision 0001")
    first = await migrate(fresh.owner_url)
    assert (first.before, first.after) == (None, head())
    assert first.functions >= len(sql_files())
    before = await fingerprint(fresh)
    again = await migrate(fresh.owner_url)
    assert (again.before, again.after) == (head(), head())
    assert await fingerprint(fresh) == before
    assert await pending(fresh.owner_url) == []


async def test_several_at_once_do_it_once(fresh: TestDatabase) -> None:
    done = await asyncio.gather(*(migrate(fresh.owner_url) for _ in range(4)))
    assert sorted(str(each.before) for each in done) == sorted([*[head()] * 3, "None"])
    assert await differences(fresh) == []


async def test_a_database_with_rows_is_upgraded(fresh: TestDatabase, next_revision: str) -> None:
    with pytest.MonkeyPatch.context() as old:
        old.setattr(migration, "migration_config", migration_config)
        await migrate(fresh.owner_url)
    world = await make_world(fresh)
    assert await pending(fresh.owner_url) == [f"revision {next_revision}: Nicknames."]
    done = await migrate(fresh.owner_url)
    assert (done.before, done.after) == (migration_config_head(), next_revision)
    connection = await asyncpg.connect(fresh.admin_url)
    names = await connection.fetch("SELECT name, nickname FROM members ORDER BY name")
    await connection.close()
    tenants = (world.acme, world.globex)
    members = [member.name for tenant in tenants for member in tenant.members.values()]
    assert [tuple(row) for row in names] == [(name, None) for name in sorted(members)]


def migration_config_head() -> str:
    return max(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*.py"))


async def test_it_gives_way_to_running_work_and_tries_again(
    fresh: TestDatabase, next_revision: str
) -> None:
    with pytest.MonkeyPatch.context() as old:
        old.setattr(migration, "migration_config", migration_config)
        await migrate(fresh.owner_url)
    busy = await asyncpg.connect(fresh.app_url)
    work = busy.transaction()
    await work.start()
    await busy.execute("SELECT count(*) FROM members")
    migrating = asyncio.create_task(migrate(fresh.owner_url))
    await asyncio.sleep(1.5)
    # Somebody who comes later isn't queued behind the migration for longer than it waits.
    other = await asyncpg.connect(fresh.app_url)
    async with asyncio.timeout(30):
        await other.execute("SELECT count(*) FROM members")
    await other.close()
    assert not migrating.done()
    await work.rollback()
    await busy.close()
    assert (await migrating).after == next_revision


async def test_it_gives_up_in_the_end_and_leaves_nothing_half_done(
    fresh: TestDatabase, next_revision: str
) -> None:
    with pytest.MonkeyPatch.context() as old:
        old.setattr(migration, "migration_config", migration_config)
        await migrate(fresh.owner_url)
    before = await fingerprint(fresh)
    busy = await asyncpg.connect(fresh.app_url)
    work = busy.transaction()
    await work.start()
    await busy.execute("SELECT count(*) FROM members")
    with pytest.raises(MigrationError, match="holds a lock"):
        await migrate(fresh.owner_url, patience_seconds=0.5)
    await work.rollback()
    await busy.close()
    assert await fingerprint(fresh) == before


async def test_a_newer_releases_database_is_left_alone(fresh: TestDatabase) -> None:
    await migrate(fresh.owner_url)
    connection = await asyncpg.connect(fresh.owner_url)
    await connection.execute("UPDATE alembic_version SET version_num = '8888'")
    await connection.close()
    for step in (migrate, pending):
        with pytest.raises(MigrationError, match=r"revision 8888.*newer release"):
            await step(fresh.owner_url)


async def test_it_runs_as_the_owner_only(fresh: TestDatabase) -> None:
    for url in (fresh.admin_url, fresh.app_url):
        with pytest.raises(MigrationError, match="run as intellimatch_owner"):
            await migrate(url)


async def test_what_was_lost_is_told(fresh: TestDatabase) -> None:
    await migrate(fresh.owner_url)
    connection = await asyncpg.connect(fresh.owner_url)
    await connection.execute("DROP FUNCTION tenant_by_host_v1")
    assert await pending(fresh.owner_url) == ["missing: tenant_by_host_v1"]
    await connection.execute("DROP TABLE password_resets")
    await connection.close()
    with pytest.raises(MigrationError, match="password_resets"):
        await migrate(fresh.owner_url)


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("definer_x.sql", "SELECT 1", "say who may call it"),
        ("x.sql", "-- definer reads: jobs", "rename it"),
        ("x.sql", "-- grant execute to: public", "not to"),
    ],
)
def test_a_file_of_functions_that_breaks_the_rules_is_refused(
    name: str, text: str, wrong: str
) -> None:
    with pytest.raises(SqlFileError, match=wrong):
        parse_sql_file(name, text)
