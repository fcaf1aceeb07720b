"""The machine's clock."""

from datetime import UTC, datetime

from core.shared.clock import UtcDatetime


class SystemClock:
    """Implements `core.shared.clock.Clock` with the operating system's time."""

    def now(self) -> UtcDatetime:
        """Return the current time in UTC."""
        return UtcDatetime(datetime.now(UTC))
