"""What a plugin's hooks return: each contribution is a value that names a function of the plugin.

Functions take the context first, are async, and run with a deadline. What they raise stays theirs:
the caller gets a clear answer, others don't notice.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from core.shared.events import Event
from plugins.sdk.context import PluginContext
from plugins.sdk.tables import Migration

Context = PluginContext[Any]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Path = Annotated[str, Meta(pattern=r"^(/[a-z0-9_\-]+|/\{[a-z_]+\})*/?$", max_length=200)]
"""Such as `/codes` or `/codes/{code_id}`, below the plugin's own address."""
Seconds = Annotated[float, Meta(gt=0, le=300)]
LARGEST_DELIVERY: Final = 32 * 1024 * 1024
"""Bytes that any webhook takes at most; mail services pass on up to 30 MB."""


class PortAdapter(msgspec.Struct, frozen=True):
    """An implementation of one of the platform's ports, e.g. `Messaging`.

    `create` is called for each use and returns the adapter; it must not block or reach outside.
    """

    port: type
    create: Callable[[Context], Any]
    repeatable: bool = False
    """Whether the same thing, asked for again with the same id, is noticed and done once.

    A message whose fate isn't known is then simply sent again; otherwise somebody is asked.
    """


class EventHandler(msgspec.Struct, frozen=True, kw_only=True):
    """Called once for each event of a type; again, with the same `call_id`, if it failed.

    Everything done through the context happens exactly once over all attempts; what is done
    outside must be made repeatable with `context.call_id`.
    """

    name: Name
    event: type[Event]
    handle: Callable[[Context, Any], Awaitable[None]]
    ordered: bool = False
    """Whether the events of one aggregate come in order, each after the last has succeeded."""
    timeout_seconds: Seconds = 30


class ScheduledTask(msgspec.Struct, frozen=True, kw_only=True):
    """Called at times, in the tenant's time zone, once for each tenant that enabled the plugin."""

    name: Name
    cron: str
    """Five fields: minute, hour, day, month, weekday; `0 6 * * mon-fri`."""
    run: Callable[[Context], Awaitable[None]]
    missed: Literal["catch_up", "once", "skip"] = "once"
    """What to do about times at which nothing ran: each of them, one for all, none."""
    timeout_seconds: Seconds = 60


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request to a route or page of the plugin."""

    method: str
    path: str
    """Below the plugin's own address, beginning with a slash."""
    params: Mapping[str, str] = {}
    """What the parameters of the path stand for."""
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    """Names in lower case; without those that hold credentials."""
    body: bytes = b""
    actor_name: str = ""
    """Who asks, as shown in histories; empty for a stranger."""
    member_id: UUID | None = None


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one. `body` is sent as it is if it is bytes, else as JSON."""

    status: Annotated[int, Meta(ge=200, le=599)] = 200
    body: Any = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = {}


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A route of the API at `/api/v1/plugins/<plugin id>/x<path>`."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: Path
    handle: Callable[[Context, Request], Awaitable[Response]]
    action: str
    """The row of the permission table that the caller needs, e.g. `candidates:read`."""
    summary: str
    timeout_seconds: Seconds = 10


class WebhookRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody outside sent; `body` is the raw bytes, since signatures are over those."""

    headers: Mapping[str, str]
    """Names in lower case."""
    query: Mapping[str, str]
    body: bytes


class InboundWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A door for a vendor's events at `context.webhook_url(name)`.

    `verify` is called at once and returns the vendor's id of the delivery; `Refused` answers 401.
    What it let through is kept, answered and given to `handle` later; the same id again is answered
    alike and not handled a second time.
    """

    name: Name
    verify: Callable[[Context, WebhookRequest], Awaitable[str]]
    handle: Callable[[Context, WebhookRequest], Awaitable[None]]
    timeout_seconds: Seconds = 30
    answers: Literal[200, 202] = 202
    """The status that says "kept"; some vendors take any but 200 for a failure."""
    max_bytes: Annotated[int, Meta(ge=1, le=LARGEST_DELIVERY)] = 1_048_576
    """What is larger is refused unread. Ask for more only where whole mails or files come in."""


class PageContent(msgspec.Struct, frozen=True, kw_only=True):
    """The inside of a page: HTML without script and style; what isn't allowed is taken out."""

    title: str
    html: str
    status: Annotated[int, Meta(ge=200, le=599)] = 200


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the console at `/plugins/<plugin id><path>`, framed by the platform.

    A form on it posts to the same address with the field names as they are; the request's body
    is then `application/x-www-form-urlencoded`.
    """

    path: Path
    render: Callable[[Context, Request], Awaitable[PageContent]]
    action: str
    """The row of the permission table that the visitor needs."""
    navigation: str | None = None
    """Its entry in the side bar, if it has one."""
    timeout_seconds: Seconds = 10


Language = Literal["en", "de", "es", "fr"]


class TemplateText(msgspec.Struct, frozen=True):
    """What an e-mail says in one language."""

    subject: str
    text: str


class EmailTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail to candidates that the plugin sends (`context.mail`) and admins may reword.

    Written in the language of templates: `{{ name }}` stands for a variable, `{{#if name}}` and
    `{{/if}}` stand around what needs one that may be missing. Besides its own variables it may name
    those of every e-mail to a candidate, such as `candidate_name`, `job_title`, `company_name`.
    """

    name: Name
    subject: str
    text: str
    variables: Mapping[str, str] = {}
    """Those whose values the plugin gives, each with an example for the preview."""
    title: Annotated[str, Meta(max_length=80)] = ""
    """What admins call it; without, the name in words."""
    purpose: Annotated[str, Meta(max_length=200)] = ""
    """Why candidates get it, in one sentence for admins."""
    meanings: Mapping[str, str] = {}
    """What variables stand for, shown beside the editor."""
    optional: tuple[str, ...] = ()
    """Variables that may be left out when it is sent."""
    links: tuple[str, ...] = ()
    """Variables that are addresses, of the web or of a mailbox: only those can be led to."""
    language: Language = "en"
    """That of `subject` and `text`."""
    translations: Mapping[Language, TemplateText] = {}
    """The same in other languages. A candidate gets theirs, else the workspace's, else English,
    else that of `language`."""
    transactional: bool = False
    """Whether it answers what the candidate did or needs. Candidates can stop all others."""


class OAuthProvider(msgspec.Struct, frozen=True, kw_only=True):
    """How a tenant's account at a vendor is connected (RFC 6749 with PKCE, RFC 7636).

    The tokens are kept encrypted and renewed by the host; `context.account` gives the valid one,
    `context.store` has none of them.
    """

    name: Name
    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    client_id_setting: str
    """The field of the settings that holds the client's id."""
    client_secret_setting: str
    """The secret field of the settings that holds the client's secret."""
    extra_authorize: Mapping[str, str] = {}
    """Parameters that the vendor's page wants besides, e.g. `access_type`."""
    client_auth: Literal["basic", "post"] = "basic"
    """Whether the client's secret is sent in a header, as RFC 6749 prefers, or in the form."""
    revoke_url: str | None = None
    """Where tokens are given back (RFC 7009), on one of the manifest's hosts."""
    issuer: str | None = None
    """What the vendor's answer must name as `iss` (RFC 9207), if the vendor is one that does."""
    account_field: str | None = None
    """The field of the token's answer that says whose account it is, e.g. `team.name`. Without it
    that is read from an `id_token`, if one comes (OpenID Connect).
    """
    required: bool = True
    """Whether the plugin is shown as waiting until an account is connected."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What "test connection" found."""

    ok: bool
    message: Annotated[str, Meta(max_length=1_000)]
    """In words for an admin: what was tried and what it said."""
    details: Mapping[str, str] = {}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The person whose data is asked for or to be erased."""

    candidate_id: UUID | None = None
    member_id: UUID | None = None
    addresses: tuple[str, ...] = ()
    """Every e-mail address that is known of the person, in lower case."""


class Operations(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform asks of a plugin over its life. Everything may be left out but `export` and
    `erase` by a plugin that keeps personal data anywhere but in its own tables and store, which
    the host exports and erases by itself when the whole tenant goes.
    """

    check: Callable[[Context], Awaitable[Health]] | None = None
    """"Test connection": tries the settings against the vendor and changes nothing."""
    export: Callable[[Context, Subject], Awaitable[Mapping[str, Any]]] | None = None
    """Return all that is kept about a person, as plain data."""
    erase: Callable[[Context, Subject], Awaitable[None]] | None = None
    """Forget a person, here and at the vendor. Called again until it succeeds."""
    enabled: Callable[[Context], Awaitable[None]] | None = None
    """After a tenant enabled the plugin or changed its settings."""
    disabled: Callable[[Context], Awaitable[None]] | None = None
    """After a tenant disabled it; the settings are those it had."""


Migrations = Sequence[Migration]
