"""Which adapter stands behind each port of the candidates."""

from core.candidates import usecases
from core.candidates.model import PhoneNumbers
from core.candidates.ports import CandidateQueries, CandidateRepository
from plugins.postgres.candidates import PostgresCandidateQueries, PostgresCandidates
from plugins.system.phones import LibPhoneNumbers
from tenants.injection import Providers

USE_CASES = (usecases,)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    CandidateRepository: lambda session: PostgresCandidates(session.writer),
    CandidateQueries: lambda session: PostgresCandidateQueries(session.reader),
    PhoneNumbers: lambda session: LibPhoneNumbers(session.tenant.locale),
}
