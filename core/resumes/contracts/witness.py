"""Nothing is invented: of what a parser found, only what stands in the document is kept.

`tenants.resume_plugins` holds the answers of plugins against it, and so does the contract suite of
the port in `plugins.sdk.testing`.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final, TypeVar

import msgspec

from core.ports.documents import ReadDocument
from core.resumes.contracts.evidence import Evidence, tidied
from core.resumes.contracts.structure import (
    Education,
    Experience,
    ParsedResume,
    Resume,
    Skill,
    SpokenLanguage,
)
from core.resumes.contracts.tenure import years_of_experience

_LINE, _TEXT, _NAME, _LINK = 300, 2_000, 80, 500
"""As long as people may correct them (`core.resumes.contracts.readings`)."""

_MOST_POSITIONS, _MOST_STUDIES, _MOST_SKILLS = 60, 40, 200
_MOST_LINKS, _MOST_LANGUAGES, _MOST_TEXTS, _MOST_HIGHLIGHTS = 20, 40, 200, 100
_LANGUAGE: Final = re.compile(r"[a-z]{2}")
_LANGUAGE_CODE: Final = re.compile(r"[a-z]{2,3}")

T = TypeVar("T")


class Witnessed(msgspec.Struct, frozen=True):
    """What was kept, and how many values weren't."""

    parsed: ParsedResume
    left_out: int


def witnessed(parsed: ParsedResume, document: ReadDocument, today: date) -> Witnessed:
    """Return what of `parsed` stands in `document`; the rest is left out.

    A value stands where `parsed.sources` says, or anywhere if that names no place for it. A skill
    stands there by its evidence. That a position goes on (`current`) is the parser's word.
    """
    evidence = Evidence(parsed, document)
    said = parsed.resume
    experience = _positions(said.experience, evidence)
    resume = Resume(
        name=evidence.words("name", "name", said.name, _LINE),
        email=evidence.email(said.email),
        phone=evidence.phone(said.phone),
        location=evidence.words("location", "location", said.location, _LINE),
        links=_links(said.links, evidence),
        headline=evidence.words("headline", "headline", said.headline, _LINE),
        experience=experience,
        education=_studies(said.education, evidence),
        skills=_skills(said.skills, evidence),
        languages=_languages(said.languages, evidence),
        certifications=_texts("certifications", said.certifications, evidence),
        publications=_texts("publications", said.publications, evidence),
        years_of_experience=years_of_experience(experience, today),
        hidden_text=document.hidden_text,
        confidence=evidence.confidence,
    )
    language = parsed.language if _LANGUAGE.fullmatch(parsed.language) else "en"
    return Witnessed(ParsedResume(resume, evidence.sources, language), evidence.left_out)


def _positions(given: Sequence[Experience], evidence: Evidence) -> tuple[Experience, ...]:
    kept: list[Experience] = []
    for number, each in enumerate(_most(given, _MOST_POSITIONS, evidence)):
        path, source = f"experience.{len(kept)}", f"experience.{number}"
        company = evidence.words(f"{path}.company", f"{source}.company", each.company, _LINE)
        title = evidence.words(f"{path}.title", f"{source}.title", each.title, _LINE)
        if company is None and title is None:
            evidence.left_out += 1
            continue
        start, end, current = _period(path, source, each, evidence)
        location = evidence.words(f"{path}.location", f"{source}.location", each.location, _LINE)
        highlights = _texts(
            f"{path}.highlights",
            each.highlights,
            evidence,
            given=f"{source}.highlights",
            most=_MOST_HIGHLIGHTS,
        )
        kept.append(Experience(company, title, start, end, current, location, highlights))
    return tuple(kept)


def _studies(given: Sequence[Education], evidence: Evidence) -> tuple[Education, ...]:
    kept: list[Education] = []
    for number, each in enumerate(_most(given, _MOST_STUDIES, evidence)):
        path, source = f"education.{len(kept)}", f"education.{number}"
        institution, degree, field = (
            evidence.words(f"{path}.{name}", f"{source}.{name}", getattr(each, name), _LINE)
            for name in ("institution", "degree", "field")
        )
        if institution is None and degree is None and field is None:
            evidence.left_out += 1
            continue
        start, end, current = _period(path, source, each, evidence)
        kept.append(Education(institution, degree, field, start, end, current))
    return tuple(kept)


def _period(
    path: str, source: str, entry: Experience | Education, evidence: Evidence
) -> tuple[str | None, str | None, bool]:
    start = evidence.date(f"{path}.start", f"{source}.start", entry.start)
    if entry.current:
        evidence.left_out += entry.end is not None
        return start, None, True
    return start, evidence.date(f"{path}.end", f"{source}.end", entry.end), False


def _skills(given: Sequence[Skill], evidence: Evidence) -> tuple[Skill, ...]:
    kept: dict[str, Skill] = {}
    for number, each in enumerate(_most(given, _MOST_SKILLS, evidence)):
        name = tidied(each.name)
        if name.casefold() in kept:
            continue
        if not name or len(name) > _NAME:
            evidence.left_out += 1
            continue
        shown = evidence.words(f"skills.{len(kept)}", f"skills.{number}", each.evidence, _LINE)
        if shown is not None:
            kept[name.casefold()] = Skill(name, shown)
    return tuple(kept.values())


def _languages(given: Sequence[SpokenLanguage], evidence: Evidence) -> tuple[SpokenLanguage, ...]:
    kept: list[SpokenLanguage] = []
    for number, each in enumerate(_most(given, _MOST_LANGUAGES, evidence)):
        path, source = f"languages.{len(kept)}", f"languages.{number}"
        name = evidence.words(path, source, each.name, _NAME)
        if name is None:
            continue
        code = each.code if each.code and _LANGUAGE_CODE.fullmatch(each.code) else None
        level = evidence.words(f"{path}.level", f"{source}.level", each.level, _NAME)
        kept.append(SpokenLanguage(name, code, level))
    return tuple(kept)


def _links(given: Sequence[str], evidence: Evidence) -> tuple[str, ...]:
    kept: list[str] = []
    for number, each in enumerate(_most(given, _MOST_LINKS, evidence)):
        link = evidence.link(f"links.{len(kept)}", f"links.{number}", each, _LINK)
        if link is not None:
            kept.append(link)
    return tuple(kept)


def _texts(
    path: str,
    texts: Sequence[str],
    evidence: Evidence,
    *,
    given: str | None = None,
    most: int = _MOST_TEXTS,
) -> tuple[str, ...]:
    kept: list[str] = []
    for number, each in enumerate(_most(texts, most, evidence)):
        source = f"{given or path}.{number}"
        text = evidence.words(f"{path}.{len(kept)}", source, each, _TEXT)
        if text is not None:
            kept.append(text)
    return tuple(kept)


def _most(given: Sequence[T], most: int, evidence: Evidence) -> Sequence[T]:
    evidence.left_out += max(0, len(given) - most)
    return given[:most]
