"""The context that a plugin's function is given: made for one call, of no use after it."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import msgspec
import structlog

from core.ports.outbound import OutboundConnections
from core.shared.actor import plugin as plugin_actor
from core.shared.errors import FieldError, Forbidden, InvalidInput
from core.shared.tenant import TenantContext
from core.shared.usecase import USE_CASES, Command, Query
from plugins.host.answers import MAX_ANSWER_BYTES, AnswerMistyped, AnswerTooLarge, pack, unpack
from plugins.postgres.plugin_store import PluginUsage
from plugins.postgres.unit import Unit
from plugins.sdk import commands
from plugins.sdk.context import PluginTenant
from plugins.sdk.settings import secret_fields
from plugins.sdk.tables import Table
from tenants.addresses import tenant_url
from tenants.plugins.account_door import AccountDoor
from tenants.plugins.doors import HttpDoor, RecordsDoor, StoreDoor
from tenants.plugins.effects import Effects
from tenants.plugins.enabled import EnabledPlugin
from tenants.plugins.hiding import Hider
from tenants.plugins.mail_door import MailDoor
from tenants.plugins.marshalling import Marshal
from tenants.plugins.renewing import AccountTokens
from tenants.plugins.seams import Process

MAX_REQUEST_BYTES: Final = 32 * 1024 * 1024
"""Of a command with a file in it."""
MAX_AMOUNT: Final = 2**31 - 1
_SHOWN: Final = 500

REQUESTS: Final = frozenset(
    getattr(commands, name)
    for name in commands.__all__
    if isinstance(getattr(commands, name), type)
    and issubclass(getattr(commands, name), Command | Query)
)
"""What the SDK offers; that a plugin can name another command doesn't let it run it."""


class HostContext:
    """Implements `plugins.sdk.context.PluginContext`."""

    def __init__(
        self,
        process: Process,
        tenant: TenantContext,
        enabled: EnabledPlugin,
        tables: Mapping[str, Table],
        tokens: AccountTokens,
        call_id: str,
        *,
        repeatable: bool,
        request_id: str,
    ) -> None:
        manifest = enabled.plugin.manifest
        self._process = process
        self._tenant = tenant
        self._enabled = enabled
        self._call_id = call_id
        self._marshal = Marshal()
        actor = plugin_actor(tenant.id, enabled.installation_id, manifest.name, enabled.permissions)
        self._scope = process.scope(tenant, actor, request_id)
        self._effects = Effects(process, tenant, actor, enabled.id, call_id, repeatable=repeatable)
        self._store = StoreDoor(process, tenant.id, enabled.id, self._marshal, self._effects)
        self._records = RecordsDoor(
            process, tenant.id, enabled.id, tables, self._marshal, self._effects
        )
        self._mail = MailDoor(enabled, self._scope, self._marshal, self._effects)
        self._http = HttpDoor(
            process.network.http(manifest.hosts),
            self._marshal,
            partial(process.calls.note, tenant.id, enabled.id),
        )
        self._network = process.network.connections(manifest.hosts)
        self._settings: Any = None
        self.hider = Hider(enabled.values, secret_fields(enabled.plugin.settings.type))
        self._log = PluginLog(tenant, enabled.id, self.hider)
        self._account = AccountDoor(tokens, tenant, enabled, self._marshal, self.hider)

    def end(self) -> None:
        """Close every door."""
        self._marshal.end()

    @property
    def tenant(self) -> PluginTenant:
        """For whom."""
        tenant = self._tenant
        return PluginTenant(
            id=tenant.id,
            slug=tenant.slug,
            name=tenant.name,
            time_zone=tenant.time_zone,
            locale=tenant.locale,
            plan=tenant.plan,
        )

    @property
    def settings(self) -> Any:
        """What the tenant configured: made here, on the plugin's thread, as the type is its own."""
        self._marshal.require_open()
        if self._settings is None:
            self._settings = msgspec.convert(
                dict(self._enabled.values), self._enabled.plugin.settings.type
            )
        return self._settings

    @property
    def log(self) -> "PluginLog":
        """Where to write."""
        return self._log

    @property
    def http(self) -> HttpDoor:
        """HTTP to the manifest's hosts."""
        return self._http

    @property
    def network(self) -> OutboundConnections:
        """Connections to the manifest's hosts; they belong to the plugin's own loop."""
        self._marshal.require_open()
        return self._network

    @property
    def account(self) -> AccountDoor:
        """The account at the vendor. Raises ValueError in a plugin without an `oauth_provider`."""
        if self._enabled.plugin.oauth_provider is None:
            raise ValueError("the plugin has no oauth_provider")
        return self._account

    @property
    def store(self) -> StoreDoor:
        """Small values."""
        return self._store

    @property
    def records(self) -> RecordsDoor:
        """The plugin's tables."""
        return self._records

    @property
    def mail(self) -> MailDoor:
        """E-mails from the plugin's templates."""
        return self._mail

    @property
    def call_id(self) -> str:
        """The same for every attempt."""
        return self._call_id

    def now(self) -> datetime:
        """Return the time."""
        return self._process.clock.now()

    def url(self, path: str = "") -> str:
        """Return the address of a page."""
        base = tenant_url(self._process.settings, self._tenant)
        return f"{base}/plugins/{self._enabled.id}{quote(path, safe='/?&=-_.~%')}"

    def webhook_url(self, name: str) -> str:
        """Return the address of a webhook. Raises ValueError when there is none of that name."""
        if name not in {each.name for each in self._enabled.plugin.webhooks}:
            raise ValueError(f"the plugin has no webhook {name}")
        base = tenant_url(self._process.settings, self._tenant)
        return f"{base}/api/hooks/{self._enabled.id}/{name}"

    async def execute(self, command: Command[Any]) -> Any:
        """Run a command."""
        number = self._effects.number()
        copied = self._admitted(command, Command)
        return await self._marshal.on_host(
            lambda: self._effects.execute(number, self._scope, copied)
        )

    async def ask(self, query: Query[Any]) -> Any:
        """Answer a query."""
        copied = self._admitted(query, Query)

        async def work() -> Any:
            return await self._scope.ask(copied)

        return await self._marshal.on_host(work)

    async def meter(self, name: str, amount: int = 1) -> None:
        """Count what was used."""
        if name not in {each.name for each in self._enabled.plugin.manifest.meters}:
            raise ValueError(f"the manifest has no meter {name}")
        if type(amount) is not int or not 1 <= amount <= MAX_AMOUNT:
            raise ValueError(f"an amount is a whole number from 1 to {MAX_AMOUNT}")
        number = self._effects.number()

        async def add(unit: Unit) -> None:
            await PluginUsage(unit).add(self._enabled.id, name, amount, self._process.clock.now())

        await self._marshal.on_host(lambda: self._effects.change(number, f"meter {name}", add))

    def _admitted(self, request: Any, kind: type) -> Any:
        """Return a checked copy. Raises Forbidden and InvalidInput."""
        asked = type(request)
        if asked not in REQUESTS or not issubclass(asked, kind):
            raise Forbidden(f"Plugins can't ask for {asked.__name__}.", reason="plugin_permission")
        action = USE_CASES[asked].action
        if action is None or action.value not in self._enabled.permissions:
            needed = "more than a plugin may do" if action is None else action.value
            raise Forbidden(
                f"{asked.__name__} needs {needed}, which the plugin {self._enabled.id} may not do.",
                reason="plugin_permission",
            )
        limit = MAX_REQUEST_BYTES if kind is Command else MAX_ANSWER_BYTES
        try:
            return unpack(pack(request, limit), asked)
        except AnswerTooLarge:
            raise InvalidInput(FieldError("", "This is too large.", "too_large")) from None
        except AnswerMistyped as error:
            raise InvalidInput(FieldError("", f"{asked.__name__}: {error}")) from None


class PluginLog:
    """Implements `plugins.sdk.context.Log`; secrets of the settings are taken out."""

    def __init__(self, tenant: TenantContext, plugin_id: str, hider: Hider) -> None:
        self._log = structlog.get_logger("plugin").bind(plugin=plugin_id, tenant=tenant.slug)
        self._hider = hider

    def debug(self, event: str, **fields: Any) -> None:
        """For whoever looks for a defect."""
        self._log.debug(self._text(event), fields=self._plain(fields))

    def info(self, event: str, **fields: Any) -> None:
        """Something happened."""
        self._log.info(self._text(event), fields=self._plain(fields))

    def warning(self, event: str, **fields: Any) -> None:
        """Something is not as it should be."""
        self._log.warning(self._text(event), fields=self._plain(fields))

    def error(self, event: str, **fields: Any) -> None:
        """Somebody should look at it."""
        self._log.error(self._text(event), fields=self._plain(fields))

    def _plain(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            self._text(name): value
            if isinstance(value, bool | int | float | None)
            else self._text(value)
            for name, value in list(fields.items())[:50]
        }

    def _text(self, value: Any) -> str:
        return self._hider.hide(str(value))[:_SHOWN]
