"""Which adapter stands behind the audit trail's port."""

from core.audit import usecases
from core.audit.ports import AuditQueries
from plugins.postgres.audit_trail import PostgresAuditQueries
from tenants.injection import Providers

USE_CASES = (usecases,)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    AuditQueries: lambda session: PostgresAuditQueries(session.reader, session.vault),
}
"""Which adapter stands behind each port of the audit trail."""
