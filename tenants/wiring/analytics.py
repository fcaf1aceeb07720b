"""Which adapter stands behind each port of the analytics."""

from core.analytics import usecases
from core.analytics.ports import AnalyticsQueries, FigureShelf
from plugins.postgres.analytics import PostgresAnalytics
from plugins.valkey.figure_shelf import ValkeyFigureShelf
from tenants.injection import Providers

USE_CASES = (usecases,)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    AnalyticsQueries: lambda session: PostgresAnalytics(session.reader),
    FigureShelf: lambda session: ValkeyFigureShelf(session.valkey, session.tenant.id),
}
