"""A plugin at work for one tenant: its context, its permissions, exactly once, and not the others.

Everything goes through the real host: loading, settings, guard, database with row-level security.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from core.candidates.contracts import ListCandidates
from core.identity.contracts.sign_in import EndSession, SessionId
from core.installations.contracts import DisablePlugin
from core.ports.messaging import (
    Mailbox,
    MessageRefused,
    Messaging,
    MessagingUnavailable,
    OutgoingEmail,
    SendOutcomeUnknown,
    SentEmail,
)
from core.shared.clock import UtcDatetime
from core.shared.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from core.shared.ids import EventId
from core.shared.reactions import Delivery, PublishedEvent
from plugins.host.failures import PluginFailed
from plugins.host.guard import TransactionOpen
from plugins.sdk import (
    Column,
    CreateTable,
    Delete,
    EventHandler,
    Health,
    InboundWebhook,
    Insert,
    Meter,
    Migration,
    Operations,
    Permission,
    PortAdapter,
    RecordConflict,
    RecordMissing,
    Refused,
    Request,
    Response,
    Route,
    SecretText,
    Settings,
    SettingsSpec,
    Table,
    TryLater,
    Update,
    WebhookRequest,
)
from plugins.sdk.commands import CreateCandidate, CreateJob
from plugins.sdk.events import CandidateCreated
from tenants.due_work import DueWork
from tenants.plugins.marshalling import ContextEnded
from tenants.runtime import Runtime
from tenants.settings import Settings as AppSettings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World, WorldTenant

SECRET = "sk_live_1234567890"
PERMISSIONS = ("candidates:read", "candidates:write", "jobs:read")
CODES = Table(
    name="codes",
    columns=(
        Column("id", "uuid"),
        Column("code", "text"),
        Column("uses", "integer", default=0),
        Column("made_at", "instant", required=False),
        Column("facts", "json", required=False),
    ),
    unique=(("code",),),
)


class Options(Settings, frozen=True):
    """What the test plugin is configured with."""

    account: str
    token: SecretText | None = None


class Probe:
    """What the plugin does next, and what it saw."""

    def __init__(self) -> None:
        self.work: Any = None
        self.seen: list[Any] = []
        self.webhooks: list[WebhookRequest] = []


probe = Probe()


async def respond(context: Any, request: Request) -> Response:
    return Response(body=await probe.work(context))


async def on_candidate(context: Any, event: CandidateCreated) -> None:
    await probe.work(context)


async def verify(context: Any, request: WebhookRequest) -> str:
    if request.headers.get("signature") != context.settings.token:
        raise Refused("The signature is wrong.")
    return request.headers["delivery"]


async def received(context: Any, request: WebhookRequest) -> None:
    probe.webhooks.append(request)
    await context.store.put("last", request.body.decode())


async def check(context: Any) -> Health:
    return Health(ok=True, message=f"Signed in with {context.settings.token}.")


class Sender:
    """Sends as the test says."""

    def __init__(self, context: Any) -> None:
        self._context = context

    async def send(self, email: OutgoingEmail) -> SentEmail:  # noqa: ARG002
        return SentEmail(await probe.work(self._context))


def entry() -> Any:
    return made_plugin(
        manifest_of(
            "probe",
            permissions=tuple(Permission(action=each, why="To test") for each in PERMISSIONS),
            meters=(Meter(name="sent", unit="message"),),
            hosts=("api.vendor.com",),
        ),
        settings=SettingsSpec(type=Options),
        ports=[PortAdapter(Messaging, Sender)],
        event_handlers=[
            EventHandler(
                name="note", event=CandidateCreated, handle=on_candidate, timeout_seconds=3
            )
        ],
        routes=[
            Route(method="POST", path="/do", handle=respond, action="candidates:read", summary="Do")
        ],
        webhooks=[InboundWebhook(name="vendor", verify=verify, handle=received)],
        tables=[Migration(1, (CreateTable(CODES),))],
        operations=Operations(check=check),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(
    settings: AppSettings, database: TestDatabase, world: World
) -> AsyncIterator[Runtime]:
    async with runtime_with(settings, database, catalogue_of(entry())) as runtime:
        await enable(runtime, world.acme, "probe", PERMISSIONS, account="acme", token=SECRET)
        yield runtime


async def do(runtime: Runtime, tenant: WorldTenant, work: Any, role: Any = "recruiter") -> Any:
    probe.work = work
    request = Request(method="POST", path="/do")
    actor = tenant.actor(role)
    answer = await runtime.plugins.requests.route(tenant.context, actor, "probe", request)
    return answer.body


async def deliver(runtime: Runtime, tenant: WorldTenant, work: Any, event_id: UUID) -> None:
    probe.work = work
    event = PublishedEvent(
        type="candidate.created",
        version=1,
        aggregate_id=event_id,
        fields={"aggregate_id": str(event_id), "source": "test"},
        delivery=Delivery(
            event_id=EventId(event_id),
            position=1,
            task_id=uuid4(),
            attempt=1,
            request_id="request",
            occurred_at=UtcDatetime(datetime.now(UTC)),
        ),
    )
    await runtime.plugins.subscribers.deliver(tenant.context, "plugin:probe:note", event)


async def test_a_context_tells_who_it_is_for(plugged: Runtime, world: World) -> None:
    async def work(context: Any) -> Any:
        return [
            context.tenant.slug,
            context.settings.account,
            context.settings.token,
            context.url("/codes"),
            context.webhook_url("vendor"),
        ]

    slug, account, token, url, hook_url = await do(plugged, world.acme, work)
    assert (slug, account, token) == ("acme", "acme", SECRET)
    assert url == "http://acme.localhost:8000/plugins/probe/codes"
    assert hook_url == "http://acme.localhost:8000/api/hooks/probe/vendor"


async def test_another_tenant_does_not_have_it(plugged: Runtime, world: World) -> None:
    async def work(context: Any) -> Any:
        return "reached"

    with pytest.raises(NotFound):
        await do(plugged, world.globex, work)
    assert await plugged.plugins.adapter(world.globex.context, Messaging) is None
    assert await plugged.plugins.subscribers.subscriptions(world.globex.id) == []


async def test_records_are_kept_and_found(plugged: Runtime, world: World) -> None:
    first, second = uuid4(), uuid4()

    async def work(context: Any) -> Any:
        records, now = context.records, context.now()
        await records.apply(
            Insert("codes", {"id": first, "code": "A", "made_at": now, "facts": {"a": [1]}}),
            Insert("codes", {"id": second, "code": "B"}),
        )
        await records.apply(Update("codes", {"id": first}, {"uses": 3}, expected={"uses": 0}))
        found = await records.find("codes", order_by=("-code",), limit=1)
        after = await records.find("codes", order_by=("-code",), after=found[0])
        failures = []
        for change, error in (
            (Insert("codes", {"id": uuid4(), "code": "A"}), RecordConflict),
            (Update("codes", {"id": uuid4()}, {"uses": 1}), RecordMissing),
            (Update("codes", {"id": first}, {"uses": 1}, expected={"uses": 9}), RecordConflict),
            (Insert("codes", {"id": "x", "code": "C"}), ValueError),
            (Insert("other", {"id": uuid4()}), ValueError),
            (Insert("codes", {"id": uuid4(), "code": "C", "tenant_id": uuid4()}), ValueError),
        ):
            with pytest.raises(error):
                await records.apply(Insert("codes", {"id": uuid4(), "code": "undone"}), change)
            failures.append(error.__name__)
        kept = await records.get("codes", {"id": first})
        await records.apply(Delete("codes", {"id": first}), Delete("codes", {"id": second}))
        probe.seen = [found, after, kept, await records.find("codes"), failures]
        return "done"

    assert await do(plugged, world.acme, work) == "done"
    found, after, kept, left, failures = probe.seen
    assert [row["code"] for row in found] == ["B"]
    assert [row["code"] for row in after] == ["A"]
    assert (kept["uses"], kept["facts"]) == (3, {"a": [1]})
    assert left == []
    assert len(failures) == 6


async def test_values_are_kept_encrypted(
    plugged: Runtime, world: World, database: TestDatabase
) -> None:
    async def work(context: Any) -> Any:
        await context.store.put("cursor|1", {"token": "plain-text-token"})
        await context.store.put("other", 1)
        await context.store.delete("other")
        return [
            await context.store.get("cursor|1"),
            await context.store.get("other"),
            list(await context.store.keys("cur")),
        ]

    assert await do(plugged, world.acme, work) == [
        {"token": "plain-text-token"},
        None,
        ["cursor|1"],
    ]
    connection = await asyncpg.connect(database.admin_url)
    rows = await connection.fetch("SELECT sealed FROM plugin_store")
    await connection.close()
    assert len(rows) == 1
    assert "plain-text-token" not in rows[0]["sealed"]


async def test_it_acts_within_its_permissions_only(plugged: Runtime, world: World) -> None:
    async def work(context: Any) -> Any:
        refused = []
        for forbidden in (
            CreateJob(title="Engineer"),
            EndSession(session_id=SessionId(uuid4())),
        ):
            try:
                await context.execute(forbidden)
            except Forbidden as error:
                refused.append(error.message)
        with pytest.raises(InvalidInput):
            await context.execute(CreateCandidate(full_name=5))  # type: ignore[arg-type]
        created = await context.execute(CreateCandidate(full_name="Ada Made By A Plugin"))
        page = await context.ask(ListCandidates())
        return [refused, created.full_name, len(page.items)]

    refused, name, _ = await do(plugged, world.acme, work)
    assert "jobs:create" in refused[0]
    assert "can't ask for EndSession" in refused[1]
    assert name == "Ada Made By A Plugin"


async def test_a_member_needs_the_routes_permission(plugged: Runtime, world: World) -> None:
    async def work(context: Any) -> Any:
        return "reached"

    assert await do(plugged, world.acme, work, "viewer") == "reached"
    with pytest.raises(Forbidden, match="assigned"):
        await do(plugged, world.acme, work, "interviewer")


async def test_a_context_is_of_no_use_after_its_call(plugged: Runtime, world: World) -> None:
    async def work(context: Any) -> Any:
        probe.seen = [context]
        return "done"

    await do(plugged, world.acme, work)
    (context,) = probe.seen
    with pytest.raises(ContextEnded):
        await context.store.get("cursor")
    with pytest.raises(ContextEnded):
        _ = context.settings


async def test_a_repeated_handler_repeats_nothing(
    plugged: Runtime, world: World, database: TestDatabase
) -> None:
    event_id, code_id = uuid4(), uuid4()
    attempts = 0

    async def work(context: Any) -> None:
        nonlocal attempts
        attempts += 1
        created = await context.execute(CreateCandidate(full_name="Once Only"))
        await context.records.apply(Insert("codes", {"id": code_id, "code": str(event_id)}))
        await context.records.apply(Update("codes", {"id": code_id}, {"uses": attempts}))
        await context.store.put("attempt", attempts)
        await context.meter("sent", 2)
        probe.seen.append((created.id, context.call_id))
        if attempts < 3:
            raise ValueError("planted")

    probe.seen = []
    for _ in range(2):
        with pytest.raises(PluginFailed):
            await deliver(plugged, world.acme, work, event_id)
    await deliver(plugged, world.acme, work, event_id)
    assert attempts == 3
    assert len(set(probe.seen)) == 1
    connection = await asyncpg.connect(database.admin_url)
    used = await connection.fetchval("SELECT amount FROM plugin_usage")
    made = await connection.fetchval(
        "SELECT count(*) FROM candidates WHERE full_name = 'Once Only'"
    )
    uses = await connection.fetchval("SELECT uses FROM x_probe_codes WHERE id = $1", code_id)
    await connection.close()
    assert (used, made, uses) == (2, 1, 1)


async def test_a_repeated_handler_that_goes_another_way_is_told_so(
    plugged: Runtime, world: World
) -> None:
    event_id = uuid4()

    async def first(context: Any) -> None:
        await context.store.put("a", 1)
        raise ValueError("planted")

    async def second(context: Any) -> None:
        await context.store.put("b", 1)

    with pytest.raises(PluginFailed):
        await deliver(plugged, world.acme, first, event_id)
    with pytest.raises(Exception, match="something else at its first attempt"):
        await deliver(plugged, world.acme, second, event_id)


EMAIL = OutgoingEmail(
    id=uuid4(),
    message_id="<1@acme.test>",
    sender=Mailbox("jobs@acme.test"),
    to=Mailbox("ada@example.com"),
    subject="Hello",
    text="Hello",
)


async def test_an_adapter_is_used_like_the_port(plugged: Runtime, world: World) -> None:
    messaging = await plugged.plugins.adapter(world.acme.context, Messaging)
    assert messaging is not None

    async def sends(context: Any) -> Any:
        return f"sent for {context.settings.account}"

    probe.work = sends
    assert await messaging.send(EMAIL) == SentEmail("sent for acme")


@pytest.mark.parametrize(
    ("raised", "met"),
    [
        (MessageRefused("no"), MessageRefused),
        (MessagingUnavailable("later"), MessagingUnavailable),
        (Refused("no"), MessageRefused),
        (TryLater("later", after_seconds=7), MessagingUnavailable),
        (ValueError(SECRET), SendOutcomeUnknown),
        (SystemExit(1), SendOutcomeUnknown),
        (NotFound("none"), SendOutcomeUnknown),
    ],
)
async def test_an_adapter_raises_what_the_port_says(
    plugged: Runtime, world: World, raised: BaseException, met: type[Exception]
) -> None:
    async def work(context: Any) -> Any:
        raise raised

    plugged.plugins.guard.forget(world.acme.id, "probe")
    messaging = await plugged.plugins.adapter(world.acme.context, Messaging)
    assert messaging is not None
    probe.work = work
    with pytest.raises(met) as caught:
        await messaging.send(EMAIL)
    assert type(caught.value) is met
    assert SECRET not in str(caught.value)
    plugged.plugins.guard.forget(world.acme.id, "probe")


async def test_an_adapter_that_answers_nonsense_leaves_the_outcome_unknown(
    plugged: Runtime, world: World
) -> None:
    async def work(context: Any) -> Any:
        return 5

    messaging = await plugged.plugins.adapter(world.acme.context, Messaging)
    assert messaging is not None
    probe.work = work
    with pytest.raises(SendOutcomeUnknown, match="not what was asked for"):
        await messaging.send(EMAIL)


async def test_no_plugin_is_called_within_a_transaction(plugged: Runtime, world: World) -> None:
    """Planted: somebody sends from inside a unit of work, and from a task started inside one."""
    messaging = await plugged.plugins.adapter(world.acme.context, Messaging)
    assert messaging is not None

    async def sends(context: Any) -> Any:
        return "sent"

    probe.work = sends
    async with plugged.database.unit(world.acme.id):
        with pytest.raises(TransactionOpen):
            await messaging.send(EMAIL)
        with pytest.raises(TransactionOpen):
            await asyncio.create_task(_send(messaging))
        outlives = asyncio.create_task(_send_later(messaging))
    assert await messaging.send(EMAIL) == SentEmail("sent")
    assert await outlives == SentEmail("sent")


async def _send(messaging: Messaging) -> SentEmail:
    return await messaging.send(EMAIL)


async def _send_later(messaging: Messaging) -> SentEmail:
    await asyncio.sleep(0.1)
    return await messaging.send(EMAIL)


async def test_a_check_shows_no_secret(plugged: Runtime, world: World) -> None:
    health = await plugged.plugins.check(world.acme.context, "probe")
    assert health == Health(ok=True, message="Signed in with <hidden>.")
    with pytest.raises(NotFound):
        await plugged.plugins.check(world.globex.context, "probe")


async def test_a_webhook_is_verified_kept_and_handled_once(
    plugged: Runtime, world: World, database: TestDatabase
) -> None:
    requests = plugged.plugins.requests

    def request(signature: str) -> WebhookRequest:
        return WebhookRequest(
            headers={"signature": signature, "delivery": "d-1"}, query={}, body=b"the payload"
        )

    with pytest.raises(Unauthenticated):
        await requests.webhook(world.acme.context, "probe", "vendor", request("bad"), "r")
    with pytest.raises(NotFound):
        await requests.webhook(world.acme.context, "probe", "other", request(SECRET), "r")
    with pytest.raises(NotFound):
        await requests.webhook(world.globex.context, "probe", "vendor", request(SECRET), "r")
    for _ in range(3):
        await requests.webhook(world.acme.context, "probe", "vendor", request(SECRET), "r")
    connection = await asyncpg.connect(database.admin_url)
    kept = await connection.fetch("SELECT sealed FROM plugin_webhooks")
    assert len(kept) == 1
    assert "the payload" not in kept[0]["sealed"]
    worker = DueWork(TaskRunner(plugged), database.relay_url)
    await worker.run_due()
    await worker.run_due()
    assert [each.body for each in probe.webhooks] == [b"the payload"]
    row = await connection.fetchrow("SELECT sealed, handled_at FROM plugin_webhooks")
    await connection.close()
    assert row is not None
    assert (row["sealed"], row["handled_at"] is None) == (None, False)
    await requests.webhook(world.acme.context, "probe", "vendor", request(SECRET), "r")
    await worker.run_due()
    assert len(probe.webhooks) == 1


async def test_disabling_takes_effect_in_other_processes(
    plugged: Runtime, world: World, settings: AppSettings, database: TestDatabase
) -> None:
    async def work(context: Any) -> Any:
        return "reached"

    async with runtime_with(settings, database, catalogue_of(entry())) as other:
        assert await do(other, world.acme, work) == "reached"
        scope = plugged.scope(world.acme.context, world.acme.actor("admin"), "disable")
        await scope.execute(DisablePlugin(plugin_id="probe"))
        async with asyncio.timeout(30):
            while True:
                try:
                    await do(other, world.acme, work)
                except NotFound:
                    break
                await asyncio.sleep(0.05)
    await enable(plugged, world.acme, "probe", PERMISSIONS, account="acme", token=SECRET)
