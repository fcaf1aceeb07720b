"""Reports from outside: who may make them, every way to forge one, and what comes of them."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from standardwebhooks import Webhook, WebhookVerificationError

from core.applications.contracts import ApplicationView, GetApplication
from core.candidates.contracts import DeleteCandidate
from core.jobs.contracts import JobView
from core.shared.clock import UtcDatetime
from core.shared.secret import Secret
from core.status import receiving
from core.status.signatures import is_fresh, is_signed, sign
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.status_reports import Sender
from tests.fixtures.worlds import World

SOURCES = "/api/v1/status/sources"
MAPPING = {
    "Check.Clear": {"act": "move", "stage": "interview"},
    "check.failed": {"act": "reject", "reason": "failed_assessment"},
    "check.cancelled": {"act": "withdraw", "reason": "lost_interest"},
    "check.started": {"act": "note"},
    "check.lost": {"act": "move", "stage": "No such stage"},
}


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def job(runtime: Runtime, world: World) -> JobView:
    return await Hiring(runtime, world).open_job(title="Reported on")


async def make_source(client_for: ClientFor, slug: str = "acme", **fields: Any) -> Sender:
    body = {"name": "Background checks", "mapping": MAPPING, **fields}
    made = await client_for(slug, "admin").post(SOURCES, json=body)
    assert made.status_code == 201, made.text
    issued = made.json()
    return Sender(client_for(slug, None), issued["source"]["id"], issued["secret"])


@pytest_asyncio.fixture(loop_scope="session")
async def sender(client_for: ClientFor) -> AsyncIterator[Sender]:
    made = await make_source(client_for)
    yield made
    await client_for("acme", "admin").delete(f"{SOURCES}/{made.source_id}")


async def _now(hiring: Hiring, application: ApplicationView) -> ApplicationView:
    return await hiring.scope().ask(GetApplication(application_id=application.id))


async def _history(client_for: ClientFor, application: ApplicationView) -> list[dict[str, Any]]:
    answer = await client_for("acme", "recruiter").get(
        "/api/status/history", params={"application_id": str(application.id)}
    )
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.mark.parametrize("path", ["/api/status/webhook", "/api/v1/status/webhook"])
async def test_a_report_moves_an_application_and_says_who_reported(
    hiring: Hiring, job: JobView, sender: Sender, client_for: ClientFor, path: str
) -> None:
    application = await hiring.apply(job)
    body = sender.body(application.id, " CHECK.clear ", note="Nothing found.")
    answer = await sender.send(body, path=path)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["outcome"], told["stage"]) == ("moved", "Interview")
    assert (await _now(hiring, application)).stage_name == "Interview"
    entry = (await _history(client_for, application))[0]
    assert (entry["kind"], entry["from_stage"], entry["to_stage"]) == (
        "moved",
        application.stage_name,
        "Interview",
    )
    assert (entry["source"], entry["by"], entry["reported_by"]) == (
        "report",
        None,
        "Background checks",
    )
    assert entry["reported_status"] == " CHECK.clear "
    assert "Nothing found." in entry["note"]
    trail = await client_for("acme", "admin").get(
        "/api/v1/audit", params={"subject_id": str(application.id)}
    )
    actors = {(each["action"], each["actor"]["kind"]) for each in trail.json()["items"]}
    assert {("application.moved", "source"), ("status_report.received", "source")} <= actors
    assert all(
        each["actor"]["id"] == sender.source_id
        for each in trail.json()["items"]
        if each["actor"]["kind"] == "source"
    )


async def test_what_a_status_stands_for_decides_and_nothing_is_lost(
    hiring: Hiring, job: JobView, sender: Sender, client_for: ClientFor, examined: Examined
) -> None:
    expected = {
        "check.failed": ("rejected", "rejected"),
        "check.cancelled": ("withdrawn", "withdrawn"),
        "check.started": ("noted", "active"),
        "check.lost": ("no_such_stage", "active"),
        "something else": ("unmapped", "active"),
    }
    for status, (outcome, disposition) in expected.items():
        application = await hiring.apply(job)
        answer = await sender.report(application.id, status, note="Said so.")
        assert answer.status_code == 200, answer.text
        assert answer.json()["outcome"] == outcome
        assert answer.json()["disposition"] == disposition
        entry = (await _history(client_for, application))[0]
        assert (entry["outcome"], entry["reported_status"]) == (outcome, status)
        assert "Said so." in entry["note"]
        again = await sender.report(application.id, status)
        assert again.json()["outcome"] == (outcome if disposition == "active" else "unchanged")
    ended = await sender.report(application.id, "check.clear")
    assert ended.json()["outcome"] == "moved"
    examined("statuses", len(expected))


async def test_a_move_in_between_is_shown_and_never_overwritten(
    hiring: Hiring, job: JobView, sender: Sender, client_for: ClientFor
) -> None:
    application = await hiring.apply(job)
    before = datetime.now(UTC)
    moved = await hiring.move(application, 1, job)
    late: dict[str, dict[str, Any]] = {
        "if_stage": {"if_stage": str(application.stage_id)},
        "if_version": {"if_version": application.version},
        "occurred_at": {"occurred_at": before.isoformat()},
    }
    for name, condition in late.items():
        answer = await sender.report(application.id, "check.failed", **condition)
        told = answer.json()
        assert (answer.status_code, told["outcome"]) == (200, "conflict"), name
        assert (told["stage_id"], told["application_version"]) == (
            str(moved.stage_id),
            moved.version,
        )
    assert (await _now(hiring, application)).disposition == "active"
    history = await _history(client_for, application)
    assert [each["outcome"] for each in history[:3]] == ["conflict"] * 3
    fits: dict[str, Any] = {"if_stage": str(moved.stage_id), "if_version": moved.version}
    answer = await sender.report(application.id, "check.failed", **fits)
    assert answer.json()["outcome"] == "rejected"
    ended = await sender.report(application.id, "check.clear")
    assert ended.json()["outcome"] == "ended"


Forgery = Callable[[Sender, bytes], dict[str, str]]


def _without(name: str) -> Forgery:
    def forge(sender: Sender, body: bytes) -> dict[str, str]:
        return {key: value for key, value in sender.headers(body).items() if key != name}

    return forge


def _with(**changed: str) -> Forgery:
    def forge(sender: Sender, body: bytes) -> dict[str, str]:
        named = {f"webhook-{key}": value for key, value in changed.items()}
        return sender.headers(body) | named

    return forge


def _at(**ago: float) -> Forgery:
    def forge(sender: Sender, body: bytes) -> dict[str, str]:
        return sender.headers(body, at=datetime.now(UTC) - timedelta(**ago))

    return forge


def _other_body(sender: Sender, body: bytes) -> dict[str, str]:
    return sender.headers(body + b" ")


def _other_secret(sender: Sender, body: bytes) -> dict[str, str]:
    return sender.headers(body, secret="whsec_" + base64.b64encode(b"x" * 32).decode())


def _other_id(sender: Sender, body: bytes) -> dict[str, str]:
    return sender.headers(body) | {"webhook-id": "msg_another"}


def _secret_as_text(sender: Sender, body: bytes) -> dict[str, str]:
    """The key not decoded, as those do who misread the specification."""
    headers = sender.headers(body)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    code = base64.b64encode(hmac.digest(sender.secret.encode(), signed, sha256)).decode()
    return headers | {"webhook-signature": f"v1,{code}"}


def _other_scheme(sender: Sender, body: bytes) -> dict[str, str]:
    headers = sender.headers(body)
    return headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v1a,")}


ATTACKS: dict[str, Forgery] = {
    "no id": _without("webhook-id"),
    "no timestamp": _without("webhook-timestamp"),
    "no signature": _without("webhook-signature"),
    "empty id": _with(id=""),
    "id with a space": _with(id="a b"),
    "endless id": _with(id="x" * 256),
    "empty timestamp": _with(timestamp=""),
    "timestamp of words": _with(timestamp="now"),
    "timestamp with a fraction": _with(timestamp="1.5"),
    "negative timestamp": _with(timestamp="-1"),
    "endless timestamp": _with(timestamp="9" * 5_000),
    "timestamp of other digits": _with(timestamp="\u0661"),
    "timestamp in exponents": _with(timestamp="1e9"),
    "six minutes old": _at(minutes=6),
    "six minutes ahead": _at(minutes=-6),
    "a year old": _at(days=365),
    "empty signature": _with(signature=""),
    "no comma": _with(signature="v1"),
    "only commas": _with(signature=",,,"),
    "empty code": _with(signature="v1,"),
    "not base64": _with(signature="v1,!!!"),
    "half of base64": _with(signature="v1,abc"),
    "bytes that are no text": _with(signature="v1,\xff\xfe"),
    "another scheme": _other_scheme,
    "many signatures": _with(signature=" ".join(["v1,aaaa"] * 17)),
    "endless signature": _with(signature="v1," + "a" * 5_000),
    "signature of another body": _other_body,
    "signature by another secret": _other_secret,
    "signature of another id": _other_id,
    "secret not decoded": _secret_as_text,
}


async def test_no_forged_delivery_is_taken(
    hiring: Hiring,
    job: JobView,
    sender: Sender,
    client_for: ClientFor,
    examined: Examined,
    database: TestDatabase,
) -> None:
    application = await hiring.apply(job)
    body = sender.body(application.id, "check.failed")
    for name, forge in ATTACKS.items():
        headers = {
            key.encode(): value.encode("utf-8") for key, value in forge(sender, body).items()
        }
        if name == "bytes that are no text":
            headers[b"webhook-signature"] = b"v1,\xff\xfe"
        answer = await sender.client.post(
            f"/api/status/webhook?source={sender.source_id}", content=body, headers=headers
        )
        assert answer.status_code in {401, 422}, f"{name}: {answer.status_code} {answer.text}"
        if answer.status_code == 422:
            (wrong,) = answer.json()["errors"]
            assert wrong["field"].startswith("webhook-"), name
    others = await make_source(client_for, "globex")
    for source in ("", "none", "'--", str(application.id), others.source_id):
        answer = await sender.client.post(
            f"/api/status/webhook?source={source}", content=body, headers=sender.headers(body)
        )
        assert answer.status_code == 401, f"{source}: {answer.status_code} {answer.text}"
        assert answer.json()["code"] == "status_report_refused"
    assert (await _now(hiring, application)).disposition == "active"
    superuser = await asyncpg.connect(database.admin_url)
    try:
        kept = await superuser.fetchval(
            "SELECT count(*) FROM status_reports WHERE application_id = $1", application.id
        )
    finally:
        await superuser.close()
    assert kept == 0
    assert (await sender.send(body)).json()["outcome"] == "rejected", "the body was good"
    examined("attacks", len(ATTACKS) + 5)


async def test_a_signed_body_that_is_wrong_names_its_fields(
    hiring: Hiring, job: JobView, sender: Sender, examined: Examined
) -> None:
    application = await hiring.apply(job)
    good = json.loads(sender.body(application.id, "check.started"))
    broken: dict[str, tuple[bytes, str]] = {
        "no JSON": (b"{", ""),
        "no bytes": (b"", ""),
        "no text": (b"\xff\xfe", ""),
        "deep": (b"[" * 20_000, ""),
        "a list": (b"[]", ""),
        "null": (b"null", ""),
        "another type": (json.dumps(good | {"type": "x"}).encode(), "type"),
        "no data": (json.dumps({"type": "status.reported"}).encode(), "data"),
        "more": (json.dumps(good | {"more": 1}).encode(), "more"),
    }
    wrong: dict[str, tuple[str, Any]] = {
        "no application": ("application_id", "x"),
        "unknown application": ("application_id", sender.source_id),
        "no status": ("status", ""),
        "lines in a status": ("status", "a\nb"),
        "long status": ("status", "x" * 121),
        "NUL in a note": ("note", "a\x00b"),
        "long note": ("note", "x" * 2_001),
        "no time": ("occurred_at", "yesterday"),
        "time without a zone": ("occurred_at", "2026-01-01T00:00:00"),
        "no stage": ("if_stage", "Interview"),
        "no version": ("if_version", 0),
        "large version": ("if_version", 2**40),
        "unknown field": ("more", 1),
    }
    for name, (field, value) in wrong.items():
        body = json.dumps(good | {"data": good["data"] | {field: value}}).encode()
        broken[name] = (body, f"data.{field}")
    for name, (body, field) in broken.items():
        headers = _signed(sender, body)
        answer = await sender.send(body, headers)
        assert answer.status_code in {400, 422}, f"{name}: {answer.status_code} {answer.text}"
        assert answer.json()["errors"][0]["field"] == field, f"{name}: {answer.text}"
    large = sender.body(application.id, "check.started", note="x" * 70_000)
    assert (await sender.send(large)).status_code == 413
    examined("broken bodies", len(broken) + 1)


def _signed(sender: Sender, body: bytes) -> dict[str, str]:
    """Headers over bytes that the package can't sign, since they are no text."""
    stamp = int(datetime.now(UTC).timestamp())
    webhook_id = f"msg_{sha256(body).hexdigest()[:20]}"
    code = sign(Secret(sender.secret), webhook_id, stamp, body).decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,{code}",
    }


async def _replay(sender: Sender, application: ApplicationView) -> list[httpx.Response]:
    """One delivery, five times at once and once more later."""
    body = sender.body(application.id, "check.clear")
    headers = sender.headers(body, webhook_id=f"msg_replayed_{application.id}")
    answers = await asyncio.gather(*(sender.send(body, headers) for _ in range(5)))
    return [*answers, await sender.send(body, headers)]


async def _reports(database: TestDatabase, application: ApplicationView) -> int:
    superuser = await asyncpg.connect(database.admin_url)
    try:
        return int(
            await superuser.fetchval(
                "SELECT count(*) FROM outbox WHERE type = 'status_report.received' "
                "AND aggregate_id = $1",
                application.id,
            )
        )
    finally:
        await superuser.close()


async def test_a_delivery_counts_once_and_is_answered_alike(
    hiring: Hiring, job: JobView, sender: Sender, database: TestDatabase, examined: Examined
) -> None:
    application = await hiring.apply(job)
    answers = await _replay(sender, application)
    assert {answer.status_code for answer in answers} == {200}, [each.text for each in answers]
    assert len({answer.text for answer in answers}) == 1
    assert await _reports(database, application) == 1
    moved = await hiring.move(await _now(hiring, application), 1, job)
    body = sender.body(application.id, "check.clear")
    late = sender.headers(body, webhook_id=f"msg_replayed_{application.id}")
    assert (await sender.send(body, late)).text == answers[0].text
    assert (await _now(hiring, application)).stage_id == moved.stage_id, "a replay moves nothing"
    other = sender.body(application.id, "check.failed")
    taken = await sender.send(
        other, sender.headers(other, webhook_id=f"msg_replayed_{application.id}")
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "status_report_id_taken")
    examined("deliveries", len(answers) + 2)


async def test_without_the_memory_of_ids_a_replay_would_count(
    hiring: Hiring,
    job: JobView,
    sender: Sender,
    database: TestDatabase,
    monkeypatch: pytest.MonkeyPatch,
    examined: Examined,
) -> None:
    """The planted defect: what came before is not looked for."""
    application = await hiring.apply(job)
    body = sender.body(application.id, "check.started")

    async def forgetful(*_: Any) -> None:
        return None

    monkeypatch.setattr("plugins.postgres.status.PostgresReports.known", forgetful)
    monkeypatch.setattr("plugins.postgres.status.PostgresReports.add", forgetful)
    headers = sender.headers(body)
    for _ in range(2):
        assert (await sender.send(body, headers)).status_code == 200
    assert await _reports(database, application) == 2, "the test above would have found it"
    examined("planted defects", 1)


async def test_without_the_window_an_old_delivery_would_count(
    hiring: Hiring,
    job: JobView,
    sender: Sender,
    monkeypatch: pytest.MonkeyPatch,
    examined: Examined,
) -> None:
    """The planted defect: any time will do."""
    application = await hiring.apply(job)
    body = sender.body(application.id, "check.started")
    old = sender.headers(body, at=datetime.now(UTC) - timedelta(days=365))
    assert (await sender.send(body, old)).status_code == 401
    monkeypatch.setattr(receiving, "is_fresh", lambda *_: True)
    assert (await sender.send(body, old)).status_code == 200
    examined("planted defects", 1)


async def test_a_secret_is_rotated_without_a_gap_and_revoked_at_once(
    hiring: Hiring, job: JobView, sender: Sender, client_for: ClientFor, runtime: Runtime
) -> None:
    admin = client_for("acme", "admin")
    application = await hiring.apply(job)
    path = f"{SOURCES}/{sender.source_id}"
    issued = (await admin.post(f"{path}/rotate", json={"grace_seconds": 3_600})).json()
    old, new = sender.secret, issued["secret"]
    body = sender.body(application.id, "check.started")
    both = sender.headers(body, secret=old)
    both["webhook-signature"] += (
        " " + sender.headers(body, secret=new, webhook_id=both["webhook-id"])["webhook-signature"]
    )
    for headers in (sender.headers(body, secret=old), sender.headers(body, secret=new), both):
        assert (await sender.send(body, headers)).status_code == 200
    await admin.post(f"{path}/rotate", json={"grace_seconds": 0})
    for secret in (old, new):
        refused = await sender.send(body, sender.headers(body, secret=secret))
        assert refused.status_code == 401
    latest = (await admin.post(f"{path}/rotate", json={"grace_seconds": 0})).json()["secret"]
    headers = sender.headers(body, secret=latest)
    assert (await sender.send(body, headers)).status_code == 200
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.delete(path)).status_code == 204
    assert (await sender.send(body, headers)).status_code == 401
    shown = (await admin.get(path)).json()
    assert shown["revoked_at"] is not None
    assert "secret" not in str(shown).lower()
    assert (await admin.patch(path, json={"name": "Again"})).status_code == 409


async def test_secrets_are_sealed_and_shown_once(
    sender: Sender, client_for: ClientFor, database: TestDatabase, examined: Examined
) -> None:
    superuser = await asyncpg.connect(database.admin_url)
    try:
        tables = await superuser.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        plain = sender.secret.removeprefix("whsec_")
        for table in tables:
            name = table["table_name"]
            rows = await superuser.fetch(f'SELECT t::text AS row FROM "{name}" t')
            assert not [row for row in rows if plain in row["row"]], f"{name} keeps a secret"
    finally:
        await superuser.close()
    for role in ("recruiter", "interviewer", "viewer"):
        client = client_for("acme", role)
        assert (await client.get(SOURCES)).status_code == 403
        assert (await client.post(SOURCES, json={"name": "Mine"})).status_code == 403
    examined("tables", len(tables))


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({"a": {"act": "move"}}, "mapping.a.stage"),
        ({"a": {"act": "move", "stage": "  "}}, "mapping.a.stage"),
        ({"a": {"act": "reject"}}, "mapping.a.reason"),
        ({"a": {"act": "reject", "reason": "no_response"}}, "mapping.a.reason"),
        ({"a": {"act": "withdraw", "reason": "skills"}}, "mapping.a.reason"),
        ({"a": {"act": "note", "stage": "Interview"}}, "mapping.a"),
        ({"a": {"act": "note", "reason": "pay"}}, "mapping.a"),
        ({"a": {"act": "note"}, " A ": {"act": "note"}}, "mapping. A "),
    ],
)
async def test_a_mapping_that_means_nothing_is_refused(
    client_for: ClientFor, mapping: dict[str, Any], field: str
) -> None:
    answer = await client_for("acme", "admin").post(
        SOURCES, json={"name": "Checks", "mapping": mapping}
    )
    assert answer.status_code == 422, answer.text
    assert field in {each["field"] for each in answer.json()["errors"]}, answer.text


async def test_a_report_crosses_to_no_other_tenant(
    hiring: Hiring, job: JobView, client_for: ClientFor
) -> None:
    theirs = await make_source(client_for, "globex")
    application = await hiring.apply(job)
    body = theirs.body(application.id, "check.failed")
    answer = await theirs.send(body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "data.application_id"
    ours = Sender(client_for("acme", None), theirs.source_id, theirs.secret)
    assert (await ours.send(body)).status_code == 401
    assert (await _now(hiring, application)).disposition == "active"


async def test_what_was_reported_goes_with_the_candidate(
    hiring: Hiring, job: JobView, sender: Sender, client_for: ClientFor, database: TestDatabase
) -> None:
    application = await hiring.apply(job)
    await sender.report(application.id, "check.started", note="Written of somebody who goes")
    exported = await client_for("acme", "recruiter").get(
        f"/api/v1/candidates/{application.candidate_id}/export"
    )
    assert "Written of somebody who goes" in exported.text
    await hiring.scope().execute(DeleteCandidate(candidate_id=application.candidate_id))
    superuser = await asyncpg.connect(database.admin_url)
    try:
        rows = await superuser.fetch("SELECT note FROM status_reports")
    finally:
        await superuser.close()
    assert "Written of somebody who goes" not in [row["note"] for row in rows]


def test_our_signatures_are_those_of_the_specification(examined: Examined) -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    bodies = ["{}", '{"a": "ä"}', "", "x" * 10_000, '{"id.1": "2.3"}']
    at = datetime.now(UTC).replace(microsecond=0)
    stamp = int(at.timestamp())
    for body in bodies:
        theirs = Webhook(secret).sign("msg_1", at, body)
        ours = sign(Secret(secret), "msg_1", stamp, body.encode())
        assert theirs == f"v1,{ours.decode()}"
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(stamp),
            "webhook-signature": f"v1,{ours.decode()}",
        }
        Webhook(secret).verify(body, headers, json_parse=False)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body + " ", headers, json_parse=False)
        code = theirs.removeprefix("v1,").encode()
        assert is_signed([Secret(secret)], "msg_1", stamp, body.encode(), [b"", code])
        assert not is_signed([Secret(secret)], "msg_1", stamp + 1, body.encode(), [code])
    assert is_fresh(stamp, UtcDatetime(at + timedelta(minutes=5)))
    assert not is_fresh(stamp, UtcDatetime(at + timedelta(minutes=5, seconds=1)))
    examined("bodies", len(bodies))
