"""`intellimatch audit verify` as an operator types it."""

import asyncio
import json

import asyncpg
import pytest
from click.testing import CliRunner, Result

from api.cli.audit import command
from core.shared.errors import NotFound
from tenants.auditing import AuditSealer
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.hiring import Hiring
from tests.fixtures.runtimes import SECRET_KEY
from tests.fixtures.worlds import World


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "owner_database_url", "relay_database_url", "redis_url"):
        monkeypatch.setenv(f"INTELLIMATCH_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("INTELLIMATCH_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("INTELLIMATCH_DATA_DIR", str(settings.data_dir))


async def run(*words: str) -> Result:
    # The command brings its own event loop.
    return await asyncio.to_thread(CliRunner().invoke, command, ["verify", *words])


@pytest.mark.usefixtures("environment")
async def test_it_names_the_tenant_and_what_happened(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    for slug in ("acme", "globex"):
        await Hiring(runtime, world, slug).open_job()
        await AuditSealer(runtime).seal(world[slug].id)
    await Hiring(runtime, world, "acme").open_job()
    clean = await run()
    assert clean.exit_code == 0, clean.output
    assert "acme: untouched" in clean.output
    assert "not sealed yet" in clean.output
    assert "2 tenants" in clean.output
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(
            "UPDATE audit_entries SET action = 'nothing' WHERE tenant_id = $1 AND id = "
            "(SELECT entry_id FROM audit_seals WHERE tenant_id = $1 AND position = 2)",
            world.globex.id,
        )
    finally:
        await connection.close()
    found = await run()
    assert found.exit_code == 1
    assert "acme: untouched" in found.output
    assert "globex: 1 FINDINGS" in found.output
    assert "edited at position 2" in found.output
    assert (await run("--tenant", "acme")).exit_code == 0
    told = await run("--tenant", "globex", "--json")
    assert told.exit_code == 1
    (tenant,) = json.loads(told.output)["tenants"]
    assert (tenant["tenant"], tenant["findings"][0]["what"]) == ("globex", "edited")


@pytest.mark.usefixtures("environment")
async def test_an_unknown_tenant_is_refused(runtime: Runtime) -> None:
    assert isinstance((await run("--tenant", "nobody")).exception, NotFound)


@pytest.mark.usefixtures("environment")
async def test_every_tenant_needs_the_owner(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INTELLIMATCH_OWNER_DATABASE_URL")
    refused = await run()
    assert refused.exit_code == 1
    assert "INTELLIMATCH_OWNER_DATABASE_URL" in refused.output
