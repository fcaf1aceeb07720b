"""Which plugins put off the last message that they were given, from what messages tell."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from core.messages.sender_views import SenderFailure
from plugins.postgres.message_tables import message_events, messages

LOOKED_BACK: Final = timedelta(days=1)
"""For so long is a message tried; what failed before is settled."""

LOOKED_AT: Final = 200
"""So many of the latest messages are looked at: they are tried in the order of their coming."""


def last_attempts() -> sa.Select[Any]:
    """Select the last attempt of each plugin among the latest messages."""
    latest = (
        sa.select(messages.c.tenant_id, messages.c.id)
        .where(messages.c.created_at > sa.func.now() - LOOKED_BACK)
        .order_by(messages.c.created_at.desc(), messages.c.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    events = message_events.c
    return (
        sa.select(events.plugin, events.kind, events.recorded_at, events.detail)
        .ext(distinct_on(events.plugin))
        .select_from(message_events)
        .join(
            latest,
            sa.and_(latest.c.tenant_id == events.tenant_id, latest.c.id == events.message_id),
        )
        .where(events.plugin.is_not(None), events.kind.in_(("postponed", "sent")))
        .order_by(events.plugin, events.recorded_at.desc(), events.kind.desc())
    )


def failures_of(rows: Iterable[Any]) -> dict[str, SenderFailure]:
    """Return those whose last attempt failed, by plugin."""
    return {
        row.plugin: SenderFailure(row.recorded_at, row.detail or "")
        for row in rows
        if row.kind == "postponed"
    }
