"""Instants at the edges of the calendar are answered in every route that takes one."""

import pytest

from core.jobs.contracts import CreateJob
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.worlds import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
OUTSIDE = ("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00")


@pytest.mark.parametrize("instant", OUTSIDE)
async def test_no_query_falls_off_the_calendar(
    client_for: ClientFor, runtime: Runtime, world: World, instant: str
) -> None:
    scope = runtime.scope(world.acme.context, world.acme.actor("recruiter"), "request-1")
    job = await scope.execute(CreateJob(title="Timeless"))
    queries = (
        f"candidates?created_from={instant}",
        f"candidates?created_to={instant}",
        f"candidates/export.csv?created_from={instant}",
        f"interviews?starts_after={instant}",
        f"jobs/{job.id}/pipeline?at={instant}",
    )
    for query in queries:
        answer = await client_for("acme", "admin").get(f"/api/v1/{query}")
        assert answer.status_code == 400, query
        named = query.partition("?")[2].partition("=")[0]
        assert [field["field"] for field in answer.json()["errors"]] == [named]


async def test_a_keys_end_is_told_in_utc_and_lies_in_the_calendar(client_for: ClientFor) -> None:
    body = {"name": "Late", "scopes": ["jobs:read"]}
    client = client_for("acme", "recruiter")
    refused = await client.post(
        "/api/v1/api-keys", json={**body, "expires_at": "9999-12-31T23:59:59-12:00"}
    )
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "expires_at")
    made = await client.post(
        "/api/v1/api-keys", json={**body, "expires_at": "2126-03-01T02:00:00+02:00"}
    )
    assert made.status_code == 201
    assert made.json()["api_key"]["expires_at"] == "2126-03-01T00:00:00Z"
