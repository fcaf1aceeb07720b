"""A plugin in an author's tests: enabled for one tenant, in memory, without a database or network.

    plugin = Harness(my_package.plugin, settings={"api_key": "k"})
    await plugin.deliver(CandidateCreated(aggregate_id=uuid4()))
    assert (await plugin.request("GET", "/arrivals")).status == 200

Each call gets a context of its own and has the deadline that the plugin declared. What would be
refused while it runs for a tenant is refused here too; whether the platform loads the plugin at all
says `intellimatch plugin check`, which `plugins.sdk.testing.loading` runs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID, uuid4

import msgspec
import pluggy

from core.shared.events import Event
from core.shared.ids import TenantId
from plugins.sdk.context import PluginTenant
from plugins.sdk.contributions import (
    EmailTemplate,
    EventHandler,
    Health,
    InboundWebhook,
    OAuthProvider,
    Operations,
    Page,
    PageContent,
    PortAdapter,
    Request,
    Response,
    Route,
    ScheduledTask,
    Subject,
    WebhookRequest,
)
from plugins.sdk.errors import Refused
from plugins.sdk.hooks import HOOK_NAMES, PROJECT, Hooks
from plugins.sdk.manifest import Manifest
from plugins.sdk.paths import matches
from plugins.sdk.settings import NoSettings, Settings, SettingsSpec
from plugins.sdk.tables import Migration
from plugins.sdk.testing.account import FakeAccount
from plugins.sdk.testing.context import LogLine, Memory, MemoryContext, Platform
from plugins.sdk.testing.mail import FakeMail
from plugins.sdk.testing.outside import Outside
from plugins.sdk.testing.tables import MemoryTables, Row

P = TypeVar("P")

NOW = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)
"""What `context.now()` says until a test sets `harness.now`."""

SECONDS = 30.0


class Harness:
    """One plugin and one tenant that has enabled it."""

    def __init__(
        self,
        plugin: Any,
        *,
        settings: Mapping[str, Any] | None = None,
        slug: str = "acme",
        time_zone: str = "Europe/Berlin",
        locale: str = "en",
        plan: str = "pro",
    ) -> None:
        """`plugin` is what the entry point names. Raises ValidationError for wrong settings."""
        self._answers = _answers(plugin)
        self.manifest: Manifest = self._answers["manifest"]
        tenant = PluginTenant(TenantId(uuid4()), slug, slug.title(), time_zone, locale, plan)
        mail = FakeMail(self.manifest, self.email_templates, tenant.name, locale)
        self._memory = Memory(MemoryTables(self._of("tables", Migration)), tenant, NOW)
        self._memory.mail = mail
        self._memory.has_account = self.oauth_provider is not None
        self._deliveries: set[str] = set()
        self.settings: Settings
        self.configure(**(settings or {}))

    # What a test sets and looks at.

    def configure(self, **settings: Any) -> None:
        """Replace the settings. Raises ValidationError with the field that is wrong."""
        self.settings = msgspec.convert(settings, self._spec.type)

    @property
    def outside(self) -> Outside:
        """What answers `context.http`."""
        return self._memory.outside

    @property
    def account(self) -> FakeAccount:
        """What `context.account` gives: nothing until a test calls `account.connect()`."""
        return self._memory.account

    @property
    def mail(self) -> FakeMail:
        """What `context.mail` was asked to send."""
        return self._memory.mail

    @property
    def platform(self) -> Platform:
        """What answers `context.execute` and `context.ask`."""
        return self._memory.platform

    @property
    def log(self) -> Sequence[LogLine]:
        """What was logged."""
        return self._memory.log

    @property
    def meters(self) -> Mapping[str, int]:
        """What was counted, by the meter's name."""
        return self._memory.meters

    @property
    def now(self) -> datetime:
        """The time."""
        return self._memory.now

    @now.setter
    def now(self, time: datetime) -> None:
        self._memory.now = time

    def use_network(self, network: Any) -> None:
        """Let `context.network` be this, an `OutboundConnections`."""
        self._memory.network = network

    def rows(self, table: str) -> list[Row]:
        """Return all rows of one of the plugin's tables, oldest first."""
        return self._memory.tables.rows(table)

    def stored(self) -> dict[str, Any]:
        """Return what is in `context.store`."""
        return {
            name: msgspec.json.decode(value) for name, value in sorted(self._memory.values.items())
        }

    @property
    def email_templates(self) -> Sequence[EmailTemplate]:
        """The messages that it brings."""
        return self._of("email_templates", EmailTemplate)

    @property
    def oauth_provider(self) -> OAuthProvider | None:
        """How an account is connected."""
        found: OAuthProvider | None = self._answers.get("oauth_provider")
        return found

    # What the platform would call.

    async def deliver(
        self, event: Event, *, handler: str | None = None, delivery: str | None = None
    ) -> None:
        """Call the handlers of the event's type, or only `handler`.

        The same event with the same `delivery` is another attempt: what the context did before is
        not done again. Raises what a handler raises, and AssertionError when none is there.
        """
        found = [
            each
            for each in self._of("event_handlers", EventHandler)
            if each.event.type == event.type and handler in {None, each.name}
        ]
        if not found:
            raise AssertionError(f"no handler of {event.type}" + (f" is {handler}" * bool(handler)))
        name = delivery or str(uuid4())
        for each in found:
            copied = msgspec.convert(msgspec.to_builtins(event), each.event)
            await self.call(
                each.handle,
                copied,
                seconds=each.timeout_seconds,
                delivery=f"{name}:{each.name}",
            )

    async def run(self, name: str, *, delivery: str | None = None) -> None:
        """Call a scheduled task."""
        task = _named(self._of("scheduled_tasks", ScheduledTask), name, "scheduled task")
        await self.call(task.run, seconds=task.timeout_seconds, delivery=delivery or str(uuid4()))

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = msgspec.UNSET,
        body: bytes = b"",
        actor_name: str = "Rita Recruiter",
        member_id: UUID | None = None,
    ) -> Response:
        """Ask one of its routes. Raises AssertionError when none answers to the path."""
        for route in _specific_first(self._of("routes", Route)):
            params = matches(route.path, path)
            if route.method == method and params is not None:
                request = Request(
                    method=method,
                    path=path,
                    params=params,
                    query=dict(query or {}),
                    headers={name.lower(): value for name, value in (headers or {}).items()},
                    body=body if json is msgspec.UNSET else msgspec.json.encode(json),
                    actor_name=actor_name,
                    member_id=member_id,
                )
                answer = await self.call(route.handle, request, seconds=route.timeout_seconds)
                return _typed(answer, Response, f"{method} {path}")
        raise AssertionError(f"the plugin has no route {method} {path}")

    async def page(
        self,
        path: str = "/",
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        actor_name: str = "Rita Recruiter",
    ) -> PageContent:
        """Show one of its pages; with `form`, post that to it."""
        for page in _specific_first(self._of("pages", Page)):
            params = matches(page.path, path)
            if params is not None:
                request = Request(
                    method="GET" if form is None else "POST",
                    path=path,
                    params=params,
                    query=dict(query or {}),
                    headers={}
                    if form is None
                    else {"content-type": "application/x-www-form-urlencoded"},
                    body=urlencode(form or {}).encode(),
                    actor_name=actor_name,
                )
                answer = await self.call(page.render, request, seconds=page.timeout_seconds)
                return _typed(answer, PageContent, f"the page {path}")
        raise AssertionError(f"the plugin has no page {path}")

    async def webhook(
        self,
        name: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> bool:
        """Send to one of its webhooks what a vendor would; say whether it was handled.

        A delivery whose id came before isn't handled again. Raises Refused when it isn't let in.
        """
        webhook = _named(self._of("webhooks", InboundWebhook), name, "webhook")
        lowered = {each.lower(): value for each, value in (headers or {}).items()}
        request = WebhookRequest(headers=lowered, query=dict(query or {}), body=body)
        delivery = await self.call(webhook.verify, request, seconds=webhook.timeout_seconds)
        if not _typed(delivery, str, f"verify of {name}"):
            raise Refused("The delivery has no id.")
        if f"{name}:{delivery}" in self._deliveries:
            return False
        await self.call(
            webhook.handle,
            request,
            seconds=webhook.timeout_seconds,
            delivery=f"webhook-{name}-{delivery}",
        )
        self._deliveries.add(f"{name}:{delivery}")
        return True

    async def check(self) -> Health:
        """Test the connection."""
        return _typed(await self._operation("check"), Health, "check")

    async def export(self, subject: Subject) -> Mapping[str, Any]:
        """Return all that is kept about a person."""
        return _typed(await self._operation("export", subject), dict, "export")

    async def erase(self, subject: Subject) -> None:
        """Let it forget a person."""
        await self._operation("erase", subject)

    async def enabled(self) -> None:
        """Tell it that the tenant enabled or configured it."""
        await self._operation("enabled")

    async def disabled(self) -> None:
        """Tell it that the tenant disabled it."""
        await self._operation("disabled")

    def adapter(self, port: Callable[..., P]) -> AbstractAsyncContextManager[P]:
        """Return its implementation of `port`, to be used in `async with`."""
        for each in self._of("ports", PortAdapter):
            if each.port is port:
                return _Adapter(self._context(str(uuid4()), repeatable=False), each)
        raise AssertionError(f"the plugin has no adapter of {port.__name__}")

    def upgrade_settings(self, stored: Mapping[str, Any], version: int) -> None:
        """Configure it with what `version` of its settings stored, brought up to date."""
        values = dict(stored)
        for step in range(version, self._spec.version):
            values = self._spec.upgrades[step](values)
        self.configure(**values)

    async def call(
        self,
        function: Callable[..., Awaitable[Any]],
        *arguments: Any,
        seconds: float = SECONDS,
        delivery: str | None = None,
    ) -> Any:
        """Call any function of the plugin with a context, within `seconds`.

        With `delivery`, it is one of several attempts at the same thing.
        """
        context = self._context(delivery or str(uuid4()), repeatable=delivery is not None)
        try:
            async with asyncio.timeout(seconds):
                return await function(context, *arguments)
        finally:
            context.end()

    def _context(self, call_id: str, *, repeatable: bool) -> MemoryContext:
        webhooks = frozenset(each.name for each in self._of("webhooks", InboundWebhook))
        return MemoryContext(
            self._memory, self.manifest, self.settings, webhooks, call_id, repeatable=repeatable
        )

    async def _operation(self, name: str, *arguments: Any) -> Any:
        operations = self._answers.get("operations", Operations())
        function = getattr(operations, name)
        if function is None:
            raise AssertionError(f"the hook operations gives no {name}")
        return await self.call(function, *arguments)

    @property
    def _spec(self) -> SettingsSpec:
        found: SettingsSpec = self._answers.get("settings", SettingsSpec(type=NoSettings))
        return found

    def _of(self, hook: str, kind: Callable[..., P]) -> Sequence[P]:  # noqa: ARG002 - names P
        found: Sequence[P] = self._answers.get(hook, ())
        return found


class _Adapter(AbstractAsyncContextManager[Any]):
    def __init__(self, context: MemoryContext, adapter: PortAdapter) -> None:
        self._context = context
        self._adapter = adapter

    async def __aenter__(self) -> Any:
        return self._adapter.create(self._context)

    async def __aexit__(self, *_: object) -> None:
        self._context.end()


def _answers(plugin: Any) -> dict[str, Any]:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    manager.register(plugin, name="plugin")
    manager.check_pending()
    answers = {
        name: implementation.function()
        for name in HOOK_NAMES
        for implementation in getattr(manager.hook, name).get_hookimpls()
    }
    if "manifest" not in answers:
        raise AssertionError("the plugin has no hook manifest")
    return answers


def _named(found: Sequence[P], name: str, what: str) -> P:
    for each in found:
        if getattr(each, "name", None) == name:
            return each
    raise AssertionError(f"the plugin has no {what} {name}")


def _specific_first(found: Sequence[Any]) -> Sequence[Any]:
    return sorted(found, key=lambda each: each.path.count("{"))


def _typed(answer: Any, kind: type[P], what: str) -> P:
    if not isinstance(answer, kind):
        given = type(answer).__name__
        raise AssertionError(f"{what} must give a {kind.__name__}, and gave a {given}")  # noqa: TRY004
    try:
        msgspec.msgpack.encode(answer)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise AssertionError(f"{what} gave what isn't plain data: {error}") from error
    return answer
