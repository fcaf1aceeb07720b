"""Finds the ports that a use case asks for, by the types of its parameters.

Each use case is inspected once, when the process starts: a port without a provider stops the start
and not the first request that needs it.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

import msgspec
import redis.asyncio as redis

from core.shared.access import Access
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.tenant import TenantContext
from core.shared.usecase import UseCase
from plugins.postgres.database import Database, TenantReader
from plugins.postgres.outbox import PostgresRecorder
from plugins.postgres.subject_keys import SubjectVault
from plugins.postgres.unit import Unit
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
    unit: Unit | None = None
    recorder: PostgresRecorder | None = None

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


BUILT_IN: Providers = {
    TenantContext: lambda session: session.tenant,
    Actor: lambda session: session.actor,
    Access: lambda session: session.access,
    Clock: lambda session: session.clock,
    Ids: lambda session: session.ids,
    Recorder: recorder_of,
}


def bind(use_case: UseCase, providers: Providers) -> dict[str, Provider]:
    """Return the provider of each parameter of `use_case` but the request itself.

    Raises TypeError when a parameter's type has no provider.
    """
    hints = get_type_hints(use_case.run)
    names = list(inspect.signature(use_case.run).parameters)[1:]
    bound: dict[str, Provider] = {}
    for name in names:
        provider = providers.get(hints[name])
        if provider is None:
            raise TypeError(
                f"{use_case.run.__module__}.{use_case.run.__name__}: "
                f"no provider for the parameter {name}: {hints[name]}"
            )
        bound[name] = provider
    return bound
