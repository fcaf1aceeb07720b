"""An admin connects a plugin's account in a real browser: out to the vendor's page, and back."""

from collections.abc import AsyncIterator
from typing import Any, cast

import asyncpg
import httpx
import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.browsers import PHONE, Site, Visit
from tests.fixtures.chromium import find_chromium
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.oauth_vendor import (
    ACCOUNT,
    CLIENT_SECRET,
    HOST,
    OAuthVendor,
    connecting_catalogue,
    lead_to,
    oauth_vendor,
)
from tests.fixtures.plugins_served import serving
from tests.fixtures.ports import free_port
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

PLUGIN = "/settings/plugins/calendar"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One that finds the vendor here."""
    program = find_chromium()
    assert program is not None
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=program, args=[f"--host-resolver-rules=MAP {HOST} 127.0.0.1"]
        )
        yield launched
        await launched.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def vendor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OAuthVendor]:
    async with oauth_vendor(tmp_path_factory.mktemp("vendor")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(
    settings: Settings,
    world: World,
    runtime: Runtime,  # opened before, because it empties the store
    database: TestDatabase,
    vendor: OAuthVendor,
) -> AsyncIterator[Site]:
    # The vendor leads back to the address that the settings name.
    port = free_port()
    here = msgspec.structs.replace(settings, port=port)
    async with serving(here, database, connecting_catalogue(vendor), port=port) as served:
        lead_to(served.runtime, vendor)
        yield Site(cast("Any", served), world)


async def enabled(visit: Visit) -> None:
    member = visit.site.world.acme.members["admin"]
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(
            f"http://127.0.0.1:{visit.site.product.port}/api/v1/plugins/calendar/enable",
            headers={
                "Host": visit.site.world.acme.host,
                "Authorization": f"Bearer {member.api_key}",
            },
            json={"settings": {"client_secret": CLIENT_SECRET}},
        )
    assert answer.status_code == 200, answer.text


async def opened(visit: Visit, **options: Any) -> Page:
    return await visit.page(PLUGIN, "admin", ignore_https_errors=True, **options)


async def test_an_account_is_connected_and_disconnected(
    visit: Visit, vendor: OAuthVendor, database: TestDatabase, examined: Examined
) -> None:
    page = await opened(visit)
    await expect(page.get_by_text("/oauth/callback")).to_be_visible()
    await is_sound(page, "plugin_account_before", examined)
    await enabled(visit)
    await page.reload()
    await expect(
        page.get_by_text("The account that it works with isn't connected.")
    ).to_be_visible()
    await expect(page.get_by_text("/oauth/callback")).to_be_visible()
    await is_sound(page, "plugin_account_none", examined)
    vendor.denies = "access_denied"
    await page.get_by_role("button", name="Connect", exact=True).click()
    await expect(page.get_by_text("The vendor says that access was denied.")).to_be_visible()
    await is_sound(page, "plugin_account_denied", examined)
    vendor.denies = ""
    await page.get_by_role("button", name="Connect", exact=True).click()
    await expect(page.get_by_text("The account is connected.")).to_be_visible()
    await expect(page.get_by_text(ACCOUNT)).to_be_visible()
    await is_sound(page, "plugin_account_connected", examined)
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(
        "UPDATE plugin_connections SET state = 'broken', sealed = '', "
        "problem = 'Vendor calendar''s vendor refused: invalid_grant (400).'"
    )
    await connection.close()
    await page.reload()
    await expect(page.get_by_text("takes the connection no longer")).to_be_visible()
    await is_sound(page, "plugin_account_broken", examined)
    await page.get_by_role("button", name="Connect again").click()
    await expect(page.get_by_text("The account is connected.")).to_be_visible()
    await page.get_by_role("button", name="Disconnect").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("the vendor is asked to forget")).to_be_visible()
    await is_sound(page, "plugin_account_disconnect", examined)
    await dialog.get_by_role("button", name="Disconnect").click()
    await expect(page.get_by_text("Not connected")).to_be_visible()


async def test_it_works_on_a_phone_and_without_a_script(
    visit: Visit, vendor: OAuthVendor, examined: Examined
) -> None:
    await enabled(visit)
    page = await opened(visit, size=PHONE, java_script_enabled=False)
    await page.get_by_role("button", name="Connect", exact=True).click()
    await expect(page.get_by_text("The account is connected.")).to_be_visible()
    await page.get_by_role("button", name="Disconnect").last.click()
    await expect(page.get_by_text("The account is disconnected.")).to_be_visible()


async def test_the_page_that_leads_out_keeps_nobody_out(
    visit: Visit, vendor: OAuthVendor, examined: Examined
) -> None:
    await enabled(visit)
    page = await opened(visit)
    # The vendor's page doesn't come, so that ours stays.
    await page.route(f"https://{HOST}:*/**", lambda route: route.fulfill(status=204))
    await page.get_by_role("button", name="Connect", exact=True).click()
    await expect(page.get_by_role("link", name="Open the vendor's page")).to_be_visible()
    await is_sound(page, "plugin_account_out", examined)
