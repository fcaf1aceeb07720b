"""Getting in and out, as a person does it."""

import pytest
from playwright.async_api import Page, expect

from tests.fixtures.browsers import PHONE, Visit


async def _sign_in(page: Page, email: str, password: str) -> None:
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def test_a_member_signs_in_lands_where_they_wanted_and_signs_out(visit: Visit) -> None:
    page = await visit.page("/jobs?status=open", None)
    await expect(page).to_have_title("Sign in · Acme")
    member = visit.site.world.acme.members["recruiter"]
    await _sign_in(page, member.email, member.password)
    await expect(page).to_have_url(visit.site.url("acme", "/jobs?status=open"))
    await page.locator(".side-foot summary").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("You are signed out.")).to_be_visible()
    await page.goto(visit.site.url("acme", "/jobs"))
    await expect(page).to_have_title("Sign in · Acme")


async def test_a_wrong_password_says_so_and_keeps_the_address(visit: Visit) -> None:
    visit.expect("status of (401|403|422)")
    page = await visit.page("/sign-in", None)
    await _sign_in(page, "recruiter@acme.example", "not the password")
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_label("E-mail address")).to_have_value("recruiter@acme.example")


async def test_a_session_is_good_for_its_workspace_only(visit: Visit) -> None:
    page = await visit.page("/dashboard")
    cookie = await visit.site.cookie("acme", "recruiter")
    theirs = cookie | {"url": visit.site.url("globex")}
    await page.context.add_cookies([theirs])  # type: ignore[list-item]  # a TypedDict
    await page.goto(visit.site.url("globex", "/dashboard"))
    await expect(page).to_have_title("Sign in · Globex")


async def test_ones_workspaces_are_reached_wherever_one_is(visit: Visit) -> None:
    page = await visit.page("/jobs")
    await page.locator(".side summary", has_text="Workspace").click()
    here = page.locator(".side .panel").get_by_role("link", name="Acme")
    await expect(here).to_have_attribute("aria-current", "true")
    await expect(here).to_have_attribute("href", visit.site.url("acme", "/"))
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.get_by_role("button", name="More", exact=True).click()
    here = page.get_by_role("dialog").get_by_role("link", name="Acme")
    await expect(here).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize(
    ("path", "defect"),
    [
        ("console", "console.error('planted')"),
        ("thrown", "setTimeout(() => { throw new Error('planted') })"),
        ("policy", "document.body.innerHTML = '<img src=x onerror=\"window.planted = 1\">'"),
        ("style", "document.body.setAttribute('style', 'color: red')"),
        ("dialog", "setTimeout(() => alert('planted'))"),
    ],
)
async def test_the_watch_sees_what_goes_wrong(visit: Visit, path: str, defect: str) -> None:
    page = await visit.page("/sign-in", None)
    assert not visit.watch.unexpected()
    await page.evaluate(f"() => {{ {defect} }}")
    await visit.watch.until_complaint()
    assert visit.watch.unexpected(), f"a planted defect went unseen: {path}"
    visit.expect("")
