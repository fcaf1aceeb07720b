"""Runs commands and queries for one tenant and one actor: the only way into the core."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
import redis.asyncio as redis

from core.installations.ports import PluginCatalogue
from core.shared.access import FULL, Access, authorise
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import Conflict
from core.shared.ids import Ids
from core.shared.tenant import TenantContext
from core.shared.usecase import Command, Query, UseCase
from core.tenancy.entitlements import require_feature
from core.tenancy.errors import TenantSuspended
from plugins.outbound.network import OutboundNetwork
from plugins.postgres.database import Database
from plugins.postgres.idempotency import Answer, Once, PostgresIdempotency
from plugins.postgres.outbox import PostgresRecorder
from plugins.postgres.subject_keys import SubjectVault
from plugins.postgres.tenant_keys import TenantKeys
from plugins.postgres.unit import Unit
from plugins.postgres.violations import lost_a_race
from tenants.file_stores import FileStores
from tenants.file_turns import FileTurns
from tenants.injection import Provider, Session, inject
from tenants.plugins.facade import Plugins
from tenants.resume_reading import ResumeSandbox
from tenants.settings import Settings

R = TypeVar("R")
T = TypeVar("T")

RETRIES = 3
"""How often a transaction that lost a race (deadlock, serialisation) runs again."""


class Machinery(msgspec.Struct, frozen=True):
    """What every scope of a process shares."""

    database: Database
    clock: Clock
    ids: Ids
    settings: Settings
    valkey: redis.Redis
    vault: SubjectVault
    tenant_keys: TenantKeys
    catalogue: PluginCatalogue
    plugins: Plugins
    files: FileStores
    file_turns: FileTurns
    resumes: ResumeSandbox
    outbound: OutboundNetwork
    use_cases: dict[type, tuple[UseCase, dict[str, Provider]]]


class TenantScope:
    """One tenant, one actor, one request."""

    def __init__(
        self, machinery: Machinery, tenant: TenantContext, actor: Actor, request_id: str
    ) -> None:
        if actor.tenant_id != tenant.id:
            raise ValueError("an actor of another tenant")
        self._machinery = machinery
        self.tenant = tenant
        self.actor = actor
        self.request_id = request_id

    @property
    def settings(self) -> Settings:
        """How this process is configured."""
        return self._machinery.settings

    @property
    def plugins(self) -> Plugins:
        """What the tenants of this process have plugged in."""
        return self._machinery.plugins

    def acting_as(self, actor: Actor) -> "TenantScope":
        """Return the same request's door for another actor, whom the caller has made sure of."""
        return TenantScope(self._machinery, self.tenant, actor, self.request_id)

    async def execute(self, command: Command[R]) -> R:
        """Run a command in one transaction and return its view.

        Raises the domain's errors; then nothing was changed.
        """
        use_case, ports = self._machinery.use_cases[type(command)]
        access = self._admit(use_case)

        async def work(session: Session) -> R:
            return await use_case.run(command, **inject(ports, session))  # type: ignore[no-any-return]

        return await self._in_turn(type(command), access, work)

    async def execute_once(
        self, command: Command[R], once: Once, respond: Callable[[R], Answer]
    ) -> Answer:
        """Run a command unless `once` was answered before; then return that answer.

        `respond` turns the view into the answer that is kept in the command's own transaction.
        """
        use_case, ports = self._machinery.use_cases[type(command)]
        access = self._admit(use_case)

        async def work(session: Session) -> Answer:
            store = PostgresIdempotency(session.writer, session.clock)
            given = await store.claim(once)
            if given is not None:
                return given
            answer = respond(await use_case.run(command, **inject(ports, session)))
            await store.keep(once, answer)
            return answer

        return await self._in_turn(type(command), access, work)

    async def ask(self, query: Query[R]) -> R:
        """Answer a query; it opens no transaction of its own."""
        use_case, ports = self._machinery.use_cases[type(query)]
        session = self._session(self._admit(use_case))
        return await use_case.run(query, **inject(ports, session))  # type: ignore[no-any-return]

    async def run_in_transaction(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Run background work in one transaction. Raises ValueError for anybody but the system."""
        self._require_system()
        return await self._in_unit(FULL, work)

    async def execute_within(self, session: Session, command: Command[R]) -> R:
        """Run a command in the transaction of the background work that `session` belongs to."""
        use_case, ports = self._machinery.use_cases[type(command)]
        self._admit(use_case)
        return await use_case.run(command, **inject(ports, session))  # type: ignore[no-any-return]

    def session_within(self, unit: Unit) -> Session:
        """Return a session of background work in a transaction that is open.

        Whoever opened it flushes the session's recorder before the commit.
        """
        self._require_system()
        return self._session_in(FULL, unit)

    def session_without_transaction(self) -> Session:
        """Return what background work that awaits the network finds its ports in."""
        self._require_system()
        return self._session(FULL)

    def _require_system(self) -> None:
        if self.actor.kind != "system":
            raise ValueError("only the system does background work")

    def _admit(self, use_case: UseCase) -> Access:
        if self.tenant.status != "active" and self.actor.kind != "system":
            raise TenantSuspended(TenantSuspended.TEXT)
        access = FULL if use_case.action is None else authorise(self.actor, use_case.action)
        if use_case.feature is not None:
            require_feature(self.tenant, use_case.feature)
        return access

    def _session(self, access: Access) -> Session:
        machinery = self._machinery
        return Session(
            tenant=self.tenant,
            actor=self.actor,
            access=access,
            request_id=self.request_id,
            clock=machinery.clock,
            ids=machinery.ids,
            database=machinery.database,
            settings=machinery.settings,
            valkey=machinery.valkey,
            vault=machinery.vault,
            tenant_keys=machinery.tenant_keys,
            catalogue=machinery.catalogue,
            plugins=machinery.plugins,
            files=machinery.files,
            resumes=machinery.resumes,
            outbound=machinery.outbound,
        )

    async def _in_turn(
        self, request: type, access: Access, work: Callable[[Session], Awaitable[T]]
    ) -> T:
        turns = self._machinery.file_turns
        if not turns.are_taken_by(request):
            return await self._in_unit(access, work)
        async with turns.turn():
            return await self._in_unit(access, work)

    async def _in_unit(self, access: Access, work: Callable[[Session], Awaitable[T]]) -> T:
        lost: Exception | None = None
        for attempt in range(RETRIES):
            try:
                return await self._once_in_unit(access, work)
            except Exception as error:
                if not lost_a_race(error):
                    raise
                lost = error
                await asyncio.sleep(0.01 * 2**attempt)
        raise Conflict("Others are changing the same things right now. Try again.") from lost

    async def _once_in_unit(self, access: Access, work: Callable[[Session], Awaitable[T]]) -> T:
        async with self._machinery.database.unit(self.tenant.id) as unit:
            session = self._session_in(access, unit)
            result = await work(session)
            await recorder_in(session).flush()
            return result

    def _session_in(self, access: Access, unit: Unit) -> Session:
        session = self._session(access)
        session.unit = unit
        session.recorder = PostgresRecorder(
            unit, self.actor, session.clock, session.ids, session.vault, self.request_id
        )
        return session


def recorder_in(session: Session) -> PostgresRecorder:
    """Return the recorder, to be flushed. Raises RuntimeError outside of a transaction."""
    if session.recorder is None:
        raise RuntimeError("there is no transaction to record in")
    return session.recorder
