"""Keeps the answer to a mutating request in the request's own transaction.

A second request with the same key waits on the unique index until the first has ended, and then
finds its answer: there is never a moment in which both could act.
"""

from datetime import timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.shared.clock import Clock
from core.shared.errors import Conflict
from plugins.postgres.schema import tenant_table, text_column, time_column
from plugins.postgres.unit import Unit

idempotency_keys = tenant_table(
    "idempotency_keys",
    text_column("credential"),
    text_column("route"),
    text_column("key"),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.SmallInteger, nullable=True),
    sa.Column("headers", postgresql.JSONB, nullable=True),
    sa.Column("body", sa.LargeBinary, nullable=True),
    time_column("created_at"),
    key=("credential", "route", "key"),
    indexes=[("created_at",)],
)


LOCK_NOT_AVAILABLE = "55P03"


class IdempotencyKeyReused(Conflict):
    """The key was used before with another body."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request"


class IdempotencyInFlight(Conflict):
    """The first request with this key hasn't ended yet."""

    code = "idempotency_in_flight"
    title = "The same request is being carried out"


class Answer(msgspec.Struct, frozen=True):
    """What a mutating route answered: enough to give it again to the letter."""

    status: int
    headers: dict[str, str]
    body: bytes


class Once(msgspec.Struct, frozen=True):
    """Names one request: same key and same fingerprint mean the same request."""

    credential: str
    route: str
    key: str
    fingerprint: bytes


class PostgresIdempotency:
    """Claims keys and keeps answers within a unit of work."""

    def __init__(self, unit: Unit, clock: Clock) -> None:
        self._unit = unit
        self._clock = clock

    async def claim(self, once: Once) -> Answer | None:
        """Return the answer given before, or None when this request is the first.

        Raises IdempotencyKeyReused when the key stands for another request, and IdempotencyInFlight
        when the first one hasn't ended within the lock timeout.
        """
        if await self._insert(once):
            return None
        row = await self._unit.one_or_none(sa.select(idempotency_keys).where(*_is(once)))
        if row is None or row.fingerprint != once.fingerprint:
            raise IdempotencyKeyReused(
                "This Idempotency-Key was sent before with another body. "
                "Use a new key for a new request.",
                key=once.key,
            )
        return Answer(row.status, row.headers, row.body)

    async def _insert(self, once: Once) -> bool:
        """Claim the key, waiting for another that holds it; say whether it was free."""
        statement = (
            postgresql.insert(idempotency_keys)
            .values(
                tenant_id=self._unit.tenant_id,
                credential=once.credential,
                route=once.route,
                key=once.key,
                fingerprint=once.fingerprint,
                created_at=self._clock.now(),
            )
            .on_conflict_do_nothing()
            .returning(idempotency_keys.c.key)
        )
        try:
            return await self._unit.one_or_none(statement) is not None
        except sa.exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            raise IdempotencyInFlight(
                "The first request with this Idempotency-Key is still being carried out. "
                "Ask again in a moment.",
                key=once.key,
            ) from error

    async def keep(self, once: Once, answer: Answer) -> None:
        """Store the answer beside the change it speaks of."""
        await self._unit.execute(
            sa.update(idempotency_keys)
            .where(*_is(once))
            .values(status=answer.status, headers=answer.headers, body=answer.body)
        )

    async def prune(self, older_than: timedelta) -> None:
        """Forget this tenant's keys that are older than `older_than` (at least 24 hours)."""
        await self._unit.execute(
            sa.delete(idempotency_keys).where(
                idempotency_keys.c.created_at < self._clock.now() - older_than
            )
        )


def _is(once: Once) -> tuple[Any, ...]:
    columns = idempotency_keys.c
    return (
        columns.credential == once.credential,
        columns.route == once.route,
        columns.key == once.key,
    )
