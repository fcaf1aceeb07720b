"""Makes attempts within their time limits, and keeps what became of them.

Used wherever tasks run.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

import structlog

from core.shared.errors import Unavailable
from plugins.postgres.task_claims import Claim
from tenants.tasks import TaskRunner, request_id_of

TOGETHER_SECONDS: Final = 2.0
"""How long deliveries that share a transaction may take; then each is made by itself."""

log = structlog.get_logger(__name__)


class TookTooLong(Exception):
    """The attempt was ended because its time was over."""


async def make_attempt(runner: TaskRunner, claim: Claim) -> bool:
    """Do the work; its failure is noted and logged, never raised. Return whether it is done."""
    limit = runner.limit_seconds(claim)
    with structlog.contextvars.bound_contextvars(**_said_of(claim)):
        failure = await _failure(runner, claim, limit)
        if failure is None:
            log.info("task_done")
            return True
        log.warning("task_failed", error=type(failure).__name__)
        # With the database away, the lease runs out and another attempt follows by itself.
        with contextlib.suppress(Unavailable):
            if not await runner.fail(claim, failure):
                log.error("task_given_up")
        return False


async def make_together(runner: TaskRunner, claims: Sequence[Claim]) -> bool:
    """Make deliveries of one tenant in one transaction; return whether they are done.

    When they aren't, nothing happened and nothing is noted: each is to be made by itself.
    """
    try:
        async with asyncio.timeout(TOGETHER_SECONDS):
            await runner.run_together(claims)
    except Exception as error:  # noqa: BLE001 - whose fault it was is found out one by one
        log.info("deliveries_parted", error=type(error).__name__, amount=len(claims))
        return False
    for claim in claims:
        log.info("task_done", **_said_of(claim))
    return True


def _said_of(claim: Claim) -> dict[str, object]:
    return {
        "request_id": request_id_of(claim),
        "tenant_id": str(claim.tenant_id),
        "task_id": str(claim.task_id),
        "kind": claim.kind,
        "subscriber": claim.subscriber,
        "attempt": claim.attempt,
    }


async def _failure(runner: TaskRunner, claim: Claim, limit: float) -> Exception | None:
    try:
        async with asyncio.timeout(limit) as deadline:
            await runner.run(claim)
    except Exception as error:  # noqa: BLE001 - a task's failure is kept, never the worker's end
        if isinstance(error, TimeoutError) and deadline.expired():
            return TookTooLong(f"it was ended after {limit:g} seconds")
        return error
    return None
