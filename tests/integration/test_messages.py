"""Messages to candidates: each is handed over once, and what can't be known is said to be unknown.

Through the real host, database and background work; the services that take the messages are lists.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio

from core.applications.contracts import ApplicationView
from core.candidates.contracts import CreateCandidate, DeleteCandidate
from core.installations.contracts import DisablePlugin
from core.messages import sending
from core.messages.contracts import ListMessages, MessageRow, SendAgain, ShowMessage
from core.messages.errors import MessageUnderWay, NoMessaging
from core.messages.model import Message
from core.messages.stuck import TakeUpStuckMessages
from core.ports.messaging import (
    MessageRefused,
    Messaging,
    MessagingUnavailable,
    OutgoingEmail,
    SendOutcomeUnknown,
    SentEmail,
)
from core.shared.actor import system
from core.shared.errors import Forbidden
from plugins.sdk import PluginContext, PortAdapter
from tenants.due_work import DueWork
from tenants.final_wording import TenantFinalWording
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World


class Service:
    """A service that takes e-mail over and remembers each time that it was asked to."""

    def __init__(self) -> None:
        self.taken: list[OutgoingEmail] = []
        self.error: Exception | None = None
        self.holds: threading.Event | None = None
        """Set on the plugin's own thread once it holds a message."""

    async def send(self, email: OutgoingEmail) -> SentEmail:
        if isinstance(self.error, MessageRefused | MessagingUnavailable):
            raise self.error
        self.taken.append(email)
        if self.holds is not None:
            self.holds.set()
            await asyncio.sleep(60)
        if self.error is not None:
            raise self.error
        return SentEmail(f"ref-{len(self.taken)}")

    def addresses(self) -> list[str]:
        return [each.to.address for each in self.taken]


class Noticing(Service):
    """One that notices what it took before."""

    async def send(self, email: OutgoingEmail) -> SentEmail:
        if any(email.id == each.id for each in self.taken):
            return SentEmail("ref-again")
        return await super().send(email)


FORGETFUL: Final = Service()
NOTICING: Final = Noticing()


async def _is_held(service: Service) -> None:
    assert service.holds is not None
    assert await asyncio.to_thread(service.holds.wait, 20)


def _service(service: Service, _context: PluginContext[Any]) -> Service:
    return service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(settings: Settings, database: TestDatabase) -> AsyncIterator[Runtime]:
    entries = [
        made_plugin(
            manifest_of(name),
            ports=[PortAdapter(Messaging, partial(_service, service), repeatable=repeatable)],
        )
        for name, service, repeatable in (
            ("forgetful", FORGETFUL, False),
            ("noticing", NOTICING, True),
        )
    ]
    async with runtime_with(settings, database, catalogue_of(*entries)) as runtime:
        yield runtime


@pytest.fixture(autouse=True)
def empty() -> None:
    for each in (FORGETFUL, NOTICING):
        each.taken.clear()
        each.error = each.holds = None


@pytest_asyncio.fixture(autouse=True)
async def nobody_sends(plugged: Runtime, world: World) -> AsyncIterator[None]:
    yield
    for tenant in (world.acme, world.globex):
        for each in await plugged.plugins.enabled.of(tenant.id):
            scope = plugged.scope(tenant.context, tenant.actor("admin"), "disable")
            if each.is_enabled:
                await scope.execute(DisablePlugin(plugin_id=each.id))
        plugged.plugins.enabled.forget(tenant.id)


@pytest.fixture
def worker(plugged: Runtime, database: TestDatabase) -> DueWork:
    return DueWork(TaskRunner(plugged), database.relay_url)


class Applicants:
    """Applies for jobs of a tenant, each time as another person."""

    def __init__(self, runtime: Runtime, world: World, slug: str = "acme") -> None:
        self.hiring = Hiring(runtime, world, slug)
        self.count = 0

    async def apply(self, email: str | None = "ada@example.com", **more: Any) -> ApplicationView:
        scope = self.hiring.scope()
        candidate = await scope.execute(
            CreateCandidate(full_name="Ada Löw", emails=() if email is None else (email,))
        )
        return await self.hiring.apply_as(candidate.id, await self.hiring.open_job(), **more)

    async def messages(self, application: ApplicationView) -> Sequence[MessageRow]:
        scope = self.hiring.scope()
        return (await scope.ask(ListMessages(application_id=application.id))).items


@pytest_asyncio.fixture
async def applicants(plugged: Runtime, world: World) -> Applicants:
    made = Applicants(plugged, world)
    await made.hiring.mail_no_member()
    return made


async def test_a_confirmation_is_sent_once_and_the_tenants_own(
    plugged: Runtime, world: World, worker: DueWork, applicants: Applicants
) -> None:
    await enable(plugged, world.acme, "forgetful")
    other = Applicants(plugged, world, "globex")
    application, elsewhere = await applicants.apply(), await other.apply("eve@example.com")
    await worker.run_due()
    await worker.run_due()
    assert FORGETFUL.addresses() == ["ada@example.com"]
    (row,) = await applicants.messages(application)
    assert (row.state, row.plugin, row.detail) == ("sent", "forgetful", None)
    view = await applicants.hiring.scope().ask(ShowMessage(message_id=row.id))
    assert view.reference == "ref-1"
    assert "Ada Löw" in view.text
    email = FORGETFUL.taken[0]
    assert email.id == row.id
    assert email.sender.address.startswith("no-reply@acme.")
    assert await other.messages(elsewhere) == []
    with pytest.raises(MessageUnderWay):
        await applicants.hiring.scope().execute(SendAgain(message_id=row.id))
    with pytest.raises(Forbidden):
        await applicants.hiring.scope("interviewer").ask(ListMessages())


@pytest.mark.parametrize("source", ["import", "sourced"])
async def test_who_did_not_apply_is_told_nothing(
    source: Any, plugged: Runtime, world: World, worker: DueWork, applicants: Applicants
) -> None:
    await enable(plugged, world.acme, "forgetful")
    await applicants.apply(source=source)
    await applicants.apply(email=None)
    await worker.run_due()
    assert FORGETFUL.taken == []


async def test_enabling_a_plugin_sends_nothing_of_the_past(
    plugged: Runtime, world: World, worker: DueWork, applicants: Applicants
) -> None:
    application = await applicants.apply()
    await worker.run_due()
    await enable(plugged, world.acme, "forgetful")
    await worker.run_due()
    assert (FORGETFUL.taken, await applicants.messages(application)) == ([], [])


async def test_what_is_refused_is_told_and_can_be_sent_again(
    plugged: Runtime, world: World, worker: DueWork, applicants: Applicants
) -> None:
    await enable(plugged, world.acme, "forgetful")
    FORGETFUL.error = MessageRefused("There is no such mailbox.")
    application = await applicants.apply()
    await worker.run_due()
    (row,) = await applicants.messages(application)
    assert (row.state, row.detail) == ("failed", "There is no such mailbox.")
    FORGETFUL.error = None
    await applicants.hiring.scope().execute(SendAgain(message_id=row.id))
    await worker.run_due()
    (row,) = await applicants.messages(application)
    assert (row.state, FORGETFUL.addresses()) == ("sent", ["ada@example.com"])


async def test_a_service_that_is_away_is_asked_again_later(
    plugged: Runtime,
    world: World,
    worker: DueWork,
    applicants: Applicants,
    due_now: Callable[[], Any],
) -> None:
    await enable(plugged, world.acme, "forgetful")
    FORGETFUL.error = MessagingUnavailable("Down for maintenance.")
    application = await applicants.apply()
    await worker.run_due()
    (row,) = await applicants.messages(application)
    assert (row.state, row.detail) == ("queued", "Down for maintenance.")
    FORGETFUL.error = None
    await due_now()
    await worker.run_due()
    (row,) = await applicants.messages(application)
    assert (row.state, len(FORGETFUL.taken)) == ("sent", 1)


async def test_a_message_waits_while_its_plugin_is_disabled(
    plugged: Runtime,
    world: World,
    worker: DueWork,
    applicants: Applicants,
    due_now: Callable[[], Any],
) -> None:
    await enable(plugged, world.acme, "forgetful")
    FORGETFUL.error = MessagingUnavailable("Down.")
    application = await applicants.apply()
    await worker.run_due()
    admin = plugged.scope(world.acme.context, world.acme.actor("admin"), "disable")
    await admin.execute(DisablePlugin(plugin_id="forgetful"))
    plugged.plugins.enabled.forget(world.acme.id)
    await due_now()
    await worker.run_due()
    (row,) = await applicants.messages(application)
    assert (row.state, row.detail) == ("queued", sending.NOBODY_SENDS)
    FORGETFUL.error = MessageRefused("No.")
    await enable(plugged, world.acme, "forgetful")
    await due_now()
    await worker.run_due()
    await admin.execute(DisablePlugin(plugin_id="forgetful"))
    plugged.plugins.enabled.forget(world.acme.id)
    with pytest.raises(NoMessaging):
        await applicants.hiring.scope().execute(SendAgain(message_id=row.id))


@pytest.mark.parametrize(
    ("name", "service", "state"),
    [("forgetful", FORGETFUL, "unknown"), ("noticing", NOTICING, "sent")],
)
async def test_an_answer_that_is_lost_is_not_guessed(
    name: str,
    service: Service,
    state: str,
    plugged: Runtime,
    world: World,
    worker: DueWork,
    applicants: Applicants,
    due_now: Callable[[], Any],
) -> None:
    await enable(plugged, world.acme, name)
    service.error = SendOutcomeUnknown("The line broke.")
    application = await applicants.apply()
    await worker.run_due()
    service.error = None
    await due_now()
    await worker.run_due()
    (row,) = await applicants.messages(application)
    assert (row.state, len(service.taken)) == (state, 1)


async def test_a_copy_that_is_asked_for_is_sent_by_one_that_notices_repetitions(
    plugged: Runtime,
    world: World,
    worker: DueWork,
    applicants: Applicants,
    due_now: Callable[[], Any],
    database: TestDatabase,
) -> None:
    await enable(plugged, world.acme, "noticing")
    application = await applicants.apply()
    await worker.run_due()
    (row,) = await applicants.messages(application)
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("UPDATE messages SET state = 'failed' WHERE id = $1", row.id)
    await connection.close()
    await applicants.hiring.scope().execute(SendAgain(message_id=row.id))
    NOTICING.error = SendOutcomeUnknown("The line broke.")
    await worker.run_due()
    NOTICING.error = None
    for _ in range(2):
        await due_now()
        await worker.run_due()
    (row,) = await applicants.messages(application)
    assert (row.state, len(NOTICING.taken)) == ("sent", 2), "one copy for each time it was asked"
    assert len({each.id for each in NOTICING.taken}) == 2
    assert len({each.message_id for each in NOTICING.taken}) == 1


async def test_what_nobody_sends_any_more_does_not_wait_for_ever(
    plugged: Runtime,
    world: World,
    worker: DueWork,
    applicants: Applicants,
    due_now: Callable[[], Any],
    database: TestDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await enable(plugged, world.acme, "forgetful")

    async def broken(self: TenantFinalWording, message: Message) -> Any:
        raise RuntimeError("a defect of ours")

    monkeypatch.setattr(TenantFinalWording, "of", broken)
    made = [await applicants.apply() for _ in range(3)]
    for _ in range(4):
        await due_now()
        await worker.run_due()
    monkeypatch.undo()
    waiting, under_way, young = [(await applicants.messages(each))[0] for each in made]
    assert (waiting.state, FORGETFUL.taken) == ("queued", [])
    connection = await asyncpg.connect(database.admin_url)
    dead = await connection.fetchval("SELECT count(*) FROM tasks WHERE dead_at IS NOT NULL")
    assert dead == 3
    await connection.execute(
        "UPDATE messages SET created_at = now() - interval '25 hours' WHERE id = ANY($1)",
        [waiting.id, under_way.id],
    )
    await connection.execute(
        "UPDATE messages SET state = 'sending', plugin = 'forgetful' WHERE id = $1", under_way.id
    )
    await connection.close()
    operator = plugged.scope(world.acme.context, system(world.acme.id), "hourly")
    await operator.execute(TakeUpStuckMessages())
    await worker.run_due()
    rows = [(await applicants.messages(each))[0] for each in made]
    assert [each.state for each in rows] == ["failed", "unknown", "queued"]
    assert rows[0].detail == sending.SERVER_FAILED
    assert FORGETFUL.taken == []
    assert young.id == rows[2].id


@pytest.mark.parametrize("planted", [False, True])
@pytest.mark.parametrize(
    ("name", "service", "state"),
    [("forgetful", FORGETFUL, "unknown"), ("noticing", NOTICING, "sent")],
)
async def test_a_process_that_dies_after_the_services_yes_sends_nothing_twice(
    name: str,
    service: Service,
    state: str,
    planted: bool,
    plugged: Runtime,
    world: World,
    worker: DueWork,
    applicants: Applicants,
    due_now: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    examined: Examined,
) -> None:
    if planted:
        monkeypatch.setattr(sending, "_given_to", lambda _message, enabled: enabled[0])
    await enable(plugged, world.acme, name)
    application = await applicants.apply()
    service.holds = threading.Event()
    run = asyncio.create_task(worker.run_due())
    await _is_held(service)
    run.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await run
    service.holds = None
    await due_now()
    await worker.run_due()
    (row,) = await applicants.messages(application)
    repeated = planted and name == "forgetful"
    assert len(service.taken) == (2 if repeated else 1)
    assert row.state == ("sent" if repeated else state)
    examined("messages whose process died", 1)


async def test_another_plugin_does_not_send_what_the_first_may_have_sent(
    plugged: Runtime,
    world: World,
    worker: DueWork,
    applicants: Applicants,
    due_now: Callable[[], Any],
) -> None:
    await enable(plugged, world.acme, "forgetful")
    application = await applicants.apply()
    FORGETFUL.holds = threading.Event()
    run = asyncio.create_task(worker.run_due())
    await _is_held(FORGETFUL)
    run.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await run
    FORGETFUL.holds = None
    await enable(plugged, world.acme, "noticing")
    await due_now()
    await worker.run_due()
    (row,) = await applicants.messages(application)
    assert (row.state, NOTICING.taken) == ("unknown", [])


async def test_an_erased_persons_message_is_neither_sent_nor_kept(
    plugged: Runtime, world: World, worker: DueWork, applicants: Applicants
) -> None:
    await enable(plugged, world.acme, "forgetful")
    application = await applicants.apply()
    await applicants.hiring.scope("admin").execute(
        DeleteCandidate(candidate_id=application.candidate_id)
    )
    await worker.run_due()
    assert (FORGETFUL.taken, await applicants.messages(application)) == ([], [])


@pytest.fixture
def due_now(database: TestDatabase) -> Callable[[], Any]:
    """Make every waiting task due, and let go of what a dead process held."""

    async def now() -> None:
        connection = await asyncpg.connect(database.admin_url)
        await connection.execute(
            "UPDATE tasks SET run_at = now() - interval '1 second', sent_until = NULL, "
            "lease_until = NULL WHERE finished_at IS NULL AND dead_at IS NULL"
        )
        await connection.close()

    return now
