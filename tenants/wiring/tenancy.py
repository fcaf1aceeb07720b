"""Which adapter stands behind each port of tenancy."""

from core.identity.appointment import FirstAdminAppointment
from core.tenancy import exporting, usecases
from core.tenancy.contracts import Quotas
from core.tenancy.ports import AdminAppointment, TenantDoors, TenantQueries, TenantRepository
from plugins.postgres.links import PostgresInvitations
from plugins.postgres.tenant_repository import (
    PostgresTenantDoors,
    PostgresTenantQueries,
    PostgresTenants,
)
from tenants.injection import Providers, Session, recorder_of
from tenants.tokens import TenantTokens
from tenants.wiring.identity import HASHER, enrolment
from tenants.wiring.quotas import quotas_of

USE_CASES = (exporting, usecases)
"""Importing them registers what they handle."""


def _appointment(session: Session) -> AdminAppointment:
    return FirstAdminAppointment(
        enrolment(session),
        PostgresInvitations(session.writer),
        HASHER,
        TenantTokens(session.settings, session.tenant, session.ids),
        session.ids,
        session.clock,
        recorder_of(session),
    )


PROVIDERS: Providers = {
    TenantRepository: lambda session: PostgresTenants(session.writer, session.clock),
    TenantQueries: lambda session: PostgresTenantQueries(session.reader),
    TenantDoors: lambda session: PostgresTenantDoors(session.writer),
    Quotas: quotas_of,
    AdminAppointment: _appointment,
}
