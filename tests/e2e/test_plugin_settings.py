"""An admin reads about a plugin, enables it, tests it, changes it, and gets rid of it."""

from collections.abc import AsyncIterator
from typing import Any, cast

import asyncpg
import pytest_asyncio
from playwright.async_api import Page, expect

from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.browsers import Site, Visit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins_served import serving
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.vendor_plugin import XSS, vendor_catalogue
from tests.fixtures.worlds import World

WRONG, RIGHT = "wrong-token", "right-token"
PLUGIN = "/settings/plugins/vendor"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(
    settings: Settings,
    world: World,
    runtime: Runtime,  # opened before, because it empties the store
    database: TestDatabase,
) -> AsyncIterator[Site]:
    await change(database, "UPDATE tenants SET plan = 'free' WHERE slug = 'globex'")
    async with serving(settings, database, vendor_catalogue()) as served:
        yield Site(cast("Any", served), world)


async def fill(page: Page, account: str = "ACME-1", token: str = WRONG) -> None:
    await page.get_by_label("Account").fill(account)
    await page.get_by_label("API token").fill(token)


async def enabled(visit: Visit, token: str = WRONG) -> Page:
    """The plugin's page, enabled by the page itself if it isn't yet."""
    page = await visit.page(PLUGIN, "admin")
    if await page.get_by_role("heading", name="Set it up").count():
        await fill(page, token=token)
        await page.get_by_label("I accept the 2 permissions").check()
        await page.get_by_role("button", name="Enable").click()
        await expect(page.get_by_text("The plugin is enabled.")).to_be_visible()
    return page


async def try_it(page: Page) -> None:
    """Test the connection and wait for the page that says what was found."""
    async with page.expect_navigation():
        await page.get_by_role("button", name="Test the connection").click()


async def disable(page: Page) -> None:
    await page.get_by_role("button", name="Disable").click()
    await page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    await expect(page.get_by_text("The plugin is disabled.")).to_be_visible()


async def change(database: TestDatabase, statement: str) -> None:
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def stored(database: TestDatabase) -> asyncpg.Record | None:
    connection = await asyncpg.connect(database.admin_url)
    try:
        return await connection.fetchrow("SELECT * FROM plugin_installations")
    finally:
        await connection.close()


async def test_the_whole_story(visit: Visit, database: TestDatabase) -> None:
    visit.expect("status of 422")
    page = await visit.page("/dashboard", "admin")
    await _found_and_enabled(page, database)
    await _tested_and_changed(page, database)
    await _disabled_and_enabled_again(page)
    await _uninstalled(page, database)


async def _found_and_enabled(page: Page, database: TestDatabase) -> None:
    await page.get_by_role("link", name="Plugins").first.click()
    await page.get_by_label("Search plugins").fill("checks")
    await expect(page.locator("#results tbody tr")).to_have_count(1)
    await page.get_by_role("link", name="Background checks").click()

    # What it asks for stands there before anything is asked of the reader.
    for text in (XSS, "candidates:read", "To file the report", "api.vendor.example", "90 days"):
        await expect(page.get_by_text(text).first).to_be_visible()
    enable = page.get_by_role("button", name="Enable")
    await fill(page, account="AB")
    await enable.click()
    assert await stored(database) is None, "nothing is enabled without acceptance"
    await page.get_by_label("I accept the 2 permissions").check()
    await enable.click()
    error = page.locator("[id='settings.account-error']")
    await expect(error).to_contain_text("3")
    await expect(page.get_by_label("Account")).to_be_focused()
    await page.get_by_label("Account").fill("ACME-1")
    await page.get_by_label("Offices").fill("Berlin\nan office with far too long a name\nParis")
    await enable.click()
    await expect(page.locator("[id='settings.offices-error']")).to_contain_text("20")
    await page.get_by_label("Offices").fill("Berlin\nParis")
    await enable.click()
    await expect(page.get_by_text("The plugin is enabled.")).to_be_visible()


async def _tested_and_changed(page: Page, database: TestDatabase) -> None:
    # The secret never comes back; left empty it stays.
    token = page.get_by_label("API token")
    await expect(token).to_have_value("")
    await expect(token).to_have_attribute("placeholder", "Set. Leave empty to keep it.")
    assert WRONG not in await page.content()
    await try_it(page)
    await expect(page.get_by_text("The vendor doesn't know the token")).to_be_visible()
    assert WRONG not in await page.content()
    await token.fill(RIGHT)
    await page.get_by_label("Searches a day").fill("")
    await page.get_by_label("Signing secret").fill("sign-with-this")
    await page.get_by_role("button", name="Save the settings").click()
    await expect(page.get_by_text("Saved. It takes effect within seconds.")).to_be_visible()
    await expect(page.get_by_label("Searches a day")).to_have_value("100")
    await expect(page.get_by_label("Offices")).to_have_value("Berlin\nParis")
    await try_it(page)
    await expect(page.get_by_text("The vendor let us in.")).to_be_visible()
    await expect(page.get_by_text("93")).to_be_visible()
    await page.get_by_label("Remove what is set").check()
    await page.get_by_role("button", name="Save the settings").click()
    await expect(page.get_by_text("Saved. It takes effect")).to_be_visible()
    await expect(page.get_by_label("Remove what is set")).to_have_count(0)
    row = await stored(database)
    assert row is not None
    assert RIGHT not in str(dict(row))


async def _disabled_and_enabled_again(page: Page) -> None:
    await disable(page)
    await page.get_by_label("I accept the 2 permissions").check()
    await page.get_by_role("button", name="Enable").click()
    await expect(page.get_by_text("The plugin is enabled.")).to_be_visible()
    await try_it(page)
    await expect(page.get_by_text("The vendor let us in.")).to_be_visible()


async def _uninstalled(page: Page, database: TestDatabase) -> None:
    await disable(page)
    await page.get_by_role("button", name="Uninstall").click()
    await page.get_by_role("button", name="Uninstall, keep its data").click()
    await expect(page.get_by_text("what it kept here is still there")).to_be_visible()
    await expect(page.get_by_label("Account")).to_have_value("")
    await page.get_by_role("button", name="Remove what it kept").click()
    await page.get_by_role("button", name="Delete its data").click()
    await expect(page.get_by_text("its data deleted")).to_be_visible()
    assert await stored(database) is None


async def test_somebody_elses_change_is_not_overwritten(visit: Visit) -> None:
    visit.expect("status of 412")
    mine = await enabled(visit)
    theirs = await visit.page(PLUGIN, "admin")
    await theirs.get_by_label("Account").fill("THEIRS")
    await theirs.get_by_role("button", name="Save the settings").click()
    await expect(theirs.get_by_text("Saved. It takes effect")).to_be_visible()
    await mine.get_by_label("Account").fill("MINE")
    await mine.get_by_role("button", name="Save the settings").click()
    await expect(mine.get_by_role("alert").filter(has_text="Somebody changed")).to_be_visible()
    await expect(mine.get_by_label("Account")).to_have_value("MINE")
    await mine.reload()
    await expect(mine.get_by_label("Account")).to_have_value("THEIRS")


async def test_the_whole_way_without_a_script(
    visit: Visit, database: TestDatabase, examined: Examined
) -> None:
    await change(database, "DELETE FROM plugin_installations")
    page = await visit.page(PLUGIN, "admin", java_script_enabled=False)
    await fill(page, account="ACME-9", token=RIGHT)
    await page.get_by_label("Offices").fill("Berlin\nan office with far too long a name")
    await page.get_by_label("I accept the 2 permissions").check()
    visit.expect("status of 422")
    await page.get_by_role("button", name="Enable").click()
    await expect(page.locator("[id='settings.offices-error']")).to_contain_text("20")
    await expect(page.get_by_label("Account")).to_have_value("ACME-9")
    await expect(page.get_by_label("API token")).to_have_value("")
    assert await stored(database) is None
    await page.get_by_label("API token").fill(RIGHT)
    await page.get_by_label("Offices").fill("Berlin")
    await page.get_by_label("I accept the 2 permissions").check()
    await page.get_by_role("button", name="Enable").click()
    await expect(page.get_by_text("The plugin is enabled.")).to_be_visible()
    await page.get_by_label("Account").fill("ACME-10")
    await page.get_by_role("button", name="Save the settings").click()
    await expect(page.get_by_text("Saved. It takes effect within seconds.")).to_be_visible()
    await expect(page.get_by_label("Account")).to_have_value("ACME-10")
    await page.get_by_role("button", name="Test the connection").click()
    await expect(page.get_by_text("The vendor let us in.")).to_be_visible()
    await page.get_by_role("button", name="Disable").click()
    await expect(page.get_by_text("The plugin is disabled.")).to_be_visible()
    await page.get_by_role("button", name="Uninstall, delete its data").click()
    await expect(page.get_by_text("its data deleted")).to_be_visible()
    assert await stored(database) is None
    examined("forms without a script", 5)


async def test_what_the_plan_lacks_names_the_plan_that_has_it(visit: Visit) -> None:
    page = await visit.page("/settings/plugins", "admin", slug="globex")
    row = page.locator("tr", has_text="Bulk letters")
    await expect(row).to_contain_text("Not in your plan")
    await expect(row).to_contain_text("From Pro on")
    await page.get_by_label("Show").select_option("beyond_plan")
    await expect(page.locator("#results tbody tr")).to_have_count(1)
    await page.get_by_role("link", name="Bulk letters").click()
    await expect(page.get_by_role("link", name="See what Pro includes")).to_be_visible()
    await expect(page.get_by_role("button", name="Enable")).to_have_count(0)


async def test_only_admins_come_here_and_each_workspace_decides_for_itself(visit: Visit) -> None:
    visit.expect("status of (403|404)")
    await enabled(visit)
    page = await visit.page("/settings/plugins", "recruiter")
    await expect(page.locator("h1")).not_to_have_text("Plugins")
    await expect(page.get_by_role("link", name="Plugins")).to_have_count(0)
    other = await visit.page(PLUGIN, "admin", slug="globex")
    await expect(other.get_by_role("heading", name="Set it up")).to_be_visible()
    missing = await visit.page("/settings/plugins/nothing", "admin")
    await expect(missing.locator("h1")).not_to_have_text("nothing")


async def test_what_an_enabled_plugin_waits_for_is_said_and_can_be_settled(
    visit: Visit, database: TestDatabase, examined: Examined
) -> None:
    await enabled(visit)
    await change(
        database,
        "UPDATE plugin_installations SET accepted = '{candidates:read}', settings = '{}' "
        "WHERE plugin_id = 'vendor'",
    )
    page = await visit.page(PLUGIN, "admin")
    await expect(page.get_by_text("asks for more than was accepted")).to_be_visible()
    await expect(page.get_by_text("needs settings that it doesn't have yet")).to_be_visible()
    await expect(page.locator("li", has_text="candidates:write")).to_contain_text("new")
    await is_sound(page, "plugin_waiting", examined)
    await page.get_by_label("Account").fill("ACME-2")
    await page.get_by_role("button", name="Save the settings").click()
    await expect(page.get_by_text("Saved. It takes effect")).to_be_visible()
    await expect(page.get_by_text("needs settings")).to_have_count(0)
    await page.get_by_label("I accept the 2 permissions").check()
    await page.get_by_role("button", name="Accept", exact=True).click()
    await expect(page.get_by_text("The plugin is enabled.")).to_be_visible()
    await expect(page.get_by_text("asks for more")).to_have_count(0)


async def test_a_plugin_whose_package_is_gone_can_be_got_rid_of(
    visit: Visit, database: TestDatabase, examined: Examined
) -> None:
    await change(
        database,
        "INSERT INTO plugin_installations (tenant_id, id, plugin_id, decision, accepted, settings,"
        " settings_version, created_at, updated_at, version)"
        " SELECT id, gen_random_uuid(), 'gone', 'enabled', '{}', '{}', 1, now(), now(), 1"
        " FROM tenants WHERE slug = 'acme'",
    )
    page = await visit.page("/settings/plugins?show=in_use", "admin")
    await page.get_by_role("link", name="gone").click()
    await expect(page.get_by_text("Its package is no longer installed.").first).to_be_visible()
    await disable(page)
    await page.get_by_role("button", name="Uninstall").click()
    await is_sound(page, "plugin_uninstall", examined)
    await page.get_by_role("button", name="Uninstall, delete its data").click()
    await expect(page).to_have_url(visit.site.url("acme", "/settings/plugins"))
    await expect(page.get_by_role("link", name="gone")).to_have_count(0)


async def test_the_pages_keep_nobody_out(visit: Visit, examined: Examined) -> None:
    await is_sound(await visit.page("/settings/plugins", "admin"), "plugins", examined)
    page = await enabled(visit)
    await try_it(page)
    await expect(page.get_by_text("The vendor doesn't know the token")).to_be_visible()
    await is_sound(page, "plugin", examined)
    fresh = await visit.page(PLUGIN, "admin", slug="globex")
    await is_sound(fresh, "plugin_available", examined)
    beyond = await visit.page("/settings/plugins/bulky", "admin", slug="globex")
    await is_sound(beyond, "plugin_beyond_plan", examined)
    await page.get_by_role("button", name="Disable").click()
    await is_sound(page, "plugin_disable", examined)
