"""Who may do what, on every route: each role, strangers, and API keys that lack a scope."""

import copy
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import httpx
import msgspec
import pytest
import pytest_asyncio

from api.app import Application
from core.candidates.contracts import DeleteCandidate
from core.shared.access import Access
from core.shared.actor import ROLES, Role
from core.shared.permissions import PERMISSIONS, Action
from core.shared.usecase import UseCase
from tenants.runtime import Runtime
from tenants.scope import TenantScope
from tests.fixtures.clients import new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.probes.actions import (
    ACTION_OF,
    AGREED_ROWS,
    ASKED_BY_PLUGINS,
    FOR_ANYBODY,
    FOR_MEMBERS,
)
from tests.fixtures.probes.all import all_probes
from tests.fixtures.probes.callers import graph_of, send
from tests.fixtures.probes.exemptions import EXEMPT
from tests.fixtures.probes.graph import Graph
from tests.fixtures.probes.operations import Operation, operations
from tests.fixtures.probes.patience import lift_quotas, settings
from tests.fixtures.worlds import World

__all__ = ["settings"]

TABLE: Final = copy.deepcopy(PERMISSIONS)
"""The table as it was read; planted changes are made to the one that the application uses."""

HANDS_OUT_SCOPES: Final = frozenset({"POST /api-keys", "POST /api-keys/{api_key_id}/rotate"})
"""Operations in which a key can't give what it doesn't have; tests/api/test_api_keys.py."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def graphs(
    app: Application, runtime: Runtime, world: World, database: TestDatabase
) -> AsyncIterator[dict[Role, Graph]]:
    """The same tenant as each role; what is made is assigned to who asks."""
    await lift_quotas(database)
    made: dict[Role, Graph] = {}
    async with (
        graph_of(app, runtime, world, "acme", "admin") as made["admin"],
        graph_of(app, runtime, world, "acme", "recruiter") as made["recruiter"],
        graph_of(app, runtime, world, "acme", "interviewer") as made["interviewer"],
        graph_of(app, runtime, world, "acme", "viewer") as made["viewer"],
    ):
        made["interviewer"].assignee = made["interviewer"].member("interviewer")
        yield made


@pytest.fixture(scope="module")
def found(app: Application) -> dict[str, Operation]:
    return {name: each for name, each in operations(app).items() if name not in EXEMPT}


@contextmanager
def recorded_actions() -> Iterator[set[Action | None]]:
    """The rows of the table that are asked for while this is open."""
    asked: set[Action | None] = set()
    admit = TenantScope._admit

    def admit_and_record(scope: TenantScope, use_case: UseCase) -> Access:
        asked.add(use_case.action)
        return admit(scope, use_case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TenantScope, "_admit", admit_and_record)
        yield asked


async def try_as(graph: Graph, operation: Operation, grant: str) -> str | None:
    """Call the operation as the graph's role; what differs from the grant, or None."""
    call = await all_probes()[operation.name].prepare(graph)
    answer = await send(graph, operation, call)
    if grant == "no":
        if (answer.status_code, _code(answer)) == (403, "forbidden"):
            return None
    elif answer.is_success:
        return None
    return f"{operation.name} as {graph.role} ({grant}): {answer.status_code} {answer.text}"


def _code(answer: httpx.Response) -> str:
    return str(answer.json().get("code")) if answer.content else ""


def test_each_operation_has_a_row_of_the_table(
    found: dict[str, Operation], examined: Examined
) -> None:
    assert found.keys() - FOR_ANYBODY - FOR_MEMBERS == ACTION_OF.keys()
    assert {name for name, each in found.items() if each.is_public} == FOR_ANYBODY
    assert set(ACTION_OF.values()) | ASKED_BY_PLUGINS == set(Action)
    examined("operations", len(found))


def test_the_table_says_what_was_agreed(examined: Examined) -> None:
    for operation, agreed in AGREED_ROWS.values():
        row = TABLE[ACTION_OF[operation]]
        assert tuple(row[role] for role in ROLES) == agreed, operation
    examined("agreed rows", len(AGREED_ROWS))


async def test_routes_ask_for_the_row_that_they_should(
    graphs: dict[Role, Graph], found: dict[str, Operation], examined: Examined
) -> None:
    wrong = {}
    for name, operation in found.items():
        call = await all_probes()[name].prepare(graphs["admin"])
        with recorded_actions() as asked:
            await send(graphs["admin"], operation, call)
        expected: set[Action | None] = set() if name in FOR_MEMBERS else {ACTION_OF.get(name)}
        if asked != expected:
            wrong[name] = asked
    assert wrong == {}
    examined("operations", len(found))


@pytest.mark.parametrize("role", ROLES)
async def test_every_route_as_every_role(
    role: Role, graphs: dict[Role, Graph], found: dict[str, Operation], examined: Examined
) -> None:
    wrong = [
        difference
        for name, operation in found.items()
        if (difference := await try_as(graphs[role], operation, _grant(name, role)))
    ]
    assert not wrong, "\n".join(wrong)
    examined(f"operations as {role}", len(found))


def _grant(name: str, role: Role) -> str:
    return TABLE[ACTION_OF[name]][role] if name in ACTION_OF else "yes"


async def test_strangers_may_only_get_in(
    graphs: dict[Role, Graph], found: dict[str, Operation], examined: Examined
) -> None:
    graph, wrong = graphs["admin"], []
    for name in (*ACTION_OF, *FOR_MEMBERS):
        call = await all_probes()[name].prepare(graph)
        answer = await send(graph, found[name], replace(call, session=None), client=graph.stranger)
        if (answer.status_code, _code(answer)) != (401, "unauthenticated"):
            wrong.append(f"{name}: {answer.status_code} {answer.text}")
    assert not wrong, "\n".join(wrong)
    examined("operations as a stranger", len(ACTION_OF) + len(FOR_MEMBERS))


async def test_a_key_does_what_its_scopes_say(
    app: Application,
    world: World,
    graphs: dict[Role, Graph],
    found: dict[str, Operation],
    examined: Examined,
) -> None:
    graph, wrong = graphs["admin"], []
    async with new_client(app, world, "acme") as without, new_client(app, world, "acme") as only:
        for action in Action:
            others = [each.value for each in Action if each is not action]
            await _take_key(graph, without, others)
            await _take_key(graph, only, [action.value])
            for name in [name for name, needed in ACTION_OF.items() if needed is action]:
                call = await all_probes()[name].prepare(graph)
                bare = replace(call, session=None)
                refused = await send(graph, found[name], bare, client=without)
                if (refused.status_code, refused.json().get("reason")) != (403, "scope"):
                    wrong.append(f"{name} without {action}: {refused.text}")
                if call.session is None and name not in HANDS_OUT_SCOPES:
                    allowed = await send(graph, found[name], call, client=only)
                    if not allowed.is_success:
                        wrong.append(f"{name} with {action}: {allowed.text}")
    assert not wrong, "\n".join(wrong)
    examined("operations with and without their scope", len(ACTION_OF))


async def _take_key(graph: Graph, client: httpx.AsyncClient, scopes: list[str]) -> None:
    made = await graph.post("/api-keys", {"name": "Scoped", "scopes": scopes})
    client.headers["Authorization"] = f"Bearer {made['secret']}"


async def test_interviewers_see_only_what_is_assigned_to_them(
    app: Application,
    runtime: Runtime,
    world: World,
    graphs: dict[Role, Graph],
    found: dict[str, Operation],
    examined: Examined,
) -> None:
    narrowed = [name for name, action in ACTION_OF.items() if TABLE[action]["interviewer"] != "no"]
    narrowed = [
        name
        for name in narrowed
        if ACTION_OF[name] in {Action.VIEW_CANDIDATES, Action.SUBMIT_FEEDBACK}
    ]
    wrong = []
    async with graph_of(app, runtime, world, "acme", "interviewer") as hidden:
        hidden.panel = "recruiter"
        hidden.feedback_by = hidden.admin
        for name in narrowed:
            call = await all_probes()[name].prepare(hidden)
            answer = await send(hidden, found[name], call)
            told = sorted(each for each in hidden.people if each in answer.text)
            if answer.status_code not in {200, 404} or told:
                wrong.append(f"{name}: {answer.status_code} {answer.text}")
            if call.path and "job_id" not in call.path and answer.status_code != 404:
                wrong.append(f"{name}: {answer.status_code} for what isn't assigned")
        wrong += await _lists(graphs["interviewer"], hidden)
    assert not wrong, "\n".join(wrong)
    examined("operations that are narrowed", len(narrowed))


async def _lists(seen: Graph, hidden: Graph) -> list[str]:
    """Lists and search have everything that is assigned to the interviewer, and nothing else."""
    mine, other = await seen.candidate(), await hidden.candidate()
    wrong = []
    for query in ({}, {"q": mine["full_name"]}, {"q": other["full_name"]}, {"q": "Person"}):
        answer = await seen.me.get("/api/v1/candidates", params={"limit": 200, **query})
        ids = {item["id"] for item in answer.json()["items"]}
        if (mine["id"] in ids) != (query.get("q") != other["full_name"]):
            wrong.append(f"candidates {query}: {answer.text}")
        if ids & hidden.people:
            wrong.append(f"candidates {query}: shows {ids & hidden.people}")
    answer = await seen.me.get("/api/v1/applications", params={"limit": 200})
    listed = {item["id"] for item in answer.json()["items"]}
    if not listed or listed & hidden.people:
        wrong.append(f"applications: {answer.text}")
    return wrong


FLIPS: Final[tuple[tuple[Action, Role, str, str], ...]] = (
    (Action.DELETE_CANDIDATE, "viewer", "yes", "DELETE /candidates/{candidate_id}"),
    (Action.MANAGE_USERS, "recruiter", "yes", "POST /invitations"),
    (Action.CREATE_JOB, "recruiter", "no", "POST /jobs"),
    (Action.VIEW_CANDIDATES, "viewer", "no", "GET /candidates"),
    (Action.SCHEDULE_INTERVIEW, "interviewer", "yes", "POST /interviews"),
)


@pytest.mark.parametrize(("action", "role", "grant", "name"), FLIPS)
async def test_a_flipped_entry_is_found(
    action: Action,
    role: Role,
    grant: str,
    name: str,
    graphs: dict[Role, Graph],
    found: dict[str, Operation],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PERMISSIONS[action], role, grant)
    assert await try_as(graphs[role], found[name], _grant(name, role)) is not None
    monkeypatch.undo()
    assert await try_as(graphs[role], found[name], _grant(name, role)) is None


async def test_a_route_that_asks_for_less_is_found(
    graphs: dict[Role, Graph],
    found: dict[str, Operation],
    runtime: Runtime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "DELETE /candidates/{candidate_id}"
    use_cases: dict[type, Any] = runtime._machinery.use_cases
    use_case, ports = use_cases[DeleteCandidate]
    lax = msgspec.structs.replace(use_case, action=Action.VIEW_CANDIDATES)
    monkeypatch.setitem(use_cases, DeleteCandidate, (lax, ports))
    assert await try_as(graphs["viewer"], found[name], _grant(name, "viewer")) is not None
    call = await all_probes()[name].prepare(graphs["admin"])
    with recorded_actions() as asked:
        await send(graphs["admin"], found[name], call)
    assert asked != {ACTION_OF[name]}
