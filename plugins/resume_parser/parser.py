"""The default résumé parser: from the lines of a document to its structure, without any network.

What `core.resumes.contracts.parsing.ResumeParser` asks for, within the process that reads the file,
and so without waiting for anything. Every field keeps the place that it was read from.
"""

from datetime import date

from core.ports.documents import ReadDocument
from core.resumes.contracts.structure import (
    Education,
    Experience,
    ParsedResume,
    Resume,
    Skill,
    SpokenLanguage,
)
from core.resumes.contracts.tenure import years_of_experience
from plugins.resume_parser import contacts, listings
from plugins.resume_parser.columns import paired_columns
from plugins.resume_parser.dates import DateSpan
from plugins.resume_parser.education import Study, studies_of
from plugins.resume_parser.experience import Position, positions_of
from plugins.resume_parser.identity import find_headline, find_name
from plugins.resume_parser.paragraphs import paragraphs
from plugins.resume_parser.rows import Row, mark_gaps, rows_of
from plugins.resume_parser.sections import HEADER, Section, sections_of
from plugins.resume_parser.skills import FoundSkill, listed_skills, mentioned_skills
from plugins.resume_parser.sources import Sources
from plugins.resume_parser.taxonomy import Taxonomy, taxonomy
from plugins.resume_parser.units import Unit

_CONTACT = (HEADER, "contact", "personal")


class StructureParser:
    """Finds sections by headings, entries by dates, and fields by what words mean."""

    def __init__(self, skills: Taxonomy | None = None) -> None:
        self._skills = skills or taxonomy()

    def parse(self, document: ReadDocument, today: date) -> ParsedResume:
        """Return what the document says; `today` is the end of what goes on.

        A document whose state isn't `read` gives an empty résumé with its hidden text.
        """
        rows = paired_columns(rows_of(document.lines)) if document.state == "read" else []
        mark_gaps(rows)
        sources = Sources(document)
        if not rows:
            return ParsedResume(Resume(hidden_text=document.hidden_text), {}, "en")
        email = contacts.find_email(rows, document.links)
        name = find_name(rows, email[0] if email else None)
        named = {row.index for row in name.rows} if name else set()
        sections, language = sections_of(rows, named)
        header = [row for section in sections if section.kind in _CONTACT for row in section.rows]
        if name is not None:
            sources.add("name", name.text, name.rows[0], name.confidence)
        headline = find_headline(
            [row for section in sections if section.kind == HEADER for row in section.rows], name
        )
        if headline is not None:
            sources.add("headline", headline[0], headline[1], headline[2])
        reached = _contacts(document, header, rows, language, sources)
        positions = [
            each for section in _of(sections, "experience") for each in positions_of(section.rows)
        ]
        experience = _experience(positions, sources)
        education = _education(_of(sections, "education"), sources)
        skills, spoken = self._skills_of(sections, positions, sources)
        resume = Resume(
            name=name.text if name else None,
            email=reached.email,
            phone=reached.phone,
            location=reached.location,
            links=reached.links,
            headline=headline[0] if headline else None,
            experience=experience,
            education=education,
            skills=skills,
            languages=spoken,
            certifications=_certifications(_of(sections, "certifications"), sources),
            publications=_publications(_of(sections, "publications"), sources),
            years_of_experience=years_of_experience(experience, today),
            hidden_text=document.hidden_text,
            confidence=sources.confidence,
        )
        return ParsedResume(resume, sources.spans, language)

    def _skills_of(
        self, sections: list[Section], positions: list[Position], sources: Sources
    ) -> tuple[tuple[Skill, ...], tuple[SpokenLanguage, ...]]:
        """Skills and languages are found together: each is listed under the other's heading."""
        spoken, others = listings.languages_of(
            [row for section in _of(sections, "languages") for row in section.rows]
        )
        listed: list[FoundSkill] = []
        for section in _of(sections, "skills"):
            found, in_between = listed_skills(section.rows, self._skills)
            listed += found
            spoken += listings.languages_of(in_between)[0]
        if others:
            listed += [
                each for each in listed_skills(others, self._skills)[0] if each.confidence > 0.9
            ]
        running = [row for position in positions for row in position.body]
        running += [
            row
            for section in sections
            if section.kind in ("projects", "summary")
            for row in paragraphs(section.rows)
        ]
        every = {skill.name.casefold(): skill for skill in reversed(listed)}
        listed = list(reversed(every.values()))
        listed += mentioned_skills(running, listed, self._skills)
        for number, skill in enumerate(listed):
            sources.add(f"skills.{number}", skill.evidence, skill.row, skill.confidence)
        for number, (language, row) in enumerate(spoken):
            sources.add(f"languages.{number}", language.name, row, 0.95)
        return (
            tuple(Skill(skill.name, skill.evidence) for skill in listed),
            tuple(language for language, _ in spoken),
        )


def _of(sections: list[Section], kind: str) -> list[Section]:
    return [section for section in sections if section.kind == kind]


class _Reached:
    """How the person can be reached."""

    email: str | None = None
    phone: str | None = None
    location: str | None = None
    links: tuple[str, ...] = ()


def _contacts(
    document: ReadDocument, header: list[Row], rows: list[Row], language: str, sources: Sources
) -> _Reached:
    reached = _Reached()
    email = contacts.find_email(header, document.links) or contacts.find_email(rows, ())
    if email is not None:
        reached.email = email[0]
        sources.add("email", email[0], email[1], 0.99)
    place = contacts.find_location(header)
    if place is not None:
        reached.location = place[0]
        sources.add("location", place[0], place[1], round(min(place[2], 0.95), 2))
    phone = contacts.find_phone(header, document.links, reached.location, language)
    if phone is not None:
        reached.phone = phone[0]
        sources.add("phone", phone[0], phone[1], phone[2])
    links = contacts.find_links(header, document.links)
    reached.links = tuple(link for link, _ in links)
    for number, (link, row) in enumerate(links):
        sources.add(f"links.{number}", link.partition("://")[2], row, 0.95)
    return reached


def _experience(positions: list[Position], sources: Sources) -> tuple[Experience, ...]:
    return tuple(_position(f"experience.{n}", each, sources) for n, each in enumerate(positions))


def _position(path: str, position: Position, sources: Sources) -> Experience:
    start, end, current = _dates(path, position.date, position.date_row, sources)
    highlights = [row for row in position.body if len(row.text) > 1]
    for number, row in enumerate(highlights):
        sources.add(f"{path}.highlights.{number}", row.text, row, 0.9)
    return Experience(
        company=_text(f"{path}.company", position.company, position.company_confidence, sources),
        title=_text(f"{path}.title", position.title, position.title_confidence, sources),
        start=start,
        end=end,
        current=current,
        location=_text(f"{path}.location", position.location, 0.85, sources),
        highlights=tuple(row.text for row in highlights),
    )


def _education(sections: list[Section], sources: Sources) -> tuple[Education, ...]:
    studies = [each for section in sections for each in studies_of(section.rows)]
    return tuple(_study(f"education.{n}", each, sources) for n, each in enumerate(studies))


def _study(path: str, study: Study, sources: Sources) -> Education:
    start, end, current = _dates(path, study.date, study.date_row, sources)
    return Education(
        institution=_text(f"{path}.institution", study.institution, 0.9, sources),
        degree=_text(f"{path}.degree", study.degree, 0.9, sources),
        field=_text(f"{path}.field", study.field, 0.8, sources),
        start=start,
        end=end,
        current=current,
    )


def _text(path: str, unit: Unit | None, confidence: float, sources: Sources) -> str | None:
    if unit is None or not unit.text:
        return None
    sources.add(path, unit.text, unit.row, confidence)
    return unit.text


def _dates(
    path: str, span: DateSpan | None, row: Row | None, sources: Sources
) -> tuple[str | None, str | None, bool]:
    if span is None:
        return None, None, False
    for name, value in (("start", span.start), ("end", span.end)):
        if value is not None:
            sources.add(f"{path}.{name}", value, row, 0.95 if span.ranged else 0.8)
    return span.start, span.end, span.current


def _certifications(sections: list[Section], sources: Sources) -> tuple[str, ...]:
    found = [each for part in sections for each in listings.certifications_of(part.rows)]
    for number, each in enumerate(found):
        sources.add(f"certifications.{number}", each.text, each.row, 0.85)
    return tuple(each.text for each in found)


def _publications(sections: list[Section], sources: Sources) -> tuple[str, ...]:
    found = [each for part in sections for each in listings.publications_of(part.rows)]
    for number, each in enumerate(found):
        sources.add(f"publications.{number}", each.text, each.row, 0.8)
    return tuple(each.text for each in found)
