"""Runs all work that is due in this process, without a broker: for tests and for the demo's year.

Events get their places, are handed to their subscribers, and tasks are begun, run and finished as
workers do it; only the message in between is left out.
"""

import asyncio
from datetime import timedelta
from typing import Final

from core.ports.tasks import TASK_KINDS
from core.shared.reactions import DEFAULT_QUEUE, EVENT_QUEUE, PLUGIN_QUEUE, SUBSCRIBERS
from plugins.postgres.sequencing import Sequencing
from plugins.postgres.task_claims import Claim, TaskClaims, TaskLeases
from tenants.attempts import make_attempt
from tenants.tasks import TaskRunner

LEASE: Final = timedelta(minutes=10)
"""Nobody renews it here."""

RESEND: Final = timedelta(seconds=15)


def known_queues() -> tuple[str, ...]:
    """Return every queue that some kind of task or some subscriber names."""
    of_tasks = {each.queue for each in TASK_KINDS.values()}
    of_subscribers = {each.queue for each in SUBSCRIBERS.values()}
    return tuple(sorted({DEFAULT_QUEUE, EVENT_QUEUE, PLUGIN_QUEUE} | of_tasks | of_subscribers))


class DueWork:
    """Runs what is due when it is told to."""

    def __init__(self, runner: TaskRunner, relay_url: str, *, at_once: int = 4) -> None:
        self._runner = runner
        self._relay_url = relay_url
        self._at_once = at_once

    async def run_due(self) -> int:
        """Run everything that is due, and what that causes, and return how many attempts it was."""
        sequencing = await Sequencing.open(self._relay_url, _ignore, _ignore)
        claims = await TaskClaims.open(self._relay_url)
        leases = await TaskLeases.open(self._relay_url)
        ran = 0
        try:
            while True:
                await self._dispatch(sequencing)
                begun = await self._begin(claims, leases)
                if not begun:
                    return ran
                ran += len(begun)
                await asyncio.gather(*(make_attempt(self._runner, each) for each in begun))
                ordered = [each for each in begun if each.ordering_key is not None]
                if ordered:
                    await leases.free_next(ordered)
        finally:
            await sequencing.close()
            await claims.close()
            await leases.close()

    async def _dispatch(self, sequencing: Sequencing) -> None:
        more = True
        while more:
            _, more = await sequencing.sequence()
        for tenant_id in await sequencing.to_dispatch():
            more = True
            while more:
                subscriptions = await self._runner.subscriptions(tenant_id)
                _, more = await sequencing.dispatch(tenant_id, subscriptions)

    async def _begin(self, claims: TaskClaims, leases: TaskLeases) -> list[Claim]:
        more = True
        while more:
            limits = dict.fromkeys(known_queues(), self._at_once)
            due, more = await claims.claim(limits, RESEND)
            begun = await leases.begin(due, LEASE) if due else []
            if begun:
                return begun
        return []


def _ignore() -> None:
    """Nobody waits for notices here."""
