"""A plugin's pages in a browser: the mailbox, from empty to a message that tries to do harm."""

from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID, uuid4

import pytest_asyncio
from playwright.async_api import expect

from core.ports.messaging import Mailbox, Messaging, OutgoingEmail
from core.shared.permissions import Action
from plugins.mailbox import plugin as mailbox
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.browsers import PHONE, Site, Visit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins import MadeEntry, catalogue_of, enable
from tests.fixtures.plugins_served import ServedHere, serving
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

HARM = (
    "<h1>Dear Ada</h1><p>We received your application.</p>"
    "<script>parent.document.title = 'stolen'; top.location = 'https://evil.example'</script>"
    '<form action="/api/v1/jobs" method="post"><button>Claim your prize</button></form>'
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(
    settings: Settings,
    world: World,
    runtime: Runtime,  # opened before, because it empties the store
    database: TestDatabase,
) -> AsyncIterator[ServedHere]:
    async with serving(settings, database, catalogue_of(MadeEntry(mailbox, "mailbox"))) as here:
        await enable(here.runtime, world.acme, "mailbox", [Action.MANAGE_MESSAGES.value])
        yield here


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(served: ServedHere, world: World) -> Site:
    return Site(cast("Any", served), world)


async def send(
    served: ServedHere, world: World, subject: str, text: str, html: str | None = None
) -> UUID:
    messaging = await served.runtime.plugins.adapter(world.acme.context, Messaging)
    assert messaging is not None
    email = OutgoingEmail(
        id=uuid4(),
        message_id=f"<{uuid4()}@acme.test>",
        sender=Mailbox("jobs@acme.test", "Acme Recruiting"),
        to=Mailbox("ada@example.com", "Ada Lovelace"),
        subject=subject,
        text=text,
        html=html,
    )
    await messaging.send(email)
    return email.id


async def test_the_mailbox_from_empty_to_full(
    visit: Visit, served: ServedHere, world: World, examined: Examined
) -> None:
    page = await visit.page("/dashboard", "admin")
    await page.get_by_role("link", name="Mailbox").first.click()
    await expect(page.get_by_role("heading", name="No message was sent yet")).to_be_visible()
    await is_sound(page, "mailbox_empty", examined)
    for number in range(12):
        await send(
            served,
            world,
            f"We received your application for Senior Engineer {number}, with a long title",
            "Dear Ada,\n\nthank you for your application. We answer within a week.\n\nAcme",
        )
    await page.reload()
    await expect(page.get_by_role("row")).to_have_count(13)
    await is_sound(page, "mailbox", examined)
    await page.get_by_label("Sent to").fill("nobody@example.com")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.get_by_text("No message was sent to nobody@example.com yet")).to_be_visible()


async def test_a_message_does_no_harm(
    visit: Visit, served: ServedHere, world: World, examined: Examined
) -> None:
    """The frame's script is refused, by the frame's sandbox."""
    visit.expect(r"Blocked script execution|CSP:|Refused to|Blocked form submission")
    message_id = await send(
        served, world, "An offer <b>for you</b>", f"In text: {HARM}", HARM + "<p>Yours, Acme</p>"
    )
    for size in ((1440, 900), PHONE):
        page = await visit.page(f"/plugins/mailbox/{message_id}", "admin", size=size)
        await expect(page.get_by_role("heading", name="An offer <b>for you</b>")).to_be_visible()
        await page.locator("iframe").scroll_into_view_if_needed()
        frame = page.frame_locator("iframe")
        await expect(frame.get_by_role("heading", name="Dear Ada")).to_be_visible()
        await frame.get_by_role("button", name="Claim your prize").click()
        assert await page.title() == "An offer <b>for you</b> · Acme"
        assert page.url.endswith(str(message_id))
        await expect(frame.get_by_role("heading", name="Dear Ada")).to_be_visible()
    await is_sound(page, "mailbox_message", examined)
