"""The page of an applicant on a phone: what comes, live, with or without a script."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import pytest_asyncio
import sqlalchemy as sa
from playwright.async_api import expect

from core.applications.contracts import (
    ApplicationView,
    GetApplication,
    ListApplications,
    RejectApplication,
)
from core.interviews.contracts import ScheduleInterview
from core.jobs.contracts import JobView
from core.status.contracts.activity import ListActivity
from core.status.contracts.preferences import ChangeStatusPreferences
from plugins.postgres.message_tables import messages
from plugins.postgres.status_tables import applicant_pages, glances
from tenants.runtime import Runtime
from tests.fixtures.applicants import Applicant, applicant, applicant_for
from tests.fixtures.browsers import PHONE, Visit
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

__all__ = ["applicant", "applicant_for"]

LETTER: Final = """Hello Ada,

thank you for your time. We would like to talk with you about the bakery, and about the night shift.

Your colleagues at Acme
https://acme.example.com/careers"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def job(runtime: Runtime, world: World) -> JobView:
    return await Hiring(runtime, world).open_job(title="Baker, night shift")


async def _application(hiring: Hiring, job: JobView, place: int = 0) -> ApplicationView:
    rows = (await hiring.scope().ask(ListApplications(job_id=job.id))).items
    return await hiring.scope().ask(GetApplication(application_id=rows[place].id))


async def _fill(hiring: Hiring, application: ApplicationView) -> None:
    """A letter, an interview, and that somebody looked."""
    now = datetime.now(UTC).replace(microsecond=0)
    await hiring.scope("admin").execute(
        ChangeStatusPreferences(shown=("stage", "interviews", "viewed", "assigned"), names=False)
    )
    async with hiring.runtime.database.unit(hiring.tenant.id) as unit:
        await unit.execute(
            sa.insert(messages).values(
                tenant_id=hiring.tenant.id,
                id=uuid4(),
                application_id=application.id,
                purpose="status_update",
                to_address="ada@example.com",
                to_name="Ada",
                subject="Let us talk about the night shift",
                text=LETTER,
                state="sent",
                created_at=now,
                sent_at=now,
            )
        )
        await unit.execute(
            sa.insert(glances).values(
                tenant_id=hiring.tenant.id,
                id=uuid4(),
                candidate_id=application.candidate_id,
                member_id=hiring.tenant.members["recruiter"].member_id,
                kind="viewed",
                hour=now.replace(minute=0, second=0),
                at=datetime.now(UTC),
            )
        )
    starts_at = now + timedelta(days=3)
    await hiring.scope().execute(
        ScheduleInterview(
            application_id=application.id,
            kind="onsite",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            time_zone="Asia/Tokyo",
            interviewers=(hiring.tenant.members["interviewer"].member_id,),
            location="Mehlgasse 7, second floor",
            link="https://meet.example.com/bakery",
        )
    )


async def _pages_read(hiring: Hiring) -> int:
    async with hiring.runtime.database.unit(hiring.tenant.id) as unit:
        rows = await unit.all(
            sa.select(applicant_pages.c.submission_id).where(
                applicant_pages.c.read_until.is_not(None)
            )
        )
    return len(rows)


async def test_what_comes_appears_on_the_phone_without_reloading(
    visit: Visit,
    job: JobView,
    runtime: Runtime,
    world: World,
    applicant: Applicant,
    examined: Examined,
) -> None:
    hiring = Hiring(runtime, world)
    path = f"/careers/applications/{await applicant.apply(job)}"
    page = await visit.page(path, None, size=PHONE, has_touch=True)
    await expect(page.get_by_text("We have your application.").first).to_be_visible()
    await is_sound(page, "applicant-arrived", examined)
    application = await hiring.move(await _application(hiring, job), 1, job)
    await expect(page.locator(".stage-name")).to_have_text(job.stages[1].name)
    await _fill(hiring, application)
    await expect(page.get_by_role("heading", name="Your interviews")).to_be_visible()
    await expect(page.get_by_text("Mehlgasse 7")).to_be_visible()
    await expect(page.get_by_text("Your application was viewed")).to_be_visible()
    assert await _pages_read(hiring) == 0, "a page that is only open says nothing"
    letter = page.get_by_text("Let us talk about the night shift")
    async with page.expect_response(lambda answer: answer.url.endswith("/read")):
        await letter.tap()
    await expect(page.get_by_text("We would like to talk with you")).to_be_visible()
    await is_sound(page, "applicant-inbox", examined)
    assert await _pages_read(hiring) == 1
    moved = await hiring.move(application, 2, job)
    await expect(page.locator(".stage-name")).to_have_text(moved.stage_name)
    await expect(page.get_by_text("We would like to talk with you")).to_be_visible()

    plain = await visit.page(path, None, size=PHONE, java_script_enabled=False)
    await expect(plain.get_by_text("1 new since your last visit")).to_be_visible()
    await plain.get_by_role("button", name="Mark as read").click()
    await expect(plain.get_by_text("new since your last visit")).to_have_count(0)
    await plain.get_by_label("A question or two about how it went").uncheck()
    await plain.get_by_role("button", name="Keep my choice").click()
    await expect(plain.get_by_text("Your choice is kept.")).to_be_visible()
    await expect(plain.get_by_label("A question or two about how it went")).not_to_be_checked()

    reject = RejectApplication(application_id=application.id, reason="position_filled")
    await hiring.scope().execute(reject)
    await expect(page.get_by_text("This time it is somebody else.")).to_be_visible()
    await expect(page.get_by_text("You are welcome to apply for another job")).to_be_visible()
    await is_sound(page, "applicant-rejected", examined)


async def test_a_recruiters_look_is_noted_when_they_have_the_page_before_them(
    visit: Visit, job: JobView, runtime: Runtime, world: World, applicant: Applicant
) -> None:
    hiring = Hiring(runtime, world)
    await applicant.apply(job, email="looked.at@example.com", full_name="Looked At")
    application = await _application(hiring, job)
    page = await visit.page(f"/candidates/{application.candidate_id}", "recruiter")
    await expect(page.get_by_role("heading", level=1, name="Looked At")).to_be_visible()
    for _ in range(2):
        async with page.expect_response(lambda answer: answer.url.endswith("/activity")):
            await page.reload()
    query = ListActivity(candidate_id=application.candidate_id)
    found = (await hiring.scope().ask(query)).items
    assert [each.kind for each in found] == ["viewed"]
    name = world.acme.members["recruiter"].name
    await expect(page.get_by_text(f"{name} opened this page")).to_be_visible()


async def test_an_admin_lets_somebody_report_and_sees_the_secret_once(
    visit: Visit, world: World, examined: Examined
) -> None:
    visit.expect("status of 422")
    page = await visit.page("/settings/status", "admin")
    await page.get_by_role("button", name="New source").click()
    dialog = page.get_by_role("dialog", name="New source")
    await dialog.get_by_label("Name").fill("Background checks")
    await dialog.get_by_role("button", name="Make the source").click()
    await expect(dialog.locator("[data-secret]")).to_contain_text("whsec_")
    await dialog.get_by_text("Close", exact=True).click()
    await page.locator("summary", has_text="Background checks").click()
    lines = page.get_by_label("What its statuses do")
    await lines.fill("check.clear = jump")
    await page.locator("details[open]").get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Line 1: behind the =")).to_be_visible()
    await expect(lines).to_have_value("check.clear = jump")
    await is_sound(page, "status-settings-wrong", examined)
    await lines.fill("check.clear = move: Interview")
    await page.locator("details[open]").get_by_role("button", name="Save").click()
    await page.locator("summary", has_text="Background checks").click()
    await expect(lines).to_have_value("check.clear = move: Interview")
    await expect(page.get_by_text("whsec_")).to_have_count(0)
    box = page.get_by_label("That the application was viewed")
    await box.set_checked(not await box.is_checked())
    await page.locator("form[data-path='/status/preferences']").get_by_role("button").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await is_sound(page, "status-settings", examined)
