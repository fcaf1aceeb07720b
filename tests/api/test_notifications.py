"""Notifications over HTTP: with and without the version, page by page, and what is refused."""

from uuid import uuid4

import pytest
import pytest_asyncio
import sqlalchemy as sa

from plugins.postgres.notification_tables import notifications
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import World


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def told(runtime: Runtime, world: World) -> list[str]:
    """Three unread notifications of the recruiter; the ids, the latest first."""
    ids = [uuid4() for _ in range(3)]
    async with runtime.database.unit(world.acme.id) as unit:
        await unit.execute(sa.delete(notifications))
        for age, notification_id in enumerate(ids):
            at = sa.func.now() - sa.text(f"interval '{age} minutes'")
            await unit.execute(
                sa.insert(notifications).values(
                    tenant_id=world.acme.id,
                    id=notification_id,
                    member_id=world.acme.members["recruiter"].member_id,
                    type="import_finished",
                    notice="import_finished",
                    group_key=str(notification_id),
                    times=1,
                    details={"import_id": "0", "created": "3", "updated": "0", "failed": "1"},
                    created_at=at,
                    updated_at=at,
                )
            )
    return [str(each) for each in ids]


@pytest.mark.parametrize("base", ["/api/v1/notifications", "/api/notifications"])
async def test_with_and_without_the_version(
    client_for: ClientFor, told: list[str], examined: Examined, base: str
) -> None:
    client = client_for("acme", "recruiter")
    first = await client.get(base, params={"limit": 2})
    assert first.status_code == 200
    assert [each["id"] for each in first.json()["items"]] == told[:2]
    assert first.json()["unread"] == 3
    shown = first.json()["items"][0]
    assert shown["title"] == "Your import has ended"
    assert shown["message"] == "3 added, 0 changed, 1 with errors"
    assert 'rel="next"' in first.headers["link"]
    cursor = first.json()["next_cursor"]
    second = await client.get(base, params={"limit": 2, "cursor": cursor})
    assert [each["id"] for each in second.json()["items"]] == told[2:]

    read = await client.post(f"{base}/read", json={"ids": [told[1], str(uuid4())]})
    assert read.json() == {"changed": 1, "unread": 2}
    assert (await client_for("acme", "admin").get(base)).json()["items"] == []
    everything = await client.post(f"{base}/read", json={"all": True})
    assert everything.json() == {"changed": 2, "unread": 0}

    night = {"starts": "22:00", "ends": "07:00", "zone": "Europe/Berlin"}
    changed = await client.post(f"{base}/settings", json={"quiet_hours": night, "pop_ups": False})
    assert changed.status_code == 200
    kept = (await client.get(f"{base}/settings")).json()
    assert (kept["quiet_hours"], kept["pop_ups"]) == (night, False)
    assert {each["type"] for each in kept["types"]} >= {"mention", "message_failed"}
    cleared = await client.post(f"{base}/settings", json={"quiet_hours": None, "pop_ups": True})
    assert cleared.json()["quiet_hours"] is None
    examined("answers", 8)


async def test_what_is_wrong_is_named(client_for: ClientFor, told: list[str]) -> None:
    client = client_for("acme", "recruiter")
    for body in ({}, {"ids": told, "all": True}, {"all": False}):
        answer = await client.post("/api/v1/notifications/read", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "name_one"
    for wrong, field in (
        ({"starts": "22:00", "ends": "22:00", "zone": "Europe/Berlin"}, "quiet_hours.ends"),
        ({"starts": "22:00", "ends": "07:00", "zone": "Mars/Base"}, "quiet_hours.zone"),
        ({"starts": "24:00", "ends": "07:00", "zone": "UTC"}, "quiet_hours.starts"),
    ):
        answer = await client.post("/api/v1/notifications/settings", json={"quiet_hours": wrong})
        assert answer.status_code == 422
        assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert (await client.get("/api/v1/notifications", params={"type": "x"})).status_code == 400


async def test_only_admins_decide_for_everybody(client_for: ClientFor) -> None:
    path = "/api/v1/notifications/defaults"
    body = {"types": [{"type": "mention", "in_app": True, "locked": True}]}
    assert (await client_for("acme", "recruiter").post(path, json=body)).status_code == 403
    assert (await client_for("acme", "admin").post(path, json=body)).status_code == 200
    refused = await client_for("acme", "recruiter").post(
        "/api/v1/notifications/settings", json={"types": [{"type": "mention", "push": False}]}
    )
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "types.0.push"
    other = (await client_for("globex", "admin").get(path)).json()["types"]
    assert not [each for each in other if each["locked"]]


@pytest.mark.parametrize("prefix", ["/api/v1", "/api"])
async def test_channels_are_chosen(client_for: ClientFor, prefix: str) -> None:
    client, path = client_for("acme", "viewer"), f"{prefix}/notifications/settings"
    body = {
        "types": [{"type": "stage_change", "email": "weekly"}],
        "digest": {"hour": 17, "weekday": "fri", "zone": "Asia/Kolkata"},
        "escalate_after_hours": 0,
    }
    answer = await client.post(path, json=body)
    assert answer.status_code == 200
    shown = (await client.get(path)).json()
    assert shown["digest"] == body["digest"]
    assert shown["digest_zone"] == "Asia/Kolkata"
    assert shown["escalate_after_hours"] == 0
    types = {each["type"]: each for each in shown["types"]}
    assert types["stage_change"]["email"] == "weekly"
    assert types["new_application"]["email"] == "daily"
    assert "quota" not in types, "a viewer is told of no limits"
    # What isn't named stays; null is as the workspace has it.
    again = await client.post(path, json={"escalate_after_hours": None})
    assert again.json()["escalate_after_hours"] is None
    assert again.json()["digest"]["hour"] == 17
    for wrong, field in (
        ({"digest": {"hour": 24}}, "digest.hour"),
        ({"digest": {"zone": "Mars/Base"}}, "digest.zone"),
        ({"types": [{"type": "mention", "email": "now"}]}, "types.0.email"),
        ({"escalate_after_hours": 169}, "escalate_after_hours"),
        ({"types": [{"type": "mention", "chat": True}]}, "types.0"),
    ):
        refused = await client.post(path, json=wrong)
        assert refused.status_code == 422, wrong
        assert refused.json()["errors"][0]["field"].startswith(field), refused.text


async def test_admins_decide_of_the_chat(client_for: ClientFor) -> None:
    client, path = client_for("acme", "admin"), "/api/v1/notifications/defaults"
    body = {
        "types": [{"type": "interview", "chat": True, "escalates": False, "email": "hourly"}],
        "escalate_after_hours": 4,
        "chat_names": True,
        "chat_escalations": True,
        "chat_quiet_hours": {"starts": "22:00", "ends": "07:00", "zone": "UTC"},
    }
    decided = (await client.post(path, json=body)).json()
    (interview,) = [each for each in decided["types"] if each["type"] == "interview"]
    assert (interview["chat"], interview["escalates"], interview["email"]) == (
        True,
        False,
        "hourly",
    )
    assert {name: decided[name] for name in body if name != "types"} == {
        name: value for name, value in body.items() if name != "types"
    }
    assert decided["chats"] == []
    theirs = client_for("acme", "recruiter")
    seen = (await theirs.get("/api/v1/notifications/settings")).json()
    assert seen["workspace_escalates_after_hours"] == 4
    assert [each["type"] for each in seen["types"] if each["chat"]] == ["interview"]
    wrong = {"chat_quiet_hours": {"starts": "22:00", "ends": "22:00", "zone": "UTC"}}
    refused = await client.post(path, json=wrong)
    assert refused.json()["errors"][0]["field"] == "chat_quiet_hours.ends"
    undone = {"types": [{"type": "interview", "chat": False}], "escalate_after_hours": 0}
    assert (await client.post(path, json=undone)).status_code == 200
