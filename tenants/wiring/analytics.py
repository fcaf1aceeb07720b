"""Which adapter stands behind each port of the analytics."""

from core.analytics import usecases
from core.analytics.ports import AnalyticsQueries
from plugins.postgres.analytics import PostgresAnalytics
from tenants.injection import Providers

USE_CASES = (usecases,)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    AnalyticsQueries: lambda session: PostgresAnalytics(session.reader),
}
