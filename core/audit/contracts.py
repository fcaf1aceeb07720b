"""What can be asked of the audit trail."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from core.shared.ids import MemberId, TenantId
from core.shared.paging import Page, PageRequest
from core.shared.usecase import Query


class AuditActor(msgspec.Struct, frozen=True):
    """Who did it."""

    kind: str
    """`member`, `api_key` (for the member who made it), `plugin`, `source` (who reports statuses),
    `system` or `anonymous`."""
    id: UUID
    """The session, API key, installation, source or task; all zeros for an operator, a stranger."""
    member_id: MemberId | None
    name: str | None
    """The member's present name; null when no member did it."""


class AuditEntry(msgspec.Struct, frozen=True):
    """One thing that was done."""

    id: UUID
    at: datetime
    actor: AuditActor
    action: str
    """What happened, e.g. `application.moved`."""
    subject: str
    """To what kind of thing, e.g. `application`."""
    subject_id: UUID
    before: Any
    """What was there before, as far as it was recorded; null when nothing was."""
    after: Any
    reason: str | None
    content: Literal["shown", "erased", "unreadable"]
    """`erased` when before, after and reason went with the person they were about; `unreadable`
    when they are encrypted with another installation's secret key, or were tampered with."""
    request_id: str
    position: int | None
    """Its place in the sealed chain; null until it is sealed, some seconds after it was written."""


class AuditFilter(msgspec.Struct, frozen=True):
    """Which entries; conditions are joined by "and"."""

    member_id: MemberId | None = None
    action: str | None = None
    subject: str | None = None
    subject_id: UUID | None = None
    at_from: datetime | None = None
    """At or after."""
    at_to: datetime | None = None
    """Before."""


class ListAudit(Query[Page[AuditEntry]], frozen=True, kw_only=True):
    """Entries of the audit trail, newest first."""

    where: AuditFilter = AuditFilter()
    page: PageRequest = PageRequest()


class SignedHead(msgspec.Struct, frozen=True):
    """The end of a tenant's sealed chain at one time, signed by the installation."""

    tenant_id: TenantId
    position: int
    hash: bytes
    signed_at: datetime
    signature: bytes
