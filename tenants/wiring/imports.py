"""Which adapter stands behind each port of imports and exports."""

from core.applications import exporting
from core.imports import usecases
from core.imports.ports import (
    ApplicationIntake,
    CandidateIntake,
    ImportProgress,
    ImportQueries,
    ImportRepository,
)
from plugins.postgres.import_intake import PostgresApplicationIntake, PostgresCandidateIntake
from plugins.postgres.imports import (
    PostgresImportProgress,
    PostgresImportQueries,
    PostgresImports,
)
from plugins.system.phones import LibPhoneNumbers
from tenants.injection import Providers, Session

USE_CASES = (exporting, usecases)
"""Importing them registers what they handle."""


def _candidate_intake(session: Session) -> PostgresCandidateIntake:
    phones = LibPhoneNumbers(session.tenant.locale)
    return PostgresCandidateIntake(session.writer, phones, session.clock, session.ids)


def _application_intake(session: Session) -> PostgresApplicationIntake:
    return PostgresApplicationIntake(
        session.writer, lambda: _candidate_intake(session), session.clock, session.ids
    )


PROVIDERS: Providers = {
    ImportRepository: lambda session: PostgresImports(session.writer),
    ImportProgress: lambda session: PostgresImportProgress(
        session.database, session.tenant.id, session.clock
    ),
    ImportQueries: lambda session: PostgresImportQueries(session.reader),
    CandidateIntake: _candidate_intake,
    ApplicationIntake: _application_intake,
}
