"""`intellimatch tasks` as an operator types it."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from click.testing import CliRunner

from api.cli.tasks import command
from core.shared.errors import DomainError, NotFound
from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.runtimes import SECRET_KEY
from tests.fixtures.worlds import World


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "owner_database_url", "relay_database_url", "redis_url"):
        monkeypatch.setenv(f"INTELLIMATCH_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("INTELLIMATCH_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("INTELLIMATCH_DATA_DIR", str(settings.data_dir))


def run(*words: str) -> str:
    result = CliRunner().invoke(command, list(words))
    if isinstance(result.exception, DomainError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def run_json(*words: str) -> Any:
    return json.loads(run(*words, "--json"))


def give_up(admin_url: str, tenant_id: UUID) -> str:
    """Leave a task of the tenant's that failed three times."""
    task_id = uuid4()

    async def insert() -> None:
        connection = await asyncpg.connect(admin_url)
        await connection.execute(
            "INSERT INTO tasks (tenant_id, id, kind, payload, queue, created_at, run_at, attempts, "
            "dead_at, dead_reason, last_error) VALUES ($1, $2, 'tested', '{}', 'nowhere', now(), "
            "now(), 3, now(), 'failed', 'ValueError: no such thing')",
            tenant_id,
            task_id,
        )
        await connection.close()

    asyncio.run(insert())
    return str(task_id)


@pytest.mark.usefixtures("environment")
def test_what_was_given_up_is_listed_shown_retried_and_dropped(
    world: World, database: TestDatabase
) -> None:
    ours = give_up(database.admin_url, world.acme.id)
    theirs = give_up(database.admin_url, world.globex.id)
    listed = {each["task"]["id"]: each["tenant"] for each in run_json("list")}
    assert (listed[ours], listed[theirs]) == ("acme", "globex")
    assert theirs not in run("list", "--tenant", "acme")
    assert "no such thing" in run("list", "--tenant", "acme")
    assert "ValueError: no such thing" in run("show", ours)
    assert run_json("retry", ours)["task"]["state"] == "waiting"
    dropped = run_json("drop", theirs, "--reason", "Done by hand", "--tenant", "globex")
    assert (dropped["tenant"], dropped["task"]["state"]) == ("globex", "dropped")
    assert ours in run("list", "--group", "open")
    run("drop", ours, "--reason", "Done by hand")
    assert "Nothing was given up." in run("list", "--tenant", "acme")


@pytest.mark.usefixtures("environment", "world")
def test_a_task_that_is_not_there_is_said_so() -> None:
    with pytest.raises(NotFound):
        run("show", str(uuid4()))


@pytest.mark.usefixtures("environment", "world")
def test_without_the_owners_role_a_tenant_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INTELLIMATCH_OWNER_DATABASE_URL")
    result = CliRunner().invoke(command, ["list"])
    assert result.exit_code == 1
    assert "--tenant" in result.output
    assert run_json("list", "--tenant", "acme") == []
