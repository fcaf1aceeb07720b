"""The bell counts as things happen, in two windows alike; what is new leads to the thing."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from core.applications.contracts import ApplicationView, AssignApplication
from core.candidates.contracts import AddNote
from core.jobs.contracts import JobView
from core.notifications.contracts import ListNotifications, MarkRead
from tenants.runtime import Runtime
from tests.fixtures.accessibility import barriers
from tests.fixtures.browsers import PHONE, Visit
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("background")


@pytest_asyncio.fixture(loop_scope="session")
async def hiring(runtime: Runtime, world: World) -> AsyncIterator[Hiring]:
    made = Hiring(runtime, world)
    yield made
    for role in ("admin", "recruiter"):
        await made.scope(role).execute(MarkRead())


async def mine(hiring: Hiring) -> tuple[JobView, ApplicationView]:
    """An application that the recruiter looks after."""
    job = await hiring.open_job(title="Engineer")
    application = await hiring.apply(job)
    recruiter = hiring.tenant.members["recruiter"].member_id
    await hiring.scope("admin").execute(
        AssignApplication(application_id=application.id, assignee_id=recruiter)
    )
    return job, application


async def clear(hiring: Hiring, page: Page) -> None:
    """Wait for what is under way and begin with nothing unread."""
    await expect(bell(page)).to_have_attribute("aria-label", "1 unread notification")
    await hiring.scope("recruiter").execute(MarkRead())
    await expect(bell(page)).to_have_attribute("aria-label", "Notifications")


async def until_all_are_seen(hiring: Hiring) -> None:
    """Who looks at the page has seen what is on it, so that none of it goes to another channel."""
    async with asyncio.timeout(30):
        while True:
            found = await hiring.scope("recruiter").ask(ListNotifications(unread=True))
            if all(each.seen_at is not None for each in found.items):
                return
            await asyncio.sleep(0.05)


def bell(page: Page) -> Locator:
    return page.locator("#bell > summary")


async def test_the_bell_counts_up_in_two_windows(
    visit: Visit, hiring: Hiring, examined: Examined
) -> None:
    page = await visit.page("/jobs", "recruiter")
    job, application = await mine(hiring)
    await clear(hiring, page)
    second = await page.context.new_page()
    await second.goto(visit.site.url("acme", "/candidates"))
    await expect(bell(second)).to_have_attribute("aria-label", "Notifications")

    await hiring.move(application, 1, job, "admin")
    for window in (page, second):
        await expect(window.locator(".bell-count")).to_have_text("1")
        await expect(window.locator("#bell-said")).to_have_text("1 unread notification")
    stage = job.stages[1].name
    toast = second.locator(".toast")
    await expect(toast).to_contain_text(f"moved to {stage}")
    await toast.hover()  # It stays for who is about to press it.
    rules, wrong = await barriers(second)
    assert wrong == []
    examined("rules of axe", rules)
    await toast.locator("a").click()
    await second.wait_for_url(f"**/candidates/{application.candidate_id}")
    # It was read by opening it, and the other window knows.
    await expect(page.locator(".bell-count")).to_be_hidden()
    await expect(bell(page)).to_have_attribute("aria-label", "Notifications")

    # The window that listened is closed: the other one takes over.
    await page.close()
    await hiring.scope("admin").execute(
        AddNote(candidate_id=application.candidate_id, text="A word on this one")
    )
    await expect(second.locator(".bell-count")).to_have_text("1")
    examined("windows", 2)


async def test_the_panel_is_for_the_keyboard_too(
    visit: Visit, hiring: Hiring, examined: Examined
) -> None:
    page = await visit.page("/dashboard", "recruiter")
    _, application = await mine(hiring)
    await expect(page.locator(".bell-count")).to_have_text("1")
    await bell(page).focus()
    await page.keyboard.press("Enter")
    panel = page.locator("#bell-panel")
    first = panel.locator(".notices .item").first
    await expect(first).to_contain_text("was given to you")
    await expect(panel.get_by_text("All notifications")).to_be_visible()
    await is_sound(page, "notification_panel", examined)
    await page.keyboard.press("ArrowDown")
    await expect(first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(bell(page)).to_be_focused()
    await expect(panel).to_be_hidden()
    # Seen isn't read.
    await expect(page.locator(".bell-count")).to_have_text("1")

    await bell(page).click()
    await panel.get_by_role("button", name="Mark all as read").click()
    await expect(page.locator(".bell-count")).to_be_hidden()
    await expect(panel.locator("[data-unread]")).to_have_count(0)
    await panel.locator(".notices .item").first.click()
    await page.wait_for_url(f"**/candidates/{application.candidate_id}")


async def test_the_page_of_all_is_filtered_and_live(
    visit: Visit, hiring: Hiring, examined: Examined
) -> None:
    page = await visit.page("/notifications", "recruiter")
    _, application = await mine(hiring)
    rows = page.locator("#notices li[data-unread]")
    await expect(rows.first).to_contain_text("was given to you")
    await hiring.scope("admin").execute(
        AddNote(candidate_id=application.candidate_id, text="Please call @recruiter today")
    )
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("mentioned you in a note")
    await until_all_are_seen(hiring)
    await is_sound(page, "notifications", examined)

    await page.get_by_label("Type").select_option("mention")
    await expect(rows).to_have_count(1)
    await page.wait_for_url("**/notifications?type=mention*")
    await page.get_by_role("button", name="Mark all as read").first.click()
    await expect(rows).to_have_count(0)
    await page.get_by_label("Type").select_option("")
    await expect(rows).to_have_count(1)
    await rows.first.get_by_role("button", name="Mark as read").click()
    await expect(rows).to_have_count(0)
    await page.get_by_label("Only unread").check()
    await expect(page.get_by_text("You have read all of these.")).to_be_visible()

    # Whoever comes by the link of a mail has read what it is about, and shares no such link.
    await hiring.scope("admin").execute(
        AddNote(candidate_id=application.candidate_id, text="And @recruiter, once more")
    )
    await expect(rows).to_have_count(1)
    (unread,) = (await hiring.scope("recruiter").ask(ListNotifications(unread=True))).items
    await page.goto(visit.site.url("acme", f"{unread.link}?notification={unread.id}"))
    await expect(page.locator(".bell-count")).to_be_hidden()
    assert page.url.endswith(unread.link)
    assert (await hiring.scope("recruiter").ask(ListNotifications(unread=True))).items == []


async def test_colleagues_are_offered_where_they_are_mentioned(
    visit: Visit, hiring: Hiring, examined: Examined
) -> None:
    _, application = await mine(hiring)
    page = await visit.page(f"/candidates/{application.candidate_id}", "admin")
    note = page.get_by_label("Note", exact=True)
    await note.fill("Could you call, ")
    await note.press_sequentially("@rec")
    offered = page.get_by_role("listbox", name="Colleagues").get_by_role("option")
    await expect(offered).to_have_text(["Recruiter of Acme"])
    await is_sound(page, "mentions", examined)
    await note.press("Enter")
    await expect(note).to_have_value("Could you call, @Recruiter of Acme ")
    await expect(offered).to_have_count(0)
    await note.press_sequentially("or @v")
    await expect(offered).to_have_text(["Viewer of Acme"])
    await note.press("Escape")
    await expect(offered).to_have_count(0)
    await page.get_by_role("button", name="Add the note").click()
    await expect(page.get_by_text("Noted.")).to_be_visible()
    theirs = await visit.page("/notifications?type=mention&unread=yes", "recruiter")
    await expect(theirs.locator("#notices")).to_contain_text("mentioned you in a note")


async def test_on_a_phone(visit: Visit, hiring: Hiring, examined: Examined) -> None:
    page = await visit.page("/dashboard", "recruiter", size=PHONE, has_touch=True)
    await mine(hiring)
    await expect(page.locator(".bell-count")).to_have_text("1")
    await bell(page).tap()
    item = page.locator("#bell-panel .notices .item").first
    await expect(item).to_be_visible()
    box = await item.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]
    examined("targets", 1)


async def test_what_to_be_told_of(visit: Visit, hiring: Hiring) -> None:
    visit.expect("status of 422")
    page = await visit.page("/account/notifications", "recruiter")
    await page.get_by_label("At the bell: Assignments", exact=True).uncheck()
    await page.get_by_label("From").fill("22:00")
    await page.get_by_label("Until").fill("07:00")
    await page.get_by_label("Time zone").fill("Nowhere/Land")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("[id='quiet_hours.zone-error']")).to_contain_text("No time zone has")
    await expect(page.get_by_label("Time zone")).to_be_focused()
    # A city is enough where there is one of that name.
    await page.get_by_label("Time zone").fill("lisbon")
    await page.get_by_label("Time zone").press("Enter")
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.get_by_label("At the bell: Assignments", exact=True)).not_to_be_checked()
    await expect(page.get_by_label("Time zone")).to_have_value("Europe/Lisbon")
    job, application = await mine(hiring)
    await hiring.move(application, 1, job, "admin")
    await expect(page.locator(".bell-count")).to_have_text("1")
    await page.goto(visit.site.url("acme", "/notifications?unread=yes"))
    await expect(page.locator("#notices")).to_contain_text(f"moved to {job.stages[1].name}")
    await expect(page.locator("#notices")).not_to_contain_text("given to you")

    chief = await visit.page("/account/notifications", "admin")
    await chief.get_by_label("Everybody at the bell: Assignments").check()
    await chief.get_by_label("Fixed: Assignments").check()
    await chief.get_by_role("button", name="Save for everybody").click()
    await expect(chief.get_by_text("Saved for everybody.")).to_be_visible()
    await page.goto(visit.site.url("acme", "/account/notifications"))
    await expect(page.get_by_label("At the bell: Assignments", exact=True)).to_be_disabled()
    await expect(page.get_by_label("At the bell: Assignments", exact=True)).to_be_checked()
    await expect(page.get_by_text("decided by an admin")).to_be_visible()

    await page.get_by_label("From").fill("")
    await page.get_by_label("Until").fill("")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await chief.get_by_label("Fixed: Assignments").uncheck()
    await chief.get_by_role("button", name="Save for everybody").click()
    await expect(chief.get_by_text("Saved for everybody.")).to_be_visible()


async def test_channels_are_chosen_in_two_tabs(
    visit: Visit, hiring: Hiring, examined: Examined
) -> None:
    page = await visit.page("/account/notifications", "recruiter")
    await is_sound(page, "notification_settings", examined)
    second = await page.context.new_page()
    await second.goto(visit.site.url("acme", "/account/notifications"))
    progress = "By e-mail: Progress of applications"
    await expect(page.get_by_label(progress)).to_have_value("daily")
    await expect(page.get_by_label("By e-mail: Assignments")).to_have_value("at_once")
    await page.get_by_label(progress).select_option("weekly")
    await page.get_by_label("Weekly on").select_option("fri")
    await page.get_by_label("At", exact=True).select_option("17")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await second.reload()
    await expect(second.get_by_label(progress)).to_have_value("weekly")
    await expect(second.get_by_label("Weekly on")).to_have_value("fri")
    await expect(second.get_by_label("At", exact=True)).to_have_value("17")
    await second.get_by_label(progress).select_option("daily")
    await second.get_by_label("Weekly on").select_option("mon")
    await second.get_by_role("button", name="Save", exact=True).click()
    await expect(second.get_by_text("Saved.")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label(progress)).to_have_value("daily")


@pytest.mark.parametrize("width", [360, 390])
async def test_channels_are_chosen_on_a_phone(visit: Visit, examined: Examined, width: int) -> None:
    page = await visit.page(
        "/account/notifications", "admin", size=(width, PHONE[1]), has_touch=True
    )
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, "nothing sticks out"
    fields = page.locator(".notice-choices tbody :is(select, input:not([type=hidden]))")
    count = await fields.count()
    for field in (fields.nth(0), fields.nth(2), fields.nth(count - 1)):
        box = await field.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    await page.get_by_label("In the chat: Assignments").check()
    await page.get_by_label("Goes to the next channel").last.select_option("4")
    await page.get_by_role("button", name="Save for everybody").tap()
    await expect(page.get_by_text("Saved for everybody.")).to_be_visible()
    await expect(page.get_by_text("also in the chat")).to_be_visible()
    await is_sound(page, f"notification_settings_{width}", examined)
    await page.get_by_label("In the chat: Assignments").uncheck()
    await page.get_by_label("Goes to the next channel").last.select_option("0")
    await page.get_by_role("button", name="Save for everybody").tap()
    await expect(page.get_by_text("Saved for everybody.")).to_be_visible()
    await expect(page.get_by_text("also in the chat")).to_have_count(0)
    examined("fields", count)
