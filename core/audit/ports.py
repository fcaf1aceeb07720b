"""What the audit trail needs from storage."""

from typing import Protocol

from core.audit.contracts import AuditEntry, ListAudit
from core.shared.paging import Page


class AuditQueries(Protocol):
    """Reads the trail."""

    async def page(self, query: ListAudit) -> Page[AuditEntry]:
        """Return one page. Raises InvalidInput when the cursor is none of this list's."""
        ...
