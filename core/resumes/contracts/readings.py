"""What the files of candidates say, as read by the machine and corrected by people."""

from typing import Annotated, Any, Literal, NewType, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.candidates.contracts import CandidateId, FileId
from core.resumes.contracts.structure import ResumeDate, ResumeFacts, SourceSpan
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.text import LINE, TEXT
from core.shared.usecase import Command, Query

ReadingState = Literal[
    "unread",
    "pending",
    "parsed",
    "scanned",
    "encrypted",
    "broken",
    "too_large",
    "timed_out",
    "refused",
    "unsupported",
    "failed",
]
"""How far reading a file got, and how it ended.

`unread`: nobody has asked for it, as for files older than this feature. `pending`: it will be read,
or is being read. `parsed`: the structure is there. All others are ends without a structure, and
`detail` says what happened: `scanned`: pages are pictures without text. `encrypted`: it needs a
password. `broken`: it isn't what it claims to be, or is damaged. `too_large`: more bytes, pages or
text than are read. `timed_out`: reading it took longer than any résumé does. `refused`: it does
what no honest document does. `unsupported`: not a kind that we read. `failed`: our own fault;
operators see why.
"""

READING_STATES: tuple[ReadingState, ...] = get_args(ReadingState)

ResumeField = Literal[
    "name",
    "email",
    "phone",
    "location",
    "links",
    "headline",
    "experience",
    "education",
    "skills",
    "languages",
    "certifications",
    "publications",
    "years_of_experience",
]
"""A field that a person can correct, as a whole."""

RunNumber = NewType("RunNumber", int)
"""Counts how often a file was asked to be read; an answer to an earlier question is dropped."""

CorrectedLine = Annotated[str, Meta(min_length=1, max_length=300, pattern=LINE)]
_Text = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=TEXT)]
_Link = Annotated[str, Meta(min_length=1, max_length=500, pattern=LINE)]
_Skill = Annotated[str, Meta(min_length=1, max_length=80, pattern=LINE, examples=["Python"])]


class CorrectedExperience(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One position as a person puts it right."""

    company: CorrectedLine | None = None
    title: CorrectedLine | None = None
    start: ResumeDate | None = None
    end: ResumeDate | None = None
    current: bool = False
    """It goes on; `end` must be null then."""
    location: CorrectedLine | None = None
    highlights: Annotated[tuple[_Text, ...], Meta(max_length=100)] = ()


class CorrectedEducation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One course of study as a person puts it right."""

    institution: CorrectedLine | None = None
    degree: CorrectedLine | None = None
    field: CorrectedLine | None = None
    start: ResumeDate | None = None
    end: ResumeDate | None = None
    current: bool = False


class CorrectedLanguage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language as a person puts it right."""

    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=LINE)]
    code: Annotated[str, Meta(pattern=r"^[a-z]{2,3}$", examples=["de"])] | None = None
    level: Annotated[str, Meta(min_length=1, max_length=80, pattern=LINE)] | None = None


Links = Annotated[tuple[_Link, ...], Meta(max_length=20)]
Experiences = Annotated[tuple[CorrectedExperience, ...], Meta(max_length=60)]
Educations = Annotated[tuple[CorrectedEducation, ...], Meta(max_length=40)]
SkillNames = Annotated[tuple[_Skill, ...], Meta(max_length=200)]
Languages = Annotated[tuple[CorrectedLanguage, ...], Meta(max_length=40)]
Texts = Annotated[tuple[_Text, ...], Meta(max_length=200)]
Email = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=254,
        pattern=r"^[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+$",
        examples=["ada@example.com"],
    ),
]
Phone = Annotated[str, Meta(min_length=3, max_length=40, pattern=LINE)]
Years = Annotated[float, Meta(ge=0, le=80)]


class ResumeLine(msgspec.Struct, frozen=True):
    """One line of the document as a person sees it; `sources` name lines by their index."""

    text: str
    page: int = 1
    box: Annotated[
        tuple[float, float, float, float] | None, Meta(examples=[[72.0, 90.5, 210.0, 104.0]])
    ] = None
    """Left, upper, right and lower edge in points from the upper left corner of the page."""


class Correction(msgspec.Struct, frozen=True):
    """What a person put right. The parser's own answer is kept beside it."""

    field: ResumeField
    value: Any
    """As the field of `ResumeFacts`; skills as names."""
    by: MemberId | None
    by_name: str
    at: UtcDatetime


class ResumeView(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one file as a résumé."""

    file_id: FileId
    candidate_id: CandidateId
    file_name: str
    state: ReadingState
    detail: str
    """What happened and what to do, for people. Of what is parsed only what is worth knowing, such
    as that a plugin couldn't; empty when nothing is."""
    resume: ResumeFacts | None
    """What it says, with the corrections of people. Null until there is anything."""
    original: ResumeFacts | None
    """The same as the parser found it."""
    confidence: dict[str, float]
    """By path (`name`, `experience.0.company`), from 0 to 1, of what the parser found and nobody
    corrected."""
    sources: dict[str, SourceSpan]
    """Where in `lines` it stands, by the same paths."""
    corrections: tuple[Correction, ...]
    hidden_text: tuple[str, ...]
    """What the file holds and a reader can't see; it is in no other field."""
    lines: tuple[ResumeLine, ...]
    language: str | None
    """ISO 639-1 code of the language that most of its headings are in."""
    pages: int
    """0 where the format has none."""
    parser: str | None
    """`structure` is our own, `plugin:<id>` a plugin."""
    parser_version: str | None
    requested_at: UtcDatetime | None
    """When it was last asked for."""
    finished_at: UtcDatetime | None
    """When the last reading ended."""
    version: int
    """0 while it is unread; grows with each reading and correction."""


class GetResume(Query[ResumeView], frozen=True, kw_only=True):
    """What a file of a candidate says as a résumé."""

    candidate_id: CandidateId
    file_id: FileId


class CorrectResume(Command[ResumeView], frozen=True, kw_only=True):
    """Put right what is given and leave the rest; a list replaces the whole list.

    What equals the parser's own answer takes the correction back. `expected_version` is the version
    that the caller saw; None takes what is there.
    """

    candidate_id: CandidateId
    file_id: FileId
    expected_version: int | None = None
    name: CorrectedLine | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    location: CorrectedLine | UnsetType | None = UNSET
    links: Links | UnsetType = UNSET
    headline: CorrectedLine | UnsetType | None = UNSET
    experience: Experiences | UnsetType = UNSET
    education: Educations | UnsetType = UNSET
    skills: SkillNames | UnsetType = UNSET
    languages: Languages | UnsetType = UNSET
    certifications: Texts | UnsetType = UNSET
    publications: Texts | UnsetType = UNSET
    years_of_experience: Years | UnsetType | None = UNSET

    def changes(self) -> dict[ResumeField, Any]:
        """Return the fields that were given."""
        given: dict[ResumeField, Any] = {name: getattr(self, name) for name in RESUME_FIELDS}
        return {name: value for name, value in given.items() if value is not UNSET}


RESUME_FIELDS: tuple[ResumeField, ...] = get_args(ResumeField)


class ParseAgain(Command[ResumeView], frozen=True, kw_only=True):
    """Have a file read anew; corrections stay. Nothing more happens while it is pending."""

    candidate_id: CandidateId
    file_id: FileId


ProfileField = Literal[
    "emails",
    "phones",
    "location",
    "links",
    "headline",
    "skills",
    "experience",
    "education",
    "resume_text",
]
"""A field of the candidate's profile that a résumé can fill."""

PROFILE_FIELDS: tuple[ProfileField, ...] = get_args(ProfileField)


class TakenOver(msgspec.Struct, frozen=True, kw_only=True):
    """What a résumé gave to the candidate's profile."""

    candidate_id: CandidateId
    fields: tuple[ProfileField, ...]
    """What was empty and is filled now."""
    version: int
    """Of the candidate."""


class TakeOverResume(Command[TakenOver], frozen=True, kw_only=True):
    """Fill what is empty in the candidate's profile from the résumé; nothing is overwritten."""

    candidate_id: CandidateId
    file_id: FileId
    fields: tuple[ProfileField, ...] = PROFILE_FIELDS
