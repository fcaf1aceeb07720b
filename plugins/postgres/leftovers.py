"""Deletes rows that have outlived their use."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from core.shared.clock import Clock
from plugins.postgres.idempotency import idempotency_keys
from plugins.postgres.plugin_calls import plugin_calls
from plugins.postgres.schedule_tables import schedule_firings
from plugins.postgres.sessions import sessions
from plugins.postgres.task_tables import tasks
from plugins.postgres.unit import Unit


class PostgresLeftovers:
    """Implements `core.tenancy.housekeeping.Leftovers`."""

    def __init__(self, unit: Unit, clock: Clock) -> None:
        self._unit = unit
        self._clock = clock

    async def prune(self, older_than: timedelta) -> int:
        """Delete what ended before that; dead tasks stay until somebody looked at them."""
        limit = self._clock.now() - older_than
        ended: list[tuple[sa.Table, sa.ColumnElement[Any]]] = [
            (idempotency_keys, idempotency_keys.c.created_at),
            (tasks, tasks.c.finished_at),
            (sessions, sessions.c.expires_at),
            (schedule_firings, schedule_firings.c.made_at),
            (plugin_calls, plugin_calls.c.at),
        ]
        rows = 0
        for table, moment in ended:
            rows += (await self._unit.execute(sa.delete(table).where(moment < limit))).rowcount
        return rows
