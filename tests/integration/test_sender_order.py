"""Several plugins that send: the order, the next one when one is away, and never both."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from core.candidates.contracts import CreateCandidate
from core.installations.contracts import DisablePlugin
from core.messages.contracts import (
    ListMessages,
    MessageView,
    ShowMessage,
)
from core.messages.ports import Handover
from core.messages.sender_views import ListSenders, OrderSenders
from core.notifications.contracts import ListNotifications
from core.ports.messaging import (
    MessageRefused,
    Messaging,
    MessagingUnavailable,
    OutgoingEmail,
    SendOutcomeUnknown,
    SentEmail,
)
from core.shared.errors import Forbidden, InvalidInput
from plugins.sdk import PluginContext, PortAdapter
from tenants import postman
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World

NAMES: Final = ("one", "two", "three")


class Service:
    """Takes e-mail, or says what the test wants."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.asked = 0
        self.error: Exception | None = None

    async def send(self, email: OutgoingEmail) -> SentEmail:
        self.asked += 1
        if isinstance(self.error, SendOutcomeUnknown):
            self.taken.append(str(email.id))
        if self.error is not None:
            raise self.error
        self.taken.append(str(email.id))
        return SentEmail(f"ref-{len(self.taken)}")


SERVICES: Final = {name: Service() for name in NAMES}


def _service(name: str, _context: PluginContext[Any]) -> Service:
    return SERVICES[name]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(settings: Settings, database: TestDatabase) -> AsyncIterator[Runtime]:
    entries = [
        made_plugin(
            manifest_of(name),
            ports=[PortAdapter(Messaging, partial(_service, name), repeatable=name == "three")],
        )
        for name in NAMES
    ]
    async with runtime_with(settings, database, catalogue_of(*entries)) as runtime:
        yield runtime


class Office:
    """Applies, lets work be done, and looks at the message."""

    def __init__(self, runtime: Runtime, world: World, database: TestDatabase) -> None:
        self.runtime = runtime
        self.tenant = world.acme
        self.hiring = Hiring(runtime, world)
        self.worker = DueWork(TaskRunner(runtime), database.relay_url)

    async def order(self, *plugins: str) -> list[str]:
        senders = await self.hiring.scope("admin").execute(OrderSenders(plugins=plugins))
        return [each.plugin for each in senders.items]

    async def send(self) -> MessageView:
        candidate = await self.hiring.scope().execute(
            CreateCandidate(full_name="Ada", emails=(f"{uuid4().hex[:8]}@example.com",))
        )
        application = await self.hiring.apply_as(
            candidate.id, await self.hiring.open_job(), source="careers"
        )
        await self.worker.run_due()
        (row,) = (await self.hiring.scope().ask(ListMessages(application_id=application.id))).items
        return await self.show(row.id)

    async def show(self, message_id: Any) -> MessageView:
        return await self.hiring.scope().ask(ShowMessage(message_id=message_id))

    async def disable(self, name: str) -> None:
        await self.hiring.scope("admin").execute(DisablePlugin(plugin_id=name))
        self.runtime.plugins.enabled.forget(self.tenant.id)


@pytest_asyncio.fixture
async def office(plugged: Runtime, world: World, database: TestDatabase) -> AsyncIterator[Office]:
    for name, service in SERVICES.items():
        service.taken.clear()
        service.asked, service.error = 0, None
        plugged.plugins.guard.forget(world.acme.id, name)
        await enable(plugged, world.acme, name)
    made = Office(plugged, world, database)
    await made.order()
    await made.hiring.mail_no_member()
    yield made


@pytest.fixture
def due_now(database: TestDatabase) -> Callable[[], Any]:
    async def now() -> None:
        connection = await asyncpg.connect(database.admin_url)
        await connection.execute(
            "UPDATE tasks SET run_at = now() - interval '1 second', sent_until = NULL "
            "WHERE finished_at IS NULL AND dead_at IS NULL"
        )
        await connection.close()

    return now


def asked() -> list[int]:
    return [SERVICES[name].asked for name in NAMES]


def steps(message: MessageView) -> list[tuple[str, str | None]]:
    return [(entry.kind, entry.plugin) for entry in message.timeline]


async def test_the_order_is_the_workspaces_and_else_that_of_enabling(office: Office) -> None:
    senders = await office.hiring.scope("admin").ask(ListSenders())
    assert [each.plugin for each in senders.items] == list(NAMES)
    assert [each.repeatable for each in senders.items] == [False, False, True]
    assert await office.order("two") == ["two", "one", "three"]
    assert (await office.send()).plugin == "two"
    assert await office.order("three", "one") == ["three", "one", "two"]
    assert (await office.send()).plugin == "three"
    await office.disable("three")
    assert (await office.send()).plugin == "one"


async def test_an_order_of_what_does_not_send_is_refused(office: Office) -> None:
    await office.disable("three")
    with pytest.raises(InvalidInput) as caught:
        await office.order("one", "three", "one", "fax")
    assert [each.field for each in caught.value.fields] == [
        "plugins[1]", "plugins[3]", "plugins[2]",
    ]  # fmt: skip
    with pytest.raises(Forbidden):
        await office.hiring.scope().execute(OrderSenders(plugins=("one",)))


async def test_when_one_is_away_the_next_sends_at_once(office: Office) -> None:
    SERVICES["one"].error = MessagingUnavailable("Down for maintenance.")
    message = await office.send()
    assert (message.state, message.plugin, asked()) == ("sent", "two", [1, 1, 0])
    assert steps(message) == [("queued", None), ("postponed", "one"), ("sent", "two")]
    assert message.timeline[1].detail == "Down for maintenance."


async def test_when_all_are_away_it_waits_as_long_as_they_ask(
    office: Office, due_now: Callable[[], Any], database: TestDatabase
) -> None:
    for name in NAMES:
        SERVICES[name].error = MessagingUnavailable("Later.", after_seconds=3_000)
    message = await office.send()
    assert (message.state, message.detail, asked()) == ("queued", "Later.", [1, 1, 1])
    connection = await asyncpg.connect(database.admin_url)
    wait = await connection.fetchval(
        "SELECT extract(epoch FROM run_at - now()) FROM tasks WHERE kind = 'send_message' "
        "AND payload->>'message_id' = $1 AND finished_at IS NULL",
        str(message.id),
    )
    await connection.close()
    assert 2_900 < wait <= 3_000
    SERVICES["two"].error = None
    await due_now()
    await office.worker.run_due()
    message = await office.show(message.id)
    assert (message.state, message.plugin, asked()) == ("sent", "two", [2, 2, 1])


async def test_one_that_keeps_failing_is_left_out(office: Office) -> None:
    SERVICES["one"].error = MessagingUnavailable("Down.")
    for _ in range(7):
        assert (await office.send()).plugin == "two"
    assert SERVICES["one"].asked == 5
    senders = await office.hiring.scope("admin").ask(ListSenders())
    assert [each.away for each in senders.items] == [True, False, False]
    assert [each.failure for each in senders.items[:2]] == ["Down.", None]
    await office.worker.run_due()
    told = await office.hiring.scope("admin").ask(ListNotifications(type="plugin_broken"))
    assert [(each.title, each.count) for each in told.items] == [
        ("one sends no e-mail at present", 1)
    ]


async def test_a_refusal_is_final_and_nobody_else_is_asked(office: Office) -> None:
    SERVICES["one"].error = MessageRefused("There is no such mailbox.")
    message = await office.send()
    assert (message.state, asked()) == ("failed", [1, 0, 0])
    await office.worker.run_due()
    told = await office.hiring.scope().ask(ListNotifications(type="message_failed"))
    assert told.items[0].application_id == message.application_id, "also to who applied for them"


@pytest.mark.parametrize("planted", [False, True])
async def test_what_one_may_have_taken_no_other_gets(
    planted: bool,
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    examined: Examined,
) -> None:
    """Planted: an answer that was lost is taken for absence."""
    if planted:
        send = postman._send

        async def careless(messaging: Any, email: OutgoingEmail) -> Handover:
            outcome = await send(messaging, email)
            return Handover("away", outcome.said) if outcome.result == "unknown" else outcome

        monkeypatch.setattr(postman, "_send", careless)
    SERVICES["one"].error = SendOutcomeUnknown("The line broke.")
    message = await office.send()
    copies = [name for name in NAMES if str(message.id) in SERVICES[name].taken]
    assert copies == (["one", "two"] if planted else ["one"])
    assert message.state == ("sent" if planted else "unknown")
    examined("messages whose answer was lost", 1)


async def test_one_that_notices_repetitions_is_asked_again_and_no_other(
    office: Office, due_now: Callable[[], Any]
) -> None:
    await office.order("three", "one")
    SERVICES["three"].error = SendOutcomeUnknown("The line broke.")
    message = await office.send()
    assert (message.state, asked()) == ("sending", [0, 0, 1])
    await office.order("one", "three")
    SERVICES["three"].error = None
    await due_now()
    await office.worker.run_due()
    message = await office.show(message.id)
    assert (message.state, message.plugin, asked()) == ("sent", "three", [0, 0, 2])


async def test_when_the_only_one_left_was_disabled_the_rest_are_asked_anew(
    office: Office, due_now: Callable[[], Any]
) -> None:
    for name in NAMES:
        SERVICES[name].error = MessagingUnavailable("Down.")
    message = await office.send()
    await office.disable("three")
    SERVICES["one"].error = None
    await due_now()
    await office.worker.run_due()
    message = await office.show(message.id)
    assert (message.state, message.plugin) == ("sent", "one")
