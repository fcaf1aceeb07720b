"""Looks after open streams: heartbeats, lifetimes, who doesn't read, and who may no longer listen.

The hub runs it while there are streams.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from api.access import Door
from api.hosts import Origin
from api.streams.client import Client, Credential
from api.streams.view import View
from core.shared.clock import Clock
from core.shared.errors import DomainError, Unauthenticated, Unavailable

TICK_SECONDS: Final = 0.5
BLOCKED_SECONDS: Final = 60.0
"""How long a client may leave what it was sent unread."""
RECHECK_SECONDS: Final = 30.0
"""Between looks at all credentials, should a notice have been lost."""
DEBOUNCE_SECONDS: Final = 0.5
"""How long changes of credentials are gathered before all streams are looked at."""
BETWEEN_RECHECKS_SECONDS: Final = 2.0
CREDENTIALS_AT_ONCE: Final = 8
LOOKS_AT_ONCE: Final = 1_000
_NOWHERE: Final = Origin(client="", host="", authority="", https=False)


class Rounds:
    """The clock of one process's streams."""

    def __init__(self, door: Door, clock: Clock, clients: Callable[[], list[Client]]) -> None:
        self._door = door
        self._clock = clock
        self._clients = clients
        self._recheck_at = time.monotonic() + RECHECK_SECONDS
        self._rechecked_at = 0.0

    def credentials_changed(self) -> None:
        """Look at all credentials soon."""
        soon = max(
            time.monotonic() + DEBOUNCE_SECONDS, self._rechecked_at + BETWEEN_RECHECKS_SECONDS
        )
        self._recheck_at = min(self._recheck_at, soon)

    async def go(self) -> None:
        """Look after everybody once. Called every TICK_SECONDS."""
        now = time.monotonic()
        due = []
        # Of thousands of streams, all but a few have nothing due at any one time.
        waiting = [client for client in self._clients() if client.look_at <= now]
        for count, client in enumerate(waiting, 1):
            if now >= client.check_at:
                due.append(client)
            self._look_at(client, now)
            client.look_at = client.next_look()
            if count % LOOKS_AT_ONCE == 0:
                await asyncio.sleep(0)
        if now >= self._recheck_at:
            self._recheck_at = now + RECHECK_SECONDS
            due = self._clients()
            self._rechecked_at = now
        if due:
            await self._recheck(due)

    async def settle(self, client: Client) -> None:
        """Look at the credential of a client that comes in; it may have ended on the way.

        Raises Unauthenticated, and what else View.of and the door raise.
        """
        if await self._view(client.credential, client.topics, [client]) != client.view:
            raise Unauthenticated("Your access changed just now. Try again.")

    async def view(self, client: Client, topics: frozenset[str]) -> View:
        """Return what a client sees of other topics. Raises as View.of does."""
        return await self._view(client.credential, topics, [client])

    def _look_at(self, client: Client, now: float) -> None:
        if client.aborted:
            return
        if client.is_overdue(now, BLOCKED_SECONDS):
            client.abort(client.ended or "too_slow")
        elif client.is_ending:
            return
        elif now >= client.ends_at:
            client.end("lifetime")
        elif client.group is not None:
            client.beat(now)

    async def _recheck(self, clients: Sequence[Client]) -> None:
        """End the streams of those who may no longer see what they are being told."""
        alike: dict[tuple[Credential, frozenset[str]], list[Client]] = {}
        for client in clients:
            if not client.is_ending:
                alike.setdefault((client.credential, client.topics), []).append(client)
        waiting = iter(alike.values())
        await asyncio.gather(*(self._recheck_each(waiting) for _ in range(CREDENTIALS_AT_ONCE)))

    async def _recheck_each(self, waiting: Iterable[list[Client]]) -> None:
        for clients in waiting:
            topics = clients[0].topics
            try:
                view = await self._view(clients[0].credential, topics, clients)
            except Unavailable:
                self.credentials_changed()  # Nobody can be asked; ask again.
                return
            except DomainError:
                view = None
            for client in clients:
                if client.topics == topics and client.view != view:
                    client.end("revoked" if view is None else "access_changed")

    async def _view(
        self, credential: Credential, topics: frozenset[str], clients: Iterable[Client]
    ) -> View:
        caller = await self._door.admit(None, dict(credential), _NOWHERE, "GET")
        if caller.tenant is None or caller.actor is None:
            raise Unauthenticated("The session has ended.")
        check_at = float("inf")
        if caller.ends_at is not None:
            left = (caller.ends_at - self._clock.now()).total_seconds()
            check_at = time.monotonic() + max(left, 0.0)
        for client in clients:
            client.check_at = check_at
            client.look_at = 0.0
        return View.of(caller.tenant, caller.actor, topics)
