"""An admin writes an automation: with scripts and without, sees what it would have done, saves; and
what is planned is taken back, done and recalled, as a whole if it must be.
"""

import os
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from playwright.async_api import Page, expect

from api.web import automation_words
from core.applications.contracts import CreateBulkRejection
from core.automations.contracts import DeleteRule, ListRules
from core.automations.definition import ACTIONS, CONDITIONS, TRIGGERS
from core.automations.rules import DEFAULT_RULES
from core.candidates.contracts import CreateCandidate
from plugins.postgres.automation_tables import automation_steps
from tenants.runtime import Runtime
from tests.fixtures.browsers import PHONE, Visit
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

NEW = "/settings/automations/new"


def test_every_part_has_its_words(examined: Examined) -> None:
    assert set(automation_words.TRIGGERS) == set(TRIGGERS)
    assert set(automation_words.CONDITIONS) == set(CONDITIONS)
    assert set(automation_words.ACTIONS) == set(ACTIONS)
    said = {text for each in DEFAULT_RULES for text in (each.name, each.summary)}
    assert said <= set(automation_words.DEFAULT_RULES)
    examined("words", len(said))


async def _pictured(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def test_an_automation_is_written_tried_and_saved(
    visit: Visit, runtime: Runtime, world: World, examined: Examined
) -> None:
    visit.expect("status of 422")
    visit.expect("Failed to load resource")
    hiring = Hiring(runtime, world)
    job = await hiring.open_job(title="Night owl")
    application = await hiring.apply(job)
    await hiring.move(application, 1, job)
    page = await visit.page("/settings/automations", "admin")
    await page.get_by_role("link", name="New automation").click()
    await expect(page.get_by_label("Which stage")).to_be_visible()
    await expect(page.get_by_label("Days without a word")).to_be_hidden()
    await page.get_by_label("What happens").select_option("no_answer")
    await expect(page.get_by_label("Days without a word")).to_be_visible()
    await expect(page.get_by_label("How long to wait")).to_be_hidden()
    await page.get_by_label("What happens").select_option("stage_reached")
    await page.get_by_label("Name", exact=True).fill("Tag the reviewed")
    await page.get_by_label("Which stage").fill("Nowhere")
    await page.get_by_role("button", name="Add a condition").click()
    await page.get_by_label("Condition", exact=True).first.select_option("source")
    await page.get_by_label("Value").first.fill("api, careers")
    await page.get_by_label("What to do").select_option("tag")
    await page.get_by_label("Tag", exact=True).fill("reviewed")
    await is_sound(page, "automation_new", examined)
    await _pictured(page, "automation_new_1440")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("There is none like that.")).to_be_visible()
    await expect(page.get_by_label("Value").first).to_have_value("api, careers")
    await page.get_by_label("Which stage").fill("Reviewed")
    await page.get_by_role("button", name="See what it would have done").click()
    await expect(
        page.get_by_text("It would have reacted 1 time in the last 30 days.")
    ).to_be_visible()
    await expect(page.get_by_role("link", name=application.candidate_name)).to_be_visible()
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Saved. It holds for what happens from now on.")).to_be_visible()
    await _is_told_by_itself(page, application.candidate_name, examined)
    await is_sound(page, "automation_edit", examined)
    await _pictured(page, "automation_edit_1440")
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await _pictured(page, "automation_edit_390")
    await page.get_by_role("link", name="Automations").first.click()
    await _pictured(page, "automations_390")
    await expect(page.get_by_role("link", name="Tag the reviewed")).to_be_visible()
    await page.get_by_role("link", name="Tag the reviewed").click()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("Deleted. What it planned is skipped.")).to_be_visible()


async def _is_told_by_itself(page: Page, name: str, examined: Examined) -> None:
    """What it would have done comes right after; when it can't, that is said, with a way on."""
    would = page.get_by_text("It would have reacted 1 time in the last 30 days.")
    await expect(would).to_be_visible()
    await expect(page.get_by_role("link", name=name)).to_be_visible()
    await page.route("**/dry-run", lambda route: route.abort())
    await page.reload()
    await expect(page.get_by_text("can't be told just now")).to_be_visible()
    await is_sound(page, "automation_untold", examined)
    await page.unroute("**/dry-run")
    await page.get_by_role("button", name="Try again").click()
    await expect(would).to_be_visible()
    await expect(page.get_by_text("can't be told just now")).to_be_hidden()


async def test_it_needs_no_script(visit: Visit, runtime: Runtime, world: World) -> None:
    page = await visit.page(NEW, "admin", java_script_enabled=False)
    await page.get_by_label("Name", exact=True).fill("Without scripts")
    await page.get_by_label("What happens").select_option("no_answer")
    await page.get_by_label("Days without a word").fill("7")
    await page.get_by_label("What to do").select_option("notify")
    await page.get_by_label("What they read").fill("Nobody has answered.")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Saved. It holds for what happens from now on.")).to_be_visible()
    await expect(page.get_by_text("Looking at the last 30 days")).to_be_hidden()
    await page.get_by_role("button", name="See what it would have done").click()
    await expect(
        page.get_by_text("It would have done nothing in the last 30 days.")
    ).to_be_visible()
    admin = Hiring(runtime, world).scope("admin")
    (made,) = [each for each in (await admin.ask(ListRules())).items if each.id is not None]
    assert made.trigger == "no_answer"
    await admin.execute(DeleteRule(key=made.key))


async def test_quiet_hours_are_set_and_refused(visit: Visit) -> None:
    visit.expect("status of 422")
    page = await visit.page("/settings/automations", "admin")
    await page.locator("[id='quiet_hours.starts']").fill("20:00")
    await page.locator("[id='quiet_hours.ends']").fill("20:00")
    await page.get_by_role("button", name="Save the quiet hours").click()
    await expect(page.get_by_text("Give another time than the one they begin at.")).to_be_visible()
    await page.locator("[id='quiet_hours.ends']").fill("08:00")
    await page.get_by_role("button", name="Save the quiet hours").click()
    await expect(page.get_by_text("Saved. It holds from now on.")).to_be_visible()
    await _pictured(page, "automations_1440")
    await page.locator("[id='quiet_hours.starts']").fill("")
    await page.locator("[id='quiet_hours.ends']").fill("")
    await page.get_by_role("button", name="Save the quiet hours").click()
    await expect(page.locator("[id='quiet_hours.starts']")).to_have_value("")


async def test_what_is_planned_in_the_workspace_is_taken_back_and_recalled(
    visit: Visit, runtime: Runtime, world: World, examined: Examined
) -> None:
    hiring = Hiring(runtime, world)
    job = await hiring.open_job(title="Planner")
    candidate = await hiring.scope().execute(
        CreateCandidate(full_name="Ada Planned", emails=("planned@example.com",))
    )
    application = await hiring.apply_as(candidate.id, job, source="careers")
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
    await hiring.scope().execute(
        CreateBulkRejection(application_ids=(application.id,), reason="skills", delay_minutes=60)
    )
    page = await visit.page("/automations")
    await expect(page.get_by_text("1 rejection waits")).to_be_visible()
    await page.get_by_text("Whom it concerns, and what they will be sent").click()
    await is_sound(page, "automations_planned", examined)
    await _pictured(page, "automations_planned_1440")
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await _pictured(page, "automations_planned_390")
    await page.get_by_role("button", name="Take back").click()
    await expect(page.get_by_text("Tick what you mean first.")).to_be_visible()
    await page.get_by_label("Ada Planned: Rejection").check()
    await page.get_by_role("button", name="Take back").click()
    await expect(page.get_by_text("Taken back: it isn't done.")).to_be_visible()
    await page.get_by_role("button", name="Recall all of it").click()
    await expect(page.get_by_text("Recalled: nobody of it is rejected.")).to_be_visible()
    await expect(page.get_by_text("Nothing is planned")).to_be_visible()
    await page.get_by_role("link", name="Taken back").click()
    await expect(page.get_by_role("link", name="Ada Planned")).to_be_visible()
    page = await visit.page("/automations", "viewer")
    await expect(page.get_by_role("button", name="Take back")).to_have_count(0)
