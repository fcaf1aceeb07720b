"""Which adapter stands behind each port of plugin management."""

from core.installations import settings, usecases
from core.installations.contracts import PlanState
from core.installations.model import Plugin
from core.installations.ports import (
    InstallationQueries,
    InstallationRepository,
    Plans,
    PluginCatalogue,
    PluginData,
    PluginRevisions,
)
from core.shared.tenant import TenantContext
from core.tenancy.entitlements import included_in_plan, require_feature
from plugins.postgres.installations import (
    PostgresInstallationQueries,
    PostgresInstallations,
    PostgresPluginRevisions,
)
from plugins.postgres.plugin_data import PostgresPluginData
from tenants.injection import Providers

USE_CASES = (settings, usecases)
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


PROVIDERS: Providers = {
    PluginCatalogue: lambda session: session.catalogue,
    Plans: lambda session: TenantPlans(session.tenant),
    InstallationRepository: lambda session: PostgresInstallations(session.writer),
    InstallationQueries: lambda session: PostgresInstallationQueries(session.reader),
    PluginRevisions: lambda session: PostgresPluginRevisions(session.database),
    PluginData: lambda session: PostgresPluginData(session.writer),
}
