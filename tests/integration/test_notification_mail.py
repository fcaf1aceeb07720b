"""What members are told by e-mail: at once or in digests, each firing once, at the right hour on
the wall of whoever gets it, and nothing that was read or may not be seen any more. The clock is set
by hand, the service that takes the mails is a list; the rest is real.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio

from core.applications.contracts import ApplicationView, AssignApplication
from core.candidates.contracts import AddNote, CreateCandidate
from core.notifications.contracts import (
    ChangeSettings,
    DigestTime,
    MarkRead,
    QuietHours,
    TypeChoice,
)
from core.notifications.deliveries import GATHER
from core.notifications.mailing import MailDue
from core.notifications.notices import NOTICES
from core.notifications.sentences import is_translated
from core.notifications.wording import OF_POSTS
from core.ports.messaging import Messaging, OutgoingEmail, SentEmail
from core.shared.actor import Role, system
from core.shared.clock import UtcDatetime
from plugins.postgres.notification_deliveries import PostgresMailDeliveries
from plugins.sdk import PluginContext, PortAdapter
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World

SCHEDULERS: Final = 3
"""How many wake for each firing."""

TAKEN: Final[list[tuple[datetime, OutgoingEmail]]] = []


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2027, 1, 4, 12, tzinfo=UTC)

    def now(self) -> UtcDatetime:
        return UtcDatetime(self.moment)


CLOCK: Final = HandClock()


class Post:
    """A service that takes mail over and remembers when."""

    async def send(self, email: OutgoingEmail) -> SentEmail:
        TAKEN.append((CLOCK.moment, email))
        return SentEmail(f"ref-{len(TAKEN)}")


def _service(_context: PluginContext[Any]) -> Post:
    return Post()


class Desk(Hiring):
    """A tenant whose members are told of what happens."""

    def __init__(
        self, runtime: Runtime, world: World, worker: DueWork, admin: asyncpg.Connection, slug: str
    ) -> None:
        super().__init__(runtime, world, slug)
        self._worker = worker
        self.db = admin

    def member(self, role: Role) -> Any:
        return self.tenant.members[role].member_id

    async def wants(self, role: Role, email: str = "daily", **more: Any) -> None:
        types = (TypeChoice(type="assignment", email=email),)  # type: ignore[arg-type]
        await self.scope(role).execute(ChangeSettings(types=types, **more))

    async def assigned(self, to: Role, name: str = "Ada Löw") -> ApplicationView:
        candidate = await self.scope().execute(CreateCandidate(full_name=name))
        application = await self.apply_as(candidate.id, await self.open_job(title="Owl"))
        return await self.give(application, to)

    async def give(self, application: ApplicationView, to: Role) -> ApplicationView:
        await self.scope("admin").execute(
            AssignApplication(application_id=application.id, assignee_id=self.member(to))
        )
        return application

    async def work(self) -> None:
        """Do all that is due by the real clock: what is promised for later waits for `wake`."""
        while await self._worker.run_due():
            pass

    async def wake(self, role: Role, times: int = SCHEDULERS) -> None:
        """Fire what a member may have due as several schedulers at once."""
        runtime, tenant = self.runtime, self.tenant
        await asyncio.gather(
            *(
                runtime.scope(tenant.context, system(tenant.id), f"wake-{number}").execute(
                    MailDue(member_id=self.member(role))
                )
                for number in range(times)
            )
        )

    async def promised(self, role: Role) -> list[datetime]:
        """When somebody was to be woken for the member."""
        rows = await self.db.fetch(
            "SELECT run_at FROM tasks WHERE kind = 'mail_notifications' AND finished_at IS NULL "
            "AND payload->>'member_id' = $1 ORDER BY run_at",
            str(self.member(role)),
        )
        return [row["run_at"] for row in rows]

    def mails(self, role: Role) -> list[tuple[datetime, OutgoingEmail]]:
        address = self.tenant.members[role].email
        return [(at, mail) for at, mail in TAKEN if mail.to.address == address]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(settings: Settings, database: TestDatabase, world: World) -> AsyncIterator[Any]:
    entry = made_plugin(
        manifest_of("post"), ports=[PortAdapter(Messaging, partial(_service), repeatable=True)]
    )
    async with runtime_with(settings, database, catalogue_of(entry), clock=CLOCK) as runtime:
        await enable(runtime, world.acme, "post")
        yield runtime


@pytest_asyncio.fixture
async def desk(plugged: Runtime, world: World, database: TestDatabase) -> AsyncIterator[Desk]:
    admin = await asyncpg.connect(database.admin_url)
    for table in ("messages", "notifications", "notification_preferences", "tasks"):
        await admin.execute(f"DELETE FROM {table}")
    TAKEN.clear()
    CLOCK.moment = datetime(2027, 1, 4, 12, tzinfo=UTC)
    yield Desk(plugged, world, DueWork(TaskRunner(plugged), database.relay_url), admin, "acme")
    await admin.close()


async def test_at_once_each_comes_by_itself_in_words_of_its_own(desk: Desk) -> None:
    await desk.assigned("interviewer", "Ada <b>Löw</b>")
    await desk.work()
    ((_, mail),) = desk.mails("interviewer")
    assert mail.subject == "Ada <b>Löw</b> is yours to look after"
    assert "for Owl" in mail.text
    assert "?notification=" in mail.text
    headers = dict(mail.headers)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = headers["List-Unsubscribe"].strip("<>")
    assert link in mail.text
    kept = await desk.db.fetchrow(
        "SELECT text, subject, sealed, state FROM messages WHERE purpose = 'assignment'"
    )
    assert tuple(kept or ()) == ("", "", None, "sent"), "names are kept nowhere"


async def test_a_mention_says_what_was_written(desk: Desk) -> None:
    application = await desk.assigned("recruiter")
    await desk.work()
    await desk.give(application, "interviewer")
    await desk.work()
    TAKEN.clear()
    CLOCK.moment += timedelta(minutes=1)
    address = desk.tenant.members["interviewer"].email
    await desk.scope("admin").execute(
        AddNote(candidate_id=application.candidate_id, text=f"Call her, @{address.split('@')[0]}!")
    )
    await desk.work()
    said = [mail.text for _, mail in desk.mails("interviewer")]
    assert any("Call her" in text for text in said), said


async def test_in_a_rush_each_is_mailed_once_and_few_are_woken(
    desk: Desk, examined: Examined
) -> None:
    await desk.assigned("interviewer", "Person 0")
    await desk.work()
    for number in range(1, 31):
        await desk.assigned("interviewer", f"Person {number}")
    await desk.work()
    assert len(desk.mails("interviewer")) == 1, "the first at once"
    soon = [at for at in await desk.promised("interviewer") if at <= CLOCK.moment + GATHER]
    assert len(soon) == 1, soon
    CLOCK.moment = soon[0]
    await desk.wake("interviewer")
    await desk.work()  # It promised to look again, at once, at what was too much.
    subjects = [mail.subject for _, mail in desk.mails("interviewer")]
    assert sorted(subjects) == sorted(
        f"Person {number} is yours to look after" for number in range(31)
    )
    examined("mails", len(subjects))


async def test_a_clock_that_is_behind_keeps_no_mail_back(desk: Desk) -> None:
    for number in range(2):
        await desk.assigned("interviewer", f"Person {number}")
        await desk.work()
    assert len(desk.mails("interviewer")) == 1, "the other a moment later"
    # To the database it is time by now.
    await desk.db.execute(
        "UPDATE tasks SET run_at = now() WHERE kind = 'mail_notifications' AND run_at <= $1",
        CLOCK.moment + GATHER,
    )
    CLOCK.moment -= timedelta(seconds=30)
    await desk.work()
    assert len(desk.mails("interviewer")) == 2


NIGHTS: Final = (
    ("Europe/Berlin", 2, "2027-03-27T20:00+01:00", "2027-03-28T01:00+00:00"),
    ("Europe/Berlin", 2, "2027-10-30T20:00+02:00", "2027-10-31T00:00+00:00"),
    ("America/New_York", 2, "2027-03-13T20:00-05:00", "2027-03-14T07:00+00:00"),
    ("America/New_York", 1, "2027-11-06T20:00-04:00", "2027-11-07T05:00+00:00"),
    ("Australia/Lord_Howe", 2, "2027-04-03T20:00+11:00", "2027-04-03T15:30+00:00"),
    ("Australia/Lord_Howe", 2, "2027-10-02T20:00+10:30", "2027-10-02T15:30+00:00"),
)
"""A zone, the hour of the digest, the evening before clocks change, and when it is to come: an hour
that is left out comes when it would have been, one that comes twice counts the first time."""


async def _through_the_night(desk: Desk, role: Role, zone: str, hour: int, evening: str) -> None:
    await desk.db.execute("DELETE FROM tasks")
    CLOCK.moment = datetime.fromisoformat(evening).astimezone(UTC)
    await desk.wants(role, "daily", digest=DigestTime(hour=hour, zone=zone))
    await desk.assigned(role, f"Ada {zone}")
    await desk.assigned(role, f"Bea {zone}")
    await desk.work()
    woken = await desk.promised(role)
    assert woken, "somebody is to be woken"
    # Before it, when it is due, and when the wall shows the same hour once more.
    around = {at + timedelta(minutes=minutes) for at in woken for minutes in (-60, 0, 30, 60)}
    for moment in sorted(around):
        CLOCK.moment = moment
        await desk.wake(role)
    await desk.work()


async def test_a_digest_comes_once_at_its_hour_when_clocks_change(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    for zone, hour, evening, due in NIGHTS:
        TAKEN.clear()
        await _through_the_night(desk, "recruiter", zone, hour, evening)
        told = [(at, mail.subject) for at, mail in desk.mails("recruiter")]
        (only,) = told
        assert only[1] == f"Ada {zone} was given to you, and 1 more"
        promised = await desk.db.fetchval(
            "SELECT created_at FROM messages WHERE purpose = 'digest' ORDER BY id DESC LIMIT 1"
        )
        assert promised == datetime.fromisoformat(due), (zone, evening)
    examined("nights", len(NIGHTS))

    async def forgets(self: PostgresMailDeliveries, *_: Any, **__: Any) -> None:
        """The planted defect: nobody notes that it went out."""

    TAKEN.clear()
    monkeypatch.setattr(PostgresMailDeliveries, "settle", forgets)
    await _through_the_night(desk, "recruiter", *NIGHTS[0][:3])
    assert len(desk.mails("recruiter")) > 1, "a digest that is fired twice goes unseen"


async def test_quiet_hours_hold_what_comes_at_once(desk: Desk) -> None:
    CLOCK.moment = datetime(2027, 3, 27, 22, 30, tzinfo=UTC)  # 23:30 in Berlin, clocks change
    await desk.wants(
        "interviewer",
        "at_once",
        quiet_hours=QuietHours(starts="22:00", ends="07:00", zone="Europe/Berlin"),
    )
    await desk.assigned("interviewer")
    await desk.work()
    (at, *_) = await desk.promised("interviewer")
    assert at == datetime(2027, 3, 28, 5, tzinfo=UTC), "seven in summer time"
    for early in (CLOCK.moment, at - timedelta(minutes=1)):
        CLOCK.moment = early
        await desk.wake("interviewer")
        await desk.work()
        assert desk.mails("interviewer") == []
    CLOCK.moment = at
    await desk.wake("interviewer")
    await desk.work()
    assert len(desk.mails("interviewer")) == 1


async def test_what_was_read_or_may_not_be_seen_any_more_is_not_told(
    desk: Desk, examined: Examined
) -> None:
    await desk.wants("interviewer", "hourly")
    kept = await desk.assigned("interviewer", "Kept Candidate")
    lost = await desk.assigned("interviewer", "Lost Candidate")
    await desk.work()
    (at, *_) = await desk.promised("interviewer")
    CLOCK.moment = at
    await desk.wake("interviewer")  # promised as a mail, and not yet handed over
    await desk.give(lost, "recruiter")
    await desk.work()
    ((_, mail),) = desk.mails("interviewer")
    assert "Kept Candidate" in mail.text
    assert "Lost Candidate" not in mail.text + mail.subject + (mail.html or "")
    await desk.assigned("interviewer", "Read Candidate")
    await desk.work()
    CLOCK.moment = (await desk.promised("interviewer"))[-1]
    await desk.wake("interviewer")
    await desk.scope("interviewer").execute(MarkRead())
    await desk.work()
    assert len(desk.mails("interviewer")) == 1, "a digest with nothing in it isn't sent"
    waiting = await desk.db.fetchval(
        "SELECT count(*) FROM messages WHERE application_id IS NULL AND state <> 'sent'"
    )
    assert waiting == 0, "nor does it wait"
    assert kept is not None
    examined("mails", 2)


async def test_who_sends_later_does_not_mail_the_past(
    plugged: Runtime, world: World, desk: Desk, database: TestDatabase
) -> None:
    there = Desk(
        plugged, world, DueWork(TaskRunner(plugged), database.relay_url), desk.db, "globex"
    )
    await there.assigned("interviewer")
    await there.work()
    await enable(plugged, world.globex, "post")
    await there.wake("interviewer")
    await there.work()
    assert there.mails("interviewer") == []


def test_every_sentence_is_there_in_every_language(examined: Examined) -> None:
    said = [
        each
        for notice in NOTICES.values()
        for each in (notice.title, notice.titles, notice.message, notice.post, notice.posts)
        if each
    ]
    said += OF_POSTS
    assert [each for each in said if not is_translated(each)] == []
    examined("sentences", len(said))
