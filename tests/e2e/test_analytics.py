"""The analytics page in a browser: filters in the address, charts, files, a phone; and the list of
who waits for an answer.
"""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest_asyncio
from playwright.async_api import Page, expect

from core.promises.contracts import RemindOfAnswers, SetPromise
from core.shared.actor import system
from tenants.runtime import Runtime
from tests.e2e.test_every_page import too_wide
from tests.fixtures.browsers import Visit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

FORMULA = "=HYPERLINK(1)"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hiring(runtime: Runtime, world: World, database: TestDatabase) -> Hiring:
    """Two jobs with some applications, one of which has waited for a week."""
    made = Hiring(runtime, world)
    jobs = [await made.open_job(title=title) for title in (FORMULA, "Nurse")]
    silent = await made.apply(jobs[0], source="referral")
    for _ in range(3):
        await made.move(await made.apply(jobs[1], source="careers"), 1, jobs[1])
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(
        "UPDATE applications SET applied_at = $2 WHERE id = $1",
        silent.id,
        datetime.now(UTC) - timedelta(days=7),
    )
    await connection.close()
    await made.scope("admin").execute(SetPromise(job_id=jobs[0].id, days=5))
    worker = runtime.scope(made.tenant.context, system(made.tenant.id), "worker")
    assert await worker.execute(RemindOfAnswers()) == 1
    return made


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


async def test_filters_stay_in_the_address(visit: Visit, hiring: Hiring) -> None:
    page = await visit.page("/analytics", "viewer")
    applied = page.locator(".figures > div", has_text="Applied").locator("dd").first
    await expect(applied).to_have_text("4")
    await page.get_by_label("Source", exact=True).select_option("careers")
    await expect(applied).to_have_text("3")
    await page.get_by_label("Period", exact=True).select_option("7")
    await page.wait_for_url(re.compile("days=7"))
    assert asked(page) == {"days": ["7"], "source": ["careers"]}
    today = datetime.now(UTC).date()
    await page.get_by_label("First day").fill((today - timedelta(days=2)).isoformat())
    await page.wait_for_url(re.compile("days=own"))
    await expect(page.get_by_label("Period", exact=True)).to_have_value("own")
    await page.reload()
    await expect(page.get_by_label("Source", exact=True)).to_have_value("careers")
    await expect(page.get_by_label("First day")).to_have_value(str(today - timedelta(days=2)))
    await page.get_by_label("Period", exact=True).select_option("30")
    await expect(page.get_by_label("First day")).to_have_value("")
    await expect(applied).to_have_text("3")
    await page.get_by_label("First day").fill("2019-01-01")
    await expect(page.locator("#figures .note")).to_contain_text("at most 400 days")


async def test_charts_have_tables_and_files(visit: Visit, hiring: Hiring) -> None:
    page = await visit.page("/analytics", "recruiter")
    charts = page.locator("figure.trend svg")
    await expect(charts).to_have_count(3)
    assert await charts.first.locator("g").count() == 30
    assert (await charts.first.locator("title").last.text_content() or "").endswith(": 4")
    await page.get_by_text("As a table").click()
    await expect(page.locator(".as-table tbody tr")).to_have_count(30)
    files = page.locator("a[download]")
    hrefs = [await each.get_attribute("href") or "" for each in await files.all()]
    names = {parse_qs(urlsplit(href).query).get("table", [""])[0] for href in hrefs}
    assert {"", "trends", "funnel", "jobs", "sources", "longest_silences", "mail"} <= names
    for href in hrefs:
        body: str = await page.evaluate(
            """async (href) => {
              const answer = await fetch(href);
              if (!answer.ok) throw new Error(`${answer.status} ${href}`);
              return answer.text();
            }""",
            href,
        )
        assert body.startswith('"'), href
        # What a spreadsheet would take for a formula is text.
        assert f'"{FORMULA}' not in body
    async with page.expect_download() as waiting:
        await page.locator("#jobs ~ a, header:has(#jobs) a[download]").first.click()
    download = await waiting.value
    assert download.suggested_filename.startswith("jobs-")
    content = (await download.path()).read_text()
    assert f'"\'{FORMULA}"' in content


async def test_it_fits_a_phone(visit: Visit, hiring: Hiring) -> None:
    page = await visit.page("/analytics", "admin")
    await page.set_viewport_size({"width": 390, "height": 800})
    assert await too_wide(page) == []
    await expect(page.locator(".figures > div").first).to_be_visible()


async def test_interviewers_have_no_such_page(visit: Visit, hiring: Hiring) -> None:
    visit.expect("status of 403")
    page = await visit.page("/analytics", "interviewer")
    await expect(page.locator("h1")).not_to_have_text("Analytics")
    await expect(page.locator(".side a", has_text="Analytics")).to_have_count(0)


async def test_who_waits_is_on_the_first_page(visit: Visit, hiring: Hiring) -> None:
    page = await visit.page("/dashboard", "recruiter")
    card = page.locator("section", has=page.get_by_role("heading", name="Waiting for an answer"))
    await expect(card.locator("li")).to_have_count(1)
    await expect(card.locator(".badge")).to_contain_text("late since")


async def test_an_admin_promises_an_answer(visit: Visit, hiring: Hiring) -> None:
    visit.expect("status of 422")
    page = await visit.page("/settings/answers", "admin")
    await page.get_by_label("Candidates hear from you within").fill("1")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#remind_hours-error")).to_contain_text("Remind later")
    await page.get_by_label("Candidates hear from you within").fill("4")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved. It holds from now on.")).to_be_visible()
    await expect(page.get_by_label("Candidates hear from you within")).to_have_value("4")
    own = page.locator("aside li")
    await expect(own).to_have_count(1)
    await own.get_by_role("link").click()
    await expect(page.get_by_label("Candidates hear from you within")).to_have_value("5")
    await page.get_by_role("button", name="As for all other jobs").click()
    await expect(page.get_by_text("All jobs go by the workspace's promise.")).to_be_visible()
