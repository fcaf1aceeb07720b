"""The careers site in a browser: on a phone, with and without a script, for every reader."""

import json
import os
import re
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from core.applications.contracts import GetApplication, ListApplications
from core.candidates.contracts import ListFiles
from core.jobs.contracts import ChangeJobStatus, JobView, PayRange, QuestionSpec
from core.shared.money import Cents
from core.tenancy.contracts import Branding, UpdateTenant
from tenants.runtime import Runtime
from tests.fixtures.accessibility import barriers
from tests.fixtures.browsers import DESK, PHONE, Visit
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.pdf_bytes import page_of
from tests.fixtures.worlds import World

READING_MS: Final = 3_100
"""As long as the form must have been open; see `core.careers.model.FASTEST`."""
LONG: Final = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
HOSTILE: Final = "\"><img src=x onerror=alert(1)><script>alert(2)</script>'"
DESCRIPTION: Final = """We run four bakeries and a mill, and bread is all we do.

You will
- take over the night shift with two colleagues,
- look after a sourdough that is older than any of us,
- teach what you know.

You bring patience, and you don't mind flour."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def job(runtime: Runtime, world: World) -> JobView:
    """Acme's bakery, with a colour that nobody could read and a job that asks everything."""
    hiring = Hiring(runtime, world)
    look = Branding(primary_color="#ffcc33", footer_lines=("Acme Bakeries GmbH, Berlin",))
    await hiring.scope("admin").execute(UpdateTenant(branding=look))
    await hiring.open_job(title=f"Lead {LONG}", location=LONG, department="Kitchen")
    await hiring.open_job(title="Driver", remote="hybrid", employment_type="part_time")
    await hiring.open_job(title="Writer", location="Paris", remote="remote", department="Press")
    return await hiring.open_job(
        title="Baker, night shift",
        department="Kitchen",
        location="Berlin",
        description=DESCRIPTION,
        skills=("Sourdough", "Ovens"),
        pay_range=PayRange(Cents(3_800_000), Cents(4_600_000), "EUR", "year"),
        questions=(
            QuestionSpec(kind="text", label="Which bread do you like best?", required=True),
            QuestionSpec(kind="long_text", label="What did you bake last?"),
            QuestionSpec(kind="yes_no", label="May you work in Germany?", required=True),
            QuestionSpec(kind="choice", label="When can you begin?", options=("Now", "In spring")),
            QuestionSpec(kind="number", label="How many years have you baked?"),
        ),
    )


def resume() -> dict[str, Any]:
    content = page_of(b"BT /F1 12 Tf 72 720 Td (Ada Lovelace, baker) Tj ET")
    return {"name": "ada.pdf", "mimeType": "application/pdf", "buffer": content}


async def _fill(page: Page, name: str, email: str, answer: str = "Rye") -> None:
    await page.get_by_label("Your name").fill(name)
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Which bread do you like best?").fill(answer)
    await page.get_by_role("group", name="May you work in Germany?").get_by_label("Yes").check()
    await page.get_by_role("checkbox", name="I have read").check()


async def _send(page: Page) -> None:
    await page.wait_for_timeout(READING_MS)
    await page.get_by_role("button", name="Send application").click()


async def _is_sound(page: Page, name: str, examined: Examined) -> None:
    """No barrier in either theme, nothing beside a narrow screen; a picture where one is wanted."""
    rules, wrong = await barriers(page)
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 360, "height": 740})
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark_rules, dark = await barriers(page)
    assert [*wrong, *dark] == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    examined("rules of axe", rules + dark_rules)
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return
    for theme in ("dark", "light"):
        await page.emulate_media(color_scheme=theme)
        for width, height in (DESK, PHONE):
            await page.set_viewport_size({"width": width, "height": height})
            picture = Path(folder) / f"careers-{name}-{width}-{theme}.png"
            await page.screenshot(path=picture, full_page=True)


@pytest.mark.parametrize(
    ("name", "path", "heading"),
    [
        ("list", "/careers", "Open jobs at Acme"),
        ("nothing", "/careers?q=nothing+fits", "Open jobs at Acme"),
        ("posting", "/careers/jobs/{job}", "Baker, night shift"),
        ("form", "/careers/jobs/{job}/apply", "Apply for Baker, night shift"),
        ("privacy", "/careers/privacy", "Privacy notice for applicants"),
        ("missing", "/careers/applications/none", "There is nothing here"),
    ],
)
async def test_a_page_keeps_nobody_out(
    visit: Visit, job: JobView, examined: Examined, name: str, path: str, heading: str
) -> None:
    visit.expect("status of 404")
    page = await visit.page(path.format(job=job.id), None)
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    await _is_sound(page, name, examined)


async def test_a_new_workspace_has_an_empty_site(visit: Visit, examined: Examined) -> None:
    page = await visit.page("/careers", None, slug="globex")
    await expect(page.get_by_text("No open jobs at the moment")).to_be_visible()
    await _is_sound(page, "empty", examined)


async def test_a_closed_job_leads_to_the_open_ones(
    visit: Visit, job: JobView, runtime: Runtime, world: World, examined: Examined
) -> None:
    visit.expect("status of 410")
    hiring = Hiring(runtime, world)
    gone = await hiring.open_job(title=f"Miller, {LONG}")
    close = ChangeJobStatus(job_id=gone.id, status="closed", reason="Found somebody")
    await hiring.scope().execute(close)
    page = await visit.page(f"/careers/jobs/{gone.id}", None)
    await expect(page.get_by_text("no longer open")).to_be_visible()
    await _is_sound(page, "closed", examined)
    await page.get_by_role("link", name="See open jobs").click()
    await expect(page.locator(".opening h2", has_text="Baker")).to_be_visible()


async def test_filters_narrow_the_list_and_stand_in_the_address(visit: Visit, job: JobView) -> None:
    page = await visit.page("/careers", None)
    titles = page.locator(".opening h2")
    await expect(titles).to_have_count(4)
    await page.get_by_label("Department").select_option("Kitchen")
    await expect(titles).to_have_count(2)
    await expect(page).to_have_url(re.compile(r"department=Kitchen"))
    await page.get_by_label("Search jobs").fill("sourdough")
    await expect(titles).to_have_text(["Baker, night shift"])
    await page.reload()
    await expect(titles).to_have_text(["Baker, night shift"])
    await expect(page.get_by_label("Search jobs")).to_have_value("sourdough")
    await titles.get_by_role("link").click()
    await expect(page.get_by_text("€38,000 – €46,000")).to_be_visible()


async def test_structured_data_is_read_and_never_run(visit: Visit, job: JobView) -> None:
    page = await visit.page(f"/careers/jobs/{job.id}", None)
    block = await page.locator('script[type="application/ld+json"]').text_content()
    assert json.loads(block or "")["title"] == "Baker, night shift"


async def test_applying_on_a_phone_shows_what_is_wrong_and_keeps_the_file(
    visit: Visit, job: JobView, runtime: Runtime, world: World, examined: Examined
) -> None:
    visit.expect("status of 422")
    page = await visit.page(f"/careers/jobs/{job.id}", None, size=PHONE, has_touch=True)
    await page.get_by_role("link", name="Apply for this job").locator("visible=true").click()
    await _fill(page, "Ada Lovelace", "ada@", "")
    await page.get_by_label("Résumé").set_input_files(resume())  # type: ignore[arg-type]  # a dict
    await _send(page)
    summary = page.locator("#wrong")
    await expect(summary).to_be_focused()
    await expect(summary.get_by_role("link")).to_have_count(2)
    await _is_sound(page, "form-wrong", examined)
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await summary.get_by_role("link").first.click()
    await expect(page.get_by_label("E-mail address")).to_be_focused()
    assert await page.locator("#resume").evaluate("field => field.files[0].name") == "ada.pdf"
    await page.get_by_label("E-mail address").fill("ada@example.com")
    await page.get_by_label("Which bread do you like best?").fill("Rye")
    await page.get_by_role("button", name="Send application").click()
    await expect(page.get_by_text("Acme has your application")).to_be_visible()
    await _is_sound(page, "sent", examined)
    hiring = Hiring(runtime, world)
    (row,) = (await hiring.scope().ask(ListApplications(job_id=job.id))).items
    (file,) = (await hiring.scope().ask(ListFiles(candidate_id=row.candidate_id))).items
    assert file.name == "ada.pdf"
    view = await hiring.scope().ask(GetApplication(application_id=row.id))
    await hiring.move(view, 3, job)
    await expect(page.locator(".stage-name")).to_have_text(job.stages[3].name)
    await _is_sound(page, "moved", examined)


async def test_everything_works_without_a_script(visit: Visit, job: JobView) -> None:
    visit.expect("status of 422")
    page = await visit.page("/careers", None, size=PHONE, java_script_enabled=False)
    await page.get_by_label("Search jobs").fill("night")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name="Baker, night shift").click()
    await page.get_by_role("link", name="Apply for this job").locator("visible=true").click()
    await _fill(page, "Plain Paula", "paula@")
    await page.get_by_label("Résumé").set_input_files(resume())  # type: ignore[arg-type]  # a dict
    await _send(page)
    await expect(page.get_by_text("This is not an e-mail address").first).to_be_visible()
    await expect(page.get_by_text("Choose your file again")).to_be_visible()
    await expect(page.get_by_label("Your name")).to_have_value("Plain Paula")
    await page.get_by_label("E-mail address").fill("paula@example.com")
    await page.get_by_label("Résumé").set_input_files(resume())  # type: ignore[arg-type]  # a dict
    await page.get_by_role("button", name="Send application").click()
    await expect(page.get_by_text("Acme has your application")).to_be_visible()
    await page.get_by_text("Withdraw this application").click()
    await page.get_by_label("Why?").select_option("Timing")
    await page.get_by_role("button", name="Withdraw application").click()
    await expect(page.get_by_text("You withdrew your application")).to_be_visible()


async def test_the_keyboard_alone_is_enough(visit: Visit, job: JobView) -> None:
    page = await visit.page(f"/careers/jobs/{job.id}/apply", None)
    await page.get_by_label("Your name").focus()
    keys = page.keyboard
    await keys.type("Kay Board")
    await keys.press("Tab")
    await keys.type("kay@example.com")
    for _ in range(3):
        await keys.press("Tab")
    await keys.type("Rye")
    await keys.press("Tab")
    await keys.type("A loaf.")
    await keys.press("Tab")
    await keys.press("Space")
    for _ in range(3):
        await keys.press("Tab")
    await expect(page.locator("#notice")).not_to_be_focused()
    await keys.press("Tab")
    await expect(page.locator("#notice")).to_be_focused()
    await keys.press("Space")
    await page.wait_for_timeout(READING_MS)
    for _ in range(2):
        await keys.press("Tab")
    await keys.press("Enter")
    await expect(page.get_by_text("Acme has your application")).to_be_visible()


async def test_an_upload_shows_how_far_it_is(visit: Visit, job: JobView) -> None:
    page = await visit.page(f"/careers/jobs/{job.id}/apply", None)
    tools = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 600_000}
    await tools.send("Network.emulateNetworkConditions", slow)
    large = {**resume(), "buffer": resume()["buffer"] + b"\n" * 2_000_000}
    await page.get_by_label("Résumé").set_input_files(large)  # type: ignore[arg-type]  # a dict
    await _fill(page, "Slow Line", "slow@example.com")
    await _send(page)
    progress = page.get_by_role("progressbar", name="Sending")
    await expect(progress).to_be_visible()
    await page.wait_for_function(
        "() => { const at = document.querySelector('progress').value; return at > 5 && at < 95; }"
    )
    await expect(page.get_by_text("Acme has your application")).to_be_visible()


async def test_a_file_that_is_too_large_is_not_even_sent(visit: Visit, job: JobView) -> None:
    page = await visit.page(f"/careers/jobs/{job.id}/apply", None)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    huge = {**resume(), "buffer": b"%PDF-" + b"\0" * (10 * 1024 * 1024)}
    await page.get_by_label("Résumé").set_input_files(huge)  # type: ignore[arg-type]  # a dict
    await expect(page.locator("#resume-error")).to_contain_text("too large")
    await _fill(page, "Big File", "big@example.com")
    await _send(page)
    assert "POST" not in sent
    await expect(page.get_by_label("Résumé")).to_be_focused()


async def test_nothing_that_an_applicant_types_runs_anywhere(
    visit: Visit, job: JobView, runtime: Runtime, world: World, examined: Examined
) -> None:
    hostile = {**resume(), "name": "x'onerror='alert(3).pdf"}
    page = await visit.page(f"/careers/jobs/{job.id}/apply", None)
    await _fill(page, f"Eve {HOSTILE}", "eve@example.com", HOSTILE)
    await page.get_by_label("What did you bake last?").fill(HOSTILE)
    await page.get_by_label("Résumé").set_input_files(hostile)  # type: ignore[arg-type]  # a dict
    await _send(page)
    await expect(page.get_by_text("Acme has your application")).to_be_visible()
    rows = (await Hiring(runtime, world).scope().ask(ListApplications(job_id=job.id))).items
    eve = next(row for row in rows if row.candidate_name.startswith("Eve"))
    opened = [f"/candidates/{eve.candidate_id}", "/candidates?q=Eve", f"/jobs/{job.id}"]
    for path in opened:
        looked = await visit.page(path)
        await expect(looked.get_by_text("onerror=alert(1)").first).to_be_visible()
    examined("pages that show what was typed", len(opened) + 1)
