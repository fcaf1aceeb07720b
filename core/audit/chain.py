"""The chain that makes a change of the audit trail show: what is hashed, marked and signed.

Each sealed entry has three proofs. Its *hash* is SHA-256 over the hash before it, its position and
the entry, so nothing before it can change without it; anyone can check it. Its *mark* is keyed and
covers only the entry and its place, so it says which of them was touched. A *head* is the newest
hash, signed. Used by the sealer and by `core.audit.verification`.
"""

import hmac
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec

from core.audit.contracts import SignedHead
from core.shared.ids import TenantId

_FORMAT: Final = "intellimatch audit 1"
_encode: Final = msgspec.json.Encoder().encode


class StoredEntry(msgspec.Struct, frozen=True):
    """An audit entry as the database holds it: `before` and `after` as their stored text."""

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID
    member_id: UUID | None
    action: str
    subject: str
    subject_id: UUID
    before: str | None
    after: str | None
    reason: str | None
    request_id: str


class Seal(msgspec.Struct, frozen=True):
    """An entry's place in its tenant's chain; positions begin at 1 and have no gaps."""

    position: int
    entry_id: UUID
    hash: bytes
    mark: bytes


class ChainKeys:
    """Seals, marks and signs for one tenant with keys derived from the installation's secret."""

    def __init__(self, secret_key: str, tenant_id: TenantId) -> None:
        self._tenant = tenant_id
        self._mark_key = _derive(secret_key, "marks", tenant_id)
        self._head_key = _derive(secret_key, "heads", tenant_id)
        self.genesis = sha256(_encode([_FORMAT, tenant_id])).digest()
        """What stands in for the hash before the first entry."""

    def canonical(self, entry: StoredEntry) -> bytes:
        """Return the bytes that stand for an entry; equal only for equal entries."""
        at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
        rest = msgspec.structs.astuple(entry)[2:]
        return _encode([_FORMAT, self._tenant, entry.id, at, *rest])

    def hash(self, previous: bytes, position: int, canonical: bytes) -> bytes:
        """Return the hash of an entry at a position, behind the hash before it."""
        return sha256(previous + position.to_bytes(8) + canonical).digest()

    def mark(self, position: int, canonical: bytes) -> bytes:
        """Return the keyed mark of an entry at a position."""
        return hmac.digest(self._mark_key, position.to_bytes(8) + canonical, sha256)

    def seal(self, previous: bytes, position: int, entry: StoredEntry) -> Seal:
        """Return the seal of the next entry."""
        body = self.canonical(entry)
        return Seal(
            position, entry.id, self.hash(previous, position, body), self.mark(position, body)
        )

    def sign(self, position: int, hash_: bytes, at: datetime) -> SignedHead:
        """Return the signed head of a chain that ends with `hash_` at `position`."""
        signature = self._signature(position, hash_, at)
        return SignedHead(self._tenant, position, hash_, at, signature)

    def holds(self, head: SignedHead) -> bool:
        """Whether a head was signed with this key, for this tenant."""
        signature = self._signature(head.position, head.hash, head.signed_at)
        return head.tenant_id == self._tenant and hmac.compare_digest(signature, head.signature)

    def _signature(self, position: int, hash_: bytes, at: datetime) -> bytes:
        when = at.astimezone(UTC).isoformat(timespec="microseconds")
        message = _encode([_FORMAT, self._tenant, position, hash_.hex(), when])
        return hmac.digest(self._head_key, message, sha256)


def _derive(secret_key: str, purpose: str, tenant_id: TenantId) -> bytes:
    return hmac.digest(secret_key.encode(), f"{_FORMAT}:{purpose}:{tenant_id}".encode(), sha256)
