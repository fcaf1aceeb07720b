"""Templates over the API and on their pages: saved when whole, versions, conflicts, trying out."""

import re
from typing import Any

import httpx
import pytest

from api.app import Application
from core.shared.permissions import Action
from plugins.postgres.migrate import migrate
from tenants.catalogue import migrations_of
from tenants.plugins.installed import installed_plugins
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import enable
from tests.fixtures.worlds import World

HERE = "/api/v1/templates/status_update/en"
BODY = "Dear {{candidate_name}},\n\n**{{job_title}}** goes on."
HTML = {"Accept": "text/html"}


@pytest.fixture
def admin(client_for: ClientFor) -> httpx.AsyncClient:
    return client_for("acme", "admin")


async def put(admin: httpx.AsyncClient, body: str, subject: str = "News", **more: Any) -> Any:
    return await admin.put(HERE, json={"subject": subject, "body": body}, **more)


async def test_a_template_is_changed_in_versions_and_reset(
    admin: httpx.AsyncClient, client_for: ClientFor
) -> None:
    first = await admin.get(HERE)
    assert (first.json()["version"], first.json()["is_default"]) == (0, True)
    assert first.headers["etag"] == '"0"'
    saved = await put(admin, BODY, headers={"If-Match": '"0"'})
    assert saved.status_code == 200, saved.text
    assert (saved.json()["version"], saved.json()["body"]) == (1, BODY + "\n")
    late = await put(admin, "Mine.", headers={"If-Match": '"0"'})
    assert (late.status_code, late.json()["code"]) == (412, "template_changed")
    again = await put(admin, BODY)
    assert again.json()["version"] == 1, "the same text is no new version"
    rows = (await admin.get("/api/v1/templates")).json()["items"]
    states = {each["kind"]: each["languages"] for each in rows}
    assert len(rows) == 16
    assert [each["is_default"] for each in states["status_update"]] == [False, True, True, True]
    elsewhere = await client_for("globex", "admin").get(HERE)
    assert elsewhere.json()["is_default"]
    reset = await admin.post(f"{HERE}/reset")
    assert (reset.json()["version"], reset.json()["is_default"]) == (2, True)
    assert reset.json()["body"] == first.json()["body"]
    versions = (await admin.get(f"{HERE}/versions")).json()["items"]
    assert [(each["version"], each["is_default"]) for each in versions] == [
        (2, True),
        (1, False),
        (0, True),
    ]
    assert versions[1]["body"] == BODY + "\n"


async def test_whatever_is_wrong_is_named_with_its_line(admin: httpx.AsyncClient) -> None:
    body = "Hello {{candidat_name}},\n\n[x](javascript:alert(1))\n{{recruiter_name}}"
    answer = await put(admin, body, subject="{{nobody}}")
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert [(each["field"], each["code"]) for each in errors] == [
        ("body", "unknown_variable"),
        ("body", "wrong_link"),
        ("body", "may_be_missing"),
        ("subject", "unknown_variable"),
    ]
    assert "Line 1: candidat_name is no variable" in errors[0]["message"]
    assert "candidate_name?" in errors[0]["message"]
    assert "Line 4" in errors[2]["message"]
    for path in ("/api/v1/templates/nothing/en", "/api/v1/templates/offer/xx"):
        missing = await admin.get(path)
        assert (missing.status_code, missing.json()["code"]) == (404, "template_not_found")


async def test_a_preview_is_of_a_real_candidate_or_an_invented_one(
    admin: httpx.AsyncClient, runtime: Runtime, world: World, client_for: ClientFor
) -> None:
    hiring = Hiring(runtime, world)
    application = await hiring.apply(await hiring.open_job(title="Owl"))
    text = {"subject": "For {{job_title}}", "body": BODY}
    real = {**text, "application_id": str(application.id)}
    made = (await admin.post(f"{HERE}/preview", json=real)).json()
    assert (made["flaws"], made["to_name"]) == ([], application.candidate_name)
    assert made["mail"]["subject"] == "For Owl"
    assert application.candidate_name in made["mail"]["text"]
    invented = (await admin.post(f"{HERE}/preview", json=text)).json()
    assert invented["to_name"] is None
    assert "Ada Lovelace" in invented["mail"]["html"]
    wrong = (await admin.post(f"{HERE}/preview", json={"body": "{{x}}"})).json()
    assert wrong["mail"] is None
    assert wrong["flaws"][0]["line"] == 1
    theirs = await client_for("globex", "admin").post(f"{HERE}/preview", json=real)
    assert theirs.status_code == 404
    assert (await client_for("acme", "viewer").get(HERE)).status_code == 200
    for role in ("recruiter", "viewer"):
        refused = await client_for("acme", role).post(f"{HERE}/preview", json=text)
        assert refused.status_code == 403


async def test_a_template_is_sent_to_oneself(
    admin: httpx.AsyncClient, runtime: Runtime, world: World, database: TestDatabase
) -> None:
    trial = {"subject": "Just trying", "body": BODY}
    nobody = await admin.post(f"{HERE}/test", json=trial)
    assert nobody.status_code == 409
    await migrate(database.owner_url, plugins=migrations_of(installed_plugins()))
    await enable(runtime, world.acme, "mailbox", [Action.MANAGE_MESSAGES.value])
    sent = (await admin.post(f"{HERE}/test", json=trial)).json()
    address = world.acme.members["admin"].email
    assert (sent["result"], sent["to_address"], sent["plugin"]) == ("taken", address, "mailbox")
    box = await admin.get("/api/v1/plugins/mailbox/x/messages", params={"to": address})
    (mail,) = box.json()["items"]
    assert mail["subject"] == "Just trying"
    listed = (await admin.get("/api/v1/member-messages")).json()["items"]
    (row,) = [each for each in listed if each["id"] == sent["message_id"]]
    assert (row["purpose"], row["state"], row["to_address"]) == ("trial", "sent", address)
    story = await admin.get(f"/api/v1/member-messages/{row['id']}/timeline")
    assert [each["kind"] for each in story.json()["items"]] == ["queued", "sent"]
    wrong = await admin.post(f"{HERE}/test", json={"body": "{{x}}"})
    assert wrong.status_code == 422


async def test_the_frame_of_the_preview_may_do_nothing(
    app: Application, admin: httpx.AsyncClient
) -> None:
    page = await admin.get("/settings/templates/status_update/de", headers=HTML)
    assert re.search(r'<iframe name="mail-preview"[^>]* sandbox ', page.text)
    shown = await admin.post(
        "/settings/templates/status_update/de/preview",
        data={"subject": "S", "body": "Hallo {{candidate_name}}", "application_id": ""},
        headers=HTML,
    )
    assert shown.status_code == 200, shown.text
    assert "Hallo Ada Lovelace" in shown.text
    policy = shown.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    flawed = await admin.post(
        "/settings/templates/status_update/de/preview",
        data={"subject": "S", "body": "Hallo {{<b>x</b>}}", "application_id": "nonsense"},
        headers=HTML,
    )
    assert flawed.status_code == 200
    assert "<b>x</b>" not in flawed.text
    assert "sandbox" in flawed.headers["content-security-policy"]


async def test_automations_are_listed_and_changed(
    admin: httpx.AsyncClient, client_for: ClientFor
) -> None:
    listed = (await admin.get("/api/v1/automations")).json()["items"]
    assert {each["key"]: each["enabled"] for each in listed} == {
        "application_received": True,
        "interview_reached": True,
        "offer_reached": False,
        "stage_reached": False,
        "interview_scheduled": True,
        "interview_rescheduled": True,
        "interview_cancelled": True,
        "interview_reminder": True,
        "hired": False,
        "rejected": True,
        "survey_hired": False,
        "survey_rejected": False,
    }
    where = "/api/v1/automations/rejected"
    changed = await admin.patch(where, json={"delay_minutes": 60}, headers={"If-Match": '"0"'})
    assert (changed.json()["delay_minutes"], changed.json()["enabled"]) == (60, True)
    assert changed.headers["etag"] == '"1"'
    late = await admin.patch(where, json={"enabled": False}, headers={"If-Match": '"0"'})
    assert (late.status_code, late.json()["code"]) == (412, "automation_changed")
    wrong = await admin.patch(where, json={"delay_minutes": -1})
    assert wrong.status_code == 422
    assert (await admin.patch("/api/v1/automations/none", json={})).status_code == 404
    theirs = (await client_for("globex", "admin").get("/api/v1/automations")).json()["items"]
    assert next(each for each in theirs if each["key"] == "rejected")["delay_minutes"] == 30
    reset = (await admin.post(f"{where}/reset")).json()
    assert (reset["delay_minutes"], reset["is_default"]) == (30, True)
