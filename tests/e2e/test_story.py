"""One hire from the first word of the job to the candidate's own page, by four people at once."""

from typing import Any, Final

import pytest
import typst
from playwright.async_api import Page, expect

from tests.fixtures.boards import Board
from tests.fixtures.browsers import PHONE, Visit

pytestmark = pytest.mark.usefixtures("background")

TITLE: Final = "Glass blower"
NAME: Final = "Ingrid Halvorsen"
READING_MS: Final = 3_100
"""As long as the form must have been open; see `core.careers.model.FASTEST`."""
RESUME: Final = rb"""
= Ingrid Halvorsen
Glass blower \
ingrid.halvorsen\@example.com | +47 22 34 56 78 | Bergen, Norway
== Experience
*Master blower*, Hadeland, Jevnaker #h(1fr) 2019-04 -- present
- Blew eleven thousand vases
== Education
*Journeyman*, Glassfagskolen Oslo #h(1fr) 2014 -- 2018
== Skills
Python, Project management
"""


async def test_a_hire(visit: Visit) -> None:
    admin = await visit.page("/jobs/new", "admin")
    await _publish(admin)
    job = admin.url.rpartition("/")[2]
    recruiter = await Board(await visit.page(f"/jobs/{job}", "recruiter")).loaded()
    stages = await recruiter.page.locator(".lane h2").all_inner_texts()
    await expect(recruiter.page.get_by_text("Live", exact=True)).to_be_visible()

    candidate = await visit.page(f"/careers/jobs/{job}", None, size=PHONE, is_mobile=True)
    await _apply(candidate)
    await expect(recruiter.card(NAME, stages[0])).to_be_visible()

    await recruiter.card(NAME).locator(".card-name").click()
    page = recruiter.page
    await expect(page.locator("h1")).to_have_text(NAME)
    await page.get_by_role("link", name="ingrid.pdf").click()
    told = page.locator(".told-side")
    await expect(told).to_contain_text("Hadeland")
    await expect(page.locator(".paper")).to_contain_text("Blew eleven thousand vases")
    await told.locator("[data-told=headline] summary").click()
    await told.locator("[name=headline]").fill("Master glass blower")
    await page.keyboard.press("Enter")
    await expect(told.locator("[data-told=headline]")).to_contain_text("corrected")

    await page.goto(visit.site.url("acme", f"/jobs/{job}"))
    await recruiter.loaded()
    colleague = await Board(await visit.page(f"/jobs/{job}", "admin")).loaded()
    await colleague.page.get_by_role("button", name="Mine").click()
    await expect(colleague.card(NAME)).to_have_count(0)
    await expect(colleague.page.get_by_text("Live", exact=True)).to_be_visible()
    await recruiter.card(NAME).locator(".card-owner").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Member").select_option(label="Admin of Acme")
    await dialog.get_by_role("button", name="Assign", exact=True).click()
    await expect(colleague.card(NAME, stages[0])).to_be_visible()

    await colleague.drag(NAME, stages[2])
    await expect(recruiter.card(NAME, stages[2])).to_be_visible()
    await candidate.reload()
    await expect(candidate.locator(".stage-name")).to_have_text(stages[2])


async def _publish(page: Page) -> None:
    await page.get_by_label("Title").fill(TITLE)
    await page.get_by_label("Description").fill("You blow glass.")
    await page.get_by_role("button", name="Add a question").click()
    await page.locator("[data-of=label]").fill("May you work in Norway?")
    await page.locator("[data-of=kind]").select_option("yes_no")
    await page.get_by_label("Must be answered").check()
    await page.get_by_role("button", name="Save as draft").click()
    await page.get_by_role("button", name="Open for applications").click()
    await expect(page.get_by_text("The job is open.")).to_be_visible()
    await page.get_by_role("link", name="Board", exact=True).click()
    await Board(page).loaded()


async def _apply(page: Page) -> None:
    await page.get_by_role("link", name="Apply for this job").locator("visible=true").click()
    await page.get_by_label("Your name").fill(NAME)
    await page.get_by_label("E-mail address").fill("ingrid.halvorsen@example.com")
    pdf: Any = {
        "name": "ingrid.pdf",
        "mimeType": "application/pdf",
        "buffer": typst.compile(RESUME),
    }
    await page.get_by_label("Résumé").set_input_files(pdf)
    await page.get_by_role("group", name="May you work in Norway?").get_by_label("Yes").check()
    await page.get_by_role("checkbox", name="I have read").check()
    await page.wait_for_timeout(READING_MS)
    await page.get_by_role("button", name="Send application").click()
    await expect(page.get_by_text("Thank you.")).to_be_visible()
