"""An admin words a mail: sees it while typing, is told what is wrong, saves, resets; and switches
what is sent by itself.
"""

import re
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import uuid4

import pytest_asyncio
import sqlalchemy as sa
from playwright.async_api import expect

from core.shared.permissions import Action
from plugins.postgres.automation_tables import automation_steps
from plugins.postgres.template_tables import email_templates
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures import referral_plugin
from tests.fixtures.browsers import Site, Visit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import MadeEntry, catalogue_of, enable
from tests.fixtures.plugins_served import ServedHere, serving
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

EDITOR = "/settings/templates/status_update/en"
_EVERYBODYS = re.compile(r"^Hello \{\{candidate_name\}\},")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(
    settings: Settings,
    world: World,
    runtime: Runtime,  # opened before, because it empties the store
    database: TestDatabase,
) -> AsyncIterator[ServedHere]:
    brings = MadeEntry(referral_plugin, "referrals")
    async with serving(settings, database, catalogue_of(brings)) as here:
        await enable(here.runtime, world.acme, "referrals", [Action.SEND_MESSAGES.value])
        yield here


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(served: ServedHere, world: World) -> Site:
    return Site(cast("Any", served), world)


async def test_a_plugins_template_is_reworded_as_all_others(visit: Visit) -> None:
    visit.expect("status of 422")
    page = await visit.page("/settings/templates", "admin")
    brought = page.get_by_role("region", name="Referral rewards")
    await expect(brought.get_by_text("Thanks candidates who brought somebody.")).to_be_visible()
    await expect(brought.get_by_role("link")).to_have_count(3)  # two languages, and a receipt
    await brought.get_by_role("link", name="Thanks for a referral, English").click()
    mail = page.frame_locator("iframe[name=mail-preview]")
    referral = mail.get_by_text("Grace Hopper applied for Backend Engineer.", exact=True)
    await expect(referral).to_be_visible()
    await expect(page.get_by_role("navigation", name="Language").get_by_role("link")).to_have_text(
        ["English", "Deutsch"]
    )
    body = page.get_by_label("Body")
    await body.fill("{{frend}} is here.")
    await expect(page.locator("#mail-flaws")).to_contain_text("Did you mean friend?")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#body-error")).to_contain_text("Line 1: frend is no variable")
    await body.fill("{{friend}} is here.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved. The next mail says this.")).to_be_visible()
    await page.get_by_role("button", name="Send to me").click()
    await expect(page.get_by_text("Sent to you.")).to_be_visible()
    page = await visit.page("/settings/templates", "admin", slug="globex")
    await expect(page.get_by_role("region", name="To candidates")).to_be_visible()
    await expect(page.get_by_role("region", name="Referral rewards")).to_have_count(0)


async def test_what_does_not_fit_the_plugin_any_more_is_shown(
    visit: Visit, runtime: Runtime, world: World, examined: Examined
) -> None:
    async with runtime.database.unit(world.acme.id) as unit:
        await unit.execute(
            sa.insert(email_templates).values(
                tenant_id=world.acme.id,
                kind="referrals.thank_you",
                language="de",
                version=1,
                subject="Danke",
                body="{{formerly}} war hier.\n",
                saved_at=sa.func.now(),
            )
        )
    page = await visit.page("/settings/templates", "admin")
    await page.get_by_role("link", name="Deutsch, needs attention").click()
    await expect(page.get_by_text("doesn't fit the plugin any more")).to_be_visible()
    await expect(page.get_by_text("formerly is no variable of this template").first).to_be_visible()
    await page.get_by_label("Body").fill("{{friend}} war hier.")
    mail = page.frame_locator("iframe[name=mail-preview]")
    await expect(mail.get_by_role("paragraph").first).to_have_text("Grace Hopper war hier.")
    await is_sound(page, "mail_template_of_a_plugin", examined)
    await page.get_by_role("button", name="Reset").click()
    await expect(page.get_by_text("It is as everybody starts with it.")).to_be_visible()
    await expect(page.get_by_text("doesn't fit the plugin any more")).to_have_count(0)


async def test_a_template_is_worded_and_looked_at(visit: Visit, examined: Examined) -> None:
    visit.expect("status of 422")
    page = await visit.page("/settings/templates", "admin")
    await is_sound(page, "mail_templates", examined)
    await page.get_by_role("link", name="Status update, English").click()
    mail = page.frame_locator("iframe[name=mail-preview]")
    await expect(mail.get_by_text("Hello Ada Lovelace,", exact=True)).to_be_visible()
    await is_sound(page, "mail_template", examined)

    body = page.get_by_label("Body")
    await body.fill("Dear <b>{{candidate_name}}</b>,\n\n**{{job_title}}** it is.")
    await expect(mail.get_by_text("Dear <b>Ada Lovelace</b>,", exact=True)).to_be_visible()
    await expect(mail.locator("strong")).to_have_text("Backend Engineer")

    # What is wrong is told while typing, and nothing of it is saved.
    await body.fill("Dear {{candidat_name}},")
    await expect(page.locator("#mail-flaws")).to_contain_text("Did you mean candidate_name?")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#body-error")).to_contain_text("Line 1: candidat_name")

    # A variable goes where one writes.
    await body.fill("Dear ")
    await page.get_by_role("button", name="candidate_name", exact=True).click()
    await expect(body).to_have_value("Dear {{candidate_name}}")
    await page.get_by_label("Subject").fill("About {{job_title}}")
    await expect(page.locator("#preview-subject")).to_have_text("About Backend Engineer")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved. The next mail says this.")).to_be_visible()
    await expect(page.get_by_role("link", name="Version 1")).to_be_visible()

    await page.get_by_role("button", name="Reset").click()
    await expect(page.get_by_text("It is as everybody starts with it.")).to_be_visible()
    await expect(body).to_have_value(_EVERYBODYS)
    await page.get_by_role("link", name="Version 1").click()
    await expect(body).to_have_value("Dear {{candidate_name}}\n")


async def test_the_frame_of_the_preview_runs_nothing(visit: Visit) -> None:
    page = await visit.page(EDITOR, "admin")
    frame = page.locator("iframe[name=mail-preview]")
    await expect(frame).to_have_attribute("sandbox", "")
    mail = page.frame_locator("iframe[name=mail-preview]")
    await page.get_by_label("Body").fill("<script>document.title='x'</script>{{job_title}}")
    await expect(mail.get_by_role("paragraph").first).to_have_text(
        "<script>document.title='x'</script>Backend Engineer"
    )


async def test_automations_are_switched(visit: Visit, examined: Examined) -> None:
    page = await visit.page("/settings/automations", "admin")
    await is_sound(page, "automations", examined)
    rule = page.locator("#rule-offer_reached")
    await expect(rule.get_by_text("Off", exact=True)).to_be_visible()
    await rule.get_by_label("Switched on").check()
    await rule.get_by_label("Wait, in minutes").fill("120")
    await rule.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved. It holds from now on.")).to_be_visible()
    await expect(rule.get_by_text("after 2 hours")).to_be_visible()
    await expect(rule.get_by_text("On", exact=True)).to_be_visible()


async def test_who_may_only_look_changes_nothing(visit: Visit) -> None:
    page = await visit.page("/settings/automations", "viewer")
    await expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page = await visit.page(EDITOR, "viewer")
    await expect(page.get_by_text("Only admins change templates.")).to_be_visible()
    await expect(page.get_by_label("Body")).to_have_attribute("readonly", "")


async def test_what_is_planned_is_seen_and_taken_back(
    visit: Visit, runtime: Runtime, world: World, examined: Examined
) -> None:
    hiring = Hiring(runtime, world)
    application = await hiring.apply(await hiring.open_job())
    async with runtime.database.unit(world.acme.id) as unit:
        await unit.execute(
            sa.insert(automation_steps).values(
                tenant_id=world.acme.id,
                id=uuid4(),
                rule_key="rejected",
                trigger="rejected",
                template="rejection",
                application_id=application.id,
                event_id=uuid4(),
                happened_at=sa.func.now(),
                due_at=sa.text("now() + interval '30 minutes'"),
                state="planned",
            )
        )
    page = await visit.page(f"/candidates/{application.candidate_id}")
    await expect(page.get_by_text("Rejection: an e-mail to Person 1 goes out")).to_be_visible()
    await is_sound(page, "candidate_planned", examined)
    await page.get_by_role("button", name="Take back").click()
    await expect(page.get_by_text("Taken back: nothing is sent.")).to_be_visible()
    await page.get_by_text("1 thing told by itself").click()
    await expect(page.get_by_text("Rejection: taken back")).to_be_visible()
