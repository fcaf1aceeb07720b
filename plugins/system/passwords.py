"""Password hashing with argon2id (RFC 9106), in threads so that the event loop doesn't stall."""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.identity.ports import Verdict

# OWASP's second recommendation: 19 MiB, two passes, one lane.
_TIME_COST: Final = 2
_MEMORY_KIB: Final = 19_456
_AT_ONCE: Final = 4
"""Hashes computed at the same time: more would only share the processor and pile up memory."""


class Argon2Passwords:
    """Implements `core.identity.ports.PasswordHasher`."""

    def __init__(self, time_cost: int = _TIME_COST, memory_kib: int = _MEMORY_KIB) -> None:
        self._argon2 = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        # Checked when there is no account, so that the answer takes as long as with one.
        self._nobody = self._argon2.hash("nobody has this password")
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """Return a hash in the PHC string format."""
        async with self._turns:
            return await asyncio.to_thread(self._argon2.hash, password)

    async def verify(self, kept: str | None, password: str) -> Verdict:
        """Compare; without a hash, do the same work in vain."""
        async with self._turns:
            fits = await asyncio.to_thread(self._fits, kept or self._nobody, password)
        if kept is None or not fits:
            return Verdict(fits=False)
        return Verdict(fits=True, is_outdated=self._argon2.check_needs_rehash(kept))

    def _fits(self, kept: str, password: str) -> bool:
        try:
            return self._argon2.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
