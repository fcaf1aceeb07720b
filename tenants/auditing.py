"""Seals the audit trail and verifies it: for `workers.sealing` and `intellimatch audit verify`."""

import asyncio
from collections.abc import Iterable
from typing import Final

import msgspec
import structlog

from core.audit.chain import ChainKeys
from core.audit.contracts import SignedHead
from core.audit.verification import ChainExamination, Examined
from core.shared.ids import TenantId
from plugins.local_files.head_log import HeadLog, newest
from plugins.postgres.audit_evidence import PostgresAuditEvidence
from plugins.postgres.audit_sealing import seal_batch
from tenants.runtime import Runtime
from tenants.settings import Settings

_LONGEST: Final = 20
"""Batches that one tenant gets before others have their turn."""

log = structlog.get_logger(__name__)


class AuditedTenant(msgspec.Struct, frozen=True):
    """A tenant whose trail is to be verified."""

    id: TenantId
    slug: str


class Verification(msgspec.Struct, frozen=True):
    """What `verify` found."""

    tenants: tuple[Examined, ...]
    unreadable_heads: int
    """Lines of the file of heads that can't be read."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not any(tenant.findings for tenant in self.tenants)


class AuditSealer:
    """Gives entries their seals, and keeps each new head in the file too."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._log = HeadLog(runtime.settings.data_dir)
        self._known: dict[TenantId, SignedHead] | None = None

    async def seal(self, tenant_id: TenantId) -> bool:
        """Seal what waits for the tenant; return whether there may be more. Raises Unavailable."""
        if self._known is None:
            heads, _ = await asyncio.to_thread(self._log.read)
            self._known = newest(heads)
        keys = keys_of(self._runtime.settings, tenant_id)
        for _ in range(_LONGEST):
            async with self._runtime.database.unit(tenant_id) as unit:
                head = await seal_batch(
                    unit, keys, self._known.get(tenant_id), self._runtime.clock.now()
                )
            if head is None:
                return False
            self._known[tenant_id] = head
            await self._keep(head)
        return True

    async def _keep(self, head: SignedHead) -> None:
        try:
            await asyncio.to_thread(self._log.append, head)
        except OSError as error:
            # The entries are sealed all the same; the next head covers them in the file as well.
            log.warning("audit_head_not_kept", path=str(self._log.path), error=str(error))


def keys_of(settings: Settings, tenant_id: TenantId) -> ChainKeys:
    """Return what seals the tenant's trail. Raises ValueError without a secret key."""
    if settings.secret_key is None:
        raise ValueError("settings must hold the secret key; see tenants.bootstrap.prepare")
    return ChainKeys(settings.secret_key, tenant_id)


async def verify(runtime: Runtime, tenants: Iterable[AuditedTenant]) -> Verification:
    """Examine the chain of each tenant. Raises Unavailable, and OSError for the file of heads."""
    # Before the database is asked: what is in the file was committed before it came there.
    kept, unreadable = await asyncio.to_thread(HeadLog(runtime.settings.data_dir).read)
    examined = [await _examine(runtime, tenant, kept) for tenant in tenants]
    return Verification(tuple(examined), unreadable)


async def _examine(runtime: Runtime, tenant: AuditedTenant, kept: Iterable[SignedHead]) -> Examined:
    evidence = PostgresAuditEvidence(runtime.database.reader(tenant.id))
    last, stored = await evidence.heads()
    heads = dict.fromkeys([*stored, *(head for head in kept if head.tenant_id == tenant.id)])
    examination = ChainExamination(keys_of(runtime.settings, tenant.id), heads)
    async for seal, entry in evidence.seals(last):
        examination.feed(seal, entry)
    unsealed = await evidence.unsealed()
    return Examined(
        tenant_id=tenant.id,
        tenant=tenant.slug,
        sealed=examination.sealed,
        heads=examination.heads,
        unsealed=unsealed.waiting,
        unsealed_since=unsealed.oldest_at,
        findings=examination.finish(unsealed),
    )
