"""What services tell of messages: in any order, twice, late, about others', and what follows.

Through the real host and database; the plugin that reports is one of the tests'.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import uuid4

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from core.applications.contracts import ApplicationView
from core.candidates.contracts import CreateCandidate, DeleteCandidate, UpdateCandidate
from core.messages import timeline as timelines
from core.messages.contracts import (
    DeliveriesReported,
    DeliveryReport,
    ListMessages,
    ListSuppressions,
    MessageView,
    RemoveSuppression,
    ReportDeliveries,
    ReportKind,
    SendAgain,
    ShowMessage,
    ShowTimeline,
    SuppressionView,
)
from core.messages.errors import AddressSuppressed, SuppressionNotFound
from core.messages.replies import SendElsewhere
from core.ports.messaging import Messaging, OutgoingEmail, SendOutcomeUnknown, SentEmail
from core.shared.actor import plugin as plugin_actor
from core.shared.clock import UtcDatetime
from core.shared.errors import Forbidden
from core.shared.permissions import Action
from plugins.postgres.messages import PostgresMessages
from plugins.sdk import Permission, PluginContext, PortAdapter
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World, WorldTenant

MANAGE: Final = Action.MANAGE_MESSAGES.value


class Service:
    """Takes e-mail, or loses its answer."""

    def __init__(self) -> None:
        self.taken: list[OutgoingEmail] = []
        self.loses_answers = False

    async def send(self, email: OutgoingEmail) -> SentEmail:
        self.taken.append(email)
        if self.loses_answers:
            raise SendOutcomeUnknown("The line broke.")
        return SentEmail(f"ref-{email.id}-{len(self.taken)}")


SERVICES: Final = {"first": Service(), "second": Service()}


def _service(name: str, _context: PluginContext[Any]) -> Service:
    return SERVICES[name]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(settings: Settings, database: TestDatabase) -> AsyncIterator[Runtime]:
    entries = [
        made_plugin(
            manifest_of(name, permissions=(Permission(action=MANAGE, why="To report."),)),
            ports=[PortAdapter(Messaging, partial(_service, name))],
        )
        for name in SERVICES
    ]
    async with runtime_with(settings, database, catalogue_of(*entries)) as runtime:
        yield runtime


@pytest_asyncio.fixture(autouse=True)
async def enabled(plugged: Runtime, world: World) -> None:
    for service in SERVICES.values():
        service.taken.clear()
        service.loses_answers = False
    for tenant in (world.acme, world.globex):
        for name in SERVICES:
            await enable(plugged, tenant, name, [MANAGE])


class Post:
    """Sends a confirmation for a tenant, and reports as one of its plugins."""

    def __init__(self, runtime: Runtime, world: World, database: TestDatabase, slug: str) -> None:
        self.runtime = runtime
        self.tenant: WorldTenant = world[slug]
        self.hiring = Hiring(runtime, world, slug)
        self.worker = DueWork(TaskRunner(runtime), database.relay_url)
        self.people = 0

    async def apply(self, address: str | None = None) -> ApplicationView:
        address = address or f"p{uuid4().hex[:8]}@example.com"
        candidate = await self.hiring.scope().execute(
            CreateCandidate(full_name="Ada", emails=(address,))
        )
        application = await self.hiring.apply_as(
            candidate.id, await self.hiring.open_job(), source="careers"
        )
        await self.worker.run_due()
        return application

    async def sent(self, address: str | None = None) -> MessageView:
        return await self.about(await self.apply(address))

    async def about(self, application: ApplicationView) -> MessageView:
        (row,) = (await self.hiring.scope().ask(ListMessages(application_id=application.id))).items
        return await self.show(row.id)

    async def show(self, message_id: Any) -> MessageView:
        return await self.hiring.scope().ask(ShowMessage(message_id=message_id))

    async def report(
        self, *reports: DeliveryReport, plugin: str = "first", permitted: bool = True
    ) -> DeliveriesReported:
        self.runtime.plugins.enabled.forget(self.tenant.id)
        found = await self.runtime.plugins.enabled.find(self.tenant.id, plugin)
        assert found is not None
        permissions = frozenset({MANAGE} if permitted else ())
        actor = plugin_actor(self.tenant.id, found.installation_id, plugin, permissions)
        scope = self.runtime.scope(self.tenant.context, actor, "report")
        return await scope.execute(ReportDeliveries(reports=reports))

    async def suppressed(self, address: str) -> Sequence[SuppressionView]:
        return (await self.hiring.scope("admin").ask(ListSuppressions(address=address))).items


@pytest_asyncio.fixture
async def post(plugged: Runtime, world: World, database: TestDatabase) -> Post:
    made = Post(plugged, world, database, "acme")
    await made.hiring.mail_no_member()
    return made


def told(message: MessageView, kind: ReportKind, after: float = 1, **more: Any) -> DeliveryReport:
    """What a service tells of a message, so many seconds after it was sent."""
    values = {
        "event_id": f"{kind}-{after}",
        "message_id": message.id,
        "at": UtcDatetime(message.created_at + timedelta(milliseconds=after)),
        **more,
    }
    return DeliveryReport(kind=kind, **values)


def kinds(message: MessageView) -> list[str]:
    return [entry.kind for entry in message.timeline]


async def test_a_message_has_a_timeline_from_the_beginning_to_the_end(post: Post) -> None:
    message = await post.sent()
    assert kinds(message) == ["queued", "sent"]
    outcome = await post.report(
        told(message, "delivered", 10, event_id="d", detail="250 OK"),
        told(message, "opened", 20, event_id="m", user_agent="GoogleImageProxy"),
        told(message, "opened", 30, event_id="o", user_agent="Mail/1.0"),
        told(message, "clicked", 40, event_id="c"),
    )
    assert outcome == DeliveriesReported(noted=4, repeated=0, strange=0)
    message = await post.show(message.id)
    assert sorted(kinds(message)) == [
        "clicked", "delivered", "opened", "opened", "queued", "sent",
    ]  # fmt: skip
    assert (message.state, message.delivery) == ("sent", "delivered")
    opened = [entry for entry in message.timeline if entry.kind == "opened"]
    assert [entry.machine for entry in opened] == [True, False]
    assert message.opened_at == opened[1].at, "a machine's open was taken for a person's"
    assert message.clicked_at is not None
    assert {entry.plugin for entry in message.timeline if entry.kind != "queued"} == {"first"}
    shown = await post.hiring.scope().ask(ShowTimeline(message_id=message.id))
    assert shown.items == message.timeline
    (row,) = (
        await post.hiring.scope().ask(ListMessages(application_id=message.application_id))
    ).items
    assert row.delivery == "delivered"


async def _fates(post: Post, reports: Sequence[tuple[ReportKind, float]]) -> set[Any]:
    """What is known at the end, for each order in which the same reports may come."""
    found = set()
    for order in itertools.permutations(reports):
        message = await post.sent()
        for kind, after in order:
            more = {"permanent": True, "detail": "550"} if kind == "bounced" else {}
            for _ in range(2):
                await post.report(told(message, kind, after, **more))
        message = await post.show(message.id)
        times = [message.opened_at, message.clicked_at]
        found.add(
            (
                message.state,
                message.delivery,
                message.detail,
                tuple(at and at - message.created_at for at in times),
                tuple(sorted(kinds(message))),
            )
        )
    return found


ORDERS: Final[dict[str, tuple[tuple[ReportKind, float], ...]]] = {
    "read": (("deferred", 1), ("delivered", 2), ("opened", 3), ("opened", 4)),
    "sent back later": (("delivered", 2), ("deferred", 1), ("bounced", 3)),
    "called spam": (("delivered", 1), ("opened", 2), ("complained", 3)),
}


@pytest.mark.parametrize("name", ORDERS)
async def test_the_order_in_which_services_tell_makes_no_difference(
    name: str, post: Post, examined: Examined
) -> None:
    fates = await _fates(post, ORDERS[name])
    assert len(fates) == 1, fates
    orders = 1
    for number in range(1, len(ORDERS[name]) + 1):
        orders *= number
    examined("orders of reports", orders)


async def test_a_summary_that_depends_on_the_order_is_noticed(
    post: Post, monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    """The planted defect: what was told last is believed."""
    summary = timelines.summary

    def last_one(entries: Any, *, since: Any, reference: Any) -> Any:
        found = summary(entries, since=since, reference=reference)
        newest = max((each for each in entries if each.told), key=lambda each: each.recorded_at)
        says = timelines._SAYS.get(newest.kind)
        return None if found is None else msgspec.structs.replace(found, delivery=says)

    monkeypatch.setattr("core.messages.model.summary", last_one)
    assert len(await _fates(post, ORDERS["sent back later"])) > 1
    examined("planted defects", 1)


async def test_a_store_that_keeps_duplicates_is_noticed(
    post: Post, monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    """The planted defect: each report is new."""
    note = PostgresMessages.note

    async def note_anew(self: Any, message_id: Any, entry: Any) -> bool:
        again = msgspec.structs.replace(entry, event_id=f"{entry.event_id}-{uuid4()}")
        return await note(self, message_id, again)

    monkeypatch.setattr(PostgresMessages, "note", note_anew)
    message = await post.sent()
    for _ in range(2):
        outcome = await post.report(told(message, "delivered"))
    assert outcome.repeated == 0
    assert kinds(await post.show(message.id)).count("delivered") == 2
    examined("planted defects", 1)


async def test_a_report_finds_its_message_by_any_of_its_names(post: Post) -> None:
    for name in ("message_id", "header_id", "reference"):
        message = await post.sent()
        values: dict[str, Any] = {
            "message_id": message.id,
            "header_id": SERVICES["first"].taken[-1].message_id.strip("<>"),
            "reference": message.reference,
        }
        report = DeliveryReport(
            event_id="x", kind="delivered", at=UtcDatetime(message.created_at),
            **{name: values[name]},
        )  # fmt: skip
        assert (await post.report(report)).noted == 1, name
        assert (await post.show(message.id)).delivery == "delivered"


async def test_what_is_told_of_others_messages_changes_nothing(
    plugged: Runtime, world: World, database: TestDatabase, post: Post, examined: Examined
) -> None:
    mine, other = await post.sent(), Post(plugged, world, database, "globex")
    theirs = await other.sent()
    strange = [
        told(theirs, "bounced", permanent=True),
        DeliveryReport(
            event_id="r", kind="complained", at=UtcDatetime(mine.created_at),
            reference=theirs.reference,
        ),
        DeliveryReport(
            event_id="h", kind="complained", at=UtcDatetime(mine.created_at),
            header_id=f"<{theirs.id}@acme.localhost>",
        ),
        told(mine, "delivered", message_id=uuid4()),
        DeliveryReport(event_id="n", kind="delivered", at=UtcDatetime(mine.created_at)),
    ]  # fmt: skip
    assert await post.report(*strange) == DeliveriesReported(0, 0, len(strange))
    assert await post.report(told(mine, "delivered"), plugin="second") == DeliveriesReported(
        0, 0, 1
    )
    assert kinds(await other.show(theirs.id)) == ["queued", "sent"]
    assert kinds(await post.show(mine.id)) == ["queued", "sent"]
    assert await other.suppressed(theirs.to_address) == []
    examined("reports about others' messages", len(strange) + 1)


async def test_only_plugins_report_and_only_with_the_permission(post: Post) -> None:
    message = await post.sent()
    with pytest.raises(Forbidden):
        await post.report(told(message, "delivered"), permitted=False)
    with pytest.raises(Forbidden, match="Only the plugin"):
        await post.hiring.scope("admin").execute(
            ReportDeliveries(reports=(told(message, "delivered"),))
        )


@pytest.mark.parametrize(
    ("kind", "permanent", "reason"),
    [
        ("bounced", True, "bounced"),
        ("bounced", False, None),
        ("dropped", True, "bounced"),
        ("complained", False, "complained"),
        ("unsubscribed", False, "unsubscribed"),
        ("deferred", True, None),
    ],
)
async def test_which_reports_suppress_an_address(
    kind: ReportKind, permanent: bool, reason: str | None, post: Post
) -> None:
    message = await post.sent(f"Ada.{uuid4().hex[:6]}@Example.com")
    await post.report(told(message, kind, permanent=permanent, detail="because"))
    found = await post.suppressed(message.to_address.upper())
    assert [each.reason for each in found] == ([] if reason is None else [reason])
    if reason is not None:
        (entry,) = found
        assert (entry.address, entry.plugin) == (message.to_address.lower(), "first")
        assert (entry.message_id, entry.detail) == (message.id, "because")


async def test_a_suppressed_address_is_written_to_only_once_an_admin_says_so(post: Post) -> None:
    address = f"gone-{uuid4().hex[:6]}@example.com"
    message = await post.sent(address)
    detail = f"550 5.1.1 <{address}>: no such user"
    await post.report(told(message, "bounced", permanent=True, detail=detail))
    message = await post.show(message.id)
    assert (message.state, message.delivery) == ("failed", "bounced")
    assert message.detail is not None
    assert "no such user" in message.detail
    with pytest.raises(AddressSuppressed, match="came back for good"):
        await post.hiring.scope().execute(SendAgain(message_id=message.id))
    given = len(SERVICES["first"].taken)
    another = await post.sent(address.upper())
    assert (another.state, len(SERVICES["first"].taken)) == ("failed", given)
    assert another.detail is not None
    assert "isn't written to" in another.detail
    assert kinds(another) == ["queued", "suppressed"]
    (entry,) = await post.suppressed(address)
    with pytest.raises(Forbidden):
        await post.hiring.scope().execute(RemoveSuppression(suppression_id=entry.id))
    remove = RemoveSuppression(suppression_id=entry.id)
    await post.hiring.scope("admin").execute(remove)
    with pytest.raises(SuppressionNotFound):
        await post.hiring.scope("admin").execute(remove)
    await post.hiring.scope().execute(SendAgain(message_id=message.id))
    await post.worker.run_due()
    message = await post.show(message.id)
    assert (message.state, message.delivery) == ("sent", None)


async def test_a_late_report_about_the_first_copy_says_nothing_of_the_second(post: Post) -> None:
    message = await post.sent()
    first = message.reference
    await post.report(told(message, "bounced", detail="554 not today", reference=first))
    await post.hiring.scope().execute(SendAgain(message_id=message.id))
    await post.worker.run_due()
    again = await post.show(message.id)
    assert again.state == "sent"
    assert again.reference != first
    await post.report(told(message, "bounced", 9, detail="554 again", reference=first))
    assert (await post.show(message.id)).state == "sent"
    await post.report(told(message, "delivered", 10, reference=f"{again.reference}.filter1"))
    message = await post.show(message.id)
    assert (message.state, message.delivery) == ("sent", "delivered")


async def test_a_late_report_about_a_former_address_stops_no_mail_to_the_new_one(
    post: Post,
) -> None:
    former, new = (f"{name}-{uuid4().hex[:6]}@example.com" for name in ("former", "new"))
    message = await post.sent(former)
    first = message.reference
    await post.report(told(message, "bounced", permanent=True, reference=first))
    scope = post.hiring.scope()
    change = UpdateCandidate(candidate_id=message.candidate_id, emails=(former, new))
    await scope.execute(change)
    await scope.execute(SendElsewhere(message_id=message.id, to_address=new))
    await post.worker.run_due()
    second = (await post.show(message.id)).reference
    await post.report(told(message, "dropped", 9, permanent=True, reference=first))
    assert [len(await post.suppressed(each)) for each in (former, new)] == [1, 0]
    await post.report(told(message, "complained", 10, reference=second))
    assert [len(await post.suppressed(each)) for each in (former, new)] == [1, 1]


async def test_a_complaint_about_the_first_copy_counts_for_the_same_address(post: Post) -> None:
    message = await post.sent(f"again-{uuid4().hex[:6]}@example.com")
    first = message.reference
    await post.report(told(message, "bounced", reference=first))
    await post.hiring.scope().execute(SendAgain(message_id=message.id))
    await post.worker.run_due()
    await post.report(told(message, "complained", 9, reference=first))
    assert [each.reason for each in await post.suppressed(message.to_address)] == ["complained"]


async def test_complaints_outweigh_bounces_and_nothing_outweighs_them(post: Post) -> None:
    address = f"both-{uuid4().hex[:6]}@example.com"
    message = await post.sent(address)
    for kind in ("unsubscribed", "bounced", "complained", "bounced", "unsubscribed"):
        await post.report(told(message, kind, permanent=True, event_id=str(uuid4())))
    (entry,) = await post.suppressed(address)
    assert entry.reason == "complained"


async def test_who_unsubscribed_still_gets_answers(post: Post) -> None:
    address = f"answers-{uuid4().hex[:6]}@example.com"
    message = await post.sent(address)
    await post.report(told(message, "unsubscribed"))
    assert (await post.sent(address)).state == "sent"


@pytest.mark.parametrize("kind", ["accepted", "deferred", "delivered", "opened"])
async def test_what_was_unknown_is_known_once_the_service_tells(
    kind: ReportKind, post: Post
) -> None:
    SERVICES["first"].loses_answers = True
    message = await post.sent()
    assert (message.state, message.sent_at) == ("unknown", None)
    await post.report(told(message, kind, reference="ref-late"))
    message = await post.show(message.id)
    assert (message.state, message.detail, message.reference) == ("sent", None, "ref-late")
    assert message.sent_at is not None
    assert kinds(message)[0] == "queued"
    assert "unknown" in kinds(message)


async def test_an_unknown_one_that_came_back_has_failed(post: Post) -> None:
    SERVICES["first"].loses_answers = True
    message = await post.sent()
    await post.report(told(message, "bounced", permanent=True, detail="550"))
    assert (await post.show(message.id)).state == "failed"


@pytest.mark.parametrize(
    ("kind", "state"), [("delivered", "sent"), ("bounced", "failed"), ("accepted", "sent")]
)
@pytest.mark.parametrize("answer", ["kept", "lost"])
async def test_a_report_that_is_faster_than_our_own_note_is_kept(
    kind: ReportKind, state: str, answer: str, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, loop = SERVICES["first"], asyncio.get_running_loop()
    service.loses_answers = answer == "lost"
    send = service.send

    async def tell_first(email: OutgoingEmail) -> SentEmail:
        report = DeliveryReport(
            event_id="early", kind=kind, message_id=email.id, at=UtcDatetime(datetime.now(UTC))
        )
        telling = asyncio.run_coroutine_threadsafe(post.report(report), loop)
        assert (await asyncio.wrap_future(telling)).noted == 1
        return await send(email)

    monkeypatch.setattr(service, "send", tell_first)
    message = await post.sent()
    assert (message.state, len(service.taken)) == (state, 1)
    assert message.sent_at is not None


async def test_an_erased_persons_timeline_and_suppression_go_along(
    post: Post, database: TestDatabase
) -> None:
    address = f"erased-{uuid4().hex[:6]}@example.com"
    application = await post.apply(address)
    message = await post.about(application)
    await post.report(told(message, "bounced", permanent=True, detail=f"550 {address}"))
    await post.hiring.scope("admin").execute(DeleteCandidate(candidate_id=application.candidate_id))
    assert await post.suppressed(address) == []
    connection = await asyncpg.connect(database.admin_url)
    left = await connection.fetchval(
        "SELECT count(*) FROM message_events WHERE message_id = $1", message.id
    )
    await connection.close()
    assert left == 0


async def test_events_say_what_became_of_it_and_to_which_address_no_event(
    post: Post, database: TestDatabase
) -> None:
    address = f"quiet-{uuid4().hex[:6]}@example.com"
    message = await post.sent(address)
    await post.report(
        told(message, "delivered", 1),
        told(message, "opened", 2, user_agent="Mozilla/5.0"),
        told(message, "bounced", 3, permanent=True, detail=f"550 <{address.upper()}> unknown"),
        told(message, "complained", 4),
    )
    connection = await asyncpg.connect(database.admin_url)
    rows = await connection.fetch(
        "SELECT type, payload::text AS payload FROM outbox WHERE aggregate_id = $1", message.id
    )
    await connection.close()
    found = {row["type"]: row["payload"] for row in rows}
    assert found.keys() >= {
        *("message.queued", "message.sent", "message.delivered"),
        *("message.bounced", "message.complained", "message.tracked"),
    }
    assert not [name for name, payload in found.items() if address.lower() in payload.lower()]
    assert "the address" in found["message.bounced"]
