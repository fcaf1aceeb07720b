"""What authors test with in memory does what the platform does on its database, step by step."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from plugins.sdk import (
    Column,
    CreateTable,
    Delete,
    EmailTemplate,
    Insert,
    Manifest,
    Meter,
    Migration,
    Permission,
    Request,
    Response,
    Route,
    Table,
    Update,
)
from plugins.sdk.commands import CreateJob, GetJob, JobId
from plugins.sdk.testing.harness import Harness
from tenants.settings import Settings as AppSettings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
ROWS = Table(
    name="rows",
    columns=(
        Column("id", "uuid"),
        Column("label", "text", required=False),
        Column("uses", "integer", default=3),
        Column("cents", "bigint", required=False),
        Column("open", "boolean", default=True),
        Column("seen_at", "instant", required=False),
        Column("day", "date", required=False),
        Column("price", "numeric", required=False),
        Column("facts", "json", required=False),
        Column("note", "text", default="it's"),
    ),
    unique=(("label",), ("cents", "day")),
)
PAIRS = Table(
    name="pairs",
    columns=(Column("one", "text"), Column("two", "integer")),
    key=("one", "two"),
)
PERMISSIONS = ("jobs:read", "messages:send")
Scenario = Callable[[Any], Awaitable[list[Any]]]


def uid(number: int) -> UUID:
    return UUID(int=number)


def row(number: int, **values: Any) -> Insert:
    return Insert("rows", {"id": uid(number), **values})


async def outcome(work: Awaitable[Any]) -> Any:
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - which one it is is compared
        return type(error).__name__


async def scenario(context: Any) -> list[Any]:
    """Do all that can go well or wrong, and tell what came of it."""
    apply, find, store = context.records.apply, context.records.find, context.store
    steps = [
        apply(row(1, label="a", price=2, facts={"t": (1, 2)}, seen_at=NOON)),
        apply(row(2, label="B", seen_at=NOON.astimezone(timezone(timedelta(hours=5))))),
        apply(row(3, label=None, day=date(2027, 1, 2), cents=2**40), row(4, label=None)),
        apply(row(5, price=Decimal("1.10"), facts=[None, True], open=False)),
        apply(row(1, label="z")),
        apply(row(6, label="a")),
        apply(row(7), row(7)),
        apply(row(8, cents=2**40, day=date(2027, 1, 2))),
        apply(row(9, cents=2**40)),
        apply(row(1, uses=9), row(10)),
        apply(Insert("rows", {"id": uid(1), "uses": 9}, or_update=True)),
        apply(Insert("rows", {"id": uid(2), "label": "a"}, or_update=True)),
        apply(Insert("rows", {"id": uid(2)}, or_update=True)),
        apply(Update("rows", {"id": uid(1)}, {"uses": 10}, expected={"uses": 9})),
        apply(Update("rows", {"id": uid(1)}, {"uses": 11}, expected={"uses": 9})),
        apply(Update("rows", {"id": uid(99)}, {"uses": 11})),
        apply(Update("rows", {"id": uid(2)}, {"label": "a"})),
        apply(Update("rows", {"id": uid(2)}, {"id": uid(5)})),
        apply(Update("rows", {"id": uid(2)}, {})),
        apply(row(20), Delete("rows", {"id": uid(5)}), Delete("rows", {"id": uid(5)})),
        apply(row(21), Delete("rows", {"label": "a"})),
        apply(Insert("rows", {"label": "no id"})),
        apply(row(22, uses=2**31)),
        apply(row(23, uses=True)),
        apply(row(24, label="\x00")),
        apply(row(25, seen_at=datetime(2027, 1, 1))),  # noqa: DTZ001 - is to be refused
        apply(row(26, day=NOON)),
        apply(row(27, price=1.5)),
        apply(row(28, price=Decimal("NaN"))),
        apply(row(29, facts={"a": {1, 2}}), row(30, uses=None)),
        apply(row(31, other=1)),
        apply(row(32), "no change"),
        apply(Insert("nothing", {"id": uid(1)})),
        apply(*[Insert("pairs", {"one": "a", "two": number}) for number in range(5)]),
        apply(Insert("pairs", {"one": "a", "two": 4})),
        context.records.get("rows", {"id": uid(1)}),
        context.records.get("rows", {"id": uid(77)}),
        context.records.get("rows", {"label": "a"}),
        context.records.get("pairs", {"one": "a", "two": 2}),
        find("rows"),
        find("rows", order_by=("label",)),
        find("rows", order_by=("-label", "uses")),
        find("rows", order_by=("-seen_at",), limit=2),
        find("rows", where={"label": None}),
        find("rows", where={"open": False, "uses": 3}),
        find("rows", where={"nothing": 1}),
        find("rows", order_by=("facts",)),
        find("rows", limit=0),
        find("rows", limit=1_001),
        find("pairs", order_by=("-two",), limit=2),
        find("pairs", order_by=("-two",), after={"one": "a", "two": 3}),
        store.put("a", {"x": (1, None)}),
        store.put("ab", "two"),
        store.put("b", [1.5]),
        store.put("", 1),
        store.put("k" * 201, 1),
        store.put("large", "x" * 70_000),
        store.get("a"),
        store.get("none"),
        store.keys("a"),
        store.delete("ab"),
        store.delete("ab"),
        store.keys(),
        context.meter("lookups", 2),
        context.meter("lookups", 0),
        context.meter("others"),
        context.execute(CreateJob(title="Engineer")),
        context.execute(GetJob(job_id=JobId(uid(1)))),
        context.ask(CreateJob(title="Engineer")),
        context.mail.send("nothing", application_id=uid(1), idempotency_key="k"),
        context.mail.send("hello", application_id=uid(1), idempotency_key="k"),
        *(
            context.mail.send("hello", idempotency_key=key, variables=values, **receiver)
            for key, values, receiver in (
                ("k", {"word": "a", "other": "b"}, {"application_id": uid(1)}),
                ("k", {"word": 5}, {"application_id": uid(1)}),
                ("k", {"word": "a"}, {}),
                ("k", {"word": "a"}, {"candidate_id": "ada@example.com"}),
                ("", {"word": "a"}, {"candidate_id": uid(1)}),
                ("k" * 201, {"word": "a"}, {"candidate_id": uid(1)}),
            )
        ),
    ]
    return [await outcome(step) for step in steps]


async def pages_of(context: Any) -> list[Any]:
    """Walk through all rows by twos, in every order."""
    found = []
    for order in ((), ("label",), ("-label",), ("uses", "-id"), ("-seen_at", "label")):
        last: Any = None
        while True:
            page = await context.records.find("rows", order_by=order, after=last, limit=2)
            found.append([each["id"] for each in page])
            if not page:
                break
            last = page[-1]
    return found


class Probe:
    """What came of the scenario on the platform."""

    outcomes: list[Any]


def parts_of(probe: Probe) -> tuple[Manifest, dict[str, Any]]:
    async def respond(context: Any, _request: Request) -> Response:
        probe.outcomes = [*await scenario(context), *await pages_of(context)]
        return Response()

    manifest = manifest_of(
        "honest",
        permissions=tuple(Permission(action=each, why="To test.") for each in PERMISSIONS),
        meters=(Meter(name="lookups", unit="lookup"),),
    )
    route = Route(
        method="POST",
        path="/do",
        handle=respond,
        action="jobs:read",
        summary="Do",
        timeout_seconds=60,
    )
    tables = [Migration(1, (CreateTable(ROWS), CreateTable(PAIRS)))]
    hello = EmailTemplate(
        name="hello", subject="Hello", text="{{word}}", variables={"word": "Hello"}
    )
    return manifest, {"routes": [route], "tables": tables, "email_templates": [hello]}


async def on_the_platform(
    settings: AppSettings, database: TestDatabase, world: World, probe: Probe
) -> list[Any]:
    manifest, answers = parts_of(probe)
    catalogue = catalogue_of(made_plugin(manifest, **answers))
    async with runtime_with(settings, database, catalogue) as runtime:
        await enable(runtime, world.acme, "honest", PERMISSIONS)
        actor = world.acme.actor("admin")
        request = Request(method="POST", path="/do")
        await runtime.plugins.requests.route(world.acme.context, actor, "honest", request)
    return probe.outcomes


async def in_memory(probe: Probe) -> list[Any]:
    manifest, answers = parts_of(probe)
    harness = Harness(made_plugin(manifest, **answers).load())
    await harness.request("POST", "/do")
    return probe.outcomes


async def test_memory_and_platform_agree(
    settings: AppSettings, database: TestDatabase, world: World, examined: Examined
) -> None:
    real = await on_the_platform(settings, database, world, Probe())
    memory = await in_memory(Probe())
    differing = [
        (number, one, other)
        for number, (one, other) in enumerate(zip(real, memory, strict=True))
        if one != other
    ]
    assert differing == []
    kinds = {each for each in real if isinstance(each, str)}
    assert {"RecordConflict", "RecordMissing", "ValueError", "Forbidden", "TypeError"} <= kinds
    examined("steps", len(real))


async def test_a_memory_that_forgets_a_rule_is_found(
    monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    honest = await in_memory(Probe())
    monkeypatch.setattr("plugins.sdk.testing.tables._require_unique", lambda *_: None)
    forgetful = await in_memory(Probe())
    # Of unlike length: there are more rows to walk through.
    found = [one for one, other in zip(honest, forgetful, strict=False) if one != other]
    assert "RecordConflict" in found
    examined("steps that differ", len(found))
