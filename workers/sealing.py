"""The sealer's loop: every few seconds, seals what was written to the audit trails meanwhile.

Runs in each worker; a tenant is sealed by one of them at a time, and by any of them.
"""

import asyncio
import contextlib
from typing import Final

import structlog

from core.shared.errors import Unavailable
from plugins.postgres.audit_sealing import SealingCalls
from tenants.auditing import AuditSealer

EVERY: Final = 5.0
"""Seconds between two looks: about as long may an entry wait for its seal."""

log = structlog.get_logger(__name__)


class SealingLoop:
    """Seals until it is stopped."""

    def __init__(self, sealer: AuditSealer, relay_url: str, *, every: float = EVERY) -> None:
        self._sealer = sealer
        self._relay_url = relay_url
        self._every = every
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Begin nothing more; `run` returns when the batch that is open has committed."""
        self._stopped.set()

    async def run(self) -> None:
        """Work until `stop` is called. While the database is away, try again at each look."""
        while not self._stopped.is_set():
            try:
                await self._work()
            except Unavailable:
                log.warning("sealer_waits_for_database")
                await self._sleep()

    async def run_due(self) -> int:
        """Seal everything that waits and return for how many tenants that was."""
        calls = await SealingCalls.open(self._relay_url)
        try:
            return await self._round(calls)
        finally:
            await calls.close()

    async def _work(self) -> None:
        calls = await SealingCalls.open(self._relay_url)
        try:
            while not self._stopped.is_set():
                await self._round(calls)
                await self._sleep()
        finally:
            await calls.close()

    async def _round(self, calls: SealingCalls) -> int:
        tenants = await calls.tenants()
        for tenant_id in tenants:
            try:
                while not self._stopped.is_set() and await self._sealer.seal(tenant_id):
                    pass
            except Unavailable:
                raise
            except Exception:
                log.exception("sealing_failed", tenant_id=str(tenant_id))
        return len(tenants)

    async def _sleep(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), self._every)
