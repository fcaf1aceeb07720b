"""Push messages: once read they aren't sent, what is gone is forgotten, what is quiet waits."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from core.applications.contracts import ApplicationView, AssignApplication
from core.notifications.contracts import (
    AddBrowser,
    Browser,
    ChangeSettings,
    ListBrowsers,
    MarkRead,
    QuietHours,
    RemoveBrowser,
    TypeChoice,
)
from core.shared.actor import Role
from core.shared.errors import InvalidInput, NotFound
from core.tenancy.contracts import UpdateTenant
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.push_service import FakePushService, ReadingBrowser
from tests.fixtures.worlds import World


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service() -> AsyncIterator[FakePushService]:
    made = FakePushService()
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pushing(settings: Settings, service: FakePushService) -> AsyncIterator[Runtime]:
    """A process that may reach the fake service, which no tenant could name otherwise."""
    opened = await Runtime.open(
        msgspec.structs.replace(
            settings,
            outbound_allowed_networks=("127.0.0.0/8",),
            outbound_allowed_ports=(service.port,),
        )
    )
    yield opened
    await opened.close()


@pytest.fixture
def hiring(pushing: Runtime, world: World) -> Hiring:
    return Hiring(pushing, world)


@pytest.fixture
def worker(pushing: Runtime, database: TestDatabase) -> DueWork:
    return DueWork(TaskRunner(pushing), database.relay_url)


@pytest_asyncio.fixture(autouse=True)
async def admin(
    database: TestDatabase, service: FakePushService, worker: DueWork
) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    await worker.run_due()
    for table in ("notifications", "notification_preferences", "push_browsers"):
        await connection.execute(f"DELETE FROM {table}")
    await connection.execute("DELETE FROM tasks WHERE kind = 'push_notification'")
    service.taken.clear()
    service.statuses.clear()
    yield connection
    await connection.close()


async def subscribed(
    hiring: Hiring, service: FakePushService, name: str = "one", role: Role = "recruiter"
) -> tuple[ReadingBrowser, Browser]:
    reading = ReadingBrowser.new()
    added = await hiring.scope(role).execute(
        AddBrowser(
            endpoint=service.endpoint(name),
            p256dh=reading.p256dh,
            auth=reading.auth,
            label="Firefox on a phone",
        )
    )
    return reading, added


async def given(hiring: Hiring, to: Role = "recruiter") -> ApplicationView:
    application = await hiring.apply(await hiring.open_job(title="Engineer"))
    await hiring.scope("admin").execute(
        AssignApplication(
            application_id=application.id, assignee_id=hiring.tenant.members[to].member_id
        )
    )
    return application


async def test_a_message_reaches_the_browser_and_nobody_between(
    hiring: Hiring,
    worker: DueWork,
    service: FakePushService,
    admin: asyncpg.Connection,
    examined: Examined,
) -> None:
    reading, browser = await subscribed(hiring, service)
    application = await given(hiring)
    await worker.run_due()
    (told,) = service.read(reading)
    assert told["title"].endswith("was given to you")
    assert told["body"] == "Engineer"
    assert told["link"] == f"/candidates/{application.candidate_id}"
    assert told["unread"] == 1
    (taken,) = service.taken
    assert taken.path == "/send/one"
    assert taken.headers["content-encoding"] == "aes128gcm"
    assert (taken.headers["ttl"], len(taken.headers["topic"])) == ("86400", 22)
    found = await hiring.scope().ask(ListBrowsers())
    assert taken.headers["authorization"].endswith(f"k={found.public_key}")
    assert [each.id for each in found.items] == [browser.id]
    assert b"was given" not in taken.body

    kept = await admin.fetchval("SELECT row_to_json(b)::text FROM push_browsers b")
    for secret in ("127.0.0.1", reading.p256dh, reading.auth):
        assert secret not in kept, "where it is and its keys are sealed"
    await worker.run_due()
    assert len(service.taken) == 1
    examined("messages", len(service.taken))


async def test_it_is_in_the_language_of_the_workspace(
    hiring: Hiring, worker: DueWork, service: FakePushService
) -> None:
    reading, _ = await subscribed(hiring, service)
    await hiring.scope("admin").execute(UpdateTenant(locale="de-AT"))
    await given(hiring)
    await worker.run_due()
    await hiring.scope("admin").execute(UpdateTenant(locale="en-GB"))
    (told,) = service.read(reading)
    assert told["title"].endswith("wurde Ihnen zugewiesen")


async def test_what_was_read_is_not_sent(
    hiring: Hiring, worker: DueWork, service: FakePushService, admin: asyncpg.Connection
) -> None:
    await subscribed(hiring, service)
    service.statuses = [503]
    await given(hiring)
    await worker.run_due()
    assert len(service.taken) == 1, "tried, and asked to come later"
    await hiring.scope().execute(MarkRead())
    await admin.execute(
        "UPDATE tasks SET run_at = now(), sent_until = NULL WHERE kind = 'push_notification'"
    )
    await worker.run_due()
    assert len(service.taken) == 1
    left = await admin.fetchval(
        "SELECT count(*) FROM tasks WHERE kind = 'push_notification' AND finished_at IS NULL"
    )
    assert left == 0


@pytest.mark.parametrize("status", [404, 410, 403])
async def test_a_browser_that_is_gone_is_forgotten(
    hiring: Hiring, worker: DueWork, service: FakePushService, status: int
) -> None:
    await subscribed(hiring, service, "gone")
    service.statuses = [status]
    await given(hiring)
    await worker.run_due()
    assert (await hiring.scope().ask(ListBrowsers())).items == ()
    await given(hiring)
    await worker.run_due()
    assert len(service.taken) == 1


async def test_a_message_that_is_refused_is_let_be(
    hiring: Hiring, worker: DueWork, service: FakePushService
) -> None:
    await subscribed(hiring, service)
    service.statuses = [413]
    await given(hiring)
    await worker.run_due()
    assert len((await hiring.scope().ask(ListBrowsers())).items) == 1


async def test_quiet_hours_hold_and_drop_nothing(
    hiring: Hiring, worker: DueWork, service: FakePushService, admin: asyncpg.Connection
) -> None:
    reading, _ = await subscribed(hiring, service)
    now = hiring.runtime.clock.now()
    hours = QuietHours(
        starts=(now - timedelta(hours=1)).strftime("%H:%M"),
        ends=(now + timedelta(hours=2)).strftime("%H:%M"),
        zone="UTC",
    )
    await hiring.scope().execute(ChangeSettings(quiet_hours=hours))
    await given(hiring)
    await worker.run_due()
    assert service.taken == []
    run_at = await admin.fetchval("SELECT run_at FROM tasks WHERE kind = 'push_notification'")
    assert run_at.strftime("%H:%M") == hours.ends
    assert run_at - now < timedelta(hours=2, minutes=1)
    quiet = await admin.fetchval(
        "SELECT payload ->> 'pops_up' FROM outbox WHERE type = 'notification.created' "
        "ORDER BY id DESC LIMIT 1"
    )
    assert quiet == "false"
    await admin.execute("UPDATE tasks SET run_at = now() WHERE kind = 'push_notification'")
    await worker.run_due()
    assert len(service.read(reading)) == 1


async def test_what_is_not_wanted_and_whose_browser_it_was(
    hiring: Hiring, worker: DueWork, service: FakePushService
) -> None:
    _, mine = await subscribed(hiring, service, "shared")
    await hiring.scope().execute(ChangeSettings(types=(TypeChoice("assignment", push=False),)))
    await given(hiring)
    await worker.run_due()
    assert service.taken == []
    with pytest.raises(NotFound):
        await hiring.scope("admin").execute(RemoveBrowser(browser_id=mine.id))
    reading, _ = await subscribed(hiring, service, "shared", "viewer")
    assert (await hiring.scope().ask(ListBrowsers())).items == (), "a browser is one person's"
    await given(hiring, "viewer")
    await worker.run_due()
    assert len(service.read(reading)) == 1


async def test_no_inner_address_is_called(
    runtime: Runtime, world: World, database: TestDatabase, service: FakePushService
) -> None:
    """Without the operator's word a member can't have us call our own network."""
    guarded = Hiring(runtime, world)
    await subscribed(guarded, service, "inside")
    await given(guarded)
    await DueWork(TaskRunner(runtime), database.relay_url).run_due()
    assert service.taken == []
    assert (await guarded.scope().ask(ListBrowsers())).items == ()


async def test_wrong_keys_are_named(hiring: Hiring) -> None:
    with pytest.raises(InvalidInput) as refused:
        await hiring.scope().execute(
            AddBrowser(endpoint="ftp://push.example", p256dh="A" * 87, auth="A" * 22, label="")
        )
    assert [each.field for each in refused.value.fields] == ["endpoint", "keys.p256dh"]
