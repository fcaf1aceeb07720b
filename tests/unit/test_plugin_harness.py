"""What authors test with refuses what the platform refuses, and says what a test has to set."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from core.shared.usecase import USE_CASES
from plugins.sdk import (
    Column,
    CreateTable,
    Delete,
    EventHandler,
    Forbidden,
    Health,
    InboundWebhook,
    Insert,
    Manifest,
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
    ScheduledTask,
    SecretText,
    Settings,
    SettingsSpec,
    Table,
    Update,
    WebhookRequest,
    hook,
)
from plugins.sdk.commands import CandidateId, CreateJob, DeleteCandidate, GetJob, JobId
from plugins.sdk.events import CandidateCreated, CandidateDeleted
from plugins.sdk.ports import Messaging, OutboundRefused, OutboundUnavailable
from plugins.sdk.testing.harness import Harness
from plugins.sdk.testing.needed import NEEDED
from tenants.plugins.context import REQUESTS
from tenants.wiring.all import wire
from tests.fixtures.examined import Examined

CODES = Table(
    name="codes",
    columns=(
        Column("id", "uuid"),
        Column("code", "text", required=False),
        Column("uses", "integer", default=0),
        Column("price", "numeric", default="1.50"),
        Column("seen_at", "instant", required=False),
        Column("facts", "json", required=False),
    ),
    unique=(("code",),),
)


class Options(Settings, frozen=True):
    """With a secret."""

    token: SecretText
    limit: int = 1


class Work:
    """What the plugin does next."""

    def __init__(self) -> None:
        self.do: Any = None
        self.contexts: list[Any] = []


work = Work()


async def handle(context: Any, _event: Any) -> None:
    work.contexts.append(context)
    await work.do(context)


async def run(context: Any) -> None:
    await work.do(context)


async def respond(context: Any, request: Request) -> Response:
    answer: Response = await work.do(context, request)
    return answer


async def verify(context: Any, request: WebhookRequest) -> str:
    if request.headers.get("signature") != context.settings.token:
        raise Refused("The signature is wrong.")
    return request.headers.get("delivery", "")


async def receive(context: Any, request: WebhookRequest) -> None:
    await context.store.put("last", request.body.decode())


async def check(context: Any) -> Health:
    answer: Health = await work.do(context)
    return answer


def plugin_of(**answers: Any) -> Any:
    def made(name: str, answer: Any) -> Any:
        def implementation() -> Any:
            return answer

        implementation.__name__ = name
        return hook(implementation)

    return SimpleNamespace(**{name: made(name, answer) for name, answer in answers.items()})


MANIFEST = Manifest(
    id="probe",
    name="Probe",
    version="1.0.0",
    sdk=">=1.0,<2",
    summary="Test.",
    permissions=(Permission(action="jobs:read", why="To test."),),
    hosts=("api.vendor.com",),
    meters=(Meter(name="lookups", unit="lookup"),),
)


@pytest.fixture
def probe() -> Harness:
    plugin = plugin_of(
        manifest=MANIFEST,
        settings=SettingsSpec(
            type=Options,
            version=3,
            upgrades={
                1: lambda values: {"token": values["key"]},
                2: lambda values: {**values, "limit": 7},
            },
        ),
        event_handlers=[
            EventHandler(name="first", event=CandidateCreated, handle=handle),
            EventHandler(name="second", event=CandidateCreated, handle=handle, timeout_seconds=0.1),
        ],
        scheduled_tasks=[ScheduledTask(name="nightly", cron="0 3 * * *", run=run)],
        routes=[
            Route(method="GET", path="/{name}", handle=respond, action="jobs:read", summary="A"),
            Route(method="GET", path="/fixed", handle=respond, action="jobs:read", summary="B"),
        ],
        webhooks=[InboundWebhook(name="vendor", verify=verify, handle=receive)],
        tables=[Migration(1, (CreateTable(CODES),))],
        operations=Operations(check=check),
    )
    return Harness(plugin, settings={"token": "secret"})


def test_each_request_needs_the_permission_that_the_platform_asks(examined: Examined) -> None:
    wire()
    offered = {asked: USE_CASES[asked].action for asked in REQUESTS}
    assert {asked: action.value for asked, action in offered.items() if action} == NEEDED
    examined("requests", len(NEEDED))


async def test_a_delivery_that_is_repeated_repeats_nothing(probe: Harness) -> None:
    attempts = 0

    async def do(context: Any) -> None:
        nonlocal attempts
        attempts += 1
        await context.records.apply(Insert("codes", {"id": uuid4(), "code": "a"}))
        await context.store.put("attempt", attempts)
        await context.meter("lookups", 2)
        if attempts == 1:
            raise ValueError("planted")

    work.do = do
    event = CandidateCreated(aggregate_id=uuid4())
    with pytest.raises(ValueError, match="planted"):
        await probe.deliver(event, handler="first", delivery="d")
    await probe.deliver(event, handler="first", delivery="d")
    assert (attempts, len(probe.rows("codes")), probe.meters) == (2, 1, {"lookups": 2})
    assert probe.stored() == {"attempt": 1}


async def test_a_repeated_delivery_that_goes_another_way_is_told_so(probe: Harness) -> None:
    names = iter("ab")

    async def do(context: Any) -> None:
        await context.store.put(next(names), 1)

    work.do = do
    event = CandidateCreated(aggregate_id=uuid4())
    await probe.deliver(event, handler="first", delivery="d")
    with pytest.raises(AssertionError, match="same order"):
        await probe.deliver(event, handler="first", delivery="d")


async def test_handlers_are_found_and_have_their_deadline(probe: Harness) -> None:
    async def do(_context: Any) -> None:
        await asyncio.sleep(0.3)

    work.do = do
    event = CandidateCreated(aggregate_id=uuid4())
    await probe.deliver(event, handler="first")
    with pytest.raises(TimeoutError):
        await probe.deliver(event, handler="second")
    with pytest.raises(AssertionError, match=r"candidate\.deleted"):
        await probe.deliver(CandidateDeleted(aggregate_id=uuid4()))
    with pytest.raises(AssertionError, match="third"):
        await probe.deliver(event, handler="third")


async def test_a_context_is_of_no_use_after_its_call(probe: Harness) -> None:
    async def do(_context: Any) -> None:
        """Nothing."""

    work.do, work.contexts = do, []
    await probe.deliver(CandidateCreated(aggregate_id=uuid4()), handler="first")
    (context,) = work.contexts
    for late in (context.store.get("a"), context.records.find("codes"), context.meter("lookups")):
        with pytest.raises(AssertionError, match="after the call"):
            await late


async def test_it_asks_within_its_permissions(probe: Harness) -> None:
    job = GetJob(job_id=JobId(uuid4()))

    async def do(context: Any) -> None:
        with pytest.raises(AssertionError, match=r"platform\.answer\(GetJob"):
            await context.ask(job)
        probe.platform.answer(GetJob, lambda asked: f"job {asked.job_id}")
        assert await context.ask(job) == f"job {job.job_id}"
        probe.platform.answer(GetJob, LookupError("gone"))
        with pytest.raises(LookupError):
            await context.ask(job)
        with pytest.raises(Forbidden, match="jobs:create"):
            await context.execute(CreateJob(title="Engineer"))
        with pytest.raises(Forbidden, match="candidates:delete"):
            await context.execute(DeleteCandidate(candidate_id=CandidateId(uuid4())))
        with pytest.raises(Forbidden, match="can't ask for"):
            await context.execute(job)

    work.do = do
    await probe.run("nightly")
    assert probe.platform.asked == [job] * 3


async def test_it_reaches_the_hosts_of_its_manifest(probe: Harness) -> None:
    url = "https://api.vendor.com/v1/things"

    async def do(context: Any) -> None:
        with pytest.raises(AssertionError, match=r"outside\.answer"):
            await context.http.request("GET", url)
        probe.outside.answer("GET", url, json={"ok": True})
        answer = await context.http.request("GET", f"{url}?a=1", params={"b": "2"})
        assert msgspec.json.decode(answer.body) == {"ok": True}
        with pytest.raises(OutboundRefused, match="manifest's hosts"):
            await context.http.request("GET", "https://other.com/")
        probe.outside.be_away()
        with pytest.raises(OutboundUnavailable):
            await context.http.request("GET", url)
        with pytest.raises(OutboundUnavailable):
            await context.network.open_connection("api.vendor.com", 25)

    work.do = do
    await probe.run("nightly")
    assert probe.outside.sent[1].params == {"a": "1", "b": "2"}


async def test_routes_are_matched_and_typed(probe: Harness) -> None:
    async def do(_context: Any, request: Request) -> Any:
        match request.path:
            case "/wrong":
                return None
            case "/odd":
                return Response(body={"made": object()})
        return Response(body=dict(request.params))

    work.do = do
    assert (await probe.request("GET", "/fixed")).body == {}
    assert (await probe.request("GET", "/other")).body == {"name": "other"}
    for path, problem in (
        ("/wrong", "NoneType"),
        ("/odd", "isn't plain data"),
        ("/a/b", "no route GET /a/b"),
    ):
        with pytest.raises(AssertionError, match=problem):
            await probe.request("GET", path)
    with pytest.raises(AssertionError, match="no page"):
        await probe.page()
    with pytest.raises(AssertionError, match="no adapter of Messaging"):
        probe.adapter(Messaging)
    with pytest.raises(AssertionError, match="gives no erase"):
        await probe.erase(msgspec.UNSET)  # type: ignore[arg-type]


async def test_a_webhook_is_verified_and_handled_once(probe: Harness) -> None:
    headers = {"Signature": "secret", "Delivery": "1"}
    with pytest.raises(Refused):
        await probe.webhook("vendor", b"a")
    assert await probe.webhook("vendor", b"a", headers=headers)
    assert not await probe.webhook("vendor", b"b", headers=headers)
    assert probe.stored() == {"last": "a"}


async def test_settings_are_checked_hidden_and_upgraded(probe: Harness) -> None:
    assert "secret" not in repr(probe.settings)
    with pytest.raises(msgspec.ValidationError, match="limit"):
        probe.configure(token="secret", limit="many")
    probe.upgrade_settings({"key": "old"}, 1)
    assert probe.settings == Options(token="old", limit=7)


async def test_an_adapter_is_closed_behind_its_use() -> None:
    class Sender:
        def __init__(self, context: Any) -> None:
            self.context = context

    made = plugin_of(manifest=MANIFEST, ports=[PortAdapter(Messaging, Sender)])
    async with Harness(made).adapter(Messaging) as sender:
        kept: Any = sender
        assert kept.context.tenant.slug == "acme"
    with pytest.raises(AssertionError, match="after the call"):
        _ = kept.context.http


async def test_tables_hold_what_was_declared(probe: Harness) -> None:
    first, second = uuid4(), uuid4()

    async def do(context: Any) -> None:
        records = context.records
        await records.apply(
            Insert("codes", {"id": first, "code": "A", "facts": {"a": (1,)}}),
            Insert("codes", {"id": second, "code": "B", "seen_at": datetime.now(UTC)}),
        )
        for change, error in (
            (Insert("codes", {"id": uuid4(), "code": "A"}), RecordConflict),
            (Update("codes", {"id": uuid4()}, {"uses": 1}), RecordMissing),
            (Update("codes", {"id": second}, {"code": "A"}), RecordConflict),
            (Update("codes", {"id": first}, {"uses": 1}, expected={"uses": 9}), RecordConflict),
            (Insert("codes", {"id": "x"}), ValueError),
            (Insert("other", {"id": uuid4()}), ValueError),
        ):
            with pytest.raises(error):
                await records.apply(Insert("codes", {"id": uuid4(), "code": "undone"}), change)
        await records.apply(Insert("codes", {"id": first, "uses": 4}, or_update=True))

    work.do = do
    await probe.run("nightly")
    rows = {row["code"]: row for row in probe.rows("codes")}
    assert set(rows) == {"A", "B"}
    assert (rows["A"]["facts"], rows["A"]["uses"]) == ({"a": [1]}, 4)
    assert rows["B"]["price"] == Decimal("1.50")

    async def look(context: Any) -> None:
        records = context.records
        found = await records.find("codes", order_by=("-seen_at",), limit=1)
        assert [row["code"] for row in found] == ["B"]
        after = await records.find("codes", order_by=("-seen_at",), after=found[0])
        assert [row["code"] for row in after] == ["A"]
        assert await records.find("codes", where={"seen_at": None}) == after
        await records.apply(Delete("codes", {"id": first}), Delete("codes", {"id": first}))
        assert await records.get("codes", {"id": first}) is None

    work.do = look
    await probe.run("nightly")
    assert len(probe.rows("codes")) == 1
