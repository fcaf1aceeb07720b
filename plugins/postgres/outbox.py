"""Outbox and audit tables, and the recorder that fills both in the transaction of the state."""

from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.events import Event
from core.shared.ids import Ids
from plugins.postgres.schema import (
    APPEND_ONLY,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)
from plugins.postgres.subject_keys import SubjectVault
from plugins.postgres.unit import Unit

CHANNEL: Final = "outbox_written"
"""The sequencer listens here; the notice goes out with the commit and says only: there is work."""

outbox = tenant_table(
    "outbox",
    uuid_column("id"),
    text_column("type"),
    sa.Column("version", sa.SmallInteger, nullable=False),
    text_column("aggregate"),
    uuid_column("aggregate_id"),
    json_column("payload"),
    time_column("occurred_at"),
    text_column("request_id"),
    sa.Column("position", sa.BigInteger, nullable=True),
    time_column("sequenced_at", nullable=True),
    unique=[("position",)],
    indexes=[("aggregate", "aggregate_id", "id")],
    privileges=APPEND_ONLY,
)
"""What happened. The sequencer gives each committed row its `position`, gapless in its tenant."""

sa.Index(
    "ix_outbox_without_position",
    outbox.c.tenant_id,
    outbox.c.id,
    postgresql_where=sa.text("position IS NULL"),
)

event_logs = tenant_table(
    "event_logs",
    sa.Column("first_position", sa.BigInteger, nullable=False, server_default="1"),
    sa.Column("last_position", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("dispatched_position", sa.BigInteger, nullable=False, server_default="0"),
    key=(),
    privileges=("SELECT",),
)
"""Where each tenant's log begins, since what is old is removed, where it ends, and up to where it
was handed to subscribers."""

audit_entries = tenant_table(
    "audit_entries",
    uuid_column("id"),
    time_column("at"),
    text_column("actor_kind"),
    uuid_column("actor_id"),
    uuid_column("member_id", nullable=True),
    text_column("action"),
    text_column("subject"),
    uuid_column("subject_id"),
    json_column("before", nullable=True),
    json_column("after", nullable=True),
    text_column("reason", nullable=True),
    text_column("request_id"),
    indexes=[("subject", "subject_id", "id"), ("at", "id")],
    privileges=APPEND_ONLY,
)


class PostgresRecorder:
    """Implements `core.shared.events.Recorder`; the unit of work flushes it before it commits."""

    def __init__(
        self,
        unit: Unit,
        actor: Actor,
        clock: Clock,
        ids: Ids,
        vault: SubjectVault,
        request_id: str,
    ) -> None:
        self._unit = unit
        self._vault = vault
        self._actor = actor
        self._clock = clock
        self._ids = ids
        self._request_id = request_id
        self._events: list[dict[str, Any]] = []
        self._entries: list[dict[str, Any]] = []

    def record(
        self,
        event: Event,
        *,
        before: msgspec.Struct | dict[str, Any] | None = None,
        after: msgspec.Struct | dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        """Keep `event` and its audit entry until the flush."""
        now = self._clock.now()
        event_id: UUID = self._ids.new()
        self._events.append(
            {
                "id": event_id,
                "type": event.type,
                "version": event.version,
                "aggregate": event.aggregate,
                "aggregate_id": event.aggregate_id,
                "payload": event,
                "occurred_at": now,
                "request_id": self._request_id,
            }
        )
        self._entries.append(
            {
                "id": event_id,
                "at": now,
                "actor_kind": self._actor.kind,
                "actor_id": self._actor.id,
                "member_id": self._actor.member_id,
                "action": event.type,
                "subject": event.aggregate,
                "subject_id": event.aggregate_id,
                "before": None if before is None else msgspec.to_builtins(before),
                "after": None if after is None else msgspec.to_builtins(after),
                "reason": reason,
                "request_id": self._request_id,
            }
        )

    def take_over(self, other: "PostgresRecorder") -> None:
        """Keep what another recorder of the same transaction holds, which then holds nothing."""
        events, entries = other.emptied()
        self._events += events
        self._entries += entries

    def emptied(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the rows of the outbox and of the trail that wait, and hold them no longer."""
        held = self._events, self._entries
        self._events, self._entries = [], []
        return held

    async def flush(self) -> None:
        """Write what was recorded; what the trail says about people is encrypted."""
        events, entries = self.emptied()
        if events:
            protected = await self._vault.protect(self._unit, entries)
            await self._unit.call("record_events_v1", _json(events), _json(protected))


def _json(rows: list[dict[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()
