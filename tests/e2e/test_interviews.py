"""Interviews are fixed, moved and called off on a candidate's page, and feedback is given there."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, expect

from core.applications.contracts import ApplicationView
from core.interviews.contracts import ListFeedback, ListInterviews
from core.shared.paging import PageRequest
from tenants.runtime import Runtime
from tests.fixtures.browsers import Visit
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

AHEAD = datetime.now(UTC).replace(hour=9, minute=0) + timedelta(days=3)


async def fill_times(page: Page, dialog: str, begins: datetime) -> None:
    for field, at in (("starts", begins), ("ends", begins + timedelta(hours=1))):
        await page.locator(f"#{dialog}-{field}").fill(at.strftime("%Y-%m-%dT%H:%M"))


async def applied(hiring: Hiring) -> ApplicationView:
    return await hiring.apply(await hiring.open_job(title="Engineer"))


async def test_an_interview_is_fixed_moved_and_called_off(
    visit: Visit, runtime: Runtime, world: World, examined: Examined
) -> None:
    hiring = Hiring(runtime, world)
    application = await applied(hiring)
    query = ListInterviews(
        page=PageRequest(), application_id=application.id, include_cancelled=True
    )
    page = await visit.page(f"/candidates/{application.candidate_id}", "recruiter")
    await page.get_by_role("button", name="Schedule…").click()
    dialog = page.get_by_role("dialog", name="Schedule an interview")
    await dialog.get_by_label("Kind").select_option("video")
    await fill_times(page, "interview", AHEAD)
    await dialog.get_by_label("Recruiter of Acme").uncheck()
    await dialog.get_by_label("Interviewer of Acme").check()
    await dialog.get_by_label("Link").fill("https://meet.example.com/abc")
    zone = dialog.get_by_label("Time zone")
    await expect(zone).to_have_value(world.acme.context.time_zone)
    await zone.fill("lisbon")
    await zone.blur()
    await expect(zone).to_have_value("Europe/Lisbon")
    await is_sound(page, "interview_dialog", examined)
    await dialog.get_by_role("button", name="Schedule").click()
    await expect(page.get_by_text("The interview is fixed.")).to_be_visible()
    (made,) = (await hiring.scope().ask(query)).items
    assert made.starts_at.strftime("%d") == AHEAD.strftime("%d")
    assert (made.ends_at - made.starts_at, made.time_zone) == (timedelta(hours=1), "Europe/Lisbon")
    assert [each.name for each in made.interviewers] == ["Interviewer of Acme"]
    interviews = page.locator("section[aria-labelledby=interviews]")
    await expect(interviews).to_contain_text("Interviewer of Acme")
    await is_sound(page, "candidate_with_interview", examined)

    await interviews.get_by_role("button", name="Another time…").click()
    await fill_times(page, "interview-moved", AHEAD + timedelta(days=1))
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The interview has another time.")).to_be_visible()
    (moved,) = (await hiring.scope().ask(query)).items
    assert moved.starts_at - made.starts_at == timedelta(days=1)

    await interviews.get_by_role("button", name="Call off…").click()
    await page.get_by_label("Why?").last.fill("They found another job.")
    await page.get_by_role("button", name="Call it off").click()
    await expect(page.get_by_text("The interview is called off.")).to_be_visible()
    (off,) = (await hiring.scope().ask(query)).items
    assert (off.status, off.cancel_reason) == ("cancelled", "They found another job.")
    await expect(interviews.get_by_role("button", name="Call off…")).to_have_count(0)


async def test_feedback_is_given_and_changed(visit: Visit, runtime: Runtime, world: World) -> None:
    hiring = Hiring(runtime, world)
    application = await applied(hiring)
    page = await visit.page(f"/candidates/{application.candidate_id}", "admin")
    await page.get_by_role("button", name="Give feedback…").click()
    await page.get_by_label("Would you go on with them?").select_option("mixed")
    await page.get_by_role("dialog").get_by_label("Why?").fill("Knows much, says little.")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Your feedback: Mixed")).to_be_visible()
    await page.get_by_role("button", name="Change feedback…").click()
    await expect(page.get_by_role("dialog").get_by_label("Why?")).to_have_value(
        "Knows much, says little."
    )
    await page.get_by_label("Would you go on with them?").select_option("yes")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Your feedback: Yes")).to_be_visible()
    (given,) = (await hiring.scope("admin").ask(ListFeedback(application_id=application.id))).items
    assert (given.recommendation, given.version) == ("yes", 2)
    viewer = await visit.page(f"/candidates/{application.candidate_id}", "viewer")
    await expect(viewer.locator("section[aria-labelledby=interviews]")).to_have_count(0)
