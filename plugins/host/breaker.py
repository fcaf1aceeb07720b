"""Stops calling a plugin for a tenant for whom it keeps failing, and tries again now and then."""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

FAILURES_IN_A_ROW: Final = 5
FIRST_WAIT_SECONDS: Final = 30.0
LONGEST_WAIT_SECONDS: Final = 600.0

State = Literal["closed", "open", "half_open"]


class BreakerState(msgspec.Struct, frozen=True):
    """What an admin is shown: `closed` works, `open` isn't tried, `half_open` is on trial."""

    state: State = "closed"
    failures: int = 0
    """In a row."""
    retry_in_seconds: float = 0.0
    last_failure: str = ""


class Breaker:
    """Of one plugin for one tenant. `now` gives seconds that only grow."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failures = 0
        self._wait = FIRST_WAIT_SECONDS
        self._open_until: float | None = None
        self._on_trial = False
        self._last = ""

    @property
    def is_spotless(self) -> bool:
        """Whether nothing is known against the plugin, so that this needn't be kept."""
        return self._failures == 0 and self._open_until is None and not self._on_trial

    def admit(self) -> float | None:
        """Return None when a call may be made, else after how many seconds to ask again.

        Once the wait is over, one call is let through as a trial, and others wait for its end.
        """
        if self._open_until is None:
            return None
        left = self._open_until - self._now()
        if left > 0:
            return left
        if self._on_trial:
            return 1.0
        self._on_trial = True
        return None

    def succeeded(self) -> None:
        """Note a call that ended well."""
        self._failures = 0
        self._wait = FIRST_WAIT_SECONDS
        self._open_until = None
        self._on_trial = False
        self._last = ""

    def failed(self, why: str) -> None:
        """Note a call that failed; `why` is shown to admins."""
        self._failures += 1
        self._last = why
        if self._on_trial:
            self._on_trial = False
            self._wait = min(self._wait * 2, LONGEST_WAIT_SECONDS)
            self._open_until = self._now() + self._wait
        elif self._open_until is None and self._failures >= FAILURES_IN_A_ROW:
            self._open_until = self._now() + self._wait

    def undecided(self) -> None:
        """Note a call whose end says nothing about the plugin: its caller went away."""
        self._on_trial = False

    def state(self) -> BreakerState:
        """Return how things stand."""
        if self._open_until is None:
            return BreakerState("closed", self._failures, 0.0, self._last)
        left = max(0.0, self._open_until - self._now())
        return BreakerState("open" if left else "half_open", self._failures, left, self._last)
