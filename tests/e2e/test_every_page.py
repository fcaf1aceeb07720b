"""Every page of the console: no barrier in either theme, nothing beside a narrow screen.

With SCREENSHOTS=folder each is also kept as a picture, in three widths and both themes.
"""

import os
import re
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from litestar import Litestar
from playwright.async_api import Page, expect

from api.web.pages import pages
from tenants.runtime import Runtime
from tests.fixtures.accessibility import barriers
from tests.fixtures.browsers import Visit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.populated import Populated, populate
from tests.fixtures.probes.operations import pages as page_operations
from tests.fixtures.sound_pages import STILL
from tests.fixtures.worlds import World

NARROW: Final = 360
OF_OTHERS: Final = frozenset(
    (
        "api.web.careers",
        "api.web.careers_apply",
        "api.web.careers_brand",
        "api.web.careers_feeds",
        "api.web.careers_inbox",
        "api.web.careers_status",
        "api.web.planned",
        "api.web.plugin_connection",
        "api.web.plugin_pages",
        "api.web.plugin_settings",
        "api.web.unsubscribe",
    )
)
"""Modules whose pages have browser tests of their own."""
WIDTHS: Final = (1440, 1024, 390)

OPEN: Final = {
    "sign_in": "/sign-in",
    "sign_in_link": "/sign-in/link?token=0123456789abcdef0123",
    "forgotten_password": "/forgotten-password",
    "new_password": "/new-password?token=0123456789abcdef0123",
    "missing": "/no-such-page",
}
OF_MEMBERS: Final = {
    "dashboard": "/dashboard",
    "analytics": "/analytics",
    "analytics_of_own_days": "/analytics?from=2026-01-01&to=2026-02-14&source=careers",
    "jobs": "/jobs",
    "jobs_filtered": "/jobs?q=nothing+fits+this",
    "new_job": "/jobs/new",
    "board": "/jobs/{job}",
    "draft_board": "/jobs/{draft}",
    "details": "/jobs/{job}/details",
    "preview": "/jobs/{draft}/preview",
    "edit_job": "/jobs/{job}/edit",
    "edit_stages": "/jobs/{job}/stages",
    "candidates": "/candidates",
    "candidates_filtered": "/candidates?q=nothing+fits+this",
    "new_candidate": "/candidates/new",
    "candidate": "/candidates/{candidate}",
    "edit_candidate": "/candidates/{candidate}/edit",
    "resume": "/candidates/{candidate}/files/{file}",
    "duplicates": "/duplicates",
    "merge": "/candidates/{candidate}/merge/{twin}",
    "imports": "/imports",
    "new_import": "/imports/new",
    "import": "/imports/{imported}",
    "team": "/team",
    "default_stages": "/pipeline",
    "plan": "/plan",
    "api_keys": "/api-keys",
    "roles": "/settings/roles",
    "unmatched_replies": "/unmatched-replies",
    "branding": "/settings/branding",
    "privacy_notice": "/settings/privacy-notice",
    "privacy_notice_older": "/settings/privacy-notice?version=0",
    "mail_templates": "/settings/templates",
    "mail_template": "/settings/templates/status_update/de",
    "automations": "/settings/automations",
    "automation_new": "/settings/automations/new",
    "automation": "/settings/automations/{rule}",
    "automations_planned": "/automations",
    "email_domains": "/settings/email",
    "promised_answers": "/settings/answers",
    "promised_answers_of_a_job": "/settings/answers?job={job}",
    "status_settings": "/settings/status",
    "audit": "/audit",
    "tasks": "/tasks",
    "account": "/account",
    "notifications": "/notifications",
    "notification_settings": "/account/notifications",
    "styleguide": "/styleguide",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def populated(runtime: Runtime, world: World, database: TestDatabase) -> Populated:
    return await populate(Hiring(runtime, world), database)


def address(template: str, populated: Populated) -> str:
    return template.format(
        job=populated.job.id,
        draft=populated.draft.id,
        candidate=populated.candidate.id,
        twin=populated.twin.id,
        imported=populated.imported.id,
        file=populated.file.id,
        rule=populated.rule.id,
    )


async def settled(page: Page) -> None:
    """Return when what the page loads by itself is there."""
    if await page.locator("#board").count():
        await page.locator("#board[data-loaded]").wait_for()


async def too_wide(page: Page) -> list[str]:
    """Return what reaches beside the screen, if the page scrolls sideways."""
    found: list[str] = await page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll("body *")]
          .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
          .map((each) => `${each.tagName}.${each.className} ${each.textContent.slice(0, 40)}`)
          .slice(0, 8)"""
    )
    return found


async def _is_sound(page: Page, name: str, examined: Examined) -> None:
    await settled(page)
    rules, wrong = await barriers(page)
    # Dark and narrow at once: what is shown in both is the same, and each look costs a second.
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": NARROW, "height": 740})
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.evaluate(STILL)
    dark_rules, dark = await barriers(page)
    assert [*wrong, *dark] == []
    assert await too_wide(page) == []
    await _keep_pictures(page, name)
    examined("rules of axe", rules + dark_rules)


@pytest.mark.parametrize("name", OF_MEMBERS)
async def test_a_page_keeps_nobody_out(
    visit: Visit, populated: Populated, examined: Examined, name: str
) -> None:
    page = await visit.page(address(OF_MEMBERS[name], populated), "admin")
    assert await page.title(), name
    await expect(page.locator("h1").first).to_be_visible()
    await _is_sound(page, name, examined)


@pytest.mark.parametrize("name", ["board", "candidate", "team", "api_keys"])
async def test_its_dialogs_keep_nobody_out(
    visit: Visit, populated: Populated, examined: Examined, name: str
) -> None:
    page = await visit.page(address(OF_MEMBERS[name], populated), "admin")
    await settled(page)
    dialogs = page.locator("dialog")
    for number in range(await dialogs.count()):
        dialog = dialogs.nth(number)
        await dialog.evaluate("each => each.showModal()")
        await page.evaluate(STILL)
        _, wrong = await barriers(page)
        assert wrong == [], await dialog.get_attribute("id")
        await dialog.evaluate("each => each.close()")
    examined("dialogs", await dialogs.count())


@pytest.mark.parametrize("name", OPEN)
async def test_a_page_for_strangers_keeps_nobody_out(
    visit: Visit, examined: Examined, name: str
) -> None:
    visit.expect("status of 404")
    page = await visit.page(OPEN[name], None)
    await _is_sound(page, name, examined)


@pytest.mark.parametrize("path", ["/dashboard", "/analytics", "/jobs", "/candidates", "/tasks"])
async def test_a_new_workspace_says_what_to_do(visit: Visit, examined: Examined, path: str) -> None:
    page = await visit.page(path, "admin", slug="globex")
    await expect(page.locator(".empty").first).to_be_visible()
    await _is_sound(page, f"empty{path.replace('/', '_')}", examined)


async def test_what_keeps_people_out_is_found(visit: Visit) -> None:
    page = await visit.page("/sign-in", None)
    await page.evaluate(
        """() => {
          document.querySelector("#email").labels[0].remove();
          const wide = document.createElement("p");
          wide.textContent = "x".repeat(2000);
          wide.className = "nowrap";
          document.querySelector("main").append(wide);
        }"""
    )
    _, wrong = await barriers(page)
    assert any("label" in each for each in wrong)
    assert await too_wide(page)


def test_every_page_is_here(examined: Examined) -> None:
    """A page that is added is examined too."""
    known = {template.partition("?")[0] for template in (*OF_MEMBERS.values(), *OPEN.values())}
    elsewhere = {
        *("/", "/assets/{}/{}", "/workspaces", "/search", "/invitation"),
        "/jobs/{}/cards",
        "/candidates/{}/timeline",
        "/notifications/latest",
        "/settings/branding/colours",
        "/settings/automations/{}/dry-run",
    }
    found = set()
    for operation in page_operations(Litestar([pages()], openapi_config=None)).values():
        path = "/".join("{}" if "{" in part else part for part in operation.path.split("/"))
        if operation.method == "GET" and operation.handler.fn.__module__ not in OF_OTHERS:
            found.add(path)
    # An address may have words where the route has names; other routes' words are none of those.
    seen = {
        path
        for path in found
        if any(re.fullmatch(path.replace("{}", "[^/]+"), each) for each in known - (found - {path}))
    }
    assert found - seen - elsewhere == set()
    examined("pages", len(seen))


async def _keep_pictures(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return
    for theme in ("dark", "light"):
        await page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            picture = Path(folder) / f"{name}-{width}-{theme}.png"
            await page.screenshot(path=picture, full_page=True)
