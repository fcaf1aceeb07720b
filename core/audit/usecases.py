"""Reading the audit trail; the scope runs this by the type of the request."""

from core.audit.contracts import AuditEntry, ListAudit
from core.audit.ports import AuditQueries
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(ListAudit, action=Action.VIEW_AUDIT)
async def list_audit(query: ListAudit, *, audit: AuditQueries) -> Page[AuditEntry]:
    """Return a page of what was done in the tenant, by whomever."""
    return await audit.page(query)
