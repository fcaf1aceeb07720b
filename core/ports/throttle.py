"""Slows down those who guess: sign-in, password reset and the like ask it before they do any work.

Check twice: strictly for the account and the address together, leniently for the account alone. A
stranger then exhausts his own address early and can't lock the owner out from hers.
"""

from typing import Protocol


class Throttle(Protocol):
    """Counts attempts per key in a place that all processes share."""

    async def check(self, key: str, *, limit: int, window_seconds: int) -> None:
        """Count one attempt under `key`, of which `limit` are allowed per window.

        Attempts come back one by one, evenly over the window. `key` is hashed before it is stored,
        so that it may hold an e-mail address.
        Raises Throttled with the seconds to wait, and Unavailable when attempts can't be counted:
        what guards a password never guesses in the caller's favour.
        """
        ...

    async def forget(self, key: str) -> None:
        """Give back every attempt under `key`, after one that succeeded."""
        ...
