"""What a résumé could give to a candidate's profile, in the profile's own words and bounds."""

from typing import Any, Final, TypeVar

import msgspec

from core.candidates import contracts as profile
from core.resumes.contracts.readings import ResumeLine
from core.resumes.contracts.structure import Education, Experience, ResumeFacts
from core.resumes.ports import OfferedProfile

_MOST_SKILLS: Final = 100
_MOST_ENTRIES: Final = 50
_MOST_LINKS: Final = 20
_LONGEST_TEXT: Final = 100_000
_LONGEST_DESCRIPTION: Final = 5_000
_BREAKS: Final = str.maketrans(dict.fromkeys((*range(32), 127), " "))

K = TypeVar("K")


def offered_profile(facts: ResumeFacts, lines: tuple[ResumeLine, ...]) -> OfferedProfile:
    """Return what `facts` offer; what the profile's types wouldn't take is left out.

    The text is the document's visible one: what it hides never gets into search.
    """
    text = "\n".join(_line(each.text) for each in lines)[:_LONGEST_TEXT].strip()
    return OfferedProfile(
        emails=(facts.email,) if facts.email else (),
        phones=(facts.phone,) if facts.phone else (),
        location=_fitting(facts.location, profile.Line),
        links=tuple(_each(facts.links, profile.LinkText))[:_MOST_LINKS],
        headline=_fitting(facts.headline, profile.Line),
        skills=tuple(_each([each.name for each in facts.skills], profile.Skill))[:_MOST_SKILLS],
        experience=_entries(facts.experience, _position, profile.Experience),
        education=_entries(facts.education, _study, profile.Education),
        resume_text=text or None,
    )


def _line(text: str) -> str:
    return text.translate(_BREAKS)


def _fitting(text: str | None, kind: Any) -> str | None:
    if text is None:
        return None
    try:
        return str(msgspec.convert(" ".join(_line(text).split()), kind))
    except msgspec.ValidationError:
        return None


def _each(texts: Any, kind: Any) -> list[str]:
    return [fit for fit in (_fitting(text, kind) for text in texts) if fit]


def _entries(entries: Any, plain: Any, kind: type[K]) -> tuple[K, ...]:
    found: list[K] = []
    for each in entries[:_MOST_ENTRIES]:
        values = plain(each)
        for field in ("start", "end"):
            values[field] = _fitting(values[field], profile.PartialDate)
        try:
            found.append(msgspec.convert(values, kind))
        except msgspec.ValidationError:
            continue
    return tuple(found)


def _position(entry: Experience) -> dict[str, Any]:
    description = "\n".join(_line(each) for each in entry.highlights)[:_LONGEST_DESCRIPTION]
    return {
        "company": _fitting(entry.company, profile.Line) or "",
        "title": _fitting(entry.title, profile.Line) or "",
        "start": entry.start,
        "end": entry.end,
        "description": description or None,
    }


def _study(entry: Education) -> dict[str, Any]:
    return {
        "institution": _fitting(entry.institution, profile.Line) or "",
        "degree": _fitting(entry.degree, profile.Line),
        "subject": _fitting(entry.field, profile.Line),
        "start": entry.start,
        "end": entry.end,
    }
