"""The domains that mail is sent from, over the API and on their page, with a real name server."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio

from core.deliverability.contracts import CHECK_DOMAINS
from core.messages.contracts import SuppressionId
from core.messages.suppression import Suppression
from core.ports.tasks import Tasks
from core.shared.clock import UtcDatetime
from plugins.outbound.names import ResolvingDns
from plugins.postgres.suppressions import PostgresSuppressions
from plugins.postgres.tasks import PostgresTasks
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.tasks import TaskRunner
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.names_served import BROKEN, NameServer, names_served
from tests.fixtures.plugins import enable
from tests.fixtures.worlds import World

SPF: Final = "v=spf1 include:amazonses.com ~all"
KEY: Final = f"v=DKIM1; k=rsa; p={base64.b64encode(bytes(162)).decode()}"
TOKENS: Final = ("aaa", "bbb", "ccc")
ZONE: Final = {
    "example.com": {"MX": ["10 mail.example.com"], "TXT": ["v=spf1 mx ~all"]},
    "bounce.example.com": {
        "TXT": [SPF],
        "MX": ["10 feedback-smtp.eu-central-1.amazonses.com"],
    },
    "amazonses.com": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    "_dmarc.example.com": {"TXT": ["v=DMARC1; p=none"]},
    **{
        f"{token}._domainkey.example.com": {"CNAME": [f"{token}.dkim.amazonses.com"]}
        for token in TOKENS
    },
    **{f"{token}.dkim.amazonses.com": {"TXT": [KEY]} for token in TOKENS},
}
ADDRESS: Final = "/api/v1/email/domains"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(runtime: Runtime, world: World) -> AsyncIterator[NameServer]:
    await enable(
        runtime,
        world.acme,
        "ses",
        ("messages:manage",),
        region="eu-central-1",
        access_key_id="A" * 20,
        secret_access_key="secret",
        sender_address="jobs@Example.com",
        dkim_tokens=" ".join(TOKENS),
        mail_from_domain="bounce.example.com",
    )
    await enable(runtime, world.acme, "smtp", host="mail.invalid")
    async with names_served() as served:
        runtime.outbound.names = ResolvingDns(["127.0.0.1"], port=served.port, seconds=1.0)
        yield served


@pytest.fixture
def admin(client_for: ClientFor) -> httpx.AsyncClient:
    return client_for("acme", "admin")


async def _domain(admin: httpx.AsyncClient, name: str = "example.com") -> dict[str, Any]:
    items = (await admin.get(ADDRESS)).json()["items"]
    return next(dict(each) for each in items if each["domain"] == name)


async def test_a_domain_is_looked_at_kept_and_shown(
    server: NameServer, admin: httpx.AsyncClient, world: World, examined: Examined
) -> None:
    server.hold(ZONE)
    fresh = await _domain(admin)
    assert (fresh["plugins"], fresh["is_own"], fresh["check"]) == (["ses"], False, None)
    answer = await admin.post(f"{ADDRESS}/Example.COM/check")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    states = {(each["about"], each["host"]): each["state"] for each in found["findings"]}
    assert set(states.values()) == {"found"}, found
    assert len([about for about, _ in states if about == "dkim"]) == len(TOKENS)
    assert (await _domain(admin))["check"] == found
    own = next(
        each for each in (await admin.get(ADDRESS)).json()["items"] if each["plugins"] == ["smtp"]
    )
    assert own["is_own"]
    assert own["domain"].startswith("acme.")
    examined("findings", len(states))


async def test_what_is_missing_has_the_record_to_copy_on_the_page(
    server: NameServer, admin: httpx.AsyncClient
) -> None:
    server.hold({name: said for name, said in ZONE.items() if name != "bbb._domainkey.example.com"})
    found = (await admin.post(f"{ADDRESS}/example.com/check")).json()
    assert found["state"] == "missing"
    (missing,) = (each for each in found["findings"] if each["state"] == "missing")
    assert missing["record"] == {
        "host": "bbb._domainkey.example.com",
        "type": "CNAME",
        "value": "bbb.dkim.amazonses.com",
    }
    page = (await admin.get("/settings/email")).text
    assert "bbb.dkim.amazonses.com" in page
    assert "The signature proves that the mail is yours" in page


async def test_who_sends_is_ordered_and_who_gets_no_mail_is_found_on_the_page(
    server: NameServer,
    admin: httpx.AsyncClient,
    client_for: ClientFor,
    runtime: Runtime,
    world: World,
) -> None:
    async with runtime.database.unit(world.acme.id) as unit:
        await PostgresSuppressions(unit).put(
            Suppression(
                id=SuppressionId(runtime.ids.new()),
                address="gone@example.com",
                reason="bounced",
                detail="550 no such user",
                plugin="ses",
                message_id=None,
                created_at=UtcDatetime(datetime.now(UTC)),
            )
        )
    shown = (await admin.get("/settings/email")).text
    assert shown.index("/settings/plugins/ses") < shown.index("/settings/plugins/smtp")
    assert 'value="smtp,ses"' in shown, "the second may go up, and the first may not"
    assert 'value="ses,smtp"' not in shown
    assert "gone@example.com" in shown
    assert "550 no such user" in shown
    answer = await admin.put("/api/v1/message-senders", json={"plugins": ["smtp", "ses"]})
    assert [each["plugin"] for each in answer.json()["items"]] == ["smtp", "ses"], answer.text
    shown = (await admin.get("/settings/email?address=Somebody@example.com")).text
    assert shown.index("/settings/plugins/smtp") < shown.index("/settings/plugins/ses")
    assert "This address is written to." in shown
    assert "gone@example.com" not in shown
    assert "gone@example.com" in (await admin.get("/settings/email?address=GONE@example.com")).text
    assert "gone@" not in (await client_for("globex", "admin").get("/settings/email")).text
    await admin.put("/api/v1/message-senders", json={"plugins": []})


async def test_names_that_cannot_be_looked_up_are_not_missing(
    server: NameServer, admin: httpx.AsyncClient
) -> None:
    server.hold(ZONE, **{"*": BROKEN})
    found = (await admin.post(f"{ADDRESS}/example.com/check")).json()
    assert {each["state"] for each in found["findings"]} == {"unknown"}
    assert all(each["record"] is None for each in found["findings"])


async def test_the_weekly_look_tells_what_got_worse(
    server: NameServer,
    admin: httpx.AsyncClient,
    runtime: Runtime,
    world: World,
    database: TestDatabase,
) -> None:
    server.hold(ZONE)
    await admin.post(f"{ADDRESS}/example.com/check")
    server.hold({name: said for name, said in ZONE.items() if name != "_dmarc.example.com"})
    async with runtime.database.unit(world.acme.id) as unit:
        tasks: Tasks = PostgresTasks(unit, runtime.ids, "weekly")
        await tasks.schedule(CHECK_DOMAINS, {})
    worker = DueWork(TaskRunner(runtime), database.relay_url)
    await worker.run_due()
    assert (await _domain(admin))["check"]["state"] == "missing"
    entries = (await admin.get("/api/v1/audit?action=sending_domain.worsened")).json()["items"]
    assert entries[0]["actor"]["kind"] == "system", "the newest comes first"
    while await worker.run_due():
        pass
    inbox = (await admin.get("/api/v1/notifications?type=plugin_broken")).json()["items"]
    assert "example.com" in inbox[0]["title"]
    assert inbox[0]["link"] == "/settings/email"


async def test_only_admins_look_and_only_at_their_own(
    server: NameServer, client_for: ClientFor, admin: httpx.AsyncClient
) -> None:
    server.hold(ZONE)
    for role in ("recruiter", "interviewer", "viewer"):
        client = client_for("acme", role)
        assert (await client.get(ADDRESS)).status_code == 403
        assert (await client.post(f"{ADDRESS}/example.com/check")).status_code == 403
    elsewhere = client_for("globex", "admin")
    assert (await elsewhere.get(ADDRESS)).json() == {"items": []}
    refused = await elsewhere.post(f"{ADDRESS}/example.com/check")
    assert (refused.status_code, refused.json()["code"]) == (404, "sending_domain_not_found")
    assert server.asked == []
    for name in ("nowhere.example", "-", "a" * 300, "example.com.evil.example"):
        assert (await admin.post(f"{ADDRESS}/{name}/check")).status_code == 404
    assert server.asked == []
