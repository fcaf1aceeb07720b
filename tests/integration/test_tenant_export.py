"""A tenant's archive holds every row of the tenant, no secret, and nothing of anybody else."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import asyncpg
import msgspec
import pytest
import pytest_asyncio
import sqlalchemy as sa
from click.testing import CliRunner

from api.cli.tenant import command
from core.candidates.contracts import AddFile, CreateCandidate, DeleteCandidate
from core.installations.contracts import DisablePlugin, UninstallPlugin
from core.shared.errors import Conflict, NotFound
from plugins.postgres.identity_check import UnsafeRole
from plugins.postgres.schema import tenant_table, text_column, uuid_column
from plugins.postgres.tables import metadata
from plugins.postgres.tenant_snapshot import (
    LEFT_OUT,
    WITHHELD,
    ExportedTable,
    TenantSnapshot,
    own_tables,
)
from tenants.due_work import DueWork
from tenants.file_stores import open_file_stores
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tenants.tenant_export import MANIFEST, Manifest, export_tenant
from tests.fixtures.canaries import disguises
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import catalogue_of, enable, runtime_with
from tests.fixtures.populated import populate
from tests.fixtures.remembering import Memory
from tests.fixtures.runtimes import SECRET_KEY
from tests.fixtures.worlds import World

SECRET: Final = "tok_tenant_export_4242"
TENANT_TABLES: Final = """
    SELECT c.table_name AS name FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name = 'tenant_id'
"""
HARMLESS: Final = {
    "audit_heads.hash": "It is what anybody can compute of the trail.",
    "audit_heads.signature": "It proves who signed; the key isn't in the database.",
    "audit_seals.hash": "It is what anybody can compute of the trail.",
    "audit_seals.sealed_at": "It is a time.",
    "audit_seals.mark": "It proves who sealed; the key isn't in the database.",
    "candidate_files.sha256": "It is the digest of a file.",
    "reply_files.content": "It is a file that came with an answer and has found no candidate yet.",
    "status_reports.body_hash": "It is the digest of a report.",
    "api_keys.hint": "It is shown in the console.",
}
"""Columns that look like credentials and aren't."""
SUSPICIOUS: Final = re.compile(r"secret|token|password|sealed|hash|wrapped|key_version|signature")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def memory() -> Memory:
    return Memory("memory")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(
    settings: Settings, database: TestDatabase, world: World, memory: Memory
) -> AsyncIterator[Runtime]:
    """Both tenants with something of everything, and a plugin with rows and secrets."""
    async with runtime_with(settings, database, catalogue_of(memory.entry(required=True))) as made:
        for slug in ("acme", "globex"):
            await enable(made, world[slug], "memory", account=slug, token=f"{SECRET}-{slug}")
            await populate(Hiring(made, world, slug), database)
        await worker_of(made, database).run_due()
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def archive(filled: Runtime, world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("export") / "acme.zip"
    await export_tenant(str(filled.settings.database_url), world.acme.context, to)
    return to


def worker_of(runtime: Runtime, database: TestDatabase) -> DueWork:
    return DueWork(TaskRunner(runtime, runtime.plugins.subscribers), database.relay_url)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def manifest_in(path: Path) -> Manifest:
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        return msgspec.json.decode(archive.read(MANIFEST), type=Manifest)


def contents_of(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows_in(path: Path, table: str) -> list[dict[str, Any]]:
    (file,) = [each for each in manifest_in(path).files if each.table == table]
    lines = contents_of(path)[file.file].splitlines()
    assert len(lines) == file.rows
    return [json.loads(line) for line in lines]


def not_exported(tables: set[str], path: Path) -> set[str]:
    """Tables of tenants that are neither in an archive nor left out of it with a reason."""
    manifest = manifest_in(path)
    assert all(reason.endswith(".") for reason in manifest.left_out.values())
    return tables - {each.table for each in manifest.files} - set(manifest.left_out)


async def test_every_table_of_tenants_is_in_it(
    archive: Path, admin: asyncpg.Connection, examined: Examined
) -> None:
    in_code = {each.name for each in metadata.tables.values() if each.info["tenant"]}
    in_database = {row["name"] for row in await admin.fetch(TENANT_TABLES)}
    assert not_exported(in_code | in_database, archive) == set()
    assert in_code >= set(LEFT_OUT)
    assert all(
        set(columns) <= set(metadata.tables[name].c.keys()) for name, columns in WITHHELD.items()
    )
    examined("tables of tenants", len(in_code | in_database))


async def test_a_table_that_is_missing_is_found(archive: Path, admin: asyncpg.Connection) -> None:
    """Planted: the archive is of a release that doesn't know the table."""
    await admin.execute("CREATE TABLE offers (tenant_id uuid, id uuid)")
    try:
        in_database = {row["name"] for row in await admin.fetch(TENANT_TABLES)}
    finally:
        await admin.execute("DROP TABLE offers")
    assert not_exported(in_database, archive) == {"offers"}


async def test_it_has_every_row(
    archive: Path, admin: asyncpg.Connection, world: World, memory: Memory, examined: Examined
) -> None:
    rows = 0
    for file in manifest_in(archive).files:
        column = "id" if file.table == "tenants" else "tenant_id"
        there = await admin.fetchval(
            f'SELECT count(*) FROM "{file.table}" WHERE {column} = $1', world.acme.id
        )
        assert (file.table, file.rows) == (file.table, there)
        rows += there
    people = rows_in(archive, memory.table)
    assert {row["about"] for row in people} == {row["id"] for row in rows_in(archive, "candidates")}
    assert [row["slug"] for row in rows_in(archive, "tenants")] == ["acme"]
    examined("rows", rows)


def foreign(contents: dict[str, bytes], words: set[bytes]) -> list[str]:
    """Where something of another tenant stands."""
    return [
        f"{name}: {word.decode()}"
        for name, content in contents.items()
        for word in words
        if word in content
    ]


async def words_of(admin: asyncpg.Connection, tenant_id: Any) -> set[bytes]:
    """The tenant's id, and every id that a row of the tenant has."""
    found = {str(tenant_id).encode()}
    for row in await admin.fetch(TENANT_TABLES):
        name = row["name"]
        ids = await admin.fetch(
            f"SELECT to_jsonb(t)->>'id' AS id FROM \"{name}\" t WHERE tenant_id = $1", tenant_id
        )
        found |= {each["id"].encode() for each in ids if each["id"] is not None}
    return found


async def test_nothing_of_another_tenant_is_in_it(
    archive: Path, admin: asyncpg.Connection, world: World, examined: Examined
) -> None:
    contents = contents_of(archive)
    theirs = await words_of(admin, world.globex.id)
    ours = await words_of(admin, world.acme.id)
    assert len(theirs) > 100
    assert foreign(contents, theirs - ours) == []
    assert len(foreign(contents, ours)) > len(theirs) / 2, "the search finds what is there"
    examined("ids of the other tenant", len(theirs))


async def test_rows_of_another_tenant_are_found(
    archive: Path, admin: asyncpg.Connection, world: World
) -> None:
    """Planted: one line of theirs among ours."""
    theirs = await words_of(admin, world.globex.id)
    row = await admin.fetchval(
        "SELECT to_jsonb(c)::text FROM candidates c WHERE tenant_id = $1 LIMIT 1", world.globex.id
    )
    assert foreign({"tables/candidates.jsonl": row.encode()}, theirs) != []


async def test_no_secret_is_in_it(
    archive: Path, admin: asyncpg.Connection, world: World, examined: Examined
) -> None:
    words: list[str | bytes] = [f"{SECRET}-acme", world.acme.members["admin"].api_key]
    for table, column in (
        ("plugin_secrets", "sealed"),
        ("tenant_keys", "wrapped_key"),
        ("subject_keys", "wrapped_key"),
        ("api_key_secrets", "secret_hash"),
        ("invitations", "token_hash"),
    ):
        found = await admin.fetch(
            f"SELECT {column} FROM {table} WHERE tenant_id = $1", world.acme.id
        )
        assert found, table
        words += [row[0] for row in found]
    content = b"".join(contents_of(archive).values())
    assert [name for name, shape in disguises(words).items() if shape in content] == []
    examined("secrets", len(words))


def suspicious(tables: list[ExportedTable], schema: sa.MetaData) -> set[str]:
    """Columns that would be exported and look like something that must not be."""
    return {
        f"{each.name}.{column.name}"
        for each in tables
        for column in schema.tables[each.name].c
        if column.name not in each.withheld
        and (SUSPICIOUS.search(column.name) or isinstance(column.type, sa.LargeBinary))
    }


def test_what_looks_like_a_credential_is_withheld_or_reviewed(examined: Examined) -> None:
    tables = own_tables()
    assert suspicious(tables, metadata) - set(HARMLESS) == set()
    examined("columns", sum(len(metadata.tables[each.name].c) for each in tables))


def test_a_new_credential_is_found() -> None:
    """Planted: a table that somebody adds, and thinks of no export."""
    later = sa.MetaData()
    metadata.tables["tenants"].to_metadata(later)
    tenant_table("links", uuid_column("id"), text_column("token_hash"), into=later)
    assert suspicious(own_tables(later), later) == {"links.token_hash"}


async def test_rows_of_an_uninstalled_package_are_in_it(
    settings: Settings, database: TestDatabase, world: World, tmp_path: Path
) -> None:
    former = Memory("former")
    async with runtime_with(settings, database, catalogue_of(former.entry())) as runtime:
        await enable(runtime, world.globex, "former")
        hiring = Hiring(runtime, world, "globex")
        job = await hiring.open_job()
        await hiring.apply(job)
        await DueWork(
            TaskRunner(runtime, runtime.plugins.subscribers), database.relay_url
        ).run_due()
        await hiring.scope("admin").execute(DisablePlugin(plugin_id="former"))
        await hiring.scope("admin").execute(UninstallPlugin(plugin_id="former", keep_data=True))
    to = tmp_path / "globex.zip"
    await export_tenant(str(settings.database_url), world.globex.context, to)
    assert len(rows_in(to, former.table)) == 1
    (file,) = [each for each in manifest_in(to).files if each.table == former.table]
    assert (file.file, file.plugin) == (f"plugins/former/{former.table}.jsonl", "former")


async def test_it_is_of_one_moment(
    filled: Runtime, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes while it is written isn't in it, not in a table that is read later either."""
    read = TenantSnapshot.rows
    hiring = Hiring(filled, world)
    job = await hiring.open_job()
    came: list[Any] = []

    async def slow(self: TenantSnapshot, table: ExportedTable) -> AsyncIterator[Any]:
        if table.name == "applications":
            came.append(await hiring.apply(job))
        async for rows in read(self, table):
            yield rows

    monkeypatch.setattr(TenantSnapshot, "rows", slow)
    to = tmp_path / "acme.zip"
    await export_tenant(str(filled.settings.database_url), world.acme.context, to)
    (late,) = came
    content = b"".join(contents_of(to).values())
    assert str(late.id).encode() not in content
    assert str(late.candidate_id).encode() not in content


async def test_contents_of_files_are_in_it_when_asked_for(
    filled: Runtime, archive: Path, world: World, tmp_path: Path
) -> None:
    kept = await Hiring(filled, world).scope().execute(CreateCandidate(full_name="With Files"))
    scope = Hiring(filled, world).scope()
    there = await scope.execute(AddFile(candidate_id=kept.id, name="a.txt", content=b"Here I am."))
    lost = await scope.execute(AddFile(candidate_id=kept.id, name="b.txt", content=b"I am lost."))
    store = (await open_file_stores(filled.settings))(world.acme.id)
    await store.remove(lost.id)
    to = tmp_path / "acme.zip"
    url = str(filled.settings.database_url)
    manifest = await export_tenant(url, world.acme.context, to, store)
    assert contents_of(to)[f"files/{there.id}"] == b"Here I am."
    assert manifest.missing_contents == (lost.id,)
    stored = [name for name in contents_of(to) if name.startswith("files/")]
    assert len(stored) == manifest.contents == len(rows_in(to, "candidate_files")) - 1
    assert "contents of files" not in manifest.left_out
    assert "contents of files" in manifest_in(archive).left_out
    await scope.execute(DeleteCandidate(candidate_id=kept.id))


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
async def test_an_export_that_fails_leaves_nothing(
    filled: Runtime,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
) -> None:
    read = TenantSnapshot.rows
    seen: list[list[str]] = []

    async def broken(self: TenantSnapshot, table: ExportedTable) -> AsyncIterator[Any]:
        if table.name == "jobs":
            seen.append(names_in(tmp_path))
            raise failure
        async for rows in read(self, table):
            yield rows

    monkeypatch.setattr(TenantSnapshot, "rows", broken)
    to = tmp_path / "acme.zip"
    with pytest.raises(type(failure)):
        await export_tenant(str(filled.settings.database_url), world.acme.context, to)
    assert len(seen[0]) == 1, "it was written beside its place"
    assert names_in(tmp_path) == []


async def test_what_is_there_is_not_overwritten(
    filled: Runtime, world: World, tmp_path: Path
) -> None:
    to = tmp_path / "acme.zip"
    to.write_text("precious")
    url = str(filled.settings.database_url)
    with pytest.raises(Conflict, match="is there already"):
        await export_tenant(url, world.acme.context, to)
    assert to.read_text() == "precious"
    with pytest.raises(NotFound, match="no folder"):
        await export_tenant(url, world.acme.context, tmp_path / "nowhere" / "acme.zip")


async def test_a_role_that_sees_every_tenant_is_refused(
    database: TestDatabase, filled: Runtime, world: World, tmp_path: Path
) -> None:
    with pytest.raises(UnsafeRole):
        await export_tenant(database.admin_url, world.acme.context, tmp_path / "acme.zip")
    assert names_in(tmp_path) == []


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "owner_database_url", "relay_database_url", "redis_url"):
        monkeypatch.setenv(f"INTELLIMATCH_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("INTELLIMATCH_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("INTELLIMATCH_DATA_DIR", str(settings.data_dir))


@pytest.mark.usefixtures("environment", "archive")
def test_an_operator_exports_a_tenant(tmp_path: Path, world: World) -> None:
    to = tmp_path / "acme.zip"
    result = CliRunner().invoke(command, ["export", "acme", "--to", str(to), "--with-files"])
    assert result.exit_code == 0, result.output
    assert f"{manifest_in(to).contents} contents of files" in result.output
    assert manifest_in(to).contents > 0
    assert "Left out" in result.output
    assert to.stat().st_mode & 0o777 == 0o600
    assert manifest_in(to).slug == "acme"
    noted = [row["action"] for row in rows_in(to, "audit_entries")]
    assert noted.count("tenant.exported") == 1
    refused = CliRunner().invoke(command, ["export", "acme", "--to", str(to)])
    assert isinstance(refused.exception, Conflict)
    unknown = CliRunner().invoke(command, ["export", "nobody", "--to", str(tmp_path / "a.zip")])
    assert isinstance(unknown.exception, NotFound)
