"""Plugins are enabled, configured, tested, disabled and uninstalled; their secrets stay secret."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio
import redis.asyncio as redis

from core.installations.contracts import (
    ConfigurePlugin,
    DisablePlugin,
    EnablePlugin,
    KeepUpgradedSettings,
    ListPlugins,
    PluginView,
    RecordCheck,
    ShowPlugin,
    UninstallPlugin,
)
from core.installations.errors import (
    PermissionsNotAccepted,
    PluginChanged,
    PluginIsTheOperators,
    PluginNotEnabled,
    PluginNotFound,
    PluginStillEnabled,
    PluginTablesMissing,
)
from core.installations.settings import open_settings
from core.shared.actor import system
from core.shared.errors import FeatureNotIncluded, Forbidden, InvalidInput
from core.shared.tenant import TenantContext
from plugins.postgres.installations import PostgresInstallationQueries
from plugins.sdk import Permission, SettingsSpec
from tenants.runtime import Runtime
from tenants.scope import TenantScope
from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.plugin_samples import (
    FIRST,
    MANIFEST,
    CodesV1,
    CodesV2,
    catalogue_of,
    sample,
    upgraded,
)
from tests.fixtures.worlds import World

replace = msgspec.structs.replace

ASKED = ("candidates:read", "jobs:read")
SECRET = "canary-token-4711"
GIVEN = {"account": "acme-1", "token": SECRET}
PAID = replace(MANIFEST, id="paid", name="Paid", feature="bulk_actions", permissions=())
SYSTEM = replace(MANIFEST, id="whole", name="Whole", kind="system", permissions=())
TABLED = replace(MANIFEST, id="tabled", name="Tabled", permissions=())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """With plugins of its own."""
    assert settings.redis_url is not None
    async with redis.Redis.from_url(settings.redis_url) as store:
        await store.flushdb()
    catalogue = catalogue_of(
        sample(),
        sample(PAID, settings=None),
        sample(SYSTEM, settings=None),
        sample(TABLED, settings=None, migrations=(FIRST,)),
    )
    opened = await Runtime.open(settings, catalogue=catalogue)
    yield opened
    await opened.close()


@pytest.fixture
def admin(runtime: Runtime, world: World) -> TenantScope:
    return runtime.scope(world.acme.context, world.acme.actor("admin"), "test")


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nothing_installed(database: TestDatabase) -> AsyncIterator[None]:
    yield
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("DELETE FROM plugin_secrets; DELETE FROM plugin_installations")
    await connection.close()


async def enabled(scope: TenantScope) -> PluginView:
    return await scope.execute(
        EnablePlugin(plugin_id="codes", accept_permissions=ASKED, settings=GIVEN)
    )


async def test_a_plugin_is_enabled_with_what_it_asks_for(
    runtime: Runtime, world: World, admin: TenantScope
) -> None:
    before = await admin.ask(ShowPlugin(plugin_id="codes"))
    assert (before.state, before.version, before.settings["limit"]) == ("available", 0, 10)
    assert [(asked.action, asked.accepted) for asked in before.permissions] == [
        ("candidates:read", False),
        ("jobs:read", False),
    ]
    assert before.settings_schema["properties"]["token"]["writeOnly"] is True
    assert before.can_be_tested
    view = await enabled(admin)
    assert (view.state, view.version, view.waiting_for) == ("enabled", 1, ())
    assert view.settings == {
        "account": "acme-1",
        "limit": 10,
        "codes": [],
        "token": {"set": True},
        "second": {"set": False},
    }
    assert all(asked.accepted for asked in view.permissions)
    assert view == await admin.ask(ShowPlugin(plugin_id="codes"))
    other = runtime.scope(world.globex.context, world.globex.actor("admin"), "test")
    assert (await other.ask(ShowPlugin(plugin_id="codes"))).state == "available"


@pytest.mark.parametrize("accepted", [(), ("jobs:read",), (*ASKED, "team:read")])
async def test_exactly_what_is_asked_for_must_be_accepted(
    admin: TenantScope, accepted: tuple[str, ...]
) -> None:
    with pytest.raises(PermissionsNotAccepted) as caught:
        await admin.execute(
            EnablePlugin(plugin_id="codes", accept_permissions=accepted, settings=GIVEN)
        )
    assert [each["action"] for each in caught.value.details["asked"]] == list(ASKED)
    assert (await admin.ask(ShowPlugin(plugin_id="codes"))).state == "available"


async def test_every_wrong_setting_is_named(admin: TenantScope) -> None:
    wrong = {"limit": "ten", "codes": ["a", 2], "token": 5, "colour": "red", "second": ""}
    with pytest.raises(InvalidInput) as caught:
        await admin.execute(ConfigurePlugin(plugin_id="codes", settings=wrong))
    assert {each.field for each in caught.value.fields} == {
        "settings.account",
        "settings.limit",
        "settings.codes.1",
        "settings.token",
        "settings.colour",
        "settings.second",
    }
    with pytest.raises(InvalidInput) as caught:
        await admin.execute(EnablePlugin(plugin_id="codes", accept_permissions=ASKED))
    assert {each.field for each in caught.value.fields} == {"settings.account", "settings.token"}


async def test_a_secret_left_out_stays_and_null_clears_it(
    runtime: Runtime, world: World, admin: TenantScope
) -> None:
    await enabled(admin)
    changed = await admin.execute(
        ConfigurePlugin(plugin_id="codes", settings={"account": "b", "second": "two"})
    )
    assert changed.settings["token"] == changed.settings["second"] == {"set": True}
    assert await clear_settings(runtime, world) == {
        "account": "b",
        "limit": 10,
        "codes": [],
        "token": SECRET,
        "second": "two",
    }
    shown = {**changed.settings, "limit": 3}
    await admin.execute(ConfigurePlugin(plugin_id="codes", settings=shown))
    kept = await clear_settings(runtime, world)
    assert kept == {"account": "b", "token": SECRET, "second": "two", "limit": 3, "codes": []}
    cleared = await admin.execute(
        ConfigurePlugin(plugin_id="codes", settings={"account": "b", "second": None})
    )
    assert cleared.settings["second"] == {"set": False}
    with pytest.raises(InvalidInput) as caught:
        await admin.execute(
            ConfigurePlugin(plugin_id="codes", settings={"account": "b", "token": None})
        )
    assert [each.field for each in caught.value.fields] == ["settings.token"]


async def clear_settings(runtime: Runtime, world: World) -> dict[str, object]:
    reader = runtime.database.reader(world.acme.id)
    installation = await PostgresInstallationQueries(reader).find("codes")
    assert installation is not None
    return await open_settings(installation, runtime.secrets(world.acme.id))


async def test_secrets_are_nowhere_in_the_clear(
    database: TestDatabase, admin: TenantScope, runtime: Runtime, world: World
) -> None:
    view = await enabled(admin)
    command = ConfigurePlugin(plugin_id="codes", settings=GIVEN)
    assert SECRET not in repr(command) + repr(view) + msgspec.json.encode(view).decode()
    await admin.execute(command)
    connection = await asyncpg.connect(database.admin_url)
    try:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace"
        )
        for table in tables:
            rows = await connection.fetch(f'SELECT to_jsonb(t)::text AS row FROM "{table[0]}" t')
            assert not [row["row"] for row in rows if SECRET in row["row"]], table[0]
        # Moved to another field, or to another tenant, it can't be opened.
        await connection.execute("UPDATE plugin_secrets SET field = 'second'")
    finally:
        await connection.close()
    with pytest.raises(Exception, match="can't be read"):
        await clear_settings(runtime, world)


async def test_two_admins_do_not_overwrite_each_other(admin: TenantScope) -> None:
    await enabled(admin)
    settings = {"account": "first"}
    await admin.execute(ConfigurePlugin(plugin_id="codes", settings=settings, expected_version=1))
    with pytest.raises(PluginChanged):
        await admin.execute(
            ConfigurePlugin(plugin_id="codes", settings=settings, expected_version=1)
        )
    at_once = [
        admin.execute(ConfigurePlugin(plugin_id="codes", settings=settings, expected_version=2))
        for _ in range(4)
    ]
    done = await asyncio.gather(*at_once, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["PluginChanged"] * 3 + ["PluginView"]


async def test_the_first_of_two_at_once_makes_the_installation(admin: TenantScope) -> None:
    done = await asyncio.gather(
        *(admin.execute(ConfigurePlugin(plugin_id="codes", settings=GIVEN)) for _ in range(3))
    )
    assert sorted(view.version for view in done) == [1, 2, 3]


async def test_a_plan_without_the_feature_refuses_and_names_the_one_with_it(
    runtime: Runtime, world: World
) -> None:
    free = replace(world.acme.context, plan="free")
    scope = runtime.scope(free, world.acme.actor("admin"), "test")
    with pytest.raises(FeatureNotIncluded) as caught:
        await scope.execute(EnablePlugin(plugin_id="paid"))
    assert caught.value.details["available_in"] == "pro"
    plan = (await scope.ask(ShowPlugin(plugin_id="paid"))).plan
    assert (plan.included, plan.available_in) == (False, "pro")
    paying = runtime.scope(world.acme.context, world.acme.actor("admin"), "test")
    assert (await paying.execute(EnablePlugin(plugin_id="paid"))).state == "enabled"
    smaller = await scope.ask(ShowPlugin(plugin_id="paid"))
    assert (smaller.state, smaller.waiting_for) == ("waiting", ("plan",))
    assert (await scope.execute(DisablePlugin(plugin_id="paid"))).state == "disabled"


async def test_only_admins_manage_plugins(runtime: Runtime, world: World) -> None:
    for role in ("recruiter", "interviewer", "viewer"):
        scope = runtime.scope(world.acme.context, world.acme.actor(role), "test")
        with pytest.raises(Forbidden):
            await scope.ask(ListPlugins())
        with pytest.raises(Forbidden):
            await scope.execute(EnablePlugin(plugin_id="codes"))


async def test_unknown_and_system_plugins_are_refused(admin: TenantScope) -> None:
    with pytest.raises(PluginNotFound):
        await admin.ask(ShowPlugin(plugin_id="nothing"))
    for command in (
        EnablePlugin(plugin_id="nothing"),
        DisablePlugin(plugin_id="nothing"),
        UninstallPlugin(plugin_id="nothing", keep_data=False),
    ):
        with pytest.raises(PluginNotFound):
            await admin.execute(command)
    with pytest.raises(PluginIsTheOperators):
        await admin.execute(EnablePlugin(plugin_id="whole"))
    with pytest.raises(PluginTablesMissing):
        await admin.execute(EnablePlugin(plugin_id="tabled"))
    assert [row.id for row in await admin.ask(ListPlugins())] == [
        "codes",
        "paid",
        "tabled",
        "whole",
    ]


async def test_disabled_and_uninstalled(admin: TenantScope, database: TestDatabase) -> None:
    with pytest.raises(PluginNotEnabled):
        await admin.execute(DisablePlugin(plugin_id="codes"))
    await enabled(admin)
    with pytest.raises(PluginStillEnabled):
        await admin.execute(UninstallPlugin(plugin_id="codes", keep_data=True))
    disabled = await admin.execute(DisablePlugin(plugin_id="codes"))
    assert (disabled.state, disabled.settings["token"]) == ("disabled", {"set": True})
    again = await admin.execute(EnablePlugin(plugin_id="codes", accept_permissions=ASKED))
    assert (again.state, again.settings["account"]) == ("enabled", "acme-1")
    await admin.execute(DisablePlugin(plugin_id="codes"))
    await admin.execute(UninstallPlugin(plugin_id="codes", keep_data=True))
    left = await admin.ask(ShowPlugin(plugin_id="codes"))
    assert (left.state, left.data_kept, left.settings["token"]) == (
        "available",
        True,
        {"set": False},
    )
    with pytest.raises(PluginNotEnabled):
        await admin.execute(UninstallPlugin(plugin_id="codes", keep_data=True))
    await admin.execute(UninstallPlugin(plugin_id="codes", keep_data=False))
    gone = await admin.ask(ShowPlugin(plugin_id="codes"))
    assert (gone.data_kept, gone.version) == (False, 0)
    connection = await asyncpg.connect(database.admin_url)
    assert await connection.fetchval("SELECT count(*) FROM plugin_secrets") == 0
    assert await connection.fetchval("SELECT count(*) FROM plugin_installations") == 0
    trail = await connection.fetch(
        "SELECT action, before, after FROM audit_entries WHERE subject = 'plugin' "
        "ORDER BY at DESC, id DESC LIMIT 6"
    )
    await connection.close()
    assert [row["action"] for row in trail] == [
        "plugin.uninstalled",
        "plugin.uninstalled",
        "plugin.disabled",
        "plugin.enabled",
        "plugin.disabled",
        "plugin.enabled",
    ]
    assert json.loads(trail[5]["after"])["secrets"] == ["token"]


async def test_what_a_test_found_is_kept(admin: TenantScope) -> None:
    with pytest.raises(PluginNotEnabled):
        await admin.execute(RecordCheck(plugin_id="codes", ok=True, message="fine"))
    view = await enabled(admin)
    checked = await admin.execute(RecordCheck(plugin_id="codes", ok=False, message="wrong key"))
    assert checked.check is not None
    assert (checked.check.ok, checked.check.message) == (False, "wrong key")
    assert checked.version == view.version


async def test_a_new_version_that_asks_for_more_waits(
    settings: Settings, world: World, admin: TenantScope
) -> None:
    await enabled(admin)
    more = (*MANIFEST.permissions, Permission(action="team:read", why="To greet them."))
    newer = await Runtime.open(
        settings, catalogue=catalogue_of(sample(replace(MANIFEST, permissions=more)))
    )
    try:
        scope = newer.scope(world.acme.context, world.acme.actor("admin"), "test")
        waiting = await scope.ask(ShowPlugin(plugin_id="codes"))
        assert (waiting.state, waiting.waiting_for) == ("waiting", ("permissions",))
        assert [asked.accepted for asked in waiting.permissions] == [True, True, False]
        accepted = await scope.execute(
            EnablePlugin(plugin_id="codes", accept_permissions=(*ASKED, "team:read"))
        )
        assert (accepted.state, accepted.settings["token"]) == ("enabled", {"set": True})
    finally:
        await newer.close()


async def test_settings_of_an_older_version_are_kept_anew_once(
    settings: Settings, world: World, admin: TenantScope, runtime: Runtime
) -> None:
    await enabled(admin)
    spec = SettingsSpec(type=CodesV2, version=2, upgrades={1: upgraded})
    newer = await Runtime.open(settings, catalogue=catalogue_of(sample(settings=spec)))
    try:
        scope = newer.scope(world.acme.context, world.acme.actor("admin"), "test")
        assert (await scope.ask(ShowPlugin(plugin_id="codes"))).waiting_for == ("settings",)
        keep = KeepUpgradedSettings(
            plugin_id="codes",
            values=upgraded(await clear_settings(runtime, world)),
            from_version=1,
            settings_version=2,
            expected_version=1,
        )
        assert SECRET not in repr(keep)
        background = newer.scope(
            world.acme.context, system(world.acme.id, name="Plugins"), "upgrade"
        )
        await background.execute(keep)
        await background.execute(keep)
        now = await scope.ask(ShowPlugin(plugin_id="codes"))
        assert (now.state, now.version) == ("enabled", 2)
        assert now.settings == {
            "account": "acme-1",
            "limit_per_day": 240,
            "api_token": {"set": True},
        }
        assert (await clear_settings(runtime, world))["api_token"] == SECRET
    finally:
        await newer.close()


class CodesV3(CodesV1, frozen=True):
    """Another default: so many a second are no more."""

    limit: int = 3


async def test_an_upgrade_is_told_what_was_left_at_its_default(
    settings: Settings, world: World, admin: TenantScope, runtime: Runtime
) -> None:
    await enabled(admin)
    assert (await clear_settings(runtime, world))["limit"] == 10
    told: list[dict[str, Any]] = []

    def noted(values: dict[str, Any]) -> dict[str, Any]:
        told.append(dict(values))
        return values

    spec = SettingsSpec(type=CodesV3, version=2, upgrades={1: noted})
    newer = await Runtime.open(settings, catalogue=catalogue_of(sample(settings=spec)))
    try:
        (found,) = await newer.plugins.enabled.of(world.acme.id)
        while not found.is_enabled:
            newer.plugins.enabled.forget(world.acme.id)
            (found,) = await newer.plugins.enabled.of(world.acme.id)
        assert [(each["account"], each["limit"], each["codes"]) for each in told] == [
            ("acme-1", 10, [])
        ]
        assert found.values["limit"] == 10, "what held before the upgrade holds after it"
        scope = newer.scope(world.acme.context, world.acme.actor("admin"), "test")
        shown = await scope.ask(ShowPlugin(plugin_id="codes"))
        assert shown.settings["limit"] == 10
    finally:
        await newer.close()


async def test_a_default_counts_as_no_change(admin: TenantScope, database: TestDatabase) -> None:
    await enabled(admin)
    view = await admin.execute(
        ConfigurePlugin(plugin_id="codes", settings={"account": "acme-1", "limit": 10})
    )
    assert view.settings["limit"] == 10
    connection = await asyncpg.connect(database.admin_url)
    try:
        fields = await connection.fetchval(
            "SELECT payload->>'fields' FROM outbox WHERE type = 'plugin.configured' "
            "ORDER BY id DESC LIMIT 1"
        )
    finally:
        await connection.close()
    assert "limit" not in str(fields)


async def test_a_plugin_whose_package_is_gone_can_be_seen_and_put_away(
    settings: Settings, world: World, admin: TenantScope
) -> None:
    await enabled(admin)
    without = await Runtime.open(settings, catalogue=catalogue_of())
    try:
        scope = without.scope(world.acme.context, world.acme.actor("admin"), "test")
        (row,) = await scope.ask(ListPlugins())
        assert (row.id, row.state, row.waiting_for) == ("codes", "waiting", ("package",))
        await scope.execute(DisablePlugin(plugin_id="codes"))
        await scope.execute(UninstallPlugin(plugin_id="codes", keep_data=False))
        assert await scope.ask(ListPlugins()) == ()
    finally:
        await without.close()


async def test_a_context_of_a_tenant_without_the_plugin_changes_nothing_elsewhere(
    runtime: Runtime, world: World, admin: TenantScope
) -> None:
    await enabled(admin)
    globex: TenantContext = world.globex.context
    other = runtime.scope(globex, world.globex.actor("admin"), "test")
    with pytest.raises(PluginNotEnabled):
        await other.execute(UninstallPlugin(plugin_id="codes", keep_data=False))
    assert (await admin.ask(ShowPlugin(plugin_id="codes"))).state == "enabled"
    assert CodesV1(account="a", token="t").__repr__().count("<hidden>") == 1
