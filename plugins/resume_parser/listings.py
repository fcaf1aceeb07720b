"""Sections that are lists: languages with their level, certifications, publications."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from babel import Locale

from core.resumes.contracts.structure import SpokenLanguage
from plugins.resume_parser.dates import find_dates, take_date
from plugins.resume_parser.folding import fold, key, words
from plugins.resume_parser.paragraphs import paragraphs
from plugins.resume_parser.rows import Row
from plugins.resume_parser.vocabulary import LEVEL_WORDS, SPOKEN

_DISPLAY: Final = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "cs", "tr")
_ALSO: Final = {
    "mandarin": "zh", "cantonese": "yue", "farsi": "fa", "valencian": "ca", "castellano": "es",
    "castilian": "es", "tagalog": "fil", "filipino": "fil", "punjabi": "pa", "flemish": "nl",
    "hochdeutsch": "de", "schweizerdeutsch": "gsw", "mandarin chinese": "zh", "catalan": "ca",
    "brazilian portuguese": "pt", "american sign language": "ase", "sign language": "sgn",
    "chinesisch": "zh", "latein": "la", "gaelic": "gd", "serbo croatian": "sh", "inglese": "en",
    "altgriechisch": "grc", "neerlandais": "nl", "hollandisch": "nl", "british english": "en",
}  # fmt: skip
_APART: Final = re.compile(r"\s*(?:[|•·;\t●○★☆⬤◉]+|\s[–—-]\s|,(?![^()]*\))|\n)\s*")
_LEVEL_MARK: Final = re.compile(r"\b(?:[ABC][12](?:[.+/-]{1,2}(?:[ABC][12])?)?)(?=\W|$)")


@cache
def language_codes() -> dict[str, str]:
    """Return the ISO 639 code by the folded name, in the languages that we read."""
    codes = dict(_ALSO)
    for display in _DISPLAY:
        names = Locale.parse(display).languages
        for code in SPOKEN:
            if code in names:
                codes.setdefault(key(str(names[code])), code)
    return codes


@dataclass(slots=True)
class Listed:
    """A text and the row that it stood in."""

    text: str
    row: Row


def languages_of(rows: list[Row]) -> tuple[list[tuple[SpokenLanguage, Row]], list[Row]]:
    """Return the languages, and the rows that name none."""
    found: list[tuple[SpokenLanguage, Row]] = []
    others: list[Row] = []
    for row in rows:
        named = _languages(row)
        if named:
            found += [(language, row) for language in named]
        elif found and found[-1][0].level is None and _is_level(row.text):
            last = found[-1][0]
            found[-1] = SpokenLanguage(last.name, last.code, row.text.strip(" ()")), found[-1][1]
        else:
            others.append(row)
    return found, others


def _languages(row: Row) -> list[SpokenLanguage]:
    codes = language_codes()
    found: list[SpokenLanguage] = []
    text = " | ".join(row.cells)
    for part in _APART.split(text):
        name, level = _named(part, codes)
        if name is not None:
            found.append(SpokenLanguage(name, codes[key(name)], level))
        elif found and found[-1].level is None and _is_level(part):
            last = found[-1]
            found[-1] = SpokenLanguage(last.name, last.code, part.strip(" ()[].:"))
    return found


def _named(part: str, codes: dict[str, str]) -> tuple[str | None, str | None]:
    """Return the language that the words begin or end with, and the rest as its level."""
    part = part.strip(" .:")
    parts = [each for each in re.split(r"[\s:(–/-]+", part) if each]
    if not parts:
        return None, None
    for length in (3, 2, 1):
        head = " ".join(parts[:length])
        if len(parts) >= length and key(head) in codes:
            end = part.lower().find(parts[length - 1].lower()) + len(parts[length - 1])
            level = part[end:].strip(" :[]–—-.,/")
            level = level[1:-1] if level.startswith("(") and level.endswith(")") else level
            level = level.strip("() ") if level.count("(") != level.count(")") else level
            if level and not _is_level(level) and len(level.split()) > 6:
                return None, None
            return part[:end].strip(), level or None
    tail = parts[-1].strip(")")
    if len(parts) > 1 and key(tail) in codes and _is_level(" ".join(parts[:-1])):
        return tail, " ".join(parts[:-1])
    return None, None


def _is_level(text: str) -> bool:
    listed = words(text)
    if not listed or len(listed) > 8:
        return False
    return bool(_LEVEL_MARK.search(text)) or any(word in LEVEL_WORDS for word in listed)


def names_a_language(text: str) -> bool:
    """Whether the text is the name of a language, perhaps with a level."""
    name, level = _named(text, language_codes())
    return name is not None and (level is None or _is_level(level))


def certifications_of(rows: list[Row]) -> list[Listed]:
    """Return one text for each certificate, its date left out."""
    found: list[Listed] = []
    for row in paragraphs(rows):
        kept: list[str] = []
        for cell in row.cells:
            date, rest = take_date(cell, loose=True)
            if date is not None and not rest:
                continue
            kept.append(rest if date is not None else cell)
        text = ", ".join(part.strip(" ,;–—-") for part in kept if part.strip(" ,;–—-"))
        if len(text) < 2 or len(text) > 240:
            continue
        under = found and not row.bullet and not row.gap and not row.bold and found[-1].row.bold
        if under:
            continue
        found.append(Listed(text, row))
    return found


def publications_of(rows: list[Row]) -> list[Listed]:
    """Return one text for each publication: title, authors and where it appeared."""
    found: list[Listed] = []
    previous: Row | None = None
    marked = any(row.bullet or row.numbered for row in rows)
    bold = any(row.bold for row in rows) and not all(row.bold for row in rows)
    for row in rows:
        begins = (
            previous is None
            or (row.bullet or row.numbered if marked else False)
            or (not marked and (row.bold and not previous.bold if bold else _begins(row, previous)))
        )
        if begins:
            found.append(Listed(row.text, row))
        else:
            mark = "" if found[-1].text.endswith((".", ",", ":", "-")) else ","
            found[-1].text = f"{found[-1].text}{mark} {row.text}"
        previous = row
    return found


def _begins(row: Row, previous: Row) -> bool:
    if row.gap:
        return True
    dated = bool(find_dates(previous.text)) or "doi" in fold(previous.text)
    return dated and row.text[:1].isupper() and len(row.text) > 25 and not find_dates(row.text[:8])
