"""What of a deleted candidate's events plugins are still to be told, so that erasing comes last.

An event that a plugin hears of late may let it note somebody who is gone. Whoever has a plugin
forget a person waits until it has heard everything from before the deletion.
"""

from typing import Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from core.candidates.events import CandidateDeleted
from plugins.postgres.tasks import CHANNEL
from plugins.postgres.unit import Unit

_WHEN: Final = sa.text(
    "SELECT (SELECT max(l.dispatched_position) FROM event_logs l) AS dispatched, "
    "o.id IS NOT NULL AS is_logged, o.position "
    "FROM (SELECT) one LEFT JOIN outbox o "
    "ON o.aggregate = :aggregate AND o.aggregate_id = :candidate AND o.type = :type"
)
_OPEN: Final = sa.text(
    "SELECT EXISTS (SELECT FROM tasks t WHERE starts_with(t.subscriber, :subscribers) "
    "AND t.event_position < :position AND t.finished_at IS NULL AND t.dead_at IS NULL) AS found"
)
_DROP: Final = sa.text(
    "UPDATE tasks SET finished_at = clock_timestamp(), dead_reason = 'dropped' "
    "WHERE starts_with(subscriber, :subscribers) AND event_position <= :position "
    "AND finished_at IS NULL AND dead_at IS NOT NULL AND :candidate IN "
    "(payload #>> '{event,aggregate_id}', payload #>> '{event,candidate_id}')"
)


class Departure(msgspec.Struct, frozen=True):
    """Where a deletion stands in the tenant's log of events."""

    position: int
    """The place of the event that says so; everything before it is from before the deletion."""
    is_dispatched: bool
    """Whether everything before was handed to its subscribers, so that it can be waited for."""


class PostgresDepartures:
    """Within one unit."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def of(self, candidate_id: UUID) -> Departure:
        """Return where the deletion stands; once it was removed from the log, it is long past."""
        about = {
            "aggregate": CandidateDeleted.aggregate,
            "type": CandidateDeleted.type,
            "candidate": candidate_id,
        }
        row = (await self._unit.all(_WHEN, about))[0]
        dispatched: int = row.dispatched or 0
        if not row.is_logged:
            return Departure(dispatched, is_dispatched=True)
        if row.position is None:
            return Departure(dispatched, is_dispatched=False)
        return Departure(row.position, is_dispatched=row.position <= dispatched)

    async def is_awaited_by(self, plugin_id: str, departure: Departure) -> bool:
        """Whether the plugin is still to be told of something from before."""
        rows = await self._unit.all(
            _OPEN, {"subscribers": _subscribers(plugin_id), "position": departure.position}
        )
        return bool(rows[0].found)

    async def drop_given_up(self, plugin_id: str, candidate_id: UUID, departure: Departure) -> int:
        """Drop what the plugin failed to handle about the candidate: trying it again would bring
        the person back. Return how many deliveries that were.
        """
        done = await self._unit.execute(
            _DROP,
            {
                "subscribers": _subscribers(plugin_id),
                "position": departure.position,
                "candidate": str(candidate_id),
            },
        )
        if done.rowcount:
            await self._unit.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))
        return done.rowcount


def _subscribers(plugin_id: str) -> str:
    """What the names of all handlers of the plugin begin with."""
    return f"plugin:{plugin_id}:"
