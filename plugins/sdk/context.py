"""What a plugin's code is given to work with: one tenant, its own settings, and narrow doors.

The host makes a context for each call. It never holds the application, a database session or
another tenant, and what it gives can't be reached after the call has ended.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from core.messages.contracts import MailOutcome
from core.ports.outbound import OutboundConnections, OutboundHttp
from core.shared.ids import TenantId
from core.shared.usecase import Command, Query
from plugins.sdk.settings import Settings
from plugins.sdk.tables import Change

R = TypeVar("R")
S_co = TypeVar("S_co", bound=Settings, covariant=True)


class PluginTenant(msgspec.Struct, frozen=True):
    """The tenant that the call is for."""

    id: TenantId
    slug: str
    name: str
    time_zone: str
    """IANA name, e.g. `Europe/Berlin`."""
    locale: str
    """BCP 47 tag, e.g. `de-DE`."""
    plan: str


class Log(Protocol):
    """Writes structured log lines that name the tenant and the plugin. No personal data, please."""

    def debug(self, event: str, **fields: Any) -> None:
        """For whoever looks for a defect."""
        ...

    def info(self, event: str, **fields: Any) -> None:
        """Something happened."""
        ...

    def warning(self, event: str, **fields: Any) -> None:
        """Something is not as it should be."""
        ...

    def error(self, event: str, **fields: Any) -> None:
        """Somebody should look at it."""
        ...


class Store(Protocol):
    """Small values of this plugin for this tenant: cursors, tokens, what a vendor calls us.

    Values are JSON of at most 64 KiB, encrypted at rest; keys have at most 200 characters.
    """

    async def get(self, key: str) -> Any:
        """Return the value, or None when there is none."""
        ...

    async def put(self, key: str, value: Any) -> None:
        """Keep the value. In a handler, a repeated attempt puts it once."""
        ...

    async def delete(self, key: str) -> None:
        """Forget the value, if there is one."""
        ...

    async def keys(self, prefix: str = "") -> Sequence[str]:
        """Return up to 1,000 keys in order."""
        ...


class Account(Protocol):
    """The tenant's account at the vendor, which an admin connected: see `OAuthProvider`."""

    async def access_token(self, *, refused: str | None = None) -> str:
        """Return a token that holds for some time yet, renewed by the platform where need be.

        Ask for it for each request and keep it nowhere. When the vendor answers 401 to one, ask
        once more and give that one as `refused`. Raises NotConnected when there is no account to
        work with, and TryLater when the vendor couldn't be asked to renew it.
        """
        ...


class Records(Protocol):
    """The plugin's own tables, this tenant's rows. Values are of the columns' Python types.

    `instant` is an aware datetime in UTC, `json` plain data, `numeric` a Decimal.
    """

    async def get(self, table: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the row with `key`, or None."""
        ...

    async def find(
        self,
        table: str,
        *,
        where: Mapping[str, Any] | None = None,
        order_by: Sequence[str] = (),
        after: Mapping[str, Any] | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Return up to `limit` (at most 1,000) rows whose columns equal `where`.

        They are sorted by `order_by` (a leading `-` descends), then by the key; `after` is the last
        row of the page before.
        """
        ...

    async def apply(self, *changes: Change) -> None:
        """Make all of `changes` in one transaction, or none of them.

        In a handler, a repeated attempt makes them once. Raises RecordConflict or RecordMissing.
        """
        ...


class Mail(Protocol):
    """E-mails to candidates, from the plugin's templates."""

    async def send(
        self,
        template: str,
        *,
        application_id: UUID | None = None,
        candidate_id: UUID | None = None,
        variables: Mapping[str, str] = {},
        idempotency_key: str,
    ) -> MailOutcome:
        """Promise an e-mail to the candidate of an application, or to a candidate about the newest.

        It has the words that the tenant wants, the candidate's language and the tenant's look, and
        is sent soon by whichever plugin sends. The same `idempotency_key` never sends twice,
        whoever calls when: the first e-mail is told of again. Raises Forbidden without the
        permission `messages:send`, NotFound without such a template, application or candidate, and
        InvalidInput with each variable that is missing, too much or wrong.
        """
        ...


class PluginContext(Protocol[S_co]):
    """Everything that a plugin can reach while it works for one tenant."""

    @property
    def tenant(self) -> PluginTenant:
        """For whom."""
        ...

    @property
    def settings(self) -> S_co:
        """What the tenant configured, secrets in the clear."""
        ...

    @property
    def log(self) -> Log:
        """Where to write what happened."""
        ...

    @property
    def http(self) -> OutboundHttp:
        """Reaches the hosts that the manifest names, and no private network."""
        ...

    @property
    def network(self) -> OutboundConnections:
        """For protocols other than HTTP: the same rule for hosts and networks."""
        ...

    @property
    def account(self) -> Account:
        """The connected account. Raises ValueError in a plugin without an `oauth_provider`."""
        ...

    @property
    def store(self) -> Store:
        """Small values."""
        ...

    @property
    def records(self) -> Records:
        """Rows of the plugin's own tables."""
        ...

    @property
    def mail(self) -> Mail:
        """E-mails to candidates."""
        ...

    @property
    def call_id(self) -> str:
        """The same for every attempt at the same thing: an idempotency key to give to a vendor."""
        ...

    def now(self) -> datetime:
        """Return the time, in UTC."""
        ...

    def url(self, path: str = "") -> str:
        """Return the absolute address of one of the plugin's pages, or of all of them."""
        ...

    def webhook_url(self, name: str) -> str:
        """Return the absolute address of one of the plugin's inbound webhooks, to give a vendor."""
        ...

    async def execute(self, command: Command[R]) -> R:
        """Run one of the platform's commands within the permissions that the manifest asks for.

        In a handler, a repeated attempt gets the answer of the first and changes nothing more.
        Raises Forbidden for anything else, and the command's own errors.
        """
        ...

    async def ask(self, query: Query[R]) -> R:
        """Answer one of the platform's queries within the same permissions."""
        ...

    async def meter(self, name: str, amount: int = 1) -> None:
        """Count what was used, for one of the manifest's meters."""
        ...
