"""What others may say to this slice and what it answers: ids, commands, queries and views."""

from datetime import datetime
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.ports.tasks import task
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.paging import DEFAULT_LIMIT, Limit, Page
from core.shared.schedules import schedule
from core.shared.text import LINE, TEXT
from core.shared.usecase import Command, Query

CandidateId = NewType("CandidateId", UUID)
NoteId = NewType("NoteId", UUID)
FileId = NewType("FileId", UUID)
MergeId = NewType("MergeId", UUID)

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=LINE, examples=["Ada Lovelace"])]
Line = Annotated[str, Meta(max_length=300, pattern=LINE)]
LongText = Annotated[str, Meta(max_length=5_000, pattern=TEXT)]
ResumeText = Annotated[str, Meta(max_length=100_000, pattern=TEXT)]
EmailText = Annotated[
    str, Meta(min_length=3, max_length=254, pattern=LINE, examples=["ada@example.com"])
]
PhoneText = Annotated[
    str, Meta(min_length=3, max_length=40, pattern=LINE, examples=["+493012345678"])
]
LinkText = Annotated[
    str,
    Meta(max_length=500, pattern=LINE, examples=["https://www.linkedin.com/in/ada-lovelace"]),
]
Skill = Annotated[str, Meta(min_length=1, max_length=80, pattern=LINE, examples=["Python"])]
Tag = Annotated[str, Meta(min_length=1, max_length=50, pattern=LINE, examples=["referral"])]
Source = Annotated[str, Meta(max_length=100, pattern=LINE, examples=["LinkedIn"])]
PartialDate = Annotated[
    str,
    Meta(
        pattern=r"^(19|20)\d\d(-(0[1-9]|1[0-2]))?$",
        description="A year or a month: YYYY or YYYY-MM.",
        examples=["2021-09"],
    ),
]

Emails = Annotated[tuple[EmailText, ...], Meta(max_length=10)]
Phones = Annotated[tuple[PhoneText, ...], Meta(max_length=10)]
Links = Annotated[tuple[LinkText, ...], Meta(max_length=20)]
Skills = Annotated[tuple[Skill, ...], Meta(max_length=100)]
Tags = Annotated[tuple[Tag, ...], Meta(max_length=50)]


class Experience(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One position that the candidate held."""

    company: Line
    title: Line
    start: PartialDate | None = None
    end: PartialDate | None = None
    """Null while the candidate still works there."""
    description: LongText | None = None


class Education(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One course of study."""

    institution: Line
    degree: Line | None = None
    subject: Line | None = None
    start: PartialDate | None = None
    end: PartialDate | None = None


Experiences = Annotated[tuple[Experience, ...], Meta(max_length=50)]
Educations = Annotated[tuple[Education, ...], Meta(max_length=50)]

LinkKind = Literal["linkedin", "github", "gitlab", "xing", "stackoverflow", "website"]


class ProfileLink(msgspec.Struct, frozen=True):
    """A page about the candidate, with the site it is on."""

    kind: LinkKind
    url: str


class CandidateView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one candidate, save notes, files and applications."""

    id: CandidateId
    full_name: str
    preferred_name: str | None
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    """In the international form E.164."""
    links: tuple[ProfileLink, ...]
    headline: str | None
    location: str | None
    skills: tuple[str, ...]
    experience: tuple[Experience, ...]
    education: tuple[Education, ...]
    source: str | None
    tags: tuple[str, ...]
    resume_text: str | None
    version: int
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: MemberId | None


class CandidateRow(msgspec.Struct, frozen=True):
    """One candidate in a list."""

    id: UUID
    full_name: str
    headline: str | None
    location: str | None
    email: str | None
    """The first address."""
    skills: list[str]
    """The first few."""
    tags: list[str]
    source: str | None
    created_at: datetime
    version: int


class CreateCandidate(Command[CandidateView], frozen=True, kw_only=True):
    """Add a candidate. One that looks like another is accepted and offered as a duplicate."""

    full_name: Name
    preferred_name: Name | None = None
    emails: Emails = ()
    phones: Phones = ()
    """As people write them; a number without country code is read by the tenant's locale."""
    links: Links = ()
    headline: Line | None = None
    location: Line | None = None
    skills: Skills = ()
    experience: Experiences = ()
    education: Educations = ()
    source: Source | None = None
    tags: Tags = ()
    resume_text: ResumeText | None = None


class UpdateCandidate(Command[CandidateView], frozen=True, kw_only=True):
    """Change what is given and leave the rest; a list replaces the whole list.

    `expected_version` is the version that the caller saw; None takes what is there.
    """

    candidate_id: CandidateId
    expected_version: int | None = None
    full_name: Name | UnsetType = UNSET
    preferred_name: Name | UnsetType | None = UNSET
    emails: Emails | UnsetType = UNSET
    phones: Phones | UnsetType = UNSET
    links: Links | UnsetType = UNSET
    headline: Line | UnsetType | None = UNSET
    location: Line | UnsetType | None = UNSET
    skills: Skills | UnsetType = UNSET
    experience: Experiences | UnsetType = UNSET
    education: Educations | UnsetType = UNSET
    source: Source | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    resume_text: ResumeText | UnsetType | None = UNSET

    def changes(self) -> dict[str, Any]:
        """Return the fields that were given."""
        names = self.__struct_fields__[2:]
        given = {name: getattr(self, name) for name in names}
        return {name: value for name, value in given.items() if value is not UNSET}


class DeleteCandidate(Command[None], frozen=True, kw_only=True):
    """Remove a candidate with applications, notes, files and everything found by search."""

    candidate_id: CandidateId
    expected_version: int | None = None


class GetCandidate(Query[CandidateView], frozen=True, kw_only=True):
    """One candidate."""

    candidate_id: CandidateId


class CandidateFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of candidates is narrowed to; every given condition must hold."""

    text: str | None = None
    """Words to find in name, e-mail, skills, notes and résumé; small typing errors are forgiven."""
    job_id: UUID | None = None
    stage: str | None = None
    """Id or name of the stage that one of the candidate's active applications is in."""
    assignee: UUID | None = None
    skill: str | None = None
    tag: str | None = None
    source: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    """Exclusive."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing narrows the list."""
        return self == _EVERYBODY


_EVERYBODY = CandidateFilter()


class ListCandidates(Query[Page[CandidateRow]], frozen=True, kw_only=True):
    """Candidates, newest first; with words to find, the best match first."""

    where: CandidateFilter = _EVERYBODY
    limit: Limit = DEFAULT_LIMIT
    cursor: str | None = None


NoteText = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=TEXT)]


class NoteView(msgspec.Struct, frozen=True, kw_only=True):
    """What a team member noted about a candidate."""

    id: NoteId
    candidate_id: CandidateId
    author_id: MemberId | None
    author_name: str
    text: str
    created_at: UtcDatetime
    edited_at: UtcDatetime | None


class AddNote(Command[NoteView], frozen=True, kw_only=True):
    """Write a note."""

    candidate_id: CandidateId
    text: NoteText


class EditNote(Command[NoteView], frozen=True, kw_only=True):
    """Change one's own note."""

    candidate_id: CandidateId
    note_id: NoteId
    text: NoteText


class DeleteNote(Command[None], frozen=True, kw_only=True):
    """Remove one's own note."""

    candidate_id: CandidateId
    note_id: NoteId


class ListNotes(Query[Page[NoteView]], frozen=True, kw_only=True):
    """The notes on a candidate, newest first."""

    candidate_id: CandidateId
    limit: Limit = DEFAULT_LIMIT
    cursor: str | None = None


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a candidate; its content is downloaded by itself."""

    id: FileId
    candidate_id: CandidateId
    name: str
    media_type: str
    size_bytes: int
    uploaded_at: UtcDatetime
    uploaded_by: MemberId | None


class AddFile(Command[FileView], frozen=True, kw_only=True):
    """Attach a file: PDF, Word, OpenDocument, RTF, text, HTML, PNG or JPEG."""

    candidate_id: CandidateId
    name: str
    content: bytes


class DeleteFile(Command[None], frozen=True, kw_only=True):
    """Remove a file and its content."""

    candidate_id: CandidateId
    file_id: FileId


class ListFiles(Query[Page[FileView]], frozen=True, kw_only=True):
    """The files of a candidate, newest first."""

    candidate_id: CandidateId
    limit: Limit = DEFAULT_LIMIT
    cursor: str | None = None


class FileContent(msgspec.Struct, frozen=True):
    """A file with its bytes."""

    view: FileView
    content: bytes


class DownloadFile(Query[FileContent], frozen=True, kw_only=True):
    """One file with its content."""

    candidate_id: CandidateId
    file_id: FileId


@task("remove_files")
class RemoveFiles(Command[None], frozen=True, kw_only=True):
    """Delete the content of files whose records are gone; only background work runs it."""

    file_ids: tuple[FileId, ...]


schedule("sweep_files", task="sweep_files", cron="23 2 * * *")


@task("sweep_files")
class SweepFiles(Command[None], frozen=True, kw_only=True):
    """Delete old contents that no record names; only background work runs it."""
