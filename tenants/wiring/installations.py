"""Which adapter stands behind each port of plugin management."""

from core.installations import calls, connections, settings, usecases
from core.installations.contracts import PlanState
from core.installations.model import Plugin
from core.installations.ports import (
    ConnectionRepository,
    ConsentRepository,
    InstallationQueries,
    InstallationRepository,
    Plans,
    PluginCallQueries,
    PluginCatalogue,
    PluginData,
    PluginRevisions,
    Revocations,
    Vendors,
)
from core.shared.tenant import TenantContext
from core.tenancy.entitlements import included_in_plan, require_feature
from plugins.postgres.installations import (
    PostgresInstallationQueries,
    PostgresInstallations,
    PostgresPluginRevisions,
)
from plugins.postgres.plugin_calls import PostgresPluginCalls
from plugins.postgres.plugin_connections import PostgresConnections, PostgresConsents
from plugins.postgres.plugin_data import PostgresPluginData
from plugins.postgres.tasks import PostgresTasks
from tenants.injection import Providers, Session
from tenants.plugins.accounts import HostVendors
from tenants.plugins.revoking import HostRevocations

USE_CASES = (calls, connections, settings, usecases)
"""Importing them registers what they handle."""


class TenantPlans:
    """Implements `core.installations.ports.Plans` for one tenant."""

    def __init__(self, tenant: TenantContext) -> None:
        self._tenant = tenant

    def includes(self, plugin: Plugin) -> PlanState:
        """Say whether the tenant has the feature that the plugin needs."""
        if plugin.feature is None:
            return PlanState(included=True, message="Included in every plan.")
        decision = included_in_plan(self._tenant, plugin.feature)
        return PlanState(
            included=decision.allowed,
            message=decision.message,
            feature=plugin.feature,
            available_in=decision.available_in,
        )

    def require(self, plugin: Plugin) -> None:
        """Raise FeatureNotIncluded when it hasn't."""
        if plugin.feature is not None:
            require_feature(self._tenant, plugin.feature)


def revocations_of(session: Session) -> HostRevocations:
    """Return what gives tokens back once the command is committed."""
    tasks = PostgresTasks(session.writer, session.ids, session.request_id)
    return HostRevocations(session, tasks)


PROVIDERS: Providers = {
    PluginCatalogue: lambda session: session.catalogue,
    Plans: lambda session: TenantPlans(session.tenant),
    InstallationRepository: lambda session: PostgresInstallations(session.writer),
    InstallationQueries: lambda session: PostgresInstallationQueries(session.reader),
    PluginCallQueries: lambda session: PostgresPluginCalls(session.reader),
    PluginRevisions: lambda session: PostgresPluginRevisions(session.database),
    PluginData: lambda session: PostgresPluginData(session.writer),
    ConnectionRepository: lambda session: PostgresConnections(session.writer),
    ConsentRepository: lambda session: PostgresConsents(session.writer),
    Vendors: lambda session: HostVendors(
        session.plugins.catalogue, session.settings, session.tenant, session.ids
    ),
    Revocations: revocations_of,
}
