"""Loading: a plugin that holds together is loaded, any other is refused with what to change."""

import sys
import time
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from core.jobs.contracts import CreateJob
from plugins.host.loading import discover
from plugins.sdk import (
    AddColumn,
    Column,
    CreateTable,
    DropColumn,
    DropTable,
    EmailTemplate,
    EventHandler,
    InboundWebhook,
    KeptData,
    Manifest,
    Meter,
    Migration,
    OAuthProvider,
    Operations,
    Page,
    PageContent,
    Permission,
    PortAdapter,
    Request,
    Response,
    Route,
    ScheduledTask,
    SecretText,
    Settings,
    SettingsSpec,
    Table,
    TemplateText,
    WebhookRequest,
    hook,
)
from plugins.sdk.events import ApplicationCreated, Event
from plugins.sdk.hosts import covers
from plugins.sdk.paths import matches
from plugins.sdk.ports import Messaging, ResumeParser
from tests.fixtures.examined import Examined

FEATURES = frozenset({"bulk_actions", "branding"})
GOOD = Manifest(id="good", name="Good", version="1.0.0", sdk=">=1.0,<2", summary="Does good.")


class Options(Settings, frozen=True):
    """Settings as an author writes them."""

    account: str
    token: SecretText
    second_token: SecretText | None = None
    limit: int = 10


class Inner(msgspec.Struct, frozen=True):
    """Holds a secret where none may be."""

    token: SecretText


class Deep(Settings, frozen=True):
    """A secret that would be kept in the clear."""

    inner: Inner


class ManySecrets(Settings, frozen=True):
    """Secrets in a list."""

    tokens: tuple[SecretText, ...] = ()


class DefaultSecret(Settings, frozen=True):
    """A secret in the source."""

    token: SecretText = "changeme"


class NoSchema(Settings, frozen=True):
    """Nothing that a form could ask for."""

    thing: complex


class Entry:
    """An entry point without an installed distribution."""

    def __init__(self, plugin: Any, name: str = "good") -> None:
        self.name = name
        self.value = f"{name}.plugin"
        self.dist = SimpleNamespace(name=f"dist-{name}", version="1.0.0")
        self._plugin = plugin

    def load(self) -> Any:
        return self._plugin() if callable(self._plugin) else self._plugin


def plugin(**answers: Any) -> SimpleNamespace:
    """A plugin whose hooks return these, with a manifest that holds together unless given."""
    functions = {"manifest": GOOD, **answers}
    return SimpleNamespace(**{name: _hook(name, value) for name, value in functions.items()})


def _hook(name: str, value: Any) -> Callable[[], Any]:
    def function() -> Any:
        return value() if getattr(value, "is_work", False) else value

    function.__name__ = name
    return hook(function)


def work(function: Callable[[], Any]) -> Callable[[], Any]:
    function.is_work = True  # type: ignore[attr-defined]
    return function


def manifest(**changes: Any) -> Manifest:
    return msgspec.structs.replace(GOOD, **changes)


async def handle(context: Any, event: Any) -> None:
    return None


async def run(context: Any) -> None:
    return None


async def respond(context: Any, request: Request) -> Response:
    return Response()


async def render(context: Any, request: Request) -> PageContent:
    return PageContent(title="Good", html="")


async def verify(context: Any, request: WebhookRequest) -> str:
    return "1"


def create(context: Any) -> Any:
    return None


def upgrade(old: dict[str, Any]) -> dict[str, Any]:
    return old


def not_async(context: Any, request: Any = None) -> None:
    return None


async def too_few() -> None:
    return None


def route(**changes: Any) -> Route:
    fields: dict[str, Any] = {
        "method": "GET",
        "path": "/codes",
        "handle": respond,
        "action": "jobs:read",
        "summary": "List codes",
    }
    return Route(**{**fields, **changes})


def page(**changes: Any) -> Page:
    fields: dict[str, Any] = {"path": "/codes", "render": render, "action": "jobs:read"}
    return Page(**{**fields, **changes})


def handler(**changes: Any) -> EventHandler:
    fields: dict[str, Any] = {"name": "note", "event": ApplicationCreated, "handle": handle}
    return EventHandler(**{**fields, **changes})


def task(**changes: Any) -> ScheduledTask:
    return ScheduledTask(**{"name": "sweep", "cron": "0 6 * * *", "run": run, **changes})


def template(**changes: Any) -> EmailTemplate:
    return EmailTemplate(**{"name": "hello", "subject": "Hi", "text": "Hi", **changes})


def provider(**changes: Any) -> OAuthProvider:
    fields: dict[str, Any] = {
        "name": "vendor",
        "authorize_url": "https://vendor.com/authorize",
        "token_url": "https://api.vendor.com/token",
        "scopes": ("read",),
        "client_id_setting": "account",
        "client_secret_setting": "token",
    }
    return OAuthProvider(**{**fields, **changes})


CODES = Table(name="codes", columns=(Column("id", "uuid"), Column("code", "text")))
OAUTH = {"settings": SettingsSpec(type=Options), "manifest": manifest(hosts=("*.vendor.com",))}


def tables(*steps: Any) -> list[Migration]:
    return [Migration(1, (CreateTable(CODES),)), Migration(2, tuple(steps))]


def with_table(**changes: Any) -> list[Migration]:
    return [Migration(1, (CreateTable(msgspec.structs.replace(CODES, **changes)),))]


def personal(where: str) -> tuple[KeptData, ...]:
    return (KeptData(what="Names", personal=True, where=where, retention="A year"),)  # type: ignore[arg-type]


def permission(action: str) -> Permission:
    return Permission(action=action, why="To work")


@work
def raises() -> Any:
    raise ValueError("no network")


@work
def exits() -> Any:
    sys.exit(1)


@work
def recurses() -> Any:
    return recurses()


@work
def spins() -> Any:
    while True:
        pass


@hook
def unknown_hook() -> None:
    """No such hook."""


@hook
def manifest_with_an_argument(application: Any) -> None:
    """Asks for more than there is."""


def _settings(**changes: Any) -> dict[str, Any]:
    return {"settings": SettingsSpec(**{"type": Options, **changes})}


REFUSED: Mapping[str, tuple[dict[str, Any], str]] = {
    "raises": ({"routes": raises}, "The hook routes raised ValueError: no network"),
    "exits": ({"pages": exits}, "The hook pages raised SystemExit: 1"),
    "recursion": ({"ports": recurses}, "The hook ports raised RecursionError"),
    "busy loop": ({"tables": spins}, "took longer than 0.3 seconds"),
    "no manifest": ({"manifest": None}, "must be a Manifest, not a NoneType"),
    "manifest's types": ({"manifest": manifest(id=5)}, "id doesn't fit"),
    "id": ({"manifest": manifest(id="Good-Plugin")}, "id doesn't fit"),
    "version": ({"manifest": manifest(version="1.0")}, "version doesn't fit"),
    "sdk range": ({"manifest": manifest(sdk=">=2.0")}, "needs an SDK >=2.0"),
    "sdk nonsense": ({"manifest": manifest(sdk="latest")}, "sdk can't be read"),
    "kind": ({"manifest": manifest(kind="other")}, "kind doesn't fit"),
    "feature": ({"manifest": manifest(feature="magic")}, "feature magic is in no plan"),
    "permission": (
        {"manifest": manifest(permissions=(permission("all"),))},
        "there is no permission all",
    ),
    "permission of a person": (
        {"manifest": manifest(permissions=(permission("account:own"),))},
        "there is no permission account:own",
    ),
    "permission twice": (
        {"manifest": manifest(permissions=(permission("jobs:read"),) * 2)},
        "the permission jobs:read is there twice",
    ),
    "meter twice": (
        {"manifest": manifest(meters=(Meter(name="sent", unit="mail"),) * 2)},
        "the meter sent is there twice",
    ),
    "host": ({"manifest": manifest(hosts=("https://vendor.com/",))}, "is no host such as"),
    "settings' type": (_settings(type=dict), "must be a class below plugins.sdk.Settings"),
    "settings' gap": (
        _settings(version=3, upgrades={1: upgrade}),
        "upgrades has no step from 2 to 3",
    ),
    "settings' future": (
        _settings(version=2, upgrades={1: upgrade, 2: upgrade}),
        "upgrades begins at 2",
    ),
    "settings' version": (_settings(version=0), "version must be 1 or more"),
    "async upgrade": (_settings(version=2, upgrades={1: handle}), "functions that aren't async"),
    "settings without schema": (_settings(type=NoSchema), "no JSON Schema"),
    "deep secret": (_settings(type=Deep), "SecretText can only be a field of the settings"),
    "many secrets": (_settings(type=ManySecrets), "tokens must be SecretText"),
    "secret with a default": (_settings(type=DefaultSecret), "its default can only be None"),
    "ports' type": ({"ports": "messaging"}, "must return a list of PortAdapter, not a str"),
    "unknown port": ({"ports": [PortAdapter(CreateJob, create)]}, "CreateJob is no port"),
    "port twice": ({"ports": [PortAdapter(Messaging, create)] * 2}, "the port Messaging is there"),
    "port that is given résumés": (
        {"ports": [PortAdapter(ResumeParser, create)]},
        "let the manifest ask for the permission candidates:read",
    ),
    "async port": ({"ports": [PortAdapter(Messaging, run)]}, "create must not be an async"),
    "no event": ({"event_handlers": [handler(event=Event)]}, "isn't in plugins.sdk.events"),
    "event's type": ({"event_handlers": [handler(event="x")]}, "event must be a class"),
    "handler twice": ({"event_handlers": [handler()] * 2}, "the name note is there twice"),
    "handler's name": ({"event_handlers": [handler(name="a b")]}, "name doesn't fit"),
    "handler isn't async": ({"event_handlers": [handler(handle=not_async)]}, "async function"),
    "handler's arguments": (
        {"event_handlers": [handler(handle=too_few)]},
        "handle must take 2 arguments",
    ),
    "handler's time": ({"event_handlers": [handler(timeout_seconds=0)]}, "timeout_seconds"),
    "cron": ({"scheduled_tasks": [task(cron="0 25 * * *")]}, "'0 25 * * *'"),
    "cron's fields": ({"scheduled_tasks": [task(cron="0 0 0 * * *")]}, "give five fields"),
    "task twice": ({"scheduled_tasks": [task(), task()]}, "the name sweep is there twice"),
    "route's path": ({"routes": [route(path="codes")]}, "path doesn't fit"),
    "route's root": ({"routes": [route(path="")]}, "must begin with a slash"),
    "route's method": ({"routes": [route(method="TRACE")]}, "method doesn't fit"),
    "route's action": ({"routes": [route(action="jobs")]}, "there is no permission jobs"),
    "route's summary": ({"routes": [route(summary=" ")]}, "needs a summary"),
    "route isn't async": ({"routes": [route(handle=not_async)]}, "must be an async function"),
    "routes that meet": (
        {"routes": [route(path="/codes/{a}"), route(path="/codes/{b}")]},
        "the route GET /codes/{} is there twice",
    ),
    "parameter twice": ({"routes": [route(path="/{a}/{a}")]}, "the parameter a is there"),
    "page's action": ({"pages": [page(action="x")]}, "there is no permission x"),
    "page twice": ({"pages": [page(), page()]}, "the path /codes is there twice"),
    "page's navigation": (
        {"pages": [page(path="/{id}", navigation="Codes")]},
        "nothing can lead there",
    ),
    "navigation's length": ({"pages": [page(navigation="x" * 41)]}, "1 to 40 characters"),
    "webhook twice": (
        {"webhooks": [InboundWebhook(name="in", verify=verify, handle=handle)] * 2},
        "the name in is there twice",
    ),
    "webhook isn't async": (
        {"webhooks": [InboundWebhook(name="in", verify=not_async, handle=handle)]},  # type: ignore[arg-type]
        "verify must be an async function",
    ),
    "template's variable": (
        {"email_templates": [template(text="Hi {{ nobody }}")]},
        "hello: its body (en), line 1: nobody is no variable of this template",
    ),
    "template's block": (
        {"email_templates": [template(text="Hi {{#if job_title}}")]},
        "{{#if job_title}} is never closed",
    ),
    "template's optional variable": (
        {"email_templates": [template(text="{{x}}", variables={"x": "1"}, optional=("x",))]},
        "x isn't always known",
    ),
    "template's link": (
        {"email_templates": [template(text="Hi [x]({{x}})", variables={"x": "1"})]},
        "x is no address that a link could lead to",
    ),
    "template's example": (
        {"email_templates": [template(variables={"x": "nowhere"}, links=("x",))]},
        "the example of x: Give an address",
    ),
    "template's names": (
        {"email_templates": [template(optional=("x",))]},
        "its optional name 'x', which isn't in variables",
    ),
    "template's translation": (
        {"email_templates": [template(translations={"de": TemplateText("Hallo", "{{nobody}}")})]},
        "its body (de), line 1: nobody is no variable",
    ),
    "template's own language again": (
        {"email_templates": [template(translations={"en": TemplateText("Hi", "Hi")})]},
        "its translations hold en, which is its own language",
    ),
    "template's language": ({"email_templates": [template(language="nl")]}, "language doesn't fit"),
    "template's secret": (
        {"email_templates": [template(text="https://evil.example/only-in-the-mail")]},
        "can't hold 'only-in-the-mail', which stands for a secret",
    ),
    "template's length": ({"email_templates": [template(text="x" * 20_001)]}, "is too long"),
    "template's subject": ({"email_templates": [template(subject="a\nb")]}, "must be one line"),
    "oauth's address": (
        {**OAUTH, "oauth_provider": provider(authorize_url="http://vendor.com")},
        "begins with https://",
    ),
    "oauth's host": (
        {**OAUTH, "oauth_provider": provider(token_url="https://other.com/token")},
        "must be among the manifest's hosts",
    ),
    "oauth's place for tokens": (
        {**OAUTH, "oauth_provider": provider(revoke_url="https://other.com/revoke")},
        "other.com of revoke_url must be among the manifest's hosts",
    ),
    "oauth's parameters": (
        {**OAUTH, "oauth_provider": provider(extra_authorize={"state": "mine"})},
        "extra_authorize can't hold state",
    ),
    "oauth's client": (
        {**OAUTH, "oauth_provider": provider(client_id_setting="other")},
        "the settings have no field other",
    ),
    "oauth's secret": (
        {**OAUTH, "oauth_provider": provider(client_secret_setting="account")},
        "account must be a SecretText",
    ),
    "tables' revisions": ({"tables": [Migration(2, ())]}, "revision 2 stands where 1 should"),
    "table twice": ({"tables": tables(CreateTable(CODES))}, "the table codes exists already"),
    "no such table": ({"tables": tables(DropTable("other"))}, "there is no table other"),
    "no such column": ({"tables": tables(DropColumn("codes", "x"))}, "codes.x is no column"),
    "column of the key": ({"tables": tables(DropColumn("codes", "id"))}, "part of a key"),
    "column there": (
        {"tables": tables(AddColumn("codes", Column("code", "text")))},
        "codes.code exists already",
    ),
    "required without default": (
        {"tables": tables(AddColumn("codes", Column("more", "text")))},
        "give it a default",
    ),
    "tenant's column": (
        {"tables": with_table(columns=(Column("tenant_id", "uuid"),), key=("tenant_id",))},
        "puts that column there itself",
    ),
    "key's column": ({"tables": with_table(key=("nothing",))}, "key names nothing"),
    "nullable key": (
        {"tables": with_table(columns=(Column("id", "uuid", required=False),))},
        "part of the key: it must be required",
    ),
    "json key": ({"tables": with_table(columns=(Column("id", "json"),))}, "json can't be compared"),
    "default's type": (
        {"tables": with_table(columns=(Column("id", "integer", default="x"),))},
        "the default of a column of type integer must be a int",
    ),
    "long name": (
        {
            "manifest": manifest(id="g" + "o" * 30),
            "tables": with_table(name="c" * 30),
        },
        "has more than 59 characters",
    ),
    "step's type": ({"tables": [Migration(1, ("DROP TABLE",))]}, "steps doesn't fit"),  # type: ignore[arg-type]
    "no export": (
        {"manifest": manifest(keeps=personal("outside"))},
        "The hook operations must give export",
    ),
    "check isn't async": ({"operations": Operations(check=not_async)}, "check must be an async"),  # type: ignore[arg-type]
    "operations' type": ({"operations": {}}, "must be a Operations, not a dict"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_hold_together_is_refused(case: str) -> None:
    answers, reason = REFUSED[case]
    catalogue = discover(FEATURES, [Entry(plugin(**answers), "bad")], seconds=0.3)
    assert catalogue.plugins == {}
    (refused,) = catalogue.refused
    assert reason in refused.reason
    assert refused.distribution == "dist-bad 1.0.0"


def test_every_kind_of_refusal_is_tested(examined: Examined) -> None:
    examined("refusals", len(REFUSED))


def test_a_whole_plugin_is_loaded() -> None:
    whole = plugin(
        manifest=manifest(
            hosts=("*.vendor.com",),
            feature="branding",
            permissions=(permission("jobs:read"),),
            keeps=personal("outside"),
            meters=(Meter(name="sent", unit="message"),),
        ),
        settings=SettingsSpec(type=Options, version=2, upgrades={1: upgrade}),
        ports=[PortAdapter(Messaging, create)],
        event_handlers=[handler()],
        scheduled_tasks=[task(cron="0 6 * * mon-fri")],
        routes=[route(), route(method="POST"), route(path="/codes/{code_id}")],
        webhooks=[InboundWebhook(name="in", verify=verify, handle=handle)],
        pages=[page(path="/", navigation="Codes")],
        email_templates=[template(text="Hi {{ name }}", variables={"name": "Ada"})],
        oauth_provider=provider(),
        tables=tables(AddColumn("codes", Column("more", "text", required=False))),
        operations=Operations(export=handle, erase=handle),  # type: ignore[arg-type]
    )
    catalogue = discover(FEATURES, [Entry(whole)])
    assert catalogue.refused == ()
    loaded = catalogue.plugins["good"]
    assert set(loaded.settings_schema["properties"]) == {
        "account",
        "token",
        "second_token",
        "limit",
    }
    assert len(loaded.routes) == 3
    assert loaded.oauth_provider is not None


def test_the_rest_is_loaded_when_some_are_refused() -> None:
    def does_not_import() -> Any:
        raise ImportError("no module named vendor")

    def leaves() -> Any:
        sys.exit("bye")

    def hangs() -> Any:
        time.sleep(60)

    began = time.monotonic()
    catalogue = discover(
        FEATURES,
        [
            Entry(plugin(), "a_good"),
            Entry(does_not_import, "b_import"),
            Entry(leaves, "c_exit"),
            Entry(hangs, "d_hang"),
            Entry(plugin(), "e_twice"),
            Entry(plugin(manifest=manifest(id="other")), "f_other"),
        ],
        seconds=0.3,
    )
    assert time.monotonic() - began < 30
    assert set(catalogue.plugins) == {"good", "other"}
    reasons = {each.distribution.removesuffix(" 1.0.0"): each.reason for each in catalogue.refused}
    assert "raised ImportError: no module named vendor" in reasons["dist-b_import"]
    assert "raised SystemExit: bye" in reasons["dist-c_exit"]
    assert "took longer" in reasons["dist-d_hang"]
    assert "The id good is taken by dist-a_good 1.0.0" in reasons["dist-e_twice"]


def test_two_plugins_cannot_have_one_table() -> None:
    first = plugin(
        manifest=manifest(id="ab"),
        tables=[Migration(1, (CreateTable(msgspec.structs.replace(CODES, name="c_d")),))],
    )
    second = plugin(
        manifest=manifest(id="ab_c"),
        tables=[Migration(1, (CreateTable(msgspec.structs.replace(CODES, name="d")),))],
    )
    catalogue = discover(FEATURES, [Entry(first, "first"), Entry(second, "second")])
    assert set(catalogue.plugins) == {"ab"}
    assert "x_ab_c_d is also a table of ab" in catalogue.refused[0].reason


def test_hooks_must_be_those_of_the_sdk() -> None:
    strange = plugin()
    strange.surprise = unknown_hook
    asks = plugin()
    asks.manifest = hook(specname="manifest")(manifest_with_an_argument)
    catalogue = discover(FEATURES, [Entry(strange, "a"), Entry(asks, "b")])
    assert catalogue.plugins == {}
    assert all("A hook isn't as the SDK has it" in each.reason for each in catalogue.refused)


@pytest.mark.parametrize(
    ("patterns", "host", "covered"),
    [
        (("api.vendor.com",), "API.vendor.com.", True),
        (("*.vendor.com",), "eu.api.vendor.com", True),
        (("*.vendor.com",), "vendor.com", False),
        (("*.vendor.com",), "evilvendor.com", False),
        (("*",), "anything.example", True),
        ((), "vendor.com", False),
    ],
)
def test_hosts_are_covered(patterns: tuple[str, ...], host: str, *, covered: bool) -> None:
    assert covers(patterns, host) is covered


def test_paths_are_matched() -> None:
    assert matches("/codes/{code_id}", "/codes/7") == {"code_id": "7"}
    assert matches("/codes", "/codes/") == {}
    assert matches("/codes", "/other") is None
    assert matches("/codes/{code_id}", "/codes") is None
    assert matches("/", "/") == {}
