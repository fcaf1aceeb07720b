"""Instants in query parameters: one without an offset is read as UTC."""

from datetime import datetime

from core.shared.clock import UtcDatetime, to_utc


def in_utc(instant: datetime | None, field: str) -> UtcDatetime | None:
    """Return the instant of the parameter `field` in UTC. Raises InvalidInput."""
    return None if instant is None else to_utc(instant, field)
