"""Admins read and export the audit trail; nobody else does."""

import csv
import io
from typing import Any

import httpx

from tenants.auditing import AuditSealer
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.worlds import World

AUDIT = "/api/v1/audit"


async def make_jobs(client: httpx.AsyncClient, *titles: str) -> list[dict[str, Any]]:
    made = []
    for title in titles:
        answer = await client.post("/api/v1/jobs", json={"title": title})
        assert answer.status_code == 201, answer.text
        made.append(answer.json())
    return made


async def read(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await client.get(AUDIT, params=params)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_an_entry_says_who_did_what_when_to_what(
    client_for: ClientFor, world: World, runtime: Runtime
) -> None:
    recruiter = client_for("acme", "recruiter")
    (job,) = await make_jobs(recruiter, "Gardener")
    await recruiter.patch(
        f"/api/v1/jobs/{job['id']}",
        json={"title": "Head gardener"},
        headers={"If-Match": f'"{job["version"]}"', "X-Request-Id": "request-of-the-gardener"},
    )
    page = await read(client_for("acme", "admin"), subject_id=job["id"], action="job.edited")
    (entry,) = page["items"]
    person = world.acme.members["recruiter"]
    assert entry["actor"] == {
        "kind": "api_key",
        "id": str(person.api_key_id),
        "member_id": str(person.member_id),
        "name": person.name,
    }
    assert entry["before"] == {"title": "Gardener"}
    assert entry["after"] == {"title": "Head gardener"}
    assert entry["content"] == "shown"
    assert entry["request_id"] != ""
    assert entry["position"] is None
    await AuditSealer(runtime).seal(world.acme.id)
    page = await read(client_for("acme", "admin"), subject_id=job["id"], action="job.edited")
    assert page["items"][0]["position"] >= 1


async def test_filters_and_pages(client_for: ClientFor, world: World) -> None:
    admin = client_for("acme", "admin")
    await make_jobs(client_for("acme", "recruiter"), "One", "Two", "Three")
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2, "action": "job.created", "subject": "job"}
    while True:
        page = await read(admin, **params)
        seen += [entry["id"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert len(seen) == len(set(seen)) >= 3
    assert seen == sorted(seen, reverse=True)
    mine = await read(admin, member_id=str(world.acme.members["viewer"].member_id))
    assert mine["items"] == []
    newest = (await read(admin, limit=1))["items"][0]["at"]
    assert (await read(admin, at_from="2999-01-01T00:00:00Z"))["items"] == []
    earlier = (await read(admin, at_to=newest))["items"]
    assert all(entry["at"] < newest for entry in earlier)


async def test_the_export_is_the_list_and_harmless(client_for: ClientFor) -> None:
    admin = client_for("acme", "admin")
    await make_jobs(client_for("acme", "recruiter"), "=1+1")
    answer = await admin.get(f"{AUDIT}/export.csv", params={"subject": "job"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    listed = await read(admin, subject="job", limit=200)
    assert [row["id"] for row in rows] == [entry["id"] for entry in listed["items"]]
    assert all(cell == "" or cell[0] not in "=+-@" for row in rows for cell in row.values())


async def test_only_admins_read_it(client_for: ClientFor) -> None:
    for role in ("recruiter", "interviewer", "viewer"):
        for path in (AUDIT, f"{AUDIT}/export.csv"):
            answer = await client_for("acme", role).get(path)
            assert answer.status_code == 403, (role, path)


async def test_other_tenants_entries_stay_theirs(client_for: ClientFor) -> None:
    (job,) = await make_jobs(client_for("globex", "recruiter"), "Secret of Globex")
    acme = client_for("acme", "admin")
    assert (await read(acme, subject_id=job["id"]))["items"] == []
    export = await acme.get(f"{AUDIT}/export.csv")
    assert "Globex" not in export.text
    theirs = await read(client_for("globex", "admin"), subject_id=job["id"])
    assert len(theirs["items"]) == 1


async def test_a_wrong_cursor_names_the_field(client_for: ClientFor) -> None:
    answer = await client_for("acme", "admin").get(AUDIT, params={"cursor": "nonsense"})
    assert answer.status_code in (400, 422)
    assert "cursor" in answer.text
