"""What plugins call over HTTP is noted: for the workspace it was for, and never what was said."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from core.installations.contracts import ListPluginCalls, PluginCallView
from core.installations.errors import PluginNotFound
from core.ports.outbound import OutboundAnswer, OutboundTimeout
from core.shared.paging import PageRequest
from plugins.system.ids import RandomIds
from tenants.plugins import call_log
from tenants.plugins.call_log import CallLog
from tenants.plugins.doors import HttpDoor
from tenants.plugins.marshalling import Marshal
from tenants.runtime import Runtime
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import World, WorldTenant

URL = (
    "https://ada%40example.com:secret-word@api.vendor.example/v3/people/ada@example.com?key=secret"
)
ANSWERED: dict[str, Any] = {
    "status": 200, "problem": None, "seconds": 0.25, "sent_bytes": 3, "received_bytes": 4,
}  # fmt: skip


def log_of(runtime: Runtime) -> CallLog:
    return CallLog(runtime.database, runtime.clock, RandomIds())


async def listed(
    runtime: Runtime, tenant: WorldTenant, **page: Any
) -> tuple[list[PluginCallView], str | None]:
    scope = runtime.scope(tenant.context, tenant.actor("admin"), "test")
    found = await scope.ask(ListPluginCalls(plugin_id="smtp", page=PageRequest(**page)))
    return list(found.items), found.next_cursor


async def test_a_workspace_reads_its_own_calls_newest_first(
    runtime: Runtime, world: World, examined: Examined
) -> None:
    calls = log_of(runtime)
    for number in range(5):
        calls.note(world.acme.id, "smtp", "POST", URL, **{**ANSWERED, "status": 200 + number})
    calls.note(world.globex.id, "smtp", "GET", "https://globex.example/", **ANSWERED)
    calls.note(world.acme.id, "other", "GET", "https://other.example/", **ANSWERED)
    await calls.stop()
    ours, cursor = await listed(runtime, world.acme, limit=3)
    assert cursor is not None
    rest, end = await listed(runtime, world.acme, limit=3, cursor=cursor)
    assert [call.status for call in ours + rest] == [204, 203, 202, 201, 200]
    assert end is None
    assert {call.host for call in ours} == {"api.vendor.example"}
    told = repr(ours)
    assert not [word for word in ("secret", "ada", "v3") if word in told]
    assert ours[0].duration_ms == 250
    theirs, _ = await listed(runtime, world.globex)
    assert [call.host for call in theirs] == ["globex.example"]
    examined("calls", len(ours + rest + theirs))


async def test_a_plugin_that_nobody_knows_has_none(runtime: Runtime, world: World) -> None:
    scope = runtime.scope(world.acme.context, world.acme.actor("admin"), "test")
    with pytest.raises(PluginNotFound):
        await scope.ask(ListPluginCalls(plugin_id="unheard_of"))


class Vendor:
    """Answers, or doesn't."""

    def __init__(self, outcome: OutboundAnswer | BaseException) -> None:
        self.outcome = outcome

    async def request(self, *_: object, **_options: object) -> OutboundAnswer:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize(
    ("outcome", "noted"),
    [
        (OutboundAnswer(429, {}, b"slow"), {"status": 429, "problem": None, "received_bytes": 4}),
        (OutboundTimeout("late"), {"status": None, "problem": "outbound_timeout"}),
        (asyncio.CancelledError(), {"status": None, "problem": "cancelled"}),
    ],
)
async def test_every_call_is_noted_however_it_ends(outcome: Any, noted: dict[str, Any]) -> None:
    heard: list[dict[str, Any]] = []

    def note(method: str, url: str, **values: Any) -> None:
        heard.append({"method": method, "url": url, **values})

    door = HttpDoor(Vendor(outcome), Marshal(), note)
    try:
        await door.request("PUT", "https://vendor.example/", json={"a": 1})
    except (OutboundTimeout, asyncio.CancelledError):
        assert noted["status"] is None
    (call,) = heard
    assert {name: call[name] for name in noted} == noted
    assert (call["method"], call["sent_bytes"]) == ("PUT", len(b'{"a":1}'))


async def test_a_log_that_cannot_be_written_costs_neither_calls_nor_memory(
    runtime: Runtime, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_log, "MOST_WAITING", 3)
    calls, nobody = log_of(runtime), uuid4()
    before, _ = await listed(runtime, world.globex)
    for _ in range(10):
        # No such tenant, so that the database refuses it.
        calls.note(nobody, "smtp", "GET", URL, **ANSWERED)  # type: ignore[arg-type]
    await calls.stop()
    calls.note(world.globex.id, "smtp", "GET", URL, **ANSWERED)
    await calls.stop()
    after, _ = await listed(runtime, world.globex)
    assert len(after) == len(before) + 1
