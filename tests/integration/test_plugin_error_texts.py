"""What a plugin says when it refuses something holds no secret, wherever it goes."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from core.candidates.contracts import CreateCandidate
from core.ports.messaging import Mailbox, MessageRefused, Messaging, OutgoingEmail
from plugins.sdk import (
    EventHandler,
    FieldError,
    Forbidden,
    InvalidInput,
    NotFound,
    PluginContext,
    PluginError,
    PortAdapter,
    Refused,
    Request,
    Response,
    Route,
    SecretText,
    Settings,
    SettingsSpec,
    TryLater,
)
from plugins.sdk.events import CandidateCreated
from tenants.due_work import DueWork
from tenants.plugins.hiding import Hider
from tenants.runtime import Runtime
from tenants.settings import Settings as AppSettings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World

SECRET = "sk_live_1234567890"
Context = PluginContext[Any]


class Options(Settings, frozen=True):
    """With what must not get out."""

    token: SecretText


ERRORS: Mapping[str, Callable[[str], Exception]] = {
    "refused": lambda token: Refused(f"The key {token} is unknown."),
    "later": lambda token: TryLater(f"Later, {token}.", after_seconds=1),
    "invalid": lambda token: InvalidInput(
        FieldError(f"keys.{token}", f"Not {token}."), message=f"Wrong: {token}."
    ),
    "details": lambda token: NotFound("There is none.", tried=[token], by={"key": token}),
    "forbidden": Forbidden,
}


async def respond(context: Context, request: Request) -> Response:
    raise ERRORS[request.params["name"]](context.settings.token)


async def handle(context: Context, _event: CandidateCreated) -> None:
    raise Refused(f"The key {context.settings.token} is unknown.")


class Sender:
    """Tells too much."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def send(self, email: OutgoingEmail) -> Any:  # noqa: ARG002 - the port's signature
        raise MessageRefused(f"The key {self._context.settings.token} is unknown.")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(
    settings: AppSettings, database: TestDatabase, world: World
) -> AsyncIterator[Runtime]:
    talker = made_plugin(
        manifest_of("talker"),
        settings=SettingsSpec(type=Options),
        routes=[
            Route(method="GET", path="/{name}", handle=respond, action="jobs:read", summary="Fail")
        ],
        event_handlers=[EventHandler(name="fail", event=CandidateCreated, handle=handle)],
        ports=[PortAdapter(Messaging, Sender)],
    )
    async with runtime_with(settings, database, catalogue_of(talker)) as runtime:
        await enable(runtime, world.acme, "talker", token=SECRET)
        yield runtime


def told(error: BaseException) -> str:
    """Everything that anybody could read in an error, and in what it came from."""
    causes = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    return " ".join(f"{each} {each.args} {vars(each)}" for each in causes)


async def raised_by(runtime: Runtime, world: World, name: str) -> Exception:
    request = Request(method="GET", path=f"/{name}")
    actor = world.acme.actor("admin")
    with pytest.raises(Exception, match=r".") as caught:
        await runtime.plugins.requests.route(world.acme.context, actor, "talker", request)
    return caught.value


@pytest.mark.parametrize("name", ERRORS)
async def test_a_refusal_is_told_without_the_secret(
    plugged: Runtime, world: World, name: str
) -> None:
    plugged.plugins.guard.forget(world.acme.id, "talker")
    text = told(await raised_by(plugged, world, name))
    assert SECRET not in text
    assert "<hidden>" in text


async def test_an_adapter_says_it_without_the_secret(plugged: Runtime, world: World) -> None:
    messaging = await plugged.plugins.adapter(world.acme.context, Messaging)
    assert messaging is not None
    email = OutgoingEmail(
        id=uuid4(),
        message_id="<1@acme.test>",
        sender=Mailbox("jobs@acme.test"),
        to=Mailbox("ada@example.com"),
        subject="Hello",
        text="Hello",
    )
    with pytest.raises(MessageRefused) as caught:
        await messaging.send(email)
    assert SECRET not in told(caught.value)
    assert "<hidden>" in str(caught.value)


async def test_a_task_that_failed_keeps_no_secret(
    plugged: Runtime, world: World, database: TestDatabase, examined: Examined
) -> None:
    scope = plugged.scope(world.acme.context, world.acme.actor("recruiter"), "create")
    await scope.execute(CreateCandidate(full_name="Ada"))
    await DueWork(TaskRunner(plugged, plugged.plugins.subscribers), database.relay_url).run_due()
    connection = await asyncpg.connect(database.admin_url)
    rows = await connection.fetch(
        "SELECT t::text FROM tasks t WHERE subscriber = 'plugin:talker:fail'"
    )
    await connection.close()
    assert all(SECRET not in row[0] for row in rows)
    assert any("unknown" in row[0] for row in rows), "the error isn't kept where it is looked for"
    examined("tasks", len(rows))


async def test_without_hiding_the_secret_would_be_told(
    plugged: Runtime, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hider, "hide_in", lambda _self, _error: None)
    for name in ERRORS:
        plugged.plugins.guard.forget(world.acme.id, "talker")
        assert SECRET in told(await raised_by(plugged, world, name))


def test_what_is_no_text_stays_as_it_is() -> None:
    error = PluginError(f"a {SECRET}")
    now = datetime.now(UTC)
    error.more = {SECRET: [1, now, msgspec.UNSET, (SECRET, None)]}  # type: ignore[attr-defined]
    Hider({"token": SECRET}, frozenset({"token"})).hide_in(error)
    assert vars(error) == {
        "message": "a <hidden>",
        "more": {"<hidden>": [1, now, msgspec.UNSET, ("<hidden>", None)]},
    }
