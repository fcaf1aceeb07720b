"""A résumé as structure: what the document says, how sure we are, and where it says so.

Dates are written `YYYY-MM` or `YYYY`. What the document doesn't say is null or left out: nothing
is invented.
"""

from typing import Annotated

import msgspec

ResumeDate = Annotated[
    str, msgspec.Meta(pattern=r"^\d{4}(-(0[1-9]|1[0-2]))?$", examples=["2021-09"])
]
"""`YYYY-MM`, or `YYYY` where the document names no month."""


class Experience(msgspec.Struct, frozen=True):
    """One position at one company; promotions at the same company are one each."""

    company: str | None = None
    title: str | None = None
    start: ResumeDate | None = None
    end: ResumeDate | None = None
    current: bool = False
    """The document says that it goes on (`present`, `heute`); `end` is null then."""
    location: str | None = None
    highlights: tuple[str, ...] = ()


class Education(msgspec.Struct, frozen=True):
    """One degree, school or course of study."""

    institution: str | None = None
    degree: str | None = None
    """As written: `PhD`, `B.Sc.`, `Diplom-Ingenieur`."""
    field: str | None = None
    start: ResumeDate | None = None
    end: ResumeDate | None = None
    current: bool = False
    """The document says that it goes on; `end` is null then."""


class Skill(msgspec.Struct, frozen=True):
    """A skill, by the taxonomy's name when it is in there, else as written."""

    name: str
    evidence: str
    """The words of the document that show it."""


class SpokenLanguage(msgspec.Struct, frozen=True):
    """A language of people, as written."""

    name: str
    code: str | None = None
    """ISO 639 code, when the name is known."""
    level: str | None = None
    """As written: `C1`, `fluent`, `Muttersprache`."""


class ResumeFacts(msgspec.Struct, frozen=True):
    """What a résumé says about a person. Also the wire format."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    """E.164 (`+4930123456`) when its country is known, else the digits as written."""
    location: str | None = None
    links: tuple[str, ...] = ()
    headline: str | None = None
    experience: tuple[Experience, ...] = ()
    education: tuple[Education, ...] = ()
    skills: tuple[Skill, ...] = ()
    languages: tuple[SpokenLanguage, ...] = ()
    certifications: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    years_of_experience: float | None = None
    """Months in which at least one position was held, in years; overlaps count once."""


class Resume(ResumeFacts, frozen=True):
    """What a résumé says, what it hides, and how sure we are."""

    hidden_text: tuple[str, ...] = ()
    confidence: dict[str, float] = msgspec.field(default_factory=dict)
    """By path (`name`, `experience.0.company`), from 0 to 1; every field that isn't null."""


class SourceSpan(msgspec.Struct, frozen=True):
    """Where in the document a field came from: lines by their index, offsets in their text."""

    first_line: int
    start: int
    last_line: int
    end: int
    """Offset after its last character, in the last line."""
    page: int = 1


class ParsedResume(msgspec.Struct, frozen=True):
    """A résumé with the place of each field in the document that it was parsed from."""

    resume: Resume
    sources: dict[str, SourceSpan]
    """By the same paths as `resume.confidence`."""
    language: str
    """ISO 639-1 code of the language that most of its headings are in; `en` when unknown."""
