"""Interviews and feedback over HTTP: who is free, who sees what, and when."""

import asyncio
from typing import Any

import httpx

from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

NINE, TEN, ELEVEN = (f"2026-03-02T{hour:02}:00:00Z" for hour in (9, 10, 11))


async def scheduled(
    client: httpx.AsyncClient, application: Any, member: Any, day: int, start: str, end: str
) -> httpx.Response:
    return await client.post(
        "/api/v1/interviews",
        json={
            "application_id": str(application.id),
            "kind": "video",
            "starts_at": start.replace("-02T", f"-{day:02}T"),
            "ends_at": end.replace("-02T", f"-{day:02}T"),
            "time_zone": "Europe/Berlin",
            "interviewers": [str(member)],
            "link": "https://meet.example.com/1",
        },
    )


async def test_nobody_is_booked_twice(
    client_for: ClientFor, runtime: Runtime, world: World
) -> None:
    hiring = Hiring(runtime, world)
    client = client_for("acme", "recruiter")
    me = world.acme.members["interviewer"].member_id
    application = await hiring.apply(await hiring.open_job())
    answers = await asyncio.gather(
        *(scheduled(client, application, me, 2, NINE, TEN) for _ in range(4))
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {
        "interviewer_busy"
    }
    assert (await scheduled(client, application, me, 2, TEN, ELEVEN)).status_code == 201
    first = next(each.json() for each in answers if each.status_code == 201)
    path = f"/api/v1/interviews/{first['id']}"
    cancelled = await client.post(f"{path}/cancel", json={"reason": "Ill"})
    assert cancelled.json()["status"] == "cancelled"
    assert (await scheduled(client, application, me, 2, NINE, TEN)).status_code == 201
    again = await client.patch(path, json={"kind": "phone"})
    assert (again.status_code, again.json()["code"]) == (409, "interview_cancelled")


async def test_rescheduling_and_listing(
    client_for: ClientFor, runtime: Runtime, world: World
) -> None:
    hiring = Hiring(runtime, world)
    client, mine = client_for("acme", "recruiter"), client_for("acme", "interviewer")
    me = world.acme.members["interviewer"].member_id
    application = await hiring.apply(await hiring.open_job())
    interview = (await scheduled(client, application, me, 3, NINE, TEN)).json()
    moved = await client.patch(
        f"/api/v1/interviews/{interview['id']}",
        json={"starts_at": "2026-03-03T09:30:00+01:00"},
        headers={"If-Match": '"1"'},
    )
    assert (moved.json()["starts_at"], moved.json()["version"]) == ("2026-03-03T08:30:00Z", 2)
    wrong = await client.patch(
        f"/api/v1/interviews/{interview['id']}", json={"time_zone": "Mars/Base"}
    )
    assert wrong.status_code == 422
    listed = await mine.get("/api/v1/interviews", params={"mine": "true"})
    assert interview["id"] in [each["id"] for each in listed.json()["items"]]
    seen = await mine.get(f"/api/v1/applications/{application.id}")
    assert seen.status_code == 200


async def test_feedback_of_others_waits_for_yours(
    client_for: ClientFor, runtime: Runtime, world: World
) -> None:
    hiring = Hiring(runtime, world)
    recruiter, interviewer = client_for("acme", "recruiter"), client_for("acme", "interviewer")
    me = world.acme.members["interviewer"].member_id
    application = await hiring.apply(await hiring.open_job(), assignee_id=me)
    hidden = await hiring.apply(await hiring.open_job())
    path = f"/api/v1/applications/{application.id}/feedback"
    first = await recruiter.post(path, json={"recommendation": "yes", "ratings": {"Skill": 4}})
    assert first.status_code == 201, first.text
    before = (await interviewer.get(path)).json()
    assert (before["items"], before["hidden_until_yours"]) == ([], 1)
    versions = f"/api/v1/feedback/{first.json()['id']}/versions"
    assert (await interviewer.get(versions)).status_code == 404
    mine = await interviewer.post(path, json={"recommendation": "no"})
    assert mine.status_code == 201
    after = (await interviewer.get(path)).json()
    assert (len(after["items"]), after["hidden_until_yours"]) == (2, 0)
    twice = await interviewer.post(path, json={"recommendation": "no"})
    assert (twice.status_code, twice.json()["code"]) == (409, "feedback_given")
    edit = f"/api/v1/feedback/{mine.json()['id']}"
    assert (await recruiter.patch(edit, json={"comment": "x"})).status_code == 403
    assert (await interviewer.patch(edit, json={"recommendation": "mixed"})).status_code == 200
    history = (await interviewer.get(f"{edit}/versions")).json()
    assert [each["recommendation"] for each in history["versions"]] == ["no", "mixed"]
    elsewhere = await interviewer.post(
        f"/api/v1/applications/{hidden.id}/feedback", json={"recommendation": "yes"}
    )
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "application_not_found")
    viewer = await client_for("acme", "viewer").post(path, json={"recommendation": "yes"})
    assert viewer.status_code == 403
