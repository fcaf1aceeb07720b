"""Makes the calls: a context for each, through the guard, closed behind it."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import uuid4

import msgspec

from core.shared.tenant import TenantContext
from plugins.host.answers import MAX_ANSWER_BYTES
from plugins.host.catalogue import Catalogue
from plugins.host.guard import PluginGuard
from plugins.sdk.revisions import tables_after
from plugins.sdk.tables import Table
from tenants.plugins.context import HostContext
from tenants.plugins.enabled import EnabledPlugin
from tenants.plugins.renewing import AccountTokens
from tenants.plugins.seams import Process

SECONDS: Final = 30.0


class Repeated(msgspec.Struct, frozen=True):
    """Names a call that may be made again: what it changed through its context isn't repeated."""

    call_id: str
    request_id: str
    changes_once: bool = True
    """False for calls that must do all of it each time, whatever earlier attempts did."""


class PluginCalls:
    """Of one process."""

    def __init__(
        self, process: Process, guard: PluginGuard, catalogue: Catalogue, tokens: AccountTokens
    ) -> None:
        self._process = process
        self._tokens = tokens
        self.guard = guard
        self._tables: dict[str, Mapping[str, Table]] = {
            plugin.id: tables_after(plugin.migrations) for plugin in catalogue.plugins.values()
        }

    async def call(
        self,
        tenant: TenantContext,
        enabled: EnabledPlugin,
        what: str,
        function: Callable[..., Any],
        *arguments: Any,
        timeout_seconds: float = SECONDS,
        expect: Any = None,
        passes: tuple[type[Exception], ...] = (),
        max_bytes: int = MAX_ANSWER_BYTES,
        repeated: Repeated | None = None,
    ) -> Any:
        """Return what `function(context, *arguments)` answers. Raises as `PluginGuard.call`."""
        named = repeated or Repeated(str(uuid4()), f"plugin-{enabled.id}")
        context = HostContext(
            self._process,
            tenant,
            enabled,
            self._tables.get(enabled.id, {}),
            self._tokens,
            named.call_id,
            repeatable=repeated is not None and repeated.changes_once,
            request_id=named.request_id,
        )
        try:
            return await self.guard.call(
                tenant.id,
                enabled.id,
                what,
                function,
                context,
                *arguments,
                timeout_seconds=timeout_seconds,
                expect=expect,
                passes=passes,
                max_bytes=max_bytes,
            )
        except Exception as error:
            context.hider.hide_in(error)
            raise
        finally:
            context.end()
