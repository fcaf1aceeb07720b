"""Tells whether members can be given work."""

from collections.abc import Iterable

import sqlalchemy as sa

from core.shared.ids import MemberId
from plugins.postgres.members import members
from plugins.postgres.unit import Unit


class PostgresTeam:
    """Implements `core.ports.team.Team`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def missing(self, members_named: Iterable[MemberId]) -> set[MemberId]:
        """Return those that are not active members."""
        named = set(members_named)
        if not named:
            return set()
        rows = await self._unit.all(
            sa.select(members.c.id).where(members.c.id.in_(named), members.c.status == "active")
        )
        return named - {row.id for row in rows}
