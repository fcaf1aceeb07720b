"""Where applications stand over the API: updates, the whole history, activity, preferences."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from api.app import Application
from api.v1.status import STATUS_TOPICS
from core.applications.contracts import RejectApplication, ReopenApplication
from core.candidates.contracts import AddFile, CreateCandidate, DeleteCandidate
from core.candidates.duplicates import MergeCandidates
from core.jobs.contracts import JobView
from tenants.runtime import Runtime
from tests.fixtures.applicants import Applicant, applicant, applicant_for
from tests.fixtures.clients import ClientFor, new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.probes.callers import graph_of
from tests.fixtures.probes.graph import SESSION_COOKIE
from tests.fixtures.streams import sequencer
from tests.fixtures.worlds import World

__all__ = ["applicant", "applicant_for", "sequencer"]

BOTH = ("/api/status", "/api/v1/status")


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def job(runtime: Runtime, world: World) -> JobView:
    return await Hiring(runtime, world).open_job(title="Stood in")


@pytest_asyncio.fixture(loop_scope="session")
async def signed_in(
    app: Application, runtime: Runtime, world: World
) -> AsyncIterator[httpx.AsyncClient]:
    """A recruiter's browser."""
    async with (
        graph_of(app, runtime, world, "acme", "recruiter") as graph,
        new_client(app, world, "acme") as client,
    ):
        token = (await graph.my_session())["token"]
        client.headers["Cookie"] = f"{SESSION_COOKIE}={token}"
        client.headers["X-Intellimatch-Request"] = "1"
        client.headers["Origin"] = str(client.base_url).rstrip("/")
        yield client


async def test_the_paths_without_the_version_are_documented(client_for: ClientFor) -> None:
    paths = (await client_for("acme", None).get("/api/v1/openapi.json")).json()["paths"]
    for path, methods in {
        "/status/updates": {"get"},
        "/status/webhook": {"post"},
        "/status/history": {"get"},
        "/status/preferences": {"get", "post"},
        "/notifications": {"get"},
        "/notifications/read": {"post"},
        "/notifications/settings": {"get", "post"},
    }.items():
        for prefix in ("/api", "/api/v1"):
            assert methods <= paths[prefix + path].keys(), prefix + path
    body = paths["/api/status/webhook"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/StatusReport"}
    assert paths["/api/status/webhook"]["post"]["security"] == []


@pytest.mark.parametrize("prefix", BOTH)
async def test_the_history_says_who_and_how(
    hiring: Hiring, job: JobView, applicant: Applicant, client_for: ClientFor, prefix: str
) -> None:
    client = client_for("acme", "recruiter")
    own = await hiring.open_job(title="Followed")
    link = await applicant.apply(own, email=f"who.{prefix.count('/')}@example.com")
    (row,) = (await client.get("/api/v1/applications", params={"job_id": str(own.id)})).json()[
        "items"
    ]
    move = {"from_stage_id": row["stage_id"], "to_stage_id": str(own.stages[1].id)}
    await client.post(f"/api/v1/applications/{row['id']}/move", json=move)
    between = datetime.now(UTC)
    await applicant.client.post(f"/careers/applications/{link}/withdraw", data={"reason": "pay"})

    async def history(**query: Any) -> Any:
        answer = await client.get(f"{prefix}/history", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    whole = await history(application_id=row["id"])
    assert [(each["kind"], each["source"]) for each in whole["items"]] == [
        ("withdrawn", "applicant"),
        ("moved", "member"),
        ("applied", "applicant"),
    ]
    assert whole["items"][1]["by"]["name"] == hiring.tenant.members["recruiter"].name
    assert whole["items"][1]["from_stage"] == own.stages[0].name
    (standing,) = whole["standing"]
    assert (standing["stage"], standing["disposition"]) == (own.stages[1].name, "withdrawn")
    then = await history(candidate_id=row["candidate_id"], as_of=between.isoformat())
    assert [each["kind"] for each in then["items"]] == ["moved", "applied"]
    assert then["standing"][0]["disposition"] == "active"
    before = await history(application_id=row["id"], as_of="2001-01-01T00:00:00Z")
    assert before == {"items": [], "next_cursor": None, "standing": []}
    paged, cursor = [], None
    while True:
        page = await history(
            application_id=row["id"], limit=1, **({"cursor": cursor} if cursor else {})
        )
        paged += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == whole["items"]


async def test_a_history_is_of_one_thing_that_one_may_see(
    hiring: Hiring, job: JobView, client_for: ClientFor, examined: Examined
) -> None:
    application = await hiring.apply(job)
    client = client_for("acme", "recruiter")
    both = {
        "application_id": str(application.id),
        "candidate_id": str(application.candidate_id),
    }
    nothing: dict[str, str] = {}
    for query in (nothing, both):
        answer = await client.get("/api/status/history", params=query)
        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"][0]["field"] == "application_id"
    tries = 0
    for name, value in both.items():
        for slug, role in (("acme", "interviewer"), ("globex", "admin")):
            hidden = await client_for(slug, role).get(  # type: ignore[arg-type]  # a role
                "/api/status/history", params={name: str(value)}
            )
            assert hidden.status_code == 404, hidden.text
            tries += 1
    nobody = await hiring.scope().execute(CreateCandidate(full_name="Never applied"))
    empty = await client.get("/api/status/history", params={"candidate_id": str(nobody.id)})
    assert (empty.status_code, empty.json()["items"]) == (200, [])
    examined("tries", tries)


@pytest.mark.usefixtures("sequencer")
@pytest.mark.parametrize("prefix", BOTH)
async def test_updates_are_about_statuses_and_nothing_else(
    hiring: Hiring, job: JobView, client_for: ClientFor, prefix: str
) -> None:
    client = client_for("acme", "recruiter")

    async def read(after: int | None = None) -> tuple[list[Any], int]:
        """Every page to the end of the log."""
        events: list[Any] = []
        while True:
            query = {"limit": 200} | ({} if after is None else {"after": after})
            page = (await client.get(f"{prefix}/updates", params=query)).json()
            events += page["events"]
            after = page["position"]
            if not page["more"]:
                return events, after

    _, start = await read()
    application = await hiring.apply(job)
    await hiring.move(application, 1, job)
    types: list[str] = []
    async with asyncio.timeout(30):
        while len(types) < 2:
            events, end = await read(start)
            ours = [each for each in events if each["aggregate_id"] == str(application.id)]
            types = [each["type"] for each in ours]
    assert types == ["application.created", "application.moved"], types
    assert end > start
    everything, _ = await read()
    assert {each["type"].partition(".")[0] for each in everything} <= STATUS_TOPICS
    poll = await client.get("/api/v1/stream/poll", params={"after": 0, "limit": 200})
    others = {each["type"].partition(".")[0] for each in poll.json()["events"]}
    assert others - STATUS_TOPICS, "there is something else to hear"
    assert (await client_for("acme", None).get(f"{prefix}/updates")).status_code == 401
    beyond = (await client.get(f"{prefix}/updates", params={"after": 10**9})).json()
    assert beyond["gap"]["reason"] == "unknown"


async def test_a_look_counts_once_an_hour_and_programs_look_at_nobody(
    hiring: Hiring,
    job: JobView,
    client_for: ClientFor,
    signed_in: httpx.AsyncClient,
    database: TestDatabase,
    examined: Examined,
) -> None:
    application = await hiring.apply(job)
    file = await hiring.scope().execute(
        AddFile(candidate_id=application.candidate_id, name="cv.txt", content=b"What I did")
    )
    path = f"/api/v1/candidates/{application.candidate_id}"
    key = client_for("acme", "recruiter")
    content = f"{path}/files/{file.id}/content"
    for _ in range(2):
        noted = await key.post(f"{path}/activity", json={"kind": "viewed"})
        assert (noted.status_code, noted.json()) == (200, {"noted": False})
        assert (await key.get(content)).status_code == 200
        await key.get(path)
        await key.get(f"{path}/export")
        await signed_in.get(f"/candidates/{application.candidate_id}")
        await signed_in.head(content)
    assert (await key.get(f"{path}/activity")).json()["items"] == []
    answers = [
        (await signed_in.post(f"{path}/activity", json={"kind": kind})).json()["noted"]
        for kind in ("viewed", "viewed", "resume_viewed", "viewed")
    ]
    assert answers == [True, False, True, False]
    for _ in range(2):
        assert (await signed_in.get(content)).status_code == 200
    await hiring.move(application, 1, job)
    items = (await key.get(f"{path}/activity")).json()["items"]
    assert [each["kind"] for each in items] == ["moved", "downloaded", "resume_viewed", "viewed"]
    assert {each["by"]["name"] for each in items} == {hiring.tenant.members["recruiter"].name}
    exported = (await key.get(f"{path}/export")).text
    assert '"glances"' in exported
    assert '"resume_viewed"' in exported
    superuser = await asyncpg.connect(database.admin_url)
    try:
        events = await superuser.fetch(
            "SELECT type FROM outbox WHERE aggregate_id = $1 AND type LIKE 'activity.%' "
            "ORDER BY occurred_at",
            application.candidate_id,
        )
        assert [row["type"] for row in events] == [
            *("activity.viewed", "activity.resume_viewed", "activity.downloaded")
        ]
        other = await hiring.scope().execute(CreateCandidate(full_name="The same person"))
        merge = MergeCandidates(candidate_id=other.id, other_id=application.candidate_id)
        await hiring.scope().execute(merge)
        kept = (await key.get(f"/api/v1/candidates/{other.id}/activity")).json()["items"]
        assert [each["kind"] for each in kept] == [each["kind"] for each in items]
        await hiring.scope().execute(DeleteCandidate(candidate_id=other.id))
        assert await superuser.fetchval("SELECT count(*) FROM glances") == 0
    finally:
        await superuser.close()
    examined("looks", 14)


async def test_what_candidates_see_is_decided_by_admins(client_for: ClientFor) -> None:
    admin, path = client_for("acme", "admin"), "/api/status/preferences"
    fresh = await client_for("acme", "viewer").get(path)
    assert fresh.json() == {"shown": ["stage", "interviews"], "names": False, "version": 0}
    for role in ("recruiter", "interviewer", "viewer"):
        refused = await client_for("acme", role).post(path, json={"names": True})
        assert refused.status_code == 403
    changed = await admin.post(path, json={"shown": ["viewed", "stage", "viewed"]})
    assert changed.json() == {"shown": ["viewed", "stage"], "names": False, "version": 1}
    late = await admin.post(path, json={"names": True}, headers={"If-Match": '"0"'})
    assert late.status_code == 412
    same = await admin.post(path, json={"shown": ["stage", "viewed"]})
    assert same.json()["version"] == 1
    wrong = await admin.post(path, json={"shown": ["opinions"]})
    assert wrong.status_code == 422
    assert (await client_for("globex", "viewer").get(path)).json()["version"] == 0
    again = await admin.post(path, json={"shown": ["stage", "interviews"]})
    assert again.json()["version"] == 2


async def test_a_status_may_go_and_come(
    hiring: Hiring, job: JobView, client_for: ClientFor
) -> None:
    application = await hiring.apply(job)
    await hiring.scope().execute(RejectApplication(application_id=application.id, reason="skills"))
    await hiring.scope().execute(ReopenApplication(application_id=application.id, reason="Wrong"))
    answer = await client_for("acme", "viewer").get(
        "/api/status/history", params={"application_id": str(application.id)}
    )
    assert [
        (each["kind"], each["from_disposition"], each["to_disposition"], each["reason_code"])
        for each in answer.json()["items"]
    ] == [
        ("reopened", "rejected", "active", None),
        ("rejected", "active", "rejected", "skills"),
        ("applied", None, "active", None),
    ]
    assert answer.json()["standing"][0]["since"] == answer.json()["items"][0]["at"]
    assert datetime.fromisoformat(answer.json()["items"][0]["at"]) > datetime.now(UTC) - timedelta(
        minutes=5
    )
