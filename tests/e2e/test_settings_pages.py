"""Roles and the privacy notice in a browser: read on a phone, written, and raced for."""

import pytest
from playwright.async_api import expect

from core.careers.contracts import PublishPrivacyNotice
from core.shared.actor import ROLES, Role
from core.shared.permissions import Action
from tenants.runtime import Runtime
from tests.fixtures.browsers import PHONE, Visit
from tests.fixtures.examined import Examined
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

NOTICE = "/settings/privacy-notice"
HOSTILE = "</textarea><img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.mark.parametrize("role", ROLES)
async def test_each_sees_what_their_role_may_do(
    visit: Visit, examined: Examined, role: Role
) -> None:
    page = await visit.page("/settings/roles", role)
    await expect(page.locator(".roles-table tbody tr")).to_have_count(len(Action))
    own = page.locator("thead th.own").first
    await expect(own).to_contain_text(role.capitalize())
    await expect(own).to_contain_text("You")
    assert await page.locator(".roles-table td.own").count() == len(Action)
    row = page.locator("tr", has_text="candidates:read")
    await expect(row.locator("td").nth(2)).to_contain_text("Assigned")
    examined("permissions", len(Action))


async def test_roles_can_be_read_on_a_phone(visit: Visit, examined: Examined) -> None:
    page = await visit.page("/settings/roles", "recruiter", size=PHONE)
    row = page.get_by_role("row", name="jobs:create")
    await expect(row.get_by_role("cell")).to_have_count(4)
    for name in ("Admin", "Recruiter", "Interviewer", "Viewer"):
        await expect(row.get_by_text(name, exact=True)).to_be_visible()
    await is_sound(page, "roles", examined)
    await page.goto(visit.site.url("acme", "/team"))
    await page.get_by_role("link", name="What each role may do").click()
    await expect(page.locator("h1")).to_have_text("Roles")


async def test_a_notice_is_written_seen_published_and_raced_for(
    visit: Visit, runtime: Runtime, world: World, examined: Examined
) -> None:
    visit.expect("status of 412")
    page = await visit.page("/dashboard", "admin")
    await page.get_by_role("link", name="Privacy notice").first.click()
    await expect(page.get_by_text("None of your own is published yet")).to_be_visible()
    await is_sound(page, "privacy_notice_first", examined)
    field = page.get_by_label("Next version")
    await field.fill(f"We keep it for a year.\n\n{HOSTILE}")
    preview = page.locator(".notice-preview .prose")
    await expect(preview).to_have_text(f"We keep it for a year.\n\n{HOSTILE}")
    await page.get_by_role("button", name="Publish it").click()
    await expect(page.get_by_text("Whoever applies from now on")).to_be_visible()
    await expect(page.locator("main tbody tr").first).to_contain_text("present")
    public = await visit.page("/careers/privacy", None)
    await expect(public.get_by_text(HOSTILE)).to_be_visible()

    await field.fill("Mine: three years.")
    scope = runtime.scope(world.acme.context, world.acme.actor("admin"), "other")
    await scope.execute(PublishPrivacyNotice(text="Theirs: two years."))
    await page.get_by_role("button", name="Publish it").click()
    await expect(page.get_by_role("alert")).to_contain_text("Somebody published another version")
    await expect(field).to_have_value("Mine: three years.")
    await expect(page.get_by_text("Theirs: two years.")).to_be_visible()
    await is_sound(page, "privacy_notice_conflict", examined)
    await page.get_by_role("button", name="Publish mine").click()
    await expect(page.get_by_text("Whoever applies from now on")).to_be_visible()

    await page.get_by_role("link", name="Version 2").click()
    await expect(page.get_by_text("Theirs: two years.")).to_be_visible()
    await is_sound(page, "privacy_notice_old", examined)
    await page.get_by_role("link", name="Write a new version from it").click()
    await expect(field).to_have_value("Theirs: two years.")
    viewer = await visit.page(NOTICE, "viewer")
    await expect(viewer.get_by_text("Mine: three years.")).to_be_visible()
    await expect(viewer.get_by_role("textbox")).to_have_count(0)
    await is_sound(viewer, "privacy_notice_viewer", examined)


async def test_a_notice_is_published_without_a_script(visit: Visit) -> None:
    page = await visit.page(NOTICE, "admin", slug="globex", size=PHONE, java_script_enabled=False)
    await page.get_by_label("Next version").fill("Seen first.")
    await page.get_by_role("button", name="Show the preview").click()
    await expect(page.locator(".notice-preview .prose")).to_have_text("Seen first.")
    await page.get_by_role("button", name="Publish it").click()
    await expect(page.get_by_text("Whoever applies from now on")).to_be_visible()
