"""Does the work of one attempt in its tenant's scope; called by workers and by `tenants.due_work`.

A claim names a tenant and a task and nothing more: what is to be done is read as that tenant. The
transaction of the work also notes that it is done, so that work which is tried again, because a
worker died or a lease ran out, has its effect in the database once.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog

from core.ports.tasks import MAX_ATTEMPTS, TASK_KINDS, TASK_SECONDS, Attempt, TaskId
from core.shared.actor import system
from core.shared.clock import UtcDatetime
from core.shared.errors import Unavailable
from core.shared.ids import EventId, TenantId
from core.shared.reactions import (
    EVENT_QUEUE,
    REACTION_SECONDS,
    Delivery,
    ExternalSubscribers,
    Happened,
    PublishedEvent,
    Subscription,
    core_subscriptions,
)
from core.shared.tenant import TenantContext
from core.shared.usecase import Command
from plugins.postgres.task_claims import Claim
from plugins.postgres.tasks import FinishedDelivery, LeasedTasks, TaskRecord
from plugins.postgres.tenants import feature_flags, tenants
from plugins.postgres.unit import Unit
from plugins.postgres.violations import lost_a_race, waited_in_vain
from tenants.background import BoundOutside, BoundSubscriber, bind_outside, bind_subscribers
from tenants.injection import Session, inject
from tenants.runtime import Runtime
from tenants.scope import TenantScope, recorder_in

FIRST_RETRY: Final = timedelta(seconds=5)
"""A failed task waits this long, then twice as long, and so on."""

WHILE_AWAY: Final = timedelta(seconds=60)
"""A task waits this long for what it needs, a disk for example, as often as it takes."""

TENANT_SECONDS: Final = 5.0
"""How long a tenant is remembered: a change of its plan takes effect within it."""

LONG_SECONDS: Final = 1.0
"""Work that took longer notes its end once more, as it is noted first before the work."""

log = structlog.get_logger(__name__)


class Superseded(Exception):
    """Another attempt was begun meanwhile, or the task was dropped: there is nothing to do."""


class NobodysWork(Exception):
    """This release knows no such kind of task or subscriber."""


class StoredDelivery(msgspec.Struct, frozen=True):
    """The payload of a delivery whose event is still to be read."""

    version: int
    occurred_at: datetime
    event: msgspec.Raw


class StoredEvent(msgspec.Struct, frozen=True):
    """The payload of a delivery; `definer_event_log.sql` writes it."""

    version: int
    occurred_at: datetime
    event: dict[str, Any]


class TaskRunner:
    """Does the work of claims. Make it after every slice and plugin was imported."""

    def __init__(self, runtime: Runtime, external: ExternalSubscribers | None = None) -> None:
        self._runtime = runtime
        self._external = external
        self._subscribers: dict[str, BoundSubscriber] = bind_subscribers()
        self._outside: dict[str, BoundOutside] = bind_outside()
        self._core = core_subscriptions()
        self._known: dict[TenantId, tuple[float, TenantContext]] = {}

    async def subscriptions(self, tenant_id: TenantId) -> tuple[Subscription, ...]:
        """Return what the subscribers of a tenant want to hear of."""
        if self._external is None:
            return self._core
        return (*self._core, *await self._external.subscriptions(tenant_id))

    def limit_seconds(self, claim: Claim) -> float:
        """Return how long this attempt may take."""
        if claim.subscriber is None:
            kind = TASK_KINDS.get(claim.kind)
            return TASK_SECONDS if kind is None else kind.limit_seconds
        if self._external is not None and claim.subscriber.startswith(self._external.PREFIX):
            return self._external.limit_seconds(claim.subscriber)
        bound = self._subscribers.get(claim.subscriber)
        return REACTION_SECONDS if bound is None else bound.subscriber.limit_seconds

    async def run(self, claim: Claim) -> None:
        """Do the work and note that it is done. Raises what the work raises."""
        tenant = await self._tenant(claim.tenant_id)
        if tenant is None:
            return
        actor = system(claim.tenant_id, claim.task_id)
        scope = self._runtime.scope(tenant, actor, request_id_of(claim))
        try:
            if claim.subscriber is not None:
                await self._deliver(scope, claim, claim.subscriber)
            elif claim.kind in self._outside:
                await self._reach_out(scope, claim, self._outside[claim.kind])
            else:
                await self._execute(scope, claim, _command_of(claim))
        except Superseded:
            log.info("attempt_superseded", task_id=str(claim.task_id), attempt=claim.attempt)

    def may_be_together(self, claim: Claim) -> bool:
        """Whether it is a delivery that may share a transaction with others."""
        bound = self._subscribers.get(claim.subscriber or "")
        return bound is not None and bound.subscriber.queue == EVENT_QUEUE

    def gathers(self, claim: Claim) -> bool:
        """Whether its subscriber takes many events at once: one transaction after the other."""
        bound = self._subscribers.get(claim.subscriber or "")
        return bound is not None and bound.subscriber.together

    async def run_together(self, claims: Sequence[Claim]) -> None:
        """Make deliveries of one tenant in one transaction, which notes that they are done.

        Raises what any of them raises; then nothing was done of any.
        """
        tenant = await self._tenant(claims[0].tenant_id)
        if tenant is None:
            return
        scopes = {
            claim.task_id: self._runtime.scope(
                tenant, system(claim.tenant_id, claim.task_id), request_id_of(claim)
            )
            for claim in claims
        }

        async def work(first: Session) -> None:
            attempts = {claim.task_id: claim.attempt for claim in claims}
            records = await LeasedTasks(first.writer).finish_many(attempts)
            sessions: list[Session] = []
            gathered: dict[str, list[tuple[Session, Happened]]] = defaultdict(list)
            for claim in sorted(claims, key=lambda each: _position(records.get(each.task_id))):
                if (record := records.get(claim.task_id)) is None:
                    continue
                session = scopes[claim.task_id].session_within(first.writer)
                sessions.append(session)
                happened = self._happened(session, claim, record)
                bound = self._subscribers[claim.subscriber or ""]
                if bound.subscriber.together:
                    gathered[bound.subscriber.name].append((session, happened))
                else:
                    await bound.subscriber.run(happened.event, **inject(bound.ports, session))
            for name, several in gathered.items():
                bound = self._subscribers[name]
                ports = inject(bound.ports, several[0][0])
                await bound.subscriber.run([each for _, each in several], **ports)
            recorder = recorder_in(first)
            for session in sessions:
                recorder.take_over(recorder_in(session))

        await scopes[claims[0].task_id].run_in_transaction(work)

    def _happened(self, session: Session, claim: Claim, record: FinishedDelivery) -> Happened:
        subscriber = self._subscribers[claim.subscriber or ""].subscriber
        stored = msgspec.json.decode(record.payload, type=StoredDelivery)
        event = msgspec.json.decode(stored.event, type=subscriber.event_class(record.kind))
        session.attempt = _attempt(claim)
        session.delivery = _delivery(claim, record, stored)
        return Happened(event, session.delivery, recorder_in(session))

    async def fail(self, claim: Claim, error: BaseException) -> bool:
        """Note the error and when to try again; return whether there will be another attempt.

        What is away, or what others held or changed again and again, isn't the task's failure:
        such an attempt doesn't count.
        """
        said = f"{type(error).__name__}: {error}"[:500]
        now = self._runtime.clock.now()
        async with self._runtime.database.unit(claim.tenant_id) as unit:
            leased = LeasedTasks(unit)
            was_in_the_way = waited_in_vain(error) or lost_a_race(error.__cause__)
            if isinstance(error, Unavailable) or was_in_the_way:
                pause = FIRST_RETRY if was_in_the_way else WHILE_AWAY
                await leased.put_off(claim.task_id, claim.attempt, said, retry_at=now + pause)
                return True
            retry_at = None
            if claim.attempt < MAX_ATTEMPTS:
                retry_at = now + FIRST_RETRY * 2 ** (claim.attempt - 1)
            await leased.fail(claim.task_id, claim.attempt, said, retry_at=retry_at)
        return retry_at is not None

    async def _execute(self, scope: TenantScope, claim: Claim, command: type[Command[Any]]) -> None:
        async def work(session: Session) -> None:
            record, began = await self._take(session, claim), time.monotonic()
            await scope.execute_within(session, msgspec.convert(record.payload, command))
            await self._correct_end(session, claim, began)

        await scope.run_in_transaction(work)

    async def _deliver(self, scope: TenantScope, claim: Claim, subscriber: str) -> None:
        if self._external is not None and subscriber.startswith(self._external.PREFIX):
            await self._deliver_outside(scope, claim, subscriber, self._external)
            return
        bound = self._subscribers.get(subscriber)
        if bound is None:
            raise NobodysWork(f"this release has no subscriber {subscriber}")

        async def work(session: Session) -> None:
            record, began = await self._take(session, claim), time.monotonic()
            stored = msgspec.convert(record.payload, StoredEvent)
            event = msgspec.convert(stored.event, bound.subscriber.event_class(record.kind))
            session.delivery = _delivery(claim, record, stored)
            given: Any = event
            if bound.subscriber.together:
                given = [Happened(event, session.delivery, recorder_in(session))]
            await bound.subscriber.run(given, **inject(bound.ports, session))
            await self._correct_end(session, claim, began)

        await scope.run_in_transaction(work)

    async def _deliver_outside(
        self, scope: TenantScope, claim: Claim, subscriber: str, external: ExternalSubscribers
    ) -> None:
        record = await scope.run_in_transaction(lambda session: self._read(session, claim))
        stored = msgspec.convert(record.payload, StoredEvent)
        published = PublishedEvent(
            type=record.kind,
            version=stored.version,
            aggregate_id=UUID(stored.event["aggregate_id"]),
            fields=stored.event,
            delivery=_delivery(claim, record, stored),
        )
        await external.deliver(scope.tenant, subscriber, published)
        await scope.run_in_transaction(lambda session: self._take(session, claim))

    async def _reach_out(self, scope: TenantScope, claim: Claim, bound: BoundOutside) -> None:
        work = bound.work()

        async def prepare(session: Session) -> Any:
            record = await self._read(session, claim)
            payload = msgspec.convert(record.payload, bound.payload)
            return await work.prepare(payload, **inject(bound.prepare, session))

        prepared = await scope.run_in_transaction(prepare)
        if prepared is None:
            await scope.run_in_transaction(lambda session: self._take(session, claim))
            return
        session = scope.session_without_transaction()
        session.attempt = _attempt(claim)
        outcome = await work.perform(prepared, **inject(bound.perform, session))

        async def conclude(session: Session) -> None:
            await self._take(session, claim)
            await work.conclude(prepared, outcome, **inject(bound.conclude, session))

        await scope.run_in_transaction(conclude)

    async def _read(self, session: Session, claim: Claim) -> TaskRecord:
        session.attempt = _attempt(claim)
        record = await LeasedTasks(session.writer).read(claim.task_id, claim.attempt)
        if record is None:
            raise Superseded
        return record

    async def _take(self, session: Session, claim: Claim) -> TaskRecord:
        """Note in the open transaction that the task is done, and return what it is about."""
        session.attempt = _attempt(claim)
        record = await LeasedTasks(session.writer).finish(claim.task_id, claim.attempt)
        if record is None:
            raise Superseded
        return record

    async def _correct_end(self, session: Session, claim: Claim, began: float) -> None:
        if time.monotonic() - began > LONG_SECONDS:
            await LeasedTasks(session.writer).correct_end(claim.task_id)

    async def _tenant(self, tenant_id: TenantId) -> TenantContext | None:
        known = self._known.get(tenant_id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        async with self._runtime.database.unit(tenant_id) as unit:
            found = await _read_tenant(unit)
        self._known.pop(tenant_id, None)
        if found is not None:
            self._known[tenant_id] = (time.monotonic() + TENANT_SECONDS, found)
        return found


def _position(record: FinishedDelivery | None) -> int:
    return 0 if record is None else record.event_position


def request_id_of(claim: Claim) -> str:
    """Return what ties the logs of the work to the request that caused it."""
    return claim.request_id or f"task-{claim.task_id}"


def _command_of(claim: Claim) -> type[Command[Any]]:
    kind = TASK_KINDS.get(claim.kind)
    if kind is None or kind.command is None:
        raise NobodysWork(f"this release has no task {claim.kind}")
    return kind.command


def _attempt(claim: Claim) -> Attempt:
    return Attempt(
        task_id=TaskId(claim.task_id), number=claim.attempt, request_id=request_id_of(claim)
    )


def _delivery(
    claim: Claim, record: TaskRecord | FinishedDelivery, stored: StoredEvent | StoredDelivery
) -> Delivery:
    if record.event_id is None or record.event_position is None:
        raise NobodysWork(f"the task {claim.task_id} has a subscriber but no event")
    return Delivery(
        event_id=EventId(record.event_id),
        position=record.event_position,
        task_id=claim.task_id,
        attempt=claim.attempt,
        request_id=request_id_of(claim),
        occurred_at=UtcDatetime(stored.occurred_at),
    )


async def _read_tenant(unit: Unit) -> TenantContext | None:
    row = await unit.one_or_none(sa.select(tenants).where(tenants.c.id == unit.tenant_id))
    if row is None:
        return None
    flags = await unit.all(sa.select(feature_flags.c.feature, feature_flags.c.enabled))
    return TenantContext(
        id=TenantId(UUID(str(row.id))),
        slug=row.slug,
        name=row.name,
        time_zone=row.time_zone,
        locale=row.locale,
        plan=row.plan,
        status=row.status,
        granted=frozenset(flag.feature for flag in flags if flag.enabled),
        withheld=frozenset(flag.feature for flag in flags if not flag.enabled),
    )
