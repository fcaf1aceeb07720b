"""People: found, imported, read from a résumé and corrected, merged and taken apart, noted on."""

import re
from typing import Final

import pytest
import typst
from playwright.async_api import Page, expect

from core.candidates.contracts import AddFile, CandidateView, CreateCandidate, Education
from core.jobs.contracts import JobView
from tenants.runtime import Runtime
from tests.fixtures.accessibility import barriers
from tests.fixtures.browsers import Visit
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("background")

RESUME: Final = b"""
#set text(font: "Libertinus Serif")
= Ingrid Halvorsen
Marine engineer \\
ingrid.halvorsen\\@example.com | +47 22 34 56 78 | Bergen, Norway
== Experience
*Chief engineer*, Fjordline, Bergen #h(1fr) 2019-04 -- present
- Kept eleven ferries running in winter
*Engineer*, Havila, Tromso #h(1fr) 2012-01 -- 2019-03
- Rebuilt two diesel engines
== Education
*Master of Science*, NTNU Trondheim #h(1fr) 2006 -- 2011
== Skills
Python, Project management, Welding
"""


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


async def _person(hiring: Hiring, name: str, **fields: object) -> CandidateView:
    command = CreateCandidate(full_name=name, **fields)  # type: ignore[arg-type]  # by the test
    return await hiring.scope().execute(command)


async def test_a_resume_is_read_beside_itself_corrected_and_taken_over(
    visit: Visit, hiring: Hiring
) -> None:
    person = await _person(hiring, "I. Halvorsen")
    page = await visit.page(f"/candidates/{person.id}")
    pdf = {
        "name": "halvorsen.pdf",
        "mimeType": "application/pdf",
        "buffer": typst.compile(RESUME),
    }
    await page.locator("input[type=file]").set_input_files(pdf)  # type: ignore[arg-type]  # a TypedDict
    await page.get_by_role("link", name="halvorsen.pdf").click()
    told = page.locator(".told-side")
    await expect(told).to_contain_text("ingrid.halvorsen@example.com", timeout=30_000)
    await expect(told).to_contain_text("Fjordline")
    await expect(page.locator(".paper")).to_contain_text("Kept eleven ferries")
    await expect(page.get_by_role("button", name="Fill the profile")).to_be_visible()
    _, wrong = await barriers(page)
    assert wrong == []

    await told.locator("[data-told=email]").hover()
    await expect(page.locator(".paper .lit")).to_contain_text("ingrid.halvorsen@example.com")

    await told.locator("[data-told=headline] summary").click()
    await told.get_by_label("Headline", exact=True).fill("Chief engineer at sea")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-told=headline]")).to_contain_text("Chief engineer at sea")
    await expect(page.locator("[data-told=headline]")).to_contain_text("corrected")

    await told.locator("[data-told=experience] summary").click()
    await told.locator("[data-told=experience] [data-of=company]").first.fill("Fjord Line AS")
    await told.locator("[data-told=experience]").get_by_role("button", name="Save").click()
    await expect(page.locator("[data-told=experience]")).to_contain_text("Fjord Line AS")
    await expect(page.locator("[data-told=experience]")).to_contain_text("Havila")

    await page.get_by_role("button", name="Document").click()
    await expect(page.locator(".paper-file iframe")).to_be_visible()

    await page.get_by_role("button", name="Fill the profile").click()
    await expect(page).to_have_url(visit.site.url("acme", f"/candidates/{person.id}"))
    await expect(page.get_by_role("link", name="ingrid.halvorsen@example.com")).to_be_visible()


async def test_a_file_that_cannot_be_read_says_why(visit: Visit, hiring: Hiring) -> None:
    person = await _person(hiring, "No Reader")
    broken = typst.compile(RESUME)[:900]
    file = await hiring.scope().execute(
        AddFile(candidate_id=person.id, name="broken.pdf", content=broken)
    )
    page = await visit.page(f"/candidates/{person.id}/files/{file.id}")
    await expect(page.locator(".note.warn")).to_be_visible(timeout=30_000)
    await expect(page.get_by_role("button", name="Read again")).to_be_visible()


async def test_a_list_is_checked_and_then_imported(visit: Visit, hiring: Hiring) -> None:
    page = await visit.page("/imports/new")
    rows = (
        b"Full name;Email;What they do\n"
        b"Grace Hopper;grace@example.com;Admiral\n"
        b"Katherine Johnson;katherine@example.com;Navigator\n"
        b"Wrong Address;not an address;Nobody\n"
    )
    await page.locator("input[type=file]").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": rows}
    )
    await expect(page.get_by_text("Example: Admiral")).to_be_visible()
    await page.get_by_label("What they do").select_option("headline")
    await page.get_by_role("button", name="Check the file").click()
    await expect(page.get_by_text("Nothing is written yet.")).to_be_visible(timeout=30_000)
    await expect(page.locator("#report tbody tr")).to_have_count(1)
    await expect(page.locator("#report tbody")).to_contain_text("emails")
    await page.get_by_role("button", name="Import 2 rows").click()
    await expect(page.get_by_text("The import is done.")).to_be_visible(timeout=30_000)
    await page.goto(visit.site.url("acme", "/candidates?q=Hopper"))
    await expect(page.locator("#results")).to_contain_text("Admiral")


async def test_a_file_that_is_no_list_is_refused_where_it_was_chosen(visit: Visit) -> None:
    visit.expect("status of 4")
    page = await visit.page("/imports/new")
    await page.locator("input[type=file]").set_input_files(
        {"name": "photo.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n\x00\x00"}
    )
    await page.get_by_role("button", name="Check the file").click()
    await expect(page.get_by_role("alert")).to_be_visible()


async def test_two_records_become_one_and_two_again(visit: Visit, hiring: Hiring) -> None:
    first = await _person(hiring, "Ada King", emails=("ada.king@example.com",), location="London")
    second = await _person(
        hiring, "Ada Lovelace", emails=("ada.king@example.com",), location="Ockham"
    )
    page = await visit.page(f"/candidates/{first.id}")
    await page.get_by_role("link", name="Compare and merge").click()
    await page.get_by_label("Ockham").check()
    await page.get_by_role("button", name="Merge them").click()
    await expect(page.get_by_text("Merged. You can take it apart")).to_be_visible()
    await expect(page.locator(".page-head")).to_contain_text("Ockham")
    await page.get_by_role("button", name="Take apart").click()
    await expect(page.get_by_text("They are two people again.")).to_be_visible()
    await expect(page.locator(".page-head")).to_contain_text("London")
    await page.goto(visit.site.url("acme", f"/candidates/{second.id}"))
    await expect(page.locator("h1")).to_have_text("Ada Lovelace")


async def test_the_list_keeps_its_filters_in_the_address(visit: Visit, hiring: Hiring) -> None:
    await _person(hiring, "Filter Me", skills=("Cobol",), tags=("rare",), source="Fair")
    await _person(hiring, "Leave Me")
    page = await visit.page("/candidates")
    await page.get_by_label("Skill", exact=True).fill("Cobol")
    await expect(page.locator("#results tbody tr")).to_have_count(1)
    await expect(page).to_have_url(visit.site.url("acme", "/candidates?skill=Cobol"))
    await page.reload()
    await expect(page.locator("#results")).to_contain_text("Filter Me")
    await expect(page.get_by_label("Skill", exact=True)).to_have_value("Cobol")
    await page.get_by_label("Source", exact=True).fill("Fair")
    await expect(page).to_have_url(re.compile(r"\?skill=Cobol&source=Fair$"))
    await expect(page.locator("#results tbody tr")).to_have_count(1)
    await page.get_by_label("Source", exact=True).fill("Elsewhere")
    await expect(page.get_by_text("Nobody fits")).to_be_visible()


async def test_notes_applications_and_assignment_make_the_timeline(
    visit: Visit, hiring: Hiring
) -> None:
    job = await hiring.open_job(title="Timeline keeper")
    person = await _person(hiring, "Time Line")
    page = await visit.page(f"/candidates/{person.id}")
    await page.get_by_role("button", name="Add to a job").click()
    await page.get_by_role("dialog").get_by_label("Job").select_option(label=job.title)
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_text("Added to the job.")).to_be_visible()
    await _menu(page, job, "Assign…")
    member = hiring.tenant.members["interviewer"]
    await page.get_by_role("dialog").get_by_label("Member").select_option(label=member.name)
    await page.get_by_role("button", name="Assign", exact=True).click()
    await expect(page.get_by_text("Assigned.")).to_be_visible()
    await _menu(page, job, f"Move to {job.stages[1].name}")
    await expect(page.get_by_text(f"Time Line is now in {job.stages[1].name}.")).to_be_visible()
    await expect(page.locator("[aria-labelledby=applications]")).to_contain_text(job.stages[1].name)
    await page.get_by_label("Note", exact=True).fill("Knows when.")
    await page.get_by_role("button", name="Add the note").click()
    await expect(page.locator(".timeline")).to_contain_text("Knows when.")
    await expect(page.locator(".timeline")).to_contain_text(member.name)
    await _menu(page, job, "Reject…")
    await page.get_by_role("dialog").get_by_label("Reason").select_option("pay")
    await page.get_by_role("dialog").get_by_role("button", name="Reject").click()
    await expect(page.locator("[aria-labelledby=applications]")).to_contain_text("Rejected")


async def _menu(page: Page, job: JobView, entry: str) -> None:
    await page.get_by_label(f"Actions for {job.title}").click()
    await page.get_by_role("button", name=entry).click()


async def test_a_profile_is_edited_to_the_last_school(visit: Visit, hiring: Hiring) -> None:
    visit.expect("status of 4")
    person = await _person(hiring, "Emmy Noether", education=(Education("Erlangen", "Dr. phil."),))
    page = await visit.page(f"/candidates/{person.id}/edit")
    school = page.locator("[data-list=education] [data-item]")
    await school.first.get_by_label("Subject").fill("Mathematics")
    await page.get_by_role("button", name="Add a course of study").click()
    await school.last.get_by_label("Institution").fill("Göttingen")
    await school.last.get_by_label("From").fill("about 1903")
    await page.get_by_role("button", name="Save").click()
    await expect(school.last.locator("[aria-invalid=true]")).to_be_visible()
    assert page.url.endswith("/edit")
    await school.last.get_by_label("From").fill("1903")
    await page.get_by_role("button", name="Save").click()
    told = page.locator("section.card", has_text="Education")
    await expect(told).to_contain_text("Erlangen")
    await expect(told).to_contain_text("Dr. phil., Mathematics")
    await expect(told).to_contain_text("Göttingen")
