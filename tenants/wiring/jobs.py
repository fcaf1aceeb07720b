"""Which adapter stands behind each port of the jobs."""

from core.jobs import stages, usecases
from core.jobs.ports import JobQueries, JobRepository, PipelineRepository
from plugins.postgres.job_queries import PostgresJobQueries
from plugins.postgres.jobs import PostgresJobs, PostgresPipelines
from tenants.injection import Providers

USE_CASES = (stages, usecases)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    JobRepository: lambda session: PostgresJobs(session.writer, session.ids),
    PipelineRepository: lambda session: PostgresPipelines(session.writer),
    JobQueries: lambda session: PostgresJobQueries(session.reader),
}
