"""A plugin's pages in a browser: the mailbox, from empty to a message that tries to do harm, and an
answer to one, which comes to the open page of the candidate.
"""

from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID, uuid4

import pytest_asyncio
import sqlalchemy as sa
from playwright.async_api import Page, expect

from core.applications.contracts import (
    ApplicationView,
    AssignApplication,
    CreateApplication,
)
from core.candidates.contracts import CreateCandidate
from core.messages.contracts import ListMessages
from core.ports.messaging import Mailbox, Messaging, OutgoingEmail
from core.shared.permissions import Action
from plugins.mailbox import plugin as mailbox
from plugins.postgres.message_tables import messages
from plugins.postgres.reply_tables import replies
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.browsers import PHONE, Site, Visit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import MadeEntry, catalogue_of, enable
from tests.fixtures.plugins_served import ServedHere, serving
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

HARM = (
    "<h1>Dear Ada</h1><p>We received your application.</p>"
    "<script>parent.document.title = 'stolen'; top.location = 'https://evil.example'</script>"
    '<form action="/api/v1/jobs" method="post"><button>Claim your prize</button></form>'
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(
    settings: Settings,
    world: World,
    runtime: Runtime,  # opened before, because it empties the store
    database: TestDatabase,
) -> AsyncIterator[ServedHere]:
    async with serving(settings, database, catalogue_of(MadeEntry(mailbox, "mailbox"))) as here:
        await enable(here.runtime, world.acme, "mailbox", [Action.MANAGE_MESSAGES.value])
        yield here


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(served: ServedHere, world: World) -> Site:
    return Site(cast("Any", served), world)


async def send(
    served: ServedHere, world: World, subject: str, text: str, html: str | None = None
) -> UUID:
    messaging = await served.runtime.plugins.adapter(world.acme.context, Messaging)
    assert messaging is not None
    email = OutgoingEmail(
        id=uuid4(),
        message_id=f"<{uuid4()}@acme.test>",
        sender=Mailbox("jobs@acme.test", "Acme Recruiting"),
        to=Mailbox("ada@example.com", "Ada Lovelace"),
        subject=subject,
        text=text,
        html=html,
    )
    await messaging.send(email)
    return email.id


async def test_the_mailbox_from_empty_to_full(
    visit: Visit, served: ServedHere, world: World, examined: Examined
) -> None:
    page = await visit.page("/dashboard", "admin")
    await page.get_by_role("link", name="Mailbox").first.click()
    await expect(page.get_by_role("heading", name="No message was sent yet")).to_be_visible()
    await is_sound(page, "mailbox_empty", examined)
    for number in range(12):
        await send(
            served,
            world,
            f"We received your application for Senior Engineer {number}, with a long title",
            "Dear Ada,\n\nthank you for your application. We answer within a week.\n\nAcme",
        )
    await page.reload()
    await expect(page.get_by_role("row")).to_have_count(13)
    await is_sound(page, "mailbox", examined)
    await page.get_by_label("Sent to").fill("nobody@example.com")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.get_by_text("No message was sent to nobody@example.com yet")).to_be_visible()


COLOURED = '<p style="color: rgb(200, 0, 100)">in its own colours</p>'


async def test_a_message_does_no_harm(
    visit: Visit, served: ServedHere, world: World, examined: Examined
) -> None:
    """The frame's script is refused, by the frame's sandbox."""
    visit.expect(r"Blocked script execution|CSP:|Refused to|Blocked form submission")
    message_id = await send(
        served, world, "An offer <b>for you</b>", f"In text: {HARM}", HARM + COLOURED
    )
    for size in ((1440, 900), PHONE):
        page = await visit.page(f"/plugins/mailbox/{message_id}", "admin", size=size)
        await expect(page.get_by_role("heading", name="An offer <b>for you</b>")).to_be_visible()
        await page.locator("iframe").scroll_into_view_if_needed()
        frame = page.frame_locator("iframe")
        await expect(frame.get_by_role("heading", name="Dear Ada")).to_be_visible()
        styled = frame.get_by_text("in its own colours")
        await expect(styled).to_have_css("color", "rgb(200, 0, 100)")
        await frame.get_by_role("button", name="Claim your prize").click()
        assert await page.title() == "An offer <b>for you</b> · Acme"
        assert page.url.endswith(str(message_id))
        await expect(frame.get_by_role("heading", name="Dear Ada")).to_be_visible()
    await is_sound(page, "mailbox_message", examined)


async def applied(hiring: Hiring) -> ApplicationView:
    """A candidate who applied on the careers site, so that the confirmation lies in the mailbox."""
    scope = hiring.scope("admin")
    candidate = await scope.execute(
        CreateCandidate(full_name="Ada Lovelace", emails=(f"ada-{uuid4().hex[:8]}@example.com",))
    )
    job = await hiring.open_job(title="Senior Engineer")
    return await scope.execute(
        CreateApplication(candidate_id=candidate.id, job_id=job.id, source="careers")
    )


async def answer(page: Page, text: str) -> None:
    await page.get_by_label("What they write").fill(text)
    await page.get_by_role("button", name="Send the answer").click()
    await expect(
        page.get_by_text("The answer came in. It is on the candidate's page.")
    ).to_be_visible()


async def test_an_answer_comes_to_the_open_page_and_is_answered(
    visit: Visit, served: ServedHere, world: World, database: TestDatabase, examined: Examined
) -> None:
    visit.expect("Applying inline style")  # of the mail in the mailbox's frame
    worker = DueWork(TaskRunner(served.runtime), database.relay_url)
    hiring = Hiring(served.runtime, world)
    application = await applied(hiring)
    await worker.run_due()
    asked = ListMessages(application_id=application.id)
    (confirmation,) = (await hiring.scope("admin").ask(asked)).items
    page = await visit.page(f"/candidates/{application.candidate_id}", "recruiter")
    await expect(page.locator("#timeline")).to_contain_text(confirmation.subject)
    story = page.locator(f"#about-{confirmation.id}")
    await story.locator("summary").click()
    await expect(story).to_contain_text("Handed over")
    # What is being written stays while something comes in.
    note = page.get_by_label("Note", exact=True)
    await note.fill("Half a thought")
    mailbox_page = await visit.page(f"/plugins/mailbox/{confirmation.id}", "admin")
    await answer(mailbox_page, "Tuesday suits me, thank you.")
    await worker.run_due()
    timeline = page.locator("#timeline")
    await expect(timeline).to_contain_text("Tuesday suits me, thank you.", timeout=30_000)
    await expect(note).to_have_value("Half a thought")
    await expect(story).to_have_attribute("open", "")
    await expect(timeline.locator("details.quoted > summary")).to_have_text("Quoted text")
    await expect(timeline.locator("details.quoted blockquote")).to_be_hidden()
    await is_sound(page, "conversation", examined)
    await timeline.get_by_role("button", name="Answer").click()
    dialog = page.locator("#letter")
    await expect(dialog.get_by_label("Subject")).to_have_value(f"Re: {confirmation.subject}")
    await dialog.get_by_label("Text").fill("Then Tuesday at ten.")
    await is_sound(page, "letter", examined)
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_be_hidden()
    await expect(timeline).to_contain_text("wrote: Re: ", timeout=30_000)
    await expect(timeline.locator(".badge", has_text="Waiting")).to_be_visible()
    await worker.run_due()
    await expect(timeline.locator(".badge", has_text="Waiting")).to_have_count(0, timeout=30_000)
    letter = (await hiring.scope("admin").ask(asked)).items[0]
    await mailbox_page.goto(visit.site.url("acme", f"/plugins/mailbox/{letter.id}"))
    await expect(mailbox_page.get_by_text("Then Tuesday at ten.")).to_be_visible()
    examined("mails of one conversation", 3)


async def test_what_did_not_arrive_is_on_the_first_page_until_it_is_handled(
    visit: Visit, served: ServedHere, world: World, database: TestDatabase, examined: Examined
) -> None:
    hiring = Hiring(served.runtime, world)
    application = await applied(hiring)
    await DueWork(TaskRunner(served.runtime), database.relay_url).run_due()
    recruiter = world.acme.members["recruiter"].member_id
    await hiring.scope("admin").execute(
        AssignApplication(application_id=application.id, assignee_id=recruiter)
    )
    async with served.runtime.database.unit(world.acme.id) as unit:
        await unit.execute(
            sa.update(messages)
            .where(messages.c.application_id == application.id)
            .values(state="unknown", detail="SendGrid was given the message; its answer was lost.")
        )
    page = await visit.page("/dashboard", "recruiter")
    card = page.get_by_role("region", name="E-mail that didn't arrive")
    await expect(card.get_by_text("its answer was lost")).to_be_visible()
    await is_sound(page, "troubles", examined)
    await card.get_by_role("button", name="Mark as sent").click()
    await expect(card).to_have_count(0)
    await page.goto(visit.site.url("acme", f"/candidates/{application.candidate_id}"))
    await page.get_by_text("What became of it").click()
    await expect(page.get_by_text("says that it was sent.")).to_be_visible()


async def test_a_reply_of_nobody_is_given_to_whom_it_belongs(
    visit: Visit, served: ServedHere, world: World, examined: Examined
) -> None:
    hiring = Hiring(served.runtime, world)
    application = await applied(hiring)
    async with served.runtime.database.unit(world.acme.id) as unit:
        await unit.execute(
            sa.insert(replies).values(
                tenant_id=world.acme.id,
                id=uuid4(),
                plugin="mailbox",
                known_as=uuid4().hex,
                header_id="",
                from_address="someone@example.net",
                from_name="Ada",
                is_stranger=True,
                is_automatic=False,
                subject="About the interview, and a subject that is longer than most of them are",
                text="I write from my new address.\n\nOn Monday, Rita wrote:\n> Does it suit you?",
                received_at=sa.func.now(),
            )
        )
    page = await visit.page("/unmatched-replies?q=Lovelace", "admin")
    await expect(page.get_by_role("heading", name="Unmatched replies")).to_be_visible()
    await expect(page.get_by_text("I write from my new address.")).to_be_visible()
    await is_sound(page, "unmatched_replies", examined)
    await page.get_by_label("Whose is it?").select_option(str(application.id))
    await page.get_by_role("button", name="It belongs to them").click()
    await expect(page.get_by_role("heading", name="Everything found its place")).to_be_visible()
    await page.goto(visit.site.url("acme", f"/candidates/{application.candidate_id}"))
    await expect(page.get_by_text("which is none of the candidate's addresses")).to_be_visible()
