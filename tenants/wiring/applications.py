"""Which adapter stands behind each port of the applications."""

from core.applications import bulk, queries, usecases
from core.applications.ports import (
    ApplicationQueries,
    ApplicationRepository,
    BulkRejectionRepository,
    Openings,
)
from plugins.postgres.application_queries import PostgresApplicationQueries
from plugins.postgres.applications import PostgresApplications, PostgresOpenings
from plugins.postgres.bulk_rejections import PostgresBulkRejections
from tenants.injection import Providers

USE_CASES = (bulk, queries, usecases)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    ApplicationRepository: lambda session: PostgresApplications(session.writer, session.ids),
    BulkRejectionRepository: lambda session: PostgresBulkRejections(session.writer),
    Openings: lambda session: PostgresOpenings(session.writer),
    ApplicationQueries: lambda session: PostgresApplicationQueries(session.reader),
}
