"""A job from the first word to the board, and its stages."""

from playwright.async_api import expect

from tests.fixtures.boards import Board
from tests.fixtures.browsers import Visit


async def test_a_job_is_written_published_and_changed(visit: Visit) -> None:
    page = await visit.page("/jobs", "admin")
    await page.get_by_role("link", name="New job").first.click()
    await page.get_by_label("Title").fill("Lighthouse keeper")
    await page.get_by_label("Location").fill("Warnemünde")
    await page.locator("[name='pay_range.minimum_cents']").fill("18.50")
    await page.locator("[name='pay_range.maximum_cents']").fill("22")
    await page.get_by_label("Per").select_option("hour")
    await page.get_by_label("Description").fill("You keep the light.\n\nAt night, mostly.")
    await page.get_by_role("button", name="Add a question").click()
    await page.locator("[data-of=label]").fill("Are you afraid of heights?")
    await page.locator("[data-of=kind]").select_option("yes_no")
    await page.get_by_label("Must be answered").check()
    await page.get_by_role("button", name="Save as draft").click()
    await expect(page.locator("h1")).to_have_text("Lighthouse keeper")
    await expect(page.locator("article")).to_contain_text("€18.50 – €22.00")
    await expect(page.locator("article")).to_contain_text("Are you afraid of heights?")
    await page.get_by_role("link", name="Preview").click()
    await expect(page.get_by_text("Only your team sees this page.")).to_be_visible()
    await expect(page.locator(".posting")).to_contain_text("€18.50 – €22.00 an hour")
    await expect(page.get_by_role("link", name="Apply for this job")).to_have_count(0)
    await page.get_by_role("link", name="Back to the job").click()
    await page.get_by_role("button", name="Open for applications").click()
    await expect(page.get_by_text("The job is open.")).to_be_visible()
    posting = await page.get_by_role("link", name="See the posting").get_attribute("href")
    assert posting == page.url.replace("/jobs/", "/careers/jobs/").removesuffix("/details").replace(
        visit.site.url("acme", ""), ""
    )
    await page.get_by_label("More actions").click()
    await page.get_by_role("link", name="Change the stages").click()
    await page.get_by_role("button", name="Add a stage").click()
    await page.locator("[data-of=name]").last.fill("Climbing trial")
    await page.locator("[data-item]").last.get_by_label("Move up").click()
    await page.get_by_label("What applicants read instead").nth(1).fill("In review")
    await page.get_by_role("button", name="Save the stages").click()
    await expect(page.get_by_text("The stages are saved.")).to_be_visible()
    await expect(page.get_by_text("applicants read “In review”")).to_be_visible()
    await page.get_by_role("link", name="Board", exact=True).click()
    board = await Board(page).loaded()
    await expect(board.lane("Climbing trial")).to_be_visible()
    await expect(page.get_by_text("Applications to this job appear here.")).to_be_visible()


async def test_pay_is_kept_to_the_last_digit_of_its_currency(visit: Visit) -> None:
    page = await visit.page("/jobs/new", "admin")
    lowest = page.locator("[name='pay_range.minimum_cents']")
    await page.get_by_label("Title").fill("Ferryman")
    await lowest.fill("18.50")
    await page.locator("[name='pay_range.maximum_cents']").fill("22")
    await page.get_by_role("button", name="Save and preview").click()
    await page.get_by_role("link", name="Edit the job").click()
    await expect(lowest).to_have_value("18.50")
    # Saved as it is, and in a currency without cents.
    await page.get_by_label("Currency").fill("JPY")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("article")).to_contain_text("¥19 – ¥22")
    await page.get_by_role("link", name="Edit", exact=True).first.click()
    await expect(lowest).to_have_value("19")


async def test_what_is_wrong_stands_beside_its_field(visit: Visit) -> None:
    visit.expect("status of 4")
    page = await visit.page("/jobs/new", "admin")
    await page.get_by_label("Title").fill(" ")
    await page.locator("[name='pay_range.minimum_cents']").fill("50000")
    await page.locator("[name='pay_range.maximum_cents']").fill("40000")
    await page.get_by_role("button", name="Save as draft").click()
    wrong = page.locator(".field:has([aria-invalid=true])")
    await expect(wrong.first).to_be_visible()
    await expect(wrong.first.locator(".error")).to_be_visible()
    assert page.url.endswith("/jobs/new")
