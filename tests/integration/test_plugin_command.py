"""`intellimatch plugin` as an operator types it, on a real database."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result

from api.cli import plugin as plugin_module
from api.cli.plugin import command
from core.installations.errors import PermissionsNotAccepted, PluginNotFound, PluginStillEnabled
from core.shared.errors import NotFound
from plugins.host.catalogue import Catalogue, RefusedPlugin
from plugins.sdk import Health, Operations
from tenants import runtime as runtime_module
from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.plugin_samples import catalogue_of, sample
from tests.fixtures.runtimes import SECRET_KEY
from tests.fixtures.worlds import World

TOKEN = "tok_live_that_nobody_may_see"


async def check(context: Any) -> Health:
    ok = context.settings.limit < 100
    return Health(ok=ok, message=f"Signed in as {context.settings.account}, {context.tenant.slug}.")


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "owner_database_url", "relay_database_url", "redis_url"):
        monkeypatch.setenv(f"INTELLIMATCH_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("INTELLIMATCH_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("INTELLIMATCH_DATA_DIR", str(settings.data_dir))
    found = catalogue_of(sample(operations=Operations(check=check)))
    refused = (RefusedPlugin("bad = bad.plugin", "bad 1.0", "It has no hook manifest."),)
    installed = Catalogue(found.plugins, refused)
    for module in (runtime_module, plugin_module):
        monkeypatch.setattr(module, "installed_plugins", lambda: installed)


def invoke(*words: str, given: Any = None) -> Result:
    text = None if given is None else json.dumps(given)
    result = CliRunner().invoke(command, list(words), input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert TOKEN not in result.output
    return result


def run(*words: str, given: Any = None) -> str:
    result = invoke(*words, given=given)
    assert result.exit_code == 0, result.output
    return result.output


def show(slug: str = "acme") -> Any:
    return json.loads(run("show", "codes", "--tenant", slug, "--json"))


def enable(slug: str = "acme", **more: Any) -> str:
    settings = {"account": slug, "token": TOKEN, **more}
    words = ("enable", "codes", "--tenant", slug, "--settings", "-", "--accept-all")
    return run(*words, given=settings)


@pytest.fixture
def enabled(world: World) -> Iterator[None]:
    enable()
    yield
    run("disable", "codes", "--tenant", "acme")
    run("uninstall", "codes", "--tenant", "acme", "--remove-data")


@pytest.mark.usefixtures("world")
def test_what_a_plugin_asks_for_is_shown_before_it_is_enabled() -> None:
    listed = run("list", "--tenant", "acme")
    assert "codes" in listed
    assert "available" in listed
    assert "refused: bad = bad.plugin (bad 1.0): It has no hook manifest." in listed
    shown = run("show", "codes", "--tenant", "acme")
    for line in (
        "Codes 1.0.0",
        "may        candidates:read: To see who they are.",
        "may        jobs:read: To see what for.",
        "calls      api.example.com",
        "keeps      Codes (here): As long as enabled.",
        'setting    token = {"set": false}',
    ):
        assert line in shown
    with pytest.raises(PermissionsNotAccepted, match="candidates:read, jobs:read"):
        run("enable", "codes", "--tenant", "acme", "--accept", "jobs:read")


def test_what_is_installed_is_listed_without_a_tenant() -> None:
    listed = run("list")
    assert "codes                1.0.0      Keeps codes. (sample0 1.0.0)" in listed
    assert "refused: bad = bad.plugin (bad 1.0): It has no hook manifest." in listed
    found = json.loads(run("list", "--json"))
    assert [each["id"] for each in found["plugins"]] == ["codes"]
    assert [each["reason"] for each in found["refused"]] == ["It has no hook manifest."]


@pytest.mark.usefixtures("world")
def test_settings_that_are_wrong_are_named() -> None:
    words = ("enable", "codes", "--tenant", "acme", "--accept-all")
    refused = invoke(*words, "--set", "limit=many", "--set", "colour=red")
    assert refused.exit_code == 1
    for field in ("settings.account", "settings.token", "settings.limit", "settings.colour"):
        assert f"{field}: " in refused.output
    for given, problem in (
        (("--set", "limit"), "NAME=VALUE"),
        (("--settings", "-"), "not valid JSON"),
    ):
        assert problem in invoke(*words, *given).output
    assert "must hold an object" in invoke(*words, "--settings", "-", given=[1]).output
    assert show()["state"] == "available"


@pytest.mark.usefixtures("enabled")
def test_a_plugin_works_for_the_tenant_that_enabled_it() -> None:
    assert (show()["state"], show("globex")["state"]) == ("enabled", "available")
    assert show()["settings"] == {
        "account": "acme",
        "limit": 10,
        "codes": [],
        "token": {"set": True},
        "second": {"set": False},
    }
    row = json.loads(run("list", "--tenant", "acme", "--json"))[0]
    assert (row["id"], row["state"]) == ("codes", "enabled")


@pytest.mark.usefixtures("enabled")
def test_configuring_keeps_what_is_not_given(world: World, database: TestDatabase) -> None:
    run("configure", "codes", "--tenant", "acme", "--set", "limit=20", "--set", "second=s-2")
    shown = show()["settings"]
    assert (shown["account"], shown["limit"]) == ("acme", 20)
    assert (shown["token"], shown["second"]) == ({"set": True}, {"set": True})
    run("configure", "codes", "--tenant", "acme", "--set", "second=")
    shown = show()["settings"]
    assert (shown["token"], shown["second"], shown["limit"]) == ({"set": True}, {"set": False}, 20)
    nothing = invoke("configure", "codes", "--tenant", "acme")
    assert nothing.exit_code == 2
    kept = asyncio.run(_rows(database.admin_url))
    assert kept
    assert TOKEN not in kept


@pytest.mark.usefixtures("enabled")
def test_a_test_says_what_it_found_and_exits_by_it() -> None:
    assert run("test", "codes", "--tenant", "acme") == "Signed in as acme, acme.\n"
    assert "last test  passed" in run("show", "codes", "--tenant", "acme")
    run("configure", "codes", "--tenant", "acme", "--set", "limit=100")
    failed = invoke("test", "codes", "--tenant", "acme", "--json")
    assert failed.exit_code == 1
    assert json.loads(failed.output)["ok"] is False


def test_disabling_comes_before_uninstalling(world: World) -> None:
    enable("globex")
    uninstall = ("uninstall", "codes", "--tenant", "globex")
    with pytest.raises(PluginStillEnabled):
        run(*uninstall, "--keep-data")
    assert "disabled for globex" in run("disable", "codes", "--tenant", "globex")
    assert invoke(*uninstall).exit_code == 2
    assert "its data kept" in run(*uninstall, "--keep-data")
    assert show("globex")["data_kept"]
    assert "its data removed" in run(*uninstall, "--remove-data")
    assert (show("globex")["data_kept"], show("globex")["version"]) == (False, 0)


@pytest.mark.usefixtures("world")
def test_what_is_not_there_is_said_so() -> None:
    with pytest.raises(PluginNotFound):
        run("show", "nothing", "--tenant", "acme")
    with pytest.raises(NotFound, match="There is no tenant"):
        run("show", "codes", "--tenant", "nobody")


async def _rows(admin_url: str) -> str:
    connection = await asyncpg.connect(admin_url)
    rows = await connection.fetch("SELECT t::text FROM plugin_installations t")
    rows += await connection.fetch("SELECT t::text FROM audit_entries t")
    await connection.close()
    return "\n".join(row[0] for row in rows)
