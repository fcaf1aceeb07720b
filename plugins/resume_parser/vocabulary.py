"""The words by which pieces of a résumé are told apart, loaded once from the files beside this."""

import re
import tomllib
from importlib.resources import files
from typing import Final

from plugins.resume_parser.folding import key

_HERE: Final = files("plugins.resume_parser")
_WORDS: Final = tomllib.loads(_HERE.joinpath("words.toml").read_text("utf-8"))
_CONJUNCTIONS: Final = frozenset(["and", "und", "et", "y", "e", "i", "en", "og", "och", "ve", "a"])


def _listed(section: str, name: str) -> frozenset[str]:
    """A no-break space joins the words of one entry."""
    entries = re.split(r"[ \n]+", _WORDS[section][name].strip())
    return frozenset(entry.replace("\u00a0", " ") for entry in entries)


def _phrases(section: str, name: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in _WORDS[section][name].strip().splitlines())


TITLE_WORDS: Final = _listed("title", "words")
TITLE_ENDINGS: Final = tuple(_listed("title", "endings"))
TITLE_MODIFIERS: Final = _listed("title", "modifiers")
TITLE_PHRASES: Final = _phrases("title", "phrases")
LEGAL_FORMS: Final = _listed("company", "legal")
COMPANY_WORDS: Final = _listed("company", "words")
INSTITUTION_WORDS: Final = _listed("education", "institution")
INSTITUTION_ENDINGS: Final = tuple(_listed("education", "institution_endings"))
DEGREE_WORDS: Final = _listed("education", "degrees")
PRESENT_WORDS: Final = _listed("status", "present")
SINCE_WORDS: Final = _listed("status", "since")
UNTIL_WORDS: Final = _listed("status", "until")
EMPLOYMENT_KINDS: Final = _listed("status", "kinds")
LEVEL_WORDS: Final = _listed("level", "words")
NOT_NAMES: Final = _listed("header", "not_names")
SEASONS: Final = _listed("lists", "seasons")
"""A year stands after one of these; a season is no month, so the month stays unknown."""
PREFIXES: Final = _listed("lists", "prefixes")
"""First parts of compounds that keep their hyphen when it ends the line."""
US_STATES: Final = _listed("lists", "us_states")
PARTICLES: Final = _listed("lists", "particles")
"""Parts of names that may begin with a small letter."""
SPOKEN: Final = _listed("lists", "spoken")
"""ISO 639 codes of the languages that people name."""
ENTRY_LABELS: Final = _listed("lists", "entry_labels")
"""Labels that stand inside of entries too, so that they open no section there."""

FIELD_LABELS: Final = _listed("lists", "field_labels")
"""What forms write before a field: `Employer`, `Zeitraum`."""
CONTACT_LABELS: Final = _listed("lists", "contact_labels")
"""What stands before a way to reach somebody: `Telefon`."""


def without_conjunctions(folded: str) -> str:
    """Return the key of a heading with its conjunctions left out: `skills & tools`."""
    return " ".join(word for word in folded.split() if word not in _CONJUNCTIONS)


def _headings() -> dict[str, dict[str, str]]:
    """By key: the section's kind, by language."""
    found: dict[str, dict[str, str]] = {}
    listed = tomllib.loads(_HERE.joinpath("headings.toml").read_text("utf-8"))
    for language, kinds in listed.items():
        for kind, headings in kinds.items():
            for heading in headings:
                for written in {without_conjunctions(key(heading)), key(heading)}:
                    found.setdefault(written, {}).setdefault(language, kind)
    return found


HEADINGS: Final = _headings()
COMPACT_HEADINGS: Final = {
    heading.replace(" ", ""): kinds for heading, kinds in HEADINGS.items() if len(heading) > 4
}
"""Without spaces: what is left of a heading set with space between its letters."""
