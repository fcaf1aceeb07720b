"""Who counts what a tenant uses of its plan; used by the wiring of tenancy and of identity."""

from core.tenancy.contracts import Quotas
from core.tenancy.quota_watch import WatchedQuotas
from plugins.postgres.quotas import PostgresQuotaMarks, PostgresQuotas
from tenants.injection import Session, recorder_of


def quotas_of(session: Session) -> Quotas:
    """Return what counts, and tells when most of it is used."""
    return WatchedQuotas(
        PostgresQuotas(session.writer, session.tenant),
        PostgresQuotaMarks(session.writer),
        session.tenant,
        session.clock,
        recorder_of(session),
    )
