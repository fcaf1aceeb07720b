"""Finds the ports that a use case asks for, by the types of its parameters.

Each use case is inspected once, when the process starts: a port without a provider stops the start
and not the first request that needs it.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

import msgspec
import redis.asyncio as redis

from core.installations.ports import PluginCatalogue
from core.ports.tasks import Attempt
from core.shared.access import Access
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.reactions import Delivery
from core.shared.tenant import TenantContext
from core.shared.usecase import UseCase
from plugins.outbound.network import OutboundNetwork
from plugins.postgres.database import Database, TenantReader
from plugins.postgres.outbox import PostgresRecorder
from plugins.postgres.subject_keys import SubjectVault
from plugins.postgres.tenant_keys import TenantKeys
from plugins.postgres.unit import Unit
from tenants.file_stores import FileStores
from tenants.plugins.facade import Plugins
from tenants.resume_reading import ResumeSandbox
from tenants.settings import Settings


class Session(msgspec.Struct):
    """What providers build ports from, for one command or query."""

    tenant: TenantContext
    actor: Actor
    access: Access
    request_id: str
    clock: Clock
    ids: Ids
    database: Database
    settings: Settings
    valkey: redis.Redis
    vault: SubjectVault
    tenant_keys: TenantKeys
    catalogue: PluginCatalogue
    plugins: Plugins
    files: FileStores
    resumes: ResumeSandbox
    outbound: OutboundNetwork
    unit: Unit | None = None
    recorder: PostgresRecorder | None = None
    attempt: Attempt | None = None
    """Set in background work."""
    delivery: Delivery | None = None
    """Set when a subscriber is given an event."""

    @property
    def writer(self) -> Unit:
        """The open transaction. Raises RuntimeError in a query, which has none."""
        if self.unit is None:
            raise RuntimeError("a query asked for a port that writes")
        return self.unit

    @property
    def reader(self) -> TenantReader:
        """The door for reads outside a transaction."""
        return self.database.reader(self.tenant.id)


Provider = Callable[[Session], Any]
Providers = Mapping[type, Provider]


def recorder_of(session: Session) -> Recorder:
    """Return what keeps events and audit entries. Raises RuntimeError in a query."""
    if session.recorder is None:
        raise RuntimeError("a query asked for the recorder")
    return session.recorder


def attempt_of(session: Session) -> Attempt:
    """Return the attempt that is being made. Raises RuntimeError outside of background work."""
    if session.attempt is None:
        raise RuntimeError("what isn't background work asked for the attempt")
    return session.attempt


def delivery_of(session: Session) -> Delivery:
    """Return which event is delivered. Raises RuntimeError outside of a subscriber."""
    if session.delivery is None:
        raise RuntimeError("what isn't a subscriber asked for the delivery")
    return session.delivery


BUILT_IN: Providers = {
    TenantContext: lambda session: session.tenant,
    Actor: lambda session: session.actor,
    Access: lambda session: session.access,
    Clock: lambda session: session.clock,
    Ids: lambda session: session.ids,
    Recorder: recorder_of,
    Attempt: attempt_of,
    Delivery: delivery_of,
}


def bind(use_case: UseCase, providers: Providers) -> dict[str, Provider]:
    """Return the provider of each parameter of `use_case` but the request itself.

    Raises TypeError when a parameter's type has no provider.
    """
    return bind_function(use_case.run, providers)


def bind_function(
    run: Callable[..., Any], providers: Providers, *, given: int = 1
) -> dict[str, Provider]:
    """Return the provider of each parameter of `run` behind the first `given`.

    Raises TypeError when a parameter's type has no provider.
    """
    hints = get_type_hints(run)
    names = list(inspect.signature(run).parameters)[given:]
    bound: dict[str, Provider] = {}
    for name in names:
        provider = providers.get(hints[name])
        if provider is None:
            raise TypeError(
                f"{run.__module__}.{run.__qualname__}: "
                f"no provider for the parameter {name}: {hints[name]}"
            )
        bound[name] = provider
    return bound


def inject(ports: Mapping[str, Provider], session: Session) -> dict[str, Any]:
    """Return the arguments that `ports` provide within `session`."""
    return {name: provide(session) for name, provide in ports.items()}
