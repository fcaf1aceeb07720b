"""A context in memory: what a plugin's functions are given in an author's tests.

It refuses what the platform refuses: hosts and permissions that the manifest doesn't name, values
that don't fit, and any use after the call has ended. Made by `plugins.sdk.testing.harness`.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec

from core.messages.contracts import MailOutcome
from core.shared.errors import Forbidden
from core.shared.usecase import Command, Query
from plugins.sdk.context import PluginTenant
from plugins.sdk.manifest import Manifest
from plugins.sdk.tables import Change
from plugins.sdk.testing.account import FakeAccount
from plugins.sdk.testing.mail import FakeMail
from plugins.sdk.testing.needed import NEEDED
from plugins.sdk.testing.outside import NoConnections, Outside, OutsideHttp
from plugins.sdk.testing.tables import MemoryTables, Row

MAX_VALUE_BYTES: Final = 64 * 1024
MAX_KEY: Final = 200
MOST_KEYS: Final = 1_000
_DONE: Final = object()


class LogLine(msgspec.Struct, frozen=True):
    """A line that the plugin logged."""

    level: str
    event: str
    fields: dict[str, Any]


class Platform:
    """The platform as a test sets it: what commands and queries answer, and which were asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        """Every command and query that the plugin was allowed to ask, oldest first."""
        self._answers: dict[type, Any] = {}

    def answer(self, request: type, answer: Any) -> None:
        """Let `request` be answered so: a view, an exception to raise, or a function of it."""
        self._answers[request] = answer

    def reply(self, request: Any) -> Any:
        """Answer one request. Raises what the test set, and AssertionError when it set nothing."""
        name = type(request).__name__
        self.asked.append(request)
        if type(request) not in self._answers:
            raise AssertionError(
                f"the plugin asked {name}; say what comes back with platform.answer({name}, ...)"
            )
        answer = self._answers[type(request)]
        if callable(answer) and not isinstance(answer, type):
            answer = answer(request)
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Memory:
    """What stays between calls, and what a test looks at afterwards."""

    mail: FakeMail
    """Set by the harness, which knows the plugin's templates."""

    def __init__(self, tables: MemoryTables, tenant: PluginTenant, now: datetime) -> None:
        self.tables = tables
        self.tenant = tenant
        self.now = now
        self.outside = Outside()
        self.network: Any = NoConnections()
        self.platform = Platform()
        self.account = FakeAccount()
        self.has_account = False
        self.values: dict[str, bytes] = {}
        self.meters: dict[str, int] = {}
        self.log: list[LogLine] = []
        self.done: dict[tuple[str, int], tuple[str, Any]] = {}
        """Each change of a delivery that was made: the operation and its answer."""


class _Call:
    """One call: numbers its changes, makes none of them twice, and is of no use after its end."""

    def __init__(self, memory: Memory, call_id: str, *, repeatable: bool) -> None:
        self.id = call_id
        self._memory = memory
        self._repeatable = repeatable
        self._number = 0
        self._ended = False

    def end(self) -> None:
        self._ended = True

    def require_open(self) -> None:
        if self._ended:
            raise AssertionError("the context was used after the call that it was made for")

    def once(self, operation: str, work: Callable[[], Any]) -> Any:
        """Do `work`, unless this delivery did it in an earlier attempt."""
        self.require_open()
        self._number += 1
        if not self._repeatable:
            return work()
        place = (self.id, self._number)
        made, answer = self._memory.done.get(place, (operation, _DONE))
        if made != operation:
            raise AssertionError(
                f"the repeated call asked for {operation!r} where its first attempt asked for "
                f"{made!r}: a handler must ask for the same things in the same order"
            )
        if answer is _DONE:
            answer = work()
            self._memory.done[place] = (operation, answer)
        return answer


class MemoryContext:
    """Implements `plugins.sdk.context.PluginContext`."""

    def __init__(
        self,
        memory: Memory,
        manifest: Manifest,
        settings: Any,
        webhooks: frozenset[str],
        call_id: str,
        *,
        repeatable: bool,
    ) -> None:
        self._memory = memory
        self._manifest = manifest
        self._settings = settings
        self._webhooks = webhooks
        self._call = _Call(memory, call_id, repeatable=repeatable)
        self._store = MemoryStore(memory, self._call)
        self._records = MemoryRecords(memory, self._call)

    def end(self) -> None:
        """Close every door."""
        self._call.end()

    @property
    def tenant(self) -> PluginTenant:
        """For whom."""
        return self._memory.tenant

    @property
    def settings(self) -> Any:
        """What the test configured."""
        self._call.require_open()
        return self._settings

    @property
    def log(self) -> "MemoryLog":
        """Where to write."""
        return MemoryLog(self._memory.log)

    @property
    def http(self) -> OutsideHttp:
        """HTTP to the manifest's hosts, answered by `Outside`."""
        self._call.require_open()
        return OutsideHttp(self._memory.outside, self._manifest.hosts)

    @property
    def network(self) -> Any:
        """What the test put there; without it every host is away."""
        self._call.require_open()
        return self._memory.network

    @property
    def account(self) -> "MemoryAccount":
        """The account that the test connected. Raises ValueError without an `oauth_provider`."""
        if not self._memory.has_account:
            raise ValueError("the plugin has no oauth_provider")
        return MemoryAccount(self._memory.account, self._call)

    @property
    def store(self) -> "MemoryStore":
        """Small values."""
        return self._store

    @property
    def records(self) -> "MemoryRecords":
        """The plugin's tables."""
        return self._records

    @property
    def mail(self) -> "MemoryMail":
        """E-mails from the plugin's templates."""
        return MemoryMail(self._memory.mail, self._call)

    @property
    def call_id(self) -> str:
        """The same for every attempt."""
        return self._call.id

    def now(self) -> datetime:
        """Return the test's time."""
        return self._memory.now

    def url(self, path: str = "") -> str:
        """Return the address of a page."""
        base = f"https://{self.tenant.slug}.example.com/plugins/{self._manifest.id}"
        return base + quote(path, safe="/?&=-_.~%")

    def webhook_url(self, name: str) -> str:
        """Return the address of a webhook. Raises ValueError when there is none of that name."""
        if name not in self._webhooks:
            raise ValueError(f"the plugin has no webhook {name}")
        return f"https://{self.tenant.slug}.example.com/api/hooks/{self._manifest.id}/{name}"

    async def execute(self, command: Command[Any]) -> Any:
        """Run a command as the test answers it. Raises Forbidden without its permission."""
        self._admit(command, Command)
        operation = f"execute {type(command).__name__}"
        return self._call.once(operation, lambda: self._memory.platform.reply(command))

    async def ask(self, query: Query[Any]) -> Any:
        """Answer a query as the test says. Raises Forbidden without its permission."""
        self._call.require_open()
        self._admit(query, Query)
        return self._memory.platform.reply(query)

    async def meter(self, name: str, amount: int = 1) -> None:
        """Count what was used."""
        if name not in {each.name for each in self._manifest.meters}:
            raise ValueError(f"the manifest has no meter {name}")
        if type(amount) is not int or amount < 1:
            raise ValueError("an amount is a whole number from 1")
        meters = self._memory.meters

        def add() -> None:
            meters[name] = meters.get(name, 0) + amount

        self._call.once(f"meter {name}", add)

    def _admit(self, request: Any, kind: type) -> None:
        asked = type(request)
        needed = NEEDED.get(asked)
        if needed is None or not issubclass(asked, kind):
            raise Forbidden(f"Plugins can't ask for {asked.__name__}.", reason="plugin_permission")
        if needed not in {each.action for each in self._manifest.permissions}:
            raise Forbidden(
                f"{asked.__name__} needs {needed}, which the manifest doesn't ask for.",
                reason="plugin_permission",
            )


class MemoryStore:
    """Implements `plugins.sdk.context.Store`."""

    def __init__(self, memory: Memory, call: _Call) -> None:
        self._values = memory.values
        self._call = call

    async def get(self, key: str) -> Any:
        """Return the value, or None."""
        self._call.require_open()
        found = self._values.get(_checked_key(key))
        return None if found is None else msgspec.json.decode(found)

    async def put(self, key: str, value: Any) -> None:
        """Keep the value."""
        name, encoded = _checked_key(key), msgspec.json.encode(value)
        if len(encoded) > MAX_VALUE_BYTES:
            raise ValueError(f"the value of {name} has more than {MAX_VALUE_BYTES} bytes")
        self._call.once(f"store.put {name}", lambda: self._values.update({name: encoded}))

    async def delete(self, key: str) -> None:
        """Forget the value."""
        name = _checked_key(key)
        self._call.once(f"store.delete {name}", lambda: self._values.pop(name, None))

    async def keys(self, prefix: str = "") -> Sequence[str]:
        """Return names in order."""
        self._call.require_open()
        return sorted(name for name in self._values if name.startswith(prefix))[:MOST_KEYS]


class MemoryAccount:
    """Implements `plugins.sdk.context.Account`."""

    def __init__(self, account: FakeAccount, call: _Call) -> None:
        self._account = account
        self._call = call

    async def access_token(self, *, refused: str | None = None) -> str:
        """Return the token. Raises what the test set."""
        self._call.require_open()
        return await self._account.access_token(refused=refused)


class MemoryMail:
    """Implements `plugins.sdk.context.Mail`."""

    def __init__(self, mail: FakeMail, call: _Call) -> None:
        self._mail = mail
        self._call = call

    async def send(
        self,
        template: str,
        *,
        application_id: UUID | None = None,
        candidate_id: UUID | None = None,
        variables: Mapping[str, str] = {},
        idempotency_key: str,
    ) -> MailOutcome:
        """Promise the e-mail, once in a delivery."""
        outcome: MailOutcome = self._call.once(
            "execute SendPluginMail",
            lambda: self._mail.promise(
                template,
                application_id=application_id,
                candidate_id=candidate_id,
                variables=variables,
                idempotency_key=idempotency_key,
            ),
        )
        return outcome


class MemoryRecords:
    """Implements `plugins.sdk.context.Records`."""

    def __init__(self, memory: Memory, call: _Call) -> None:
        self._tables = memory.tables
        self._call = call

    async def get(self, table: str, key: Mapping[str, Any]) -> Row | None:
        """Return the row, or None."""
        self._call.require_open()
        return self._tables.get(table, key)

    async def find(
        self,
        table: str,
        *,
        where: Mapping[str, Any] | None = None,
        order_by: Sequence[str] = (),
        after: Mapping[str, Any] | None = None,
        limit: int = 100,
    ) -> list[Row]:
        """Return rows in order."""
        self._call.require_open()
        return self._tables.find(table, where=where, order_by=order_by, after=after, limit=limit)

    async def apply(self, *changes: Change) -> None:
        """Make all changes or none."""
        self._tables.checked(changes)
        named = ", ".join(f"{type(each).__name__} {each.table}" for each in changes[:20])
        self._call.once(f"records {named}", lambda: self._tables.apply(changes))


class MemoryLog:
    """Implements `plugins.sdk.context.Log`."""

    def __init__(self, lines: list[LogLine]) -> None:
        self._lines = lines

    def debug(self, event: str, **fields: Any) -> None:
        """For whoever looks for a defect."""
        self._lines.append(LogLine("debug", event, copy.copy(fields)))

    def info(self, event: str, **fields: Any) -> None:
        """Something happened."""
        self._lines.append(LogLine("info", event, copy.copy(fields)))

    def warning(self, event: str, **fields: Any) -> None:
        """Something is not as it should be."""
        self._lines.append(LogLine("warning", event, copy.copy(fields)))

    def error(self, event: str, **fields: Any) -> None:
        """Somebody should look at it."""
        self._lines.append(LogLine("error", event, copy.copy(fields)))


def _checked_key(key: str) -> str:
    if type(key) is not str or not 1 <= len(key) <= MAX_KEY or "\x00" in key:
        raise ValueError(f"a key is a text of 1 to {MAX_KEY} characters")
    return key
