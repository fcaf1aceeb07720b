"""A plugin's implementation of a port, safe to use like the port: guarded, and with its errors.

Whatever a plugin does, who calls `Messaging.send` meets what `Messaging` says and nothing else.
"""

from collections.abc import Callable
from inspect import isfunction
from typing import Any, Final, Generic, TypeVar, cast, get_type_hints

import msgspec

from core.ports.ats import Ats, AtsError, AtsRefused, AtsUnavailable
from core.ports.calendar import Calendar, CalendarError, CalendarRefused, CalendarUnavailable
from core.ports.chat import Chat, ChatError, ChatOutcomeUnknown, ChatRefused, ChatUnavailable
from core.ports.files import FileStore
from core.ports.identity import (
    IdentityError,
    IdentityProvider,
    IdentityUnavailable,
    SignInRefused,
)
from core.ports.mail_domain import MailDomain, MailDomainUnavailable
from core.ports.messaging import (
    MessageRefused,
    Messaging,
    MessagingError,
    MessagingUnavailable,
    SendOutcomeUnknown,
)
from core.ports.payments import Payments, PaymentsError, PaymentsRefused, PaymentsUnavailable
from core.resumes.contracts.parsing import (
    ParsingError,
    ParsingRefused,
    ParsingUnavailable,
    ResumeParser,
)
from core.shared.errors import DomainError, Unavailable
from core.shared.tenant import TenantContext
from plugins.host.answers import MAX_ANSWER_BYTES
from plugins.host.failures import PluginFailed
from plugins.sdk.contributions import PortAdapter
from plugins.sdk.errors import NotConnected, PluginError, Refused, TryLater
from tenants.plugins.calls import PluginCalls
from tenants.plugins.enabled import EnabledPlugin

P = TypeVar("P")


class Rules(msgspec.Struct, frozen=True):
    """How a port is called and what its callers are prepared for."""

    error: type[Exception]
    """The base of the port's own errors."""
    refused: type[Exception]
    away: type[Exception]
    """It wasn't done, or asking again does no harm."""
    unknown: type[Exception]
    """It may have been done."""
    seconds: float = 30.0
    max_bytes: int = MAX_ANSWER_BYTES


RULES: Final[dict[type, Rules]] = {
    Messaging: Rules(MessagingError, MessageRefused, MessagingUnavailable, SendOutcomeUnknown),
    Chat: Rules(ChatError, ChatRefused, ChatUnavailable, ChatOutcomeUnknown),
    MailDomain: Rules(
        MailDomainUnavailable,
        MailDomainUnavailable,
        MailDomainUnavailable,
        MailDomainUnavailable,
        seconds=5.0,
    ),
    Payments: Rules(PaymentsError, PaymentsRefused, PaymentsUnavailable, PaymentsUnavailable),
    Calendar: Rules(CalendarError, CalendarRefused, CalendarUnavailable, CalendarUnavailable),
    Ats: Rules(AtsError, AtsRefused, AtsUnavailable, AtsUnavailable, seconds=60.0),
    IdentityProvider: Rules(IdentityError, SignInRefused, IdentityUnavailable, IdentityUnavailable),
    ResumeParser: Rules(ParsingError, ParsingRefused, ParsingUnavailable, ParsingUnavailable),
    FileStore: Rules(
        Unavailable,
        Unavailable,
        Unavailable,
        Unavailable,
        seconds=60.0,
        max_bytes=64 * 1024 * 1024,
    ),
}


class EnabledAdapter(Generic[P]):
    """One plugin's implementation of a port for one tenant."""

    def __init__(
        self,
        calls: PluginCalls,
        tenant: TenantContext,
        enabled: EnabledPlugin,
        adapter: PortAdapter,
        port: Callable[..., P],
    ) -> None:
        self.plugin_id = enabled.id
        self.plugin_name = enabled.plugin.manifest.name
        self.plugin_version = enabled.plugin.manifest.version
        self.repeatable = adapter.repeatable
        self.port = cast("P", _proxy(calls, tenant, enabled, adapter, port))
        """Implements the port. Never to be called within a transaction."""
        self._calls = calls
        self._tenant = tenant

    @property
    def is_away(self) -> bool:
        """Whether it failed so often that it isn't tried just now."""
        state = self._calls.guard.state(self._tenant.id, self.plugin_id).state
        return state == "open"


def _proxy(
    calls: PluginCalls,
    tenant: TenantContext,
    enabled: EnabledPlugin,
    adapter: PortAdapter,
    port: Any,
) -> Any:
    methods = {}
    for name, method in vars(port).items():
        if isfunction(method) and not name.startswith("_"):
            returns = get_type_hints(method)["return"]
            methods[name] = _method(calls, tenant, enabled, adapter, name, returns, RULES[port])
    return type(f"Guarded{port.__name__}", (), methods)()


def _method(
    calls: PluginCalls,
    tenant: TenantContext,
    enabled: EnabledPlugin,
    adapter: PortAdapter,
    name: str,
    returns: Any,
    rules: Rules,
) -> Callable[..., Any]:
    expect = None if returns is type(None) else returns

    async def ask(context: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        return await getattr(adapter.create(context), name)(*arguments, **options)

    async def method(self: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ARG001
        try:
            return await calls.call(
                tenant,
                enabled,
                f"do {adapter.port.__name__}.{name}",
                ask,
                arguments,
                options,
                timeout_seconds=rules.seconds,
                expect=expect,
                passes=(rules.error,),
                max_bytes=rules.max_bytes,
            )
        except rules.error:
            raise
        except (PluginError, DomainError) as error:
            raise _translated(rules, error) from error

    method.__name__ = name
    return method


def _translated(rules: Rules, error: PluginError | DomainError) -> Exception:
    text = error.message
    if isinstance(error, Refused):
        return rules.refused(text)
    if isinstance(error, TryLater):
        return _away(rules, text, error.after_seconds)
    if isinstance(error, NotConnected):
        # An admin can mend it: whatever was asked isn't refused for good, and another may do it.
        return _away(rules, text, None)
    if isinstance(error, PluginFailed) and not error.begun:
        return _away(rules, text, error.retry_after_seconds)
    return rules.unknown(text)


def _away(rules: Rules, text: str, after_seconds: float | None) -> Exception:
    made = rules.away(text)
    if hasattr(made, "after_seconds"):
        made.after_seconds = after_seconds
    return made
