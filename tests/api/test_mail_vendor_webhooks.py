"""The three vendors hosted for real: messages go out, what they tell comes in over HTTP, in order,
twice, forged, and at the other tenant's door. Only the vendors are fakes.
"""

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from api.app import create_app
from core.applications.contracts import ApplicationView
from core.candidates.contracts import CreateCandidate
from core.ports.outbound import OutboundAnswer
from core.shared.permissions import Action
from plugins.sdk.testing.outside import SentRequest
from tenants.due_work import DueWork
from tenants.plugins.installed import installed_plugins
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.clients import new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.mail_vendors.fakes import FAKES, MailFake
from tests.fixtures.mail_vendors.harnesses import SETTINGS
from tests.fixtures.mail_vendors.inbound import (
    INBOUND_TOPIC,
    SECRET,
    mailgun_inbound,
    raw_mail,
    sendgrid_raw,
    ses_inbound,
)
from tests.fixtures.mail_vendors.webhooks import (
    CERTIFICATE,
    MAILGUN_KEY,
    TOPIC,
    Delivery,
    mailgun_delivery,
    sendgrid_delivery,
    sendgrid_public_key,
    sns_certificate,
    sns_delivery,
)
from tests.fixtures.plugins import enable, runtime_with
from tests.fixtures.worlds import World, WorldTenant

KEYS: Final[dict[str, dict[str, Any]]] = {
    "sendgrid": {"verification_key": sendgrid_public_key()},
    "mailgun": {"signing_key": MAILGUN_KEY},
    "ses": {"topic_arn": TOPIC, "configuration_set": "mail"},
}
VENDORS: Final = tuple(KEYS)


class Outside:
    """The internet: three vendors, and the certificate of SNS."""

    def __init__(self) -> None:
        self.vendors: dict[str, MailFake] = {name: FAKES[name]() for name in VENDORS}

    async def request(
        self, method: str, url: str, *, headers: Any = None, content: bytes | None = None, **_: Any
    ) -> OutboundAnswer:
        if url == CERTIFICATE:
            return OutboundAnswer(200, {}, sns_certificate())
        sent = SentRequest(
            method=method, url=url, headers=dict(headers or {}), params={}, body=content or b""
        )
        (vendor,) = [each for each in self.vendors.values() if url.startswith(tuple(each.bases))]
        return vendor.answer(sent)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(settings: Settings, database: TestDatabase) -> AsyncIterator[Runtime]:
    async with runtime_with(settings, database, installed_plugins()) as runtime:
        yield runtime


@pytest.fixture
def outside(plugged: Runtime, monkeypatch: pytest.MonkeyPatch) -> Outside:
    made = Outside()
    monkeypatch.setattr(plugged.outbound, "http", lambda _hosts: made)
    return made


class Post:
    """One tenant with one vendor."""

    def __init__(self, runtime: Runtime, world: World, database: TestDatabase, slug: str) -> None:
        self.runtime, self.world, self.tenant = runtime, world, world[slug]
        self.hiring = Hiring(runtime, world, slug)
        self.worker = DueWork(TaskRunner(runtime), database.relay_url)
        self.app = create_app(runtime)

    def client(self, role: Any = "recruiter") -> httpx.AsyncClient:
        return new_client(self.app, self.world, self.tenant.slug, role)

    async def use(self, vendor: str) -> None:
        await self.hiring.mail_no_member()
        for name in VENDORS:
            async with self.client("admin") as client:
                await client.post(f"/api/v1/plugins/{name}/disable", json={})
        given = {**SETTINGS[vendor], **KEYS[vendor]}
        await enable(self.runtime, self.tenant, vendor, [Action.MANAGE_MESSAGES.value], **given)

    async def send(self) -> dict[str, Any]:
        candidate = await self.hiring.scope().execute(
            CreateCandidate(full_name="Ada", emails=(f"{uuid4().hex[:8]}@example.com",))
        )
        application: ApplicationView = await self.hiring.apply_as(
            candidate.id, await self.hiring.open_job(), source="careers"
        )
        await self.worker.run_due()
        async with self.client() as client:
            listed = await client.get(
                "/api/v1/messages", params={"application_id": str(application.id)}
            )
            (row,) = listed.json()["items"]
        return await self.show(row["id"])

    async def show(self, message_id: str) -> dict[str, Any]:
        async with self.client() as client:
            answer = await client.get(f"/api/v1/messages/{message_id}")
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    async def tell(self, vendor: str, delivery: Delivery) -> int:
        async with self.client(None) as client:
            answer = await client.post(
                f"/api/hooks/{vendor}/events", content=delivery[0], headers=delivery[1]
            )
        await self.worker.run_due()
        return answer.status_code


@pytest.fixture
def post(plugged: Runtime, world: World, database: TestDatabase, outside: Outside) -> Post:
    return Post(plugged, world, database, "acme")


def told(vendor: str, message: dict[str, Any], kind: str, runtime: Runtime) -> Delivery:
    """A delivery that says that a message was delivered or came back for good."""
    now = runtime.clock.now()
    if vendor == "sendgrid":
        event = {
            "event": "delivered" if kind == "delivered" else "bounce",
            "type": "bounce",
            "reason": f"550 <{message['to_address']}> unknown",
            "sg_event_id": f"{kind}-{message['id']}",
            "sg_message_id": f"{message['reference']}.recvd-5f54b5d587-t2hhp-1-6250CF9A-36.0",
            "timestamp": int(now.timestamp()),
            "intellimatch_message": message["id"],
        }
        return sendgrid_delivery([event], at=now)
    if vendor == "mailgun":
        event = {
            "event": "delivered" if kind == "delivered" else "failed",
            "severity": "permanent",
            "reason": "bounce",
            "id": f"{kind}-{message['id']}",
            "timestamp": now.timestamp(),
            "message": {"headers": {"message-id": message["reference"].strip("<>")}},
            "user-variables": {"intellimatch_message": message["id"]},
        }
        return mailgun_delivery(event, at=now, token=uuid4().hex)
    stamp = now.isoformat().replace("+00:00", "Z")
    event = {
        "eventType": "Delivery" if kind == "delivered" else "Bounce",
        "mail": {
            "timestamp": stamp,
            "messageId": message["reference"],
            "tags": {"intellimatch_message": [message["id"]]},
        },
        "delivery": {"timestamp": stamp},
        "bounce": {"timestamp": stamp, "bounceType": "Permanent"},
    }
    return sns_delivery(event, at=now, message_id=str(uuid4()))


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_message_goes_out_and_what_becomes_of_it_comes_back(
    vendor: str, post: Post, outside: Outside
) -> None:
    await post.use(vendor)
    message = await post.send()
    assert (message["state"], message["plugin"], message["delivery"]) == ("sent", vendor, None)
    ((our_id, seen),) = outside.vendors[vendor].taken
    assert (our_id, seen.to) == (message["id"], message["to_address"])
    delivery = told(vendor, message, "delivered", post.runtime)
    kept = 200 if vendor == "mailgun" else 202  # Mailgun tries again after anything but 200
    assert [await post.tell(vendor, delivery) for _ in range(2)] == [kept, kept]
    message = await post.show(message["id"])
    assert message["delivery"] == "delivered"
    assert [each["kind"] for each in message["timeline"]].count("delivered") == 1
    assert await post.tell(vendor, told(vendor, message, "bounced", post.runtime)) == kept
    message = await post.show(message["id"])
    assert (message["state"], message["delivery"]) == ("failed", "bounced")
    async with post.client("admin") as admin:
        listed = await admin.get(
            "/api/v1/suppressed-addresses", params={"address": message["to_address"].upper()}
        )
        (entry,) = listed.json()["items"]
        assert (entry["reason"], entry["plugin"]) == ("bounced", vendor)
        again = await admin.post(f"/api/v1/messages/{message['id']}/send-again")
        assert (again.status_code, again.json()["code"]) == (409, "address_suppressed")
        gone = await admin.delete(f"/api/v1/suppressed-addresses/{entry['id']}")
        assert gone.status_code == 204


@pytest.mark.parametrize("vendor", VENDORS)
async def test_what_is_forged_or_at_another_door_changes_nothing(
    vendor: str, post: Post, world: World, database: TestDatabase, examined: Examined
) -> None:
    await post.use(vendor)
    other = Post(post.runtime, world, database, "globex")
    await other.use(vendor)
    message = await post.send()
    body, headers = told(vendor, message, "bounced", post.runtime)
    assert await post.tell(vendor, (body.replace(b"e", b"f", 1), headers)) == 401
    assert await post.tell(vendor, (b"", headers)) == 401
    # The same account at the vendor's, another workspace: its own message isn't there.
    assert await other.tell(vendor, (body, headers)) in {200, 202}
    message = await post.show(message["id"])
    assert (message["state"], message["delivery"]) == ("sent", None)
    async with other.client("admin") as admin:
        assert (await admin.get("/api/v1/suppressed-addresses")).json()["items"] == []
    examined("deliveries that must change nothing", 3)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_the_connection_is_tested_and_the_secrets_stay_hidden(
    vendor: str, post: Post
) -> None:
    await post.use(vendor)
    async with post.client("admin") as admin:
        tested = await admin.post(f"/api/v1/plugins/{vendor}/test", json={})
        shown = (await admin.get(f"/api/v1/plugins/{vendor}")).text
    assert tested.json()["check"]["ok"], tested.text
    for secret in ("SG.right", "key-right", MAILGUN_KEY):
        assert secret not in shown


INBOUND: Final[dict[str, dict[str, Any]]] = {
    "sendgrid": {"reply_domain": "reply.acme.example", "inbound_secret": SECRET},
    "mailgun": {"reply_domain": "reply.acme.example"},
    "ses": {"reply_domain": "reply.acme.example", "inbound_topic_arn": INBOUND_TOPIC},
}


def answered(vendor: str, address: str, now: Any) -> tuple[str, Delivery]:
    """Where the vendor passes a candidate's answer on to, and how."""
    head, _, body = raw_mail().partition(b"\r\n\r\n")
    head = head.replace(b"<one@mail.example>", f"<{uuid4()}@mail.example>".encode())
    raw = head + b"\r\n\r\n" + body
    if vendor == "sendgrid":
        return f"inbound?secret={SECRET}", sendgrid_raw(raw, address)
    if vendor == "mailgun":
        token = uuid4().hex
        return "inbound", mailgun_inbound(raw=raw, at=now, token=token, recipient=address)
    return "events", ses_inbound(raw, address=address, at=now, message_id=str(uuid4()))


@pytest.mark.parametrize("vendor", VENDORS)
async def test_an_answer_comes_back_through_the_vendor(
    vendor: str, post: Post, outside: Outside
) -> None:
    await post.use(vendor)
    given = {**SETTINGS[vendor], **KEYS[vendor], **INBOUND[vendor]}
    await enable(post.runtime, post.tenant, vendor, [Action.MANAGE_MESSAGES.value], **given)
    message = await post.send()
    ((_, seen),) = outside.vendors[vendor].taken
    assert seen.reply_to is not None
    door, (body, headers) = answered(vendor, seen.reply_to, post.runtime.clock.now())
    for _ in range(2):
        async with post.client(None) as client:
            kept = await client.post(f"/api/hooks/{vendor}/{door}", content=body, headers=headers)
        assert kept.status_code in {200, 202}, kept.text
    await post.worker.run_due()
    async with post.client() as client:
        shown = await client.get(f"/api/v1/candidates/{message['candidate_id']}/conversation")
    (reply,) = shown.json()["replies"]
    assert (reply["matched_by"], reply["message_id"]) == ("address", message["id"])
    assert reply["text"].strip() == "Grüße, Dienstag passt."
    assert reply["files"][0]["file_id"] is not None
    # Mail may be large, events are not; what is larger than a door takes is refused unread.
    async with post.client(None) as client:
        large = await client.post(f"/api/hooks/{vendor}/events", content=b"x" * 1_100_000)
        assert large.status_code == 413
        if vendor != "ses":
            mail = await client.post(f"/api/hooks/{vendor}/inbound", content=b"x" * 1_100_000)
            assert mail.status_code == 401
            told = {"content-length": str(33 * 1024 * 1024)}
            huge = await client.post(
                f"/api/hooks/{vendor}/inbound", content=b"x" * 1_000, headers=told
            )
            assert huge.status_code == 413


async def test_the_second_vendor_sends_while_the_first_is_out_of_order(
    post: Post, outside: Outside
) -> None:
    tenant: WorldTenant = post.tenant
    await post.use("sendgrid")
    given = {**SETTINGS["mailgun"], **KEYS["mailgun"]}
    await enable(post.runtime, tenant, "mailgun", [Action.MANAGE_MESSAGES.value], **given)
    async with post.client("admin") as admin:
        put = await admin.put("/api/v1/message-senders", json={"plugins": ["sendgrid", "mailgun"]})
        assert [each["plugin"] for each in put.json()["items"]] == ["sendgrid", "mailgun"]
    outside.vendors["sendgrid"].be_away()
    message = await post.send()
    assert (message["state"], message["plugin"]) == ("sent", "mailgun")
    assert [each["kind"] for each in message["timeline"]] == ["queued", "postponed", "sent"]
    assert outside.vendors["sendgrid"].taken == []
