"""Links from mails, as people use them: on a telephone, on another device, and for a new password.

Mails are read where they lie, in the mailbox.
"""

import re
from collections.abc import AsyncIterator
from typing import Any, Final, cast
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from core.shared.permissions import Action
from plugins.mailbox import plugin as mailbox
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.browsers import PHONE, Site, Visit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins import MadeEntry, catalogue_of, enable
from tests.fixtures.plugins_served import ServedHere, serving
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

PASSWORD: Final = "blue herons wade at dawn"


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


@pytest.fixture
def worker(served: ServedHere, database: TestDatabase) -> DueWork:
    return DueWork(TaskRunner(served.runtime), database.relay_url)


async def mailed_path(visit: Visit, worker: DueWork, subject: str, path: str) -> str:
    """Do what is due, open the newest mail in the mailbox, and return the link in it."""
    visit.expect("Applying inline style")  # of the mail, in the mailbox's frame
    while await worker.run_due():
        pass
    page = await visit.page("/plugins/mailbox/", "admin")
    link = page.get_by_role("link", name=subject).first
    await expect(link).to_be_visible()
    await page.goto(visit.site.url("acme", urlsplit(await link.get_attribute("href") or "").path))
    text = await page.locator("pre").first.inner_text()
    await page.context.close()
    found = re.search(rf"https?://[^/\s]+({re.escape(path)}\?\S+)", text)
    assert found is not None, text
    return found[1]


async def ask(page: Page, email: str) -> str:
    """Ask for a link; return the code that the page shows."""
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_role("button", name="E-mail me a link").click()
    await expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()
    return (await page.locator("[data-code]").inner_text()).strip()


async def test_a_telephone_signs_in_by_a_link_and_another_device_by_its_code(
    visit: Visit, worker: DueWork, world: World, examined: Examined
) -> None:
    visit.expect("status of (401|404)")
    email = world.acme.members["recruiter"].email
    phone = await visit.page("/sign-in?next=/jobs", None, size=PHONE)
    await is_sound(phone, "sign_in_with_link", examined)
    code = await ask(phone, email)
    await is_sound(phone, "sign_in_mail", examined)
    path = await mailed_path(visit, worker, "Your link to sign in", "/sign-in/link")

    desk = await visit.page(path, None)  # opened elsewhere, by a browser that runs scripts
    await expect(desk.get_by_label("Code")).to_be_visible()
    await is_sound(desk, "sign_in_link_code", examined)
    await desk.get_by_label("Code").fill("000 000" if code != "000 000" else "111 111")
    await desk.get_by_role("button", name="Sign in").click()
    await expect(desk.locator("#code-error")).to_contain_text("six digits")

    await phone.goto(visit.site.url("acme", path))
    await is_sound(phone, "sign_in_link", examined)
    await phone.get_by_role("button", name="Sign in").click()
    await expect(phone).to_have_url(visit.site.url("acme", "/jobs"))
    await desk.get_by_label("Code").fill(code)
    await desk.get_by_role("button", name="Sign in").click()
    await expect(desk.get_by_role("heading", name="no longer valid")).to_be_visible()
    await is_sound(desk, "sign_in_link_over", examined)

    phone = await visit.page("/sign-in", None, size=PHONE)
    code = await ask(phone, email)
    path = await mailed_path(visit, worker, "Your link to sign in", "/sign-in/link")
    await desk.goto(visit.site.url("acme", path))
    await desk.get_by_label("Code").fill(code)
    await desk.get_by_role("button", name="Sign in").click()
    await expect(desk).to_have_url(visit.site.url("acme", "/dashboard"))


async def test_a_forgotten_password_is_replaced_by_the_mail(
    visit: Visit, worker: DueWork, world: World, examined: Examined
) -> None:
    email = world.acme.members["viewer"].email
    page = await visit.page("/forgotten-password", None, size=PHONE)
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_role("button", name="Send me a link").click()
    await expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()
    await is_sound(page, "forgotten_password_sent", examined)
    path = await mailed_path(visit, worker, "Choose a new password", "/new-password")
    await page.goto(visit.site.url("acme", path))
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_role("button", name="Use this password").click()
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page).to_have_url(visit.site.url("acme", "/dashboard"))


async def test_an_admin_invites_by_mail_and_sees_what_became_of_it(
    visit: Visit, worker: DueWork, examined: Examined
) -> None:
    page = await visit.page("/team", "admin", size=PHONE)
    await page.get_by_role("button", name="Invite someone").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Nora New")
    await dialog.get_by_label("E-mail address").fill("nora@acme.example")
    await dialog.get_by_role("button", name="Make the invitation").click()
    await expect(dialog.get_by_text("The invitation is on its way to them.")).to_be_visible()
    path = await mailed_path(visit, worker, "Join Acme", "/invitation")
    await page.reload()
    await expect(page.get_by_text("Mailed")).to_be_visible()
    await is_sound(page, "team_invited", examined)
    nora = await visit.page(path, None, size=PHONE)
    await expect(nora.get_by_role("heading", name="Join Acme")).to_be_visible()
