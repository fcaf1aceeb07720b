"""Links in mails and what opens them before people do: a browser that runs scripts, and scanners.

Every page behind a secret link is opened in each of these ways, and nothing of the tenant's may
change; then one click does what the page says. And the page of sending domains, as admins see it.
"""

import re
from collections.abc import AsyncIterator
from typing import Any, Final, cast

import asyncpg
import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from api.app import create_app
from core.identity.contracts.team import InviteMember, IssuePasswordReset
from core.shared.actor import system
from plugins.outbound.names import ResolvingDns
from plugins.ses import plugin as ses
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.applicants import Applicant
from tests.fixtures.browsers import PHONE, Site, Visit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.names_served import NameServer, names_served
from tests.fixtures.plugins import MadeEntry, catalogue_of, enable
from tests.fixtures.plugins_served import ServedHere, serving
from tests.fixtures.probes.digests import Digests
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.surveys import Survey, member_path
from tests.fixtures.worlds import World

PREFETCH: Final = {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[NameServer]:
    async with names_served() as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(
    settings: Settings,
    world: World,
    runtime: Runtime,  # opened before, because it empties the store
    database: TestDatabase,
    server: NameServer,
) -> AsyncIterator[ServedHere]:
    async with serving(settings, database, catalogue_of(MadeEntry(ses, "ses"))) as here:
        names = ResolvingDns(["127.0.0.1"], port=server.port, seconds=2.0)
        here.runtime.outbound.names = names
        await enable(
            here.runtime,
            world.acme,
            "ses",
            ("messages:manage",),
            region="eu-central-1",
            access_key_id="A" * 20,
            secret_access_key="secret",
            sender_address="jobs@example.com",
            dkim_tokens="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbb",
            mail_from_domain="bounce.example.com",
        )
        yield here


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(served: ServedHere, world: World) -> Site:
    return Site(cast("Any", served), world)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def secret_links(runtime: Runtime, world: World) -> dict[str, str]:
    """The path of each page that a secret in a mail or on a screen leads to."""
    hiring = Hiring(runtime, world)
    applicant = Applicant(runtime, world, create_app(runtime), "acme")
    status = await applicant.apply(await hiring.open_job(title="Baker"))
    await applicant.client.aclose()
    admin = hiring.scope("admin")
    invited = await admin.execute(
        InviteMember(email="new@example.com", name="New", role="viewer", by_mail=False)
    )
    operator = runtime.scope(world.acme.context, system(world.acme.id), "operator")
    email = world.acme.members["viewer"].email
    reset = await operator.execute(IssuePasswordReset(email=email))
    return {
        "application": f"/careers/applications/{status}",
        "new application": f"/careers/applications/{status}?new=1",
        "survey": (await Survey(runtime, world).write()).path,
        "notifications": member_path(runtime, world, "recruiter"),
        "mentions": member_path(runtime, world, "recruiter", "mention"),
        "invitation": f"/invitation?token={invited.token}",
        "new password": f"/new-password?token={reset.token}",
    }


class Changes:
    """Which tables of a tenant were written to since it was asked last."""

    def __init__(self, digests: Digests) -> None:
        self._digests = digests
        self._before: dict[str, tuple[int, str]] = {}

    async def since(self) -> list[str]:
        before, self._before = self._before, await self._digests.take()
        return sorted(name for name in before if before[name] != self._before[name])


@pytest_asyncio.fixture(loop_scope="session")
async def changes(database: TestDatabase, world: World) -> AsyncIterator[Changes]:
    connection = await asyncpg.connect(database.admin_url)
    made = Changes(await Digests.of(connection, world.acme.id))
    await made.since()
    yield made
    await connection.close()


async def _opened(visit: Visit, path: str, headers: dict[str, str]) -> Page:
    page = await visit.page(path, None, extra_http_headers=headers)
    await page.wait_for_load_state("networkidle")
    return page


async def test_opening_a_secret_link_changes_nothing(
    visit: Visit,
    site: Site,
    secret_links: dict[str, str],
    changes: Changes,
    examined: Examined,
) -> None:
    for name, path in secret_links.items():
        url = site.url("acme", path)
        async with httpx.AsyncClient(timeout=60) as scanner:
            for method, headers in (("HEAD", {}), ("GET", {}), ("GET", PREFETCH)):
                sent = {**headers, "Host": site.world.acme.host}
                answer = await scanner.request(
                    method, url.replace("acme.localhost", "127.0.0.1"), headers=sent
                )
                assert answer.status_code == 200, (name, answer.status_code)
        for headers in ({}, PREFETCH):
            page = await _opened(visit, path, headers)
            assert await page.locator("h1").count(), name
            await page.context.close()
        assert await changes.since() == [], name
    examined("secret links", len(secret_links))


async def test_one_click_does_what_the_page_says_and_a_careless_page_is_found_out(
    visit: Visit, secret_links: dict[str, str], changes: Changes
) -> None:
    page = await _opened(visit, secret_links["survey"], {})
    assert await changes.since() == []
    await page.get_by_role("button", name="Stop these e-mails").click()
    await expect(page.locator(".note.good")).to_contain_text("No more of these e-mails")
    # What a page that acts when it is opened would do is seen by the same eyes.
    assert "stopped_mails" in await changes.since()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Stop these e-mails")).to_be_visible()
    assert "stopped_mails" in await changes.since()


@pytest.mark.parametrize("name", ["survey", "notifications"])
async def test_the_page_keeps_nobody_out(
    visit: Visit, secret_links: dict[str, str], examined: Examined, name: str
) -> None:
    page = await visit.page(secret_links[name], None, size=PHONE)
    await is_sound(page, f"unsubscribe_{name}", examined)
    await page.get_by_role("button", name="Stop these e-mails").click()
    await expect(page.get_by_role("button", name="Undo")).to_be_visible()
    await is_sound(page, f"unsubscribed_{name}", examined)
    await page.get_by_role("button", name="Undo").click()


async def test_admins_see_what_to_publish(
    visit: Visit, server: NameServer, examined: Examined
) -> None:
    server.hold(
        {
            "example.com": {"TXT": ["v=spf1 mx ~all"], "MX": ["10 mail.example.com"]},
            "bounce.example.com": {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]},
            "bbb._domainkey.example.com": {"CNAME": ["bbb.dkim.amazonses.com"]},
            "bbb.dkim.amazonses.com": {"TXT": [f"v=DKIM1; p={'A' * 216}"]},
        }
    )
    page = await visit.page("/settings/email", "admin")
    await is_sound(page, "email_domains_unchecked", examined)
    await page.get_by_role("button", name="Look now").click()
    await expect(page.get_by_text("There is no key.")).to_be_visible()
    assert await page.get_by_text("v=spf1 ip4:192.0.2.1 include:amazonses.com -all").count()
    await expect(page.get_by_text(re.compile(r"^10 feedback-smtp\."))).to_be_visible()
    assert await page.get_by_role("button", name="Copy Value").count() >= 3
    await is_sound(page, "email_domains", examined)
