"""What the plugin host's composition needs of the process around it, said narrowly.

`tenants.runtime` fills it in; the modules of this package know nothing else of the runtime.
"""

from collections.abc import Callable, Collection
from typing import Any, Protocol

import msgspec

from core.ports.outbound import OutboundConnections, OutboundHttp
from core.ports.secrets import Secrets
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.ids import Ids, TenantId
from core.shared.tenant import TenantContext
from core.shared.usecase import Command, Query
from plugins.postgres.database import Database
from plugins.postgres.idempotency import Answer, Once
from tenants.plugins.call_log import CallLog
from tenants.settings import Settings


class Network(Protocol):
    """The guarded way out."""

    def http(self, hosts: Collection[str]) -> OutboundHttp:
        """Return HTTP to `hosts` and no others."""
        ...

    def connections(self, hosts: Collection[str]) -> OutboundConnections:
        """Return plain connections to `hosts` and no others."""
        ...


class Scope(Protocol):
    """The way into the core for one tenant and actor: `tenants.scope.TenantScope`."""

    async def execute(self, command: Command[Any]) -> Any:
        """Run a command."""
        ...

    async def execute_once(
        self, command: Command[Any], once: Once, respond: Callable[[Any], Answer]
    ) -> Answer:
        """Run a command unless it was run under this name before."""
        ...

    async def ask(self, query: Query[Any]) -> Any:
        """Answer a query."""
        ...


class Process(msgspec.Struct, frozen=True):
    """What one process has."""

    settings: Settings
    database: Database
    clock: Clock
    ids: Ids
    network: Network
    secrets: Callable[[TenantId], Secrets]
    scope: Callable[[TenantContext, Actor, str], Scope]
    calls: CallLog
