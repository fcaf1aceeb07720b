"""What admins see of background work, and what they do about what was given up."""

from uuid import uuid4

import pytest
import sqlalchemy as sa

from core.ports.tasks import TaskId
from plugins.postgres.task_tables import tasks
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.worlds import World


async def make(runtime: Runtime, world: World, **values: object) -> TaskId:
    task_id = TaskId(uuid4())
    async with runtime.database.unit(world.acme.id) as unit:
        await unit.execute(
            sa.insert(tasks).values(
                tenant_id=world.acme.id,
                id=task_id,
                queue="nobody_works_here",
                payload={"secret": "canary-in-a-payload"},
                created_at=sa.func.now(),
                run_at=sa.func.now(),
                **{"kind": "tested", **values},
            )
        )
    return task_id


FAILED = {
    "attempts": 3,
    "dead_at": sa.func.now(),
    "dead_reason": "failed",
    "last_error": "ValueError: no such thing",
}
KILLED = {**FAILED, "dead_reason": "killed", "last_error": "the worker ended during the work"}


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "waiting"),
        ({"sent_until": sa.text("now() + interval '1 hour'")}, "sent"),
        ({"attempts": 1, "lease_until": sa.text("now() + interval '1 hour'")}, "running"),
        (FAILED, "failed"),
        (KILLED, "quarantined"),
        ({"attempts": 1, "finished_at": sa.func.now()}, "done"),
    ],
)
async def test_each_state_is_told_apart(
    values: dict[str, object], state: str, runtime: Runtime, world: World, client_for: ClientFor
) -> None:
    task_id = await make(runtime, world, **values)
    answer = await client_for("acme", "admin").get(f"/api/v1/tasks/{task_id}")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["state"] == state
    assert shown["error"] == values.get("last_error")
    assert "canary" not in answer.text


async def test_what_was_given_up_is_listed_and_retried(
    runtime: Runtime, world: World, client_for: ClientFor
) -> None:
    admin = client_for("acme", "admin")
    failed, killed = [await make(runtime, world, **values) for values in (FAILED, KILLED)]
    waiting = await make(runtime, world)
    listed = (await admin.get("/api/v1/tasks?limit=200")).json()["items"]
    ids = [each["id"] for each in listed]
    assert {str(failed), str(killed)} <= set(ids)
    assert str(waiting) not in ids
    retried = await admin.post(f"/api/v1/tasks/{failed}/retry")
    assert retried.status_code == 200, retried.text
    assert (retried.json()["state"], retried.json()["attempts"]) == ("waiting", 0)
    again = await admin.post(f"/api/v1/tasks/{failed}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "task_not_given_up")


async def test_a_dropped_task_is_never_done_and_the_trail_says_why(
    runtime: Runtime, world: World, client_for: ClientFor
) -> None:
    admin = client_for("acme", "admin")
    task_id = await make(runtime, world, **FAILED)
    missing = await admin.post(f"/api/v1/tasks/{task_id}/drop", json={"reason": ""})
    assert missing.status_code == 422
    dropped = await admin.post(f"/api/v1/tasks/{task_id}/drop", json={"reason": "Done by hand"})
    assert dropped.json()["state"] == "dropped"
    again = await admin.post(f"/api/v1/tasks/{task_id}/drop", json={"reason": "Twice"})
    assert (again.status_code, again.json()["code"]) == (409, "task_ended")
    trail = (await admin.get(f"/api/v1/audit?subject_id={task_id}")).json()["items"]
    assert [(each["action"], each["reason"]) for each in trail] == [
        ("task.dropped", "Done by hand")
    ]


async def test_a_running_task_is_not_dropped_under_its_worker(
    runtime: Runtime, world: World, client_for: ClientFor
) -> None:
    lease = {"attempts": 1, "lease_until": sa.text("now() + interval '1 hour'")}
    task_id = await make(runtime, world, **lease)
    refused = await client_for("acme", "admin").post(
        f"/api/v1/tasks/{task_id}/drop", json={"reason": "Too slow"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "task_ended")


async def test_pages_follow_one_another(
    runtime: Runtime, world: World, client_for: ClientFor
) -> None:
    made = {str(await make(runtime, world, **{**FAILED, "kind": "paged"})) for _ in range(7)}
    found: list[str] = []
    cursor = ""
    while True:
        answer = await client_for("acme", "admin").get(f"/api/v1/tasks?kind=paged&limit=3{cursor}")
        page = answer.json()
        found += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(found) == len(made)
    assert set(found) == made
