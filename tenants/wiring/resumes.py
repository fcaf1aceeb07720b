"""Which adapter stands behind each port of résumés."""

from core.resumes import handlers, reading, usecases
from core.resumes.ports import (
    CandidateProfiles,
    ReadingQueries,
    ReadingRepository,
    ResumeReader,
)
from plugins.postgres.resumes import (
    PostgresProfiles,
    PostgresReadingQueries,
    PostgresReadings,
)
from plugins.system.phones import LibPhoneNumbers
from tenants.injection import Providers
from tenants.resume_plugins import TenantResumes

USE_CASES = (handlers, reading, usecases)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    ReadingRepository: lambda session: PostgresReadings(session.writer),
    ReadingQueries: lambda session: PostgresReadingQueries(session.reader),
    ResumeReader: TenantResumes,
    CandidateProfiles: lambda session: PostgresProfiles(
        session.writer, LibPhoneNumbers(session.tenant.locale)
    ),
}
