"""The applicant's page: what came for them, what is new, what they choose; and nobody else's."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa

from core.applications.contracts import (
    ApplicationView,
    AssignApplication,
    GetApplication,
    ListApplications,
)
from core.automations.ports import Desk
from core.candidates.contracts import AddNote
from core.careers.inbox import without_secrets
from core.interviews.contracts import CancelInterview, InterviewView, ScheduleInterview
from core.jobs.contracts import JobView
from core.shared.actor import system
from core.status.contracts.preferences import ChangeStatusPreferences, Shown
from core.templates.contracts import TemplateKind
from plugins.postgres.message_tables import messages
from plugins.postgres.status_tables import glances
from tenants.injection import Session
from tenants.runtime import Runtime
from tenants.wiring import automations
from tests.fixtures.applicants import Applicant, ApplicantFor, applicant, applicant_for
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

__all__ = ["applicant", "applicant_for"]

EVERYTHING: tuple[Shown, ...] = (
    *("stage", "interviews", "viewed", "downloaded", "commented", "assigned"),
)


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


@pytest_asyncio.fixture(loop_scope="session")
async def as_everybody_starts(hiring: Hiring) -> Any:
    yield
    change = ChangeStatusPreferences(shown=("stage", "interviews"), names=False)
    await hiring.scope("admin").execute(change)


async def _show(hiring: Hiring, *shown: Shown, names: bool = False) -> None:
    await hiring.scope("admin").execute(ChangeStatusPreferences(shown=shown, names=names))


async def _only(hiring: Hiring, job: JobView) -> ApplicationView:
    (row,) = (await hiring.scope().ask(ListApplications(job_id=job.id))).items
    return await hiring.scope().ask(GetApplication(application_id=row.id))


async def _message(
    hiring: Hiring, application: ApplicationView, subject: str, **fields: Any
) -> None:
    now = datetime.now(UTC)
    values = {
        "id": uuid4(),
        "purpose": "status_update",
        "to_address": "ada@example.com",
        "to_name": "Ada",
        "text": "Hello.",
        "state": "sent",
        "sent_at": now,
        "created_at": now,
    } | fields
    async with hiring.runtime.database.unit(hiring.tenant.id) as unit:
        await unit.execute(
            sa.insert(messages).values(
                tenant_id=hiring.tenant.id,
                application_id=application.id,
                subject=subject,
                **values,
            )
        )


async def _look(hiring: Hiring, application: ApplicationView, kind: str, **fields: Any) -> None:
    now = datetime.now(UTC)
    values = {"at": now, "hour": now.replace(minute=0, second=0, microsecond=0)} | fields
    async with hiring.runtime.database.unit(hiring.tenant.id) as unit:
        await unit.execute(
            sa.insert(glances).values(
                tenant_id=hiring.tenant.id,
                id=uuid4(),
                candidate_id=application.candidate_id,
                member_id=hiring.tenant.members["recruiter"].member_id,
                kind=kind,
                **values,
            )
        )


async def _interview(hiring: Hiring, application: ApplicationView, days: int) -> InterviewView:
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    return await hiring.scope().execute(
        ScheduleInterview(
            application_id=application.id,
            kind="onsite",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            time_zone="Asia/Tokyo",
            interviewers=(hiring.tenant.members["interviewer"].member_id,),
            location="Room, the green; second\\floor",
        )
    )


def _words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


async def test_messages_and_interviews_are_on_the_page(
    hiring: Hiring, applicant: Applicant
) -> None:
    job = await hiring.open_job(title="Everything")
    link = await applicant.apply(job)
    path = f"/careers/applications/{link}"
    application = await hiring.move(await _only(hiring, job), 1, job)
    secret = f"http://acme.localhost:8000/careers/applications/{link}"
    await _message(
        hiring, application, "We go on", text=f"See {secret} for more. https://a.example/x"
    )
    await _message(hiring, application, "Never left", state="queued", sent_at=None)
    await _message(hiring, application, "Came back", state="failed", sent_at=None)
    kept = await _interview(hiring, application, 3)
    off = await _interview(hiring, application, 5)
    await hiring.scope().execute(CancelInterview(interview_id=off.id, reason="Our own trouble"))
    for address in (path, f"{path}/progress"):
        page = (await applicant.get(address)).text
        words = page if address.endswith("progress") else _words(page)
        assert "We go on" in words
        assert "Never left" not in words, "nothing is shown as sent that wasn't"
        assert "Came back" not in words
        assert "https://a.example/x" in words
        assert page.count(secret) == (0 if address.endswith("progress") else 1), "in its own place"
        assert "(Asia/Tokyo)" in words
        assert "Cancelled" in words
        assert "Our own trouble" not in words
        for person in (each.name for each in hiring.tenant.members.values()):
            assert person not in words
    entry = await applicant.get(f"{path}/interviews/{kept.id}")
    assert entry.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = entry.text.split("\r\n")
    assert f"DTSTART:{kept.starts_at:%Y%m%dT%H%M%SZ}" in lines
    assert r"LOCATION:Room\, the green\; second\\floor" in lines
    assert "STATUS:CONFIRMED" in lines
    assert max(len(line.encode()) for line in lines) <= 75
    assert "STATUS:CANCELLED" in (await applicant.get(f"{path}/interviews/{off.id}")).text


@pytest.mark.usefixtures("as_everybody_starts")
async def test_what_the_team_did_is_shown_only_as_far_as_it_is_allowed(
    hiring: Hiring, applicant: Applicant, examined: Examined
) -> None:
    job = await hiring.open_job(title="Watched")
    path = f"/careers/applications/{await applicant.apply(job)}"
    application = await _only(hiring, job)
    recruiter = hiring.tenant.members["recruiter"]
    await hiring.scope().execute(
        AssignApplication(application_id=application.id, assignee_id=recruiter.member_id)
    )
    await hiring.scope().execute(
        AddNote(candidate_id=application.candidate_id, text="Our own opinion")
    )
    for kind in ("viewed", "resume_viewed", "downloaded"):
        await _look(hiring, application, kind)
    before = application.applied_at - timedelta(days=1)
    await _look(hiring, application, "viewed", at=before, hour=before)
    said = {
        "viewed": "Your application was viewed",
        "downloaded": "A file of yours was downloaded",
        "commented": "The hiring team wrote a comment",
        "assigned": "Somebody looks after your application",
    }
    fresh = _words((await applicant.get(path)).text)
    assert not [text for text in said.values() if text in fresh], "nothing unless it is allowed"
    for kind, text in said.items():
        await _show(hiring, "stage", kind)  # type: ignore[arg-type]  # a key of `said`
        shown = _words((await applicant.get(path)).text)
        assert [name for name, each in said.items() if each in shown] == [kind]
        assert shown.count(text) == 1, "once an hour, and nothing from before the application"
        assert recruiter.name not in shown
        assert "Our own opinion" not in shown
    await _show(hiring, *EVERYTHING, names=True)
    named = _words((await applicant.get(path)).text)
    assert f"{recruiter.name} viewed your application" in named
    assert "Our own opinion" not in named
    await _show(hiring)
    moved = await hiring.move(await _only(hiring, job), 2, job)
    hidden = _words((await applicant.get(path)).text)
    assert moved.stage_name not in hidden
    assert job.stages[0].name in hidden
    examined("kinds", len(said) + 2)


async def test_opening_marks_nothing_and_one_post_does(
    hiring: Hiring, applicant: Applicant, database: TestDatabase, examined: Examined
) -> None:
    job = await hiring.open_job(title="Unread")
    path = f"/careers/applications/{await applicant.apply(job)}"
    application = await _only(hiring, job)
    superuser = await asyncpg.connect(database.admin_url)

    async def state() -> list[Any]:
        return list(await superuser.fetch("SELECT * FROM applicant_pages ORDER BY submission_id"))

    try:
        before = await state()
        for address in (path, f"{path}/progress", f"{path}?new=1"):
            await applicant.get(address)
            await applicant.client.head(address)
        assert await state() == before
        page = (await applicant.get(path)).text
        assert "since your last visit" not in page, "nobody has visited yet"
        until = re.findall(r'data-until="([^"]+)"', page)[0]
        read = await applicant.client.post(f"{path}/read", data={"until": until})
        assert (read.status_code, read.headers["location"]) == (303, path)
        await hiring.move(application, 1, job)
        for _ in range(2):
            again = (await applicant.get(path)).text
            assert "1 new since your last visit" in again
        since = re.findall(r'data-since="([^"]+)"', again)[0]
        until = re.findall(r'name="until" value="([^"]+)"', again)[0]
        await applicant.client.post(f"{path}/read", data={"until": until})
        assert "since your last visit" not in (await applicant.get(path)).text
        held = await applicant.client.get(f"{path}/progress", params={"since": since})
        assert "1 new since your last visit" in held.text, "while the page is open"
        marked = await state()
        for value in ("", "yesterday", "2026-01-01T00:00:00", "1970-01-01T00:00:00Z", "9" * 300):
            answer = await applicant.client.post(f"{path}/read", data={"until": value})
            assert answer.status_code == 303
        assert [row["read_until"] for row in await state()] == [
            row["read_until"] for row in marked
        ], "never back"
        await applicant.client.post(f"{path}/read", data={"until": "2999-01-01T00:00:00Z"})
        assert max(row["read_until"] for row in await state()) <= datetime.now(UTC)
    finally:
        await superuser.close()
    examined("looks", 12)


async def test_a_choice_of_mails_is_kept_for_its_own_link(
    hiring: Hiring, applicant: Applicant, runtime: Runtime
) -> None:
    job = await hiring.open_job(title="Chosen")
    first = await applicant.apply(job, email="chooser@example.com")
    second = await applicant.apply(job, email="chooser@example.com")
    application = await _only(hiring, job)

    background = runtime.scope(hiring.tenant.context, system(hiring.tenant.id), "automations")

    async def wants(kind: TemplateKind) -> bool:
        """As automations ask before they write."""

        async def ask(session: Session) -> bool:
            desk: Desk = automations.PROVIDERS[Desk](session)
            return not await desk.mail.is_stopped(kind, application.id)

        return await background.run_in_transaction(ask)

    await applicant.client.post(f"/careers/applications/{second}/mails", data={})
    assert await wants("survey"), "who knows only the address can't silence anybody"
    path = f"/careers/applications/{first}"
    kept = await applicant.client.post(f"{path}/mails", data={"mails": ["survey", "nonsense"]})
    assert kept.status_code == 303
    shown = (await applicant.get(kept.headers["location"].partition("#")[0])).text
    assert "Your choice is kept." in shown
    assert re.findall(r'value="(\w+)" checked', shown) == ["survey"]
    assert not await wants("status_update")
    assert not await wants("interview_reminder")
    assert await wants("survey")
    assert await wants("rejection"), "what must be known comes in any case"


async def _both_pages(
    hiring: Hiring, applicant: Applicant, job: JobView, email: str
) -> tuple[str, str, ApplicationView]:
    first = await applicant.apply(job, email=email)
    second = await applicant.apply(job, email=email)
    return first, second, await _only(hiring, job)


async def _fill(hiring: Hiring, application: ApplicationView) -> InterviewView:
    await _message(hiring, application, "Only for the first")
    await _look(hiring, application, "viewed")
    return await _interview(hiring, application, 30 + application.id.int % 300)


LEAKS = ("Only for the first", "was viewed", "(Asia/Tokyo)")


async def _leaked(applicant: Applicant, link: str, interview: InterviewView) -> list[str]:
    """What the page of a link tells that it shouldn't."""
    path = f"/careers/applications/{link}"
    pages = [(await applicant.get(each)).text for each in (path, f"{path}/progress")]
    found = [leak for leak in LEAKS if any(leak in page for page in pages)]
    entry = await applicant.get(f"{path}/interviews/{interview.id}")
    return [*found, *(["interview"] if entry.status_code != 404 else [])]


@pytest.mark.usefixtures("as_everybody_starts")
async def test_a_page_tells_nothing_of_another_application(
    hiring: Hiring, applicant: Applicant, applicant_for: ApplicantFor, examined: Examined
) -> None:
    await _show(hiring, *EVERYTHING)
    job, other = await hiring.open_job(title="One"), await hiring.open_job(title="Two")
    first, second, application = await _both_pages(hiring, applicant, job, "twofold@example.com")
    arrived = _words((await applicant.get(f"/careers/applications/{second}")).text)
    interview = await _fill(hiring, application)
    stranger = await applicant.apply(other, email="stranger@example.com")
    elsewhere = applicant_for("globex")
    assert await _leaked(applicant, first, interview) == [*LEAKS, "interview"]
    for link in (second, stranger):
        assert await _leaked(applicant, link, interview) == [], link
    assert await _leaked(elsewhere, first, interview) == []
    assert _words((await applicant.get(f"/careers/applications/{second}")).text) == arrived
    same = await applicant.apply(other, email="twofold@example.com")
    shown = (await applicant.get(f"/careers/applications/{same}")).text
    assert "Only for the first" not in shown
    assert "(Asia/Tokyo)" not in shown
    examined("links that tell nothing", 4)


@pytest.mark.usefixtures("as_everybody_starts")
async def test_a_page_that_forgets_whose_it_is_would_be_found(
    hiring: Hiring, applicant: Applicant, database: TestDatabase, examined: Examined
) -> None:
    """The planted defect: a repeated form is taken for the first one."""
    await _show(hiring, *EVERYTHING)
    job = await hiring.open_job(title="Planted")
    _, second, application = await _both_pages(hiring, applicant, job, "planted@example.com")
    interview = await _fill(hiring, application)
    superuser = await asyncpg.connect(database.admin_url)
    try:
        await superuser.execute(
            "UPDATE submissions SET is_repeated = false WHERE application_id = $1",
            UUID(str(application.id)),
        )
    finally:
        await superuser.close()
    assert await _leaked(applicant, second, interview) == [*LEAKS, "interview"]
    examined("planted defects", 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a.example/x?y=1", "https://a.example/x?y=1"),
        (f"http://a.example/careers/applications/{'x' * 43}.", "http://a.example/…"),
        (f"see https://a.example/u?t={'A1-_' * 10} now", "see https://a.example/… now"),
        (f"https://a.example/#{'f' * 32}", "https://a.example/…"),
        ("https://[broken", "…"),
        ("no link", "no link"),
    ],
)
def test_links_end_before_their_secrets(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
