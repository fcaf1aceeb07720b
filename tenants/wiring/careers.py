"""Which adapter stands behind each port of the careers site."""

from typing import Final

import msgspec

from core.applications.contracts import CreateApplication, WithdrawApplication
from core.candidates.contracts import AddFile, AddNote, CreateCandidate
from core.candidates.model import PhoneNumbers
from core.careers import inbox, notices, reading, usecases
from core.careers.ports import (
    ApplicantPages,
    Applicants,
    CareersQueries,
    FormSeals,
    Notices,
    Submissions,
)
from core.shared.usecase import USE_CASES as REGISTERED
from plugins.postgres.applicant_pages import PostgresApplicantPages
from plugins.postgres.careers import PostgresNotices, PostgresSubmissions
from plugins.postgres.careers_queries import PostgresCareersQueries
from tenants.careers_applicants import CAREERS_SITE, UseCaseApplicants
from tenants.careers_seals import TenantFormSeals
from tenants.injection import BUILT_IN, Provider, Providers, Session, bind
from tenants.wiring import applications, candidates, identity, tasks, tenancy

USE_CASES = (inbox, notices, reading, usecases)
"""Importing them registers what they handle."""

_THEIRS: Final[dict[type, Provider]] = {
    **BUILT_IN,
    **tasks.PROVIDERS,
    **tenancy.PROVIDERS,
    **identity.PROVIDERS,
    **candidates.PROVIDERS,
    **applications.PROVIDERS,
}

_WHAT_APPLICANTS_CAUSE: Final[dict[type, dict[str, Provider]]] = {
    request: bind(REGISTERED[request], _THEIRS)
    for request in (CreateCandidate, AddFile, AddNote, CreateApplication, WithdrawApplication)
}


def _applicants(session: Session) -> Applicants:
    named = msgspec.structs.replace(session.actor, name=CAREERS_SITE)
    return UseCaseApplicants(
        msgspec.structs.replace(session, actor=named),
        _WHAT_APPLICANTS_CAUSE,
        candidates.PROVIDERS[PhoneNumbers](session),
    )


PROVIDERS: Providers = {
    Applicants: _applicants,
    ApplicantPages: lambda session: PostgresApplicantPages(session.writer),
    Submissions: lambda session: PostgresSubmissions(session.writer),
    Notices: lambda session: PostgresNotices(session.writer),
    CareersQueries: lambda session: PostgresCareersQueries(session.reader),
    FormSeals: lambda session: TenantFormSeals(session.settings, session.tenant),
}
