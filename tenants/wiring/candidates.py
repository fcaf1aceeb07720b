"""Which adapter stands behind each port of the candidates."""

from core.candidates import (
    attachment_usecases,
    exporting,
    merge_usecases,
    personal_data,
    usecases,
)
from core.candidates.model import PhoneNumbers
from core.candidates.ports import (
    AttachmentQueries,
    CandidateQueries,
    CandidateRepository,
    DuplicateQueries,
    FileRepository,
    KnownPersons,
    MergeRepository,
    NoteRepository,
    PersonQueries,
)
from core.ports.files import FileStore
from plugins.postgres.attachments import (
    PostgresAttachmentQueries,
    PostgresFiles,
    PostgresNotes,
)
from plugins.postgres.candidates import PostgresCandidateQueries, PostgresCandidates
from plugins.postgres.duplicates import PostgresDuplicateQueries
from plugins.postgres.merges import PostgresMerges
from plugins.postgres.persons import PostgresPersons
from plugins.system.phones import LibPhoneNumbers
from tenants.injection import Providers

USE_CASES = (attachment_usecases, exporting, merge_usecases, personal_data, usecases)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    CandidateRepository: lambda session: PostgresCandidates(session.writer),
    CandidateQueries: lambda session: PostgresCandidateQueries(session.reader),
    NoteRepository: lambda session: PostgresNotes(session.writer),
    FileRepository: lambda session: PostgresFiles(session.writer),
    AttachmentQueries: lambda session: PostgresAttachmentQueries(session.reader),
    MergeRepository: lambda session: PostgresMerges(session.writer, session.actor, session.ids),
    DuplicateQueries: lambda session: PostgresDuplicateQueries(session.reader),
    KnownPersons: lambda session: PostgresPersons(session.writer.all),
    PersonQueries: lambda session: PostgresPersons(session.reader.select),
    FileStore: lambda session: session.files(session.tenant.id),
    PhoneNumbers: lambda session: LibPhoneNumbers(session.tenant.locale),
}
