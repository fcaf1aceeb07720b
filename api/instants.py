"""Instants in query parameters: one without an offset is read as UTC."""

from datetime import UTC, datetime


def in_utc(instant: datetime | None) -> datetime | None:
    """Return the instant with its offset, UTC when it has none."""
    if instant is None or instant.tzinfo is not None:
        return instant
    return instant.replace(tzinfo=UTC)
