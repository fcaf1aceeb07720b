"""The main jobs without a pointer: signing in, finding, moving, assigning, noting, writing."""

import pytest
from playwright.async_api import Locator, Page, expect

from tenants.runtime import Runtime
from tests.fixtures.boards import Board
from tests.fixtures.browsers import Visit
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("background")


async def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Press Tab until `target` has the focus."""
    for _ in range(most):
        if await target.evaluate("each => each === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{target} isn't reached with {most} presses of Tab")


async def test_a_day_without_a_mouse(visit: Visit, runtime: Runtime, world: World) -> None:
    hiring = Hiring(runtime, world)
    job = await hiring.open_job(title="Piano tuner")
    card = await hiring.apply(job)
    page = await visit.page("/sign-in", None)
    keys = page.keyboard
    member = world.acme.members["recruiter"]
    await expect(page.get_by_label("E-mail address")).to_be_focused()
    await keys.type(member.email)
    await keys.press("Tab")
    await keys.type(member.password)
    await keys.press("Enter")
    await expect(page.locator("h1")).to_have_text("What needs you today")

    await keys.press("Tab")
    await expect(page.get_by_text("Skip to the content")).to_be_focused()
    await keys.press("Enter")
    await keys.press("/")
    await keys.type("piano")
    await expect(page.get_by_role("option", name="Piano tuner")).to_have_attribute(
        "aria-selected", "true"
    )
    await keys.press("Enter")

    board = await Board(page).loaded()
    await tab_to(page, board.card(card.candidate_name))
    for key in ("Space", "ArrowRight", "Space"):
        await keys.press(key)
    await expect(board.card(card.candidate_name, job.stages[1].name)).to_be_focused()
    await keys.press("a")
    await expect(page.get_by_label("Member")).to_be_focused()
    await keys.type(member.name)
    await tab_to(page, page.get_by_role("button", name="Assign", exact=True).last, 5)
    await keys.press("Enter")
    owner = board.card(card.candidate_name).locator(".card-owner")
    await expect(owner).to_have_attribute("title", member.name)
    await expect(board.card(card.candidate_name)).to_be_focused()
    await keys.press("Enter")

    await expect(page.locator("h1")).to_have_text(card.candidate_name)
    await tab_to(page, page.get_by_label("Note", exact=True))
    await keys.type("Has perfect pitch.")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(page.locator(".timeline")).to_contain_text("Has perfect pitch.")

    await _write_a_job(visit, page)


async def _write_a_job(visit: Visit, page: Page) -> None:
    keys = page.keyboard
    await keys.press("g")
    await keys.press("j")
    await expect(page).to_have_url(visit.site.url("acme", "/jobs"))
    await page.wait_for_load_state()
    await keys.press("j")
    await expect(page.locator("[data-rows] a").first).to_be_focused()
    await keys.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await keys.press("Escape")
    await tab_to(page, page.get_by_role("link", name="New job"))
    await keys.press("Enter")
    await expect(page.get_by_label("Title")).to_be_focused()
    await keys.type("Organ builder")
    await keys.press("Enter")
    await expect(page.locator("h1")).to_have_text("Organ builder")
