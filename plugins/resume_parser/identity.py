"""Who the résumé is about: the name by its place and size, and the headline under it."""

import re
from dataclasses import dataclass
from typing import Final

from plugins.resume_parser.contacts import EMAIL, URL, is_contact, pieces
from plugins.resume_parser.dates import find_dates
from plugins.resume_parser.folding import fold, key, words
from plugins.resume_parser.places import COUNTRIES, place_score
from plugins.resume_parser.roles import company_score, title_score
from plugins.resume_parser.rows import Row, body_size
from plugins.resume_parser.vocabulary import (
    HEADINGS,
    NOT_NAMES,
    PARTICLES,
    without_conjunctions,
)

_LABEL: Final = re.compile(
    r"^(?:(?:full |vollst[äa]ndiger )?name|nom(?: et pr[ée]nom)?|"
    r"nombre(?: y apellidos)?|nome(?: e cognome)?|naam|"
    r"imi[ęe] i nazwisko|vor- und nachname|nome completo|candidate)\s*:\s*",
    re.IGNORECASE,
)
_PREFIX: Final = re.compile(
    r"^(?:curriculum vitae|lebenslauf|resume|résumé|cv|currículum|życiorys)(?:\s+(?:of|"
    r"von|de|di|van))?\s*[:–—|-]?\s+",
    re.IGNORECASE,
)
_HONORIFIC: Final = re.compile(
    r"^(?:(?:mr|mrs|ms|dr|prof|dipl\.-\w+|ing|herr|frau|mme|m|ir|mgr|mag)\.?\s+)+(?=[A-ZÀ-Þ])",
    re.IGNORECASE,
)
_AFTER_NAME: Final = re.compile(
    r"[\s,]+(?:Ph\.?D\.?|MBA|M\.?Sc\.?|B\.?Sc\.?|M\.?D\.?|CPA|CFA|PMP|RN|BSN|MSN|Esq\.?|CISSP|P\.?E\.?|LL\.?M\.?|M\.?A\.?|B\.?A\.?|FCCA|ACCA|CSM|SPHR|PharmD|DDS|JD)\b\.?",
)
_APART: Final = re.compile(r"\s+[|•·–—-]\s+|\t|\s*,\s+")


@dataclass(slots=True)
class Name:
    """The name, its rows, and what stood beside it."""

    text: str
    rows: list[Row]
    beside: str
    confidence: float


def find_name(rows: list[Row], email: str | None) -> Name | None:
    """Return the most likely name on the first page."""
    if not rows:
        return None
    body = body_size(rows)
    first_page = [row for row in rows if row.page == rows[0].page][:90]
    candidates: list[tuple[float, Name]] = []
    for number, row in enumerate(first_page):
        name = _labelled(row) or _named(row)
        if name is None:
            name = _over_two_rows(first_page, number, body)
        if name is not None:
            score = _score(name, row, number, body, email)
            candidates.append((score, name))
    if not candidates:
        return None
    score, best = max(candidates, key=lambda each: each[0])
    if score < 0.1:
        return None
    best.confidence = round(min(0.99, 0.6 + score / 5), 2)
    best.text = _cased(best.text)
    return best


def _labelled(row: Row) -> Name | None:
    label = _LABEL.match(row.text)
    if label is None:
        return None
    rest = _AFTER_NAME.sub("", _HONORIFIC.sub("", row.text[label.end() :].strip()))
    if _is_name(rest):
        return Name(rest, [row], "", 0.0)
    return None


def _named(row: Row) -> Name | None:
    if row.bullet or row.numbered or EMAIL.search(row.cells[0]) or URL.search(row.cells[0]):
        return None
    cell = _HONORIFIC.sub("", _PREFIX.sub("", row.cells[0]))
    bare = _AFTER_NAME.sub("", cell).strip(" ,")
    if _is_name(bare):
        return Name(bare, [row], " | ".join(row.cells[1:]), 0.0)
    head, *rest = [part for part in _APART.split(bare, maxsplit=1) if part]
    if rest and _is_name(head) and not place_score(head):
        return Name(head, [row], " | ".join([*rest, *row.cells[1:]]), 0.0)
    return None


def _over_two_rows(rows: list[Row], number: int, body: float) -> Name | None:
    """`JOHN` above `DOE`, both large."""
    row = rows[number]
    after = rows[number + 1] if number + 1 < len(rows) else None
    if after is None or row.size is None or after.size is None or row.size < body * 1.3:
        return None
    both = f"{row.text} {after.text}"
    if abs(row.size - after.size) < 1 and len(row.text.split()) <= 2 and _is_name(both):
        return Name(both, [row, after], "", 0.0)
    return None


def _is_name(text: str) -> bool:
    parts = text.replace(" von und zu ", " von zu ").split()
    if len(parts) > 3 and all(len(part) == 1 for part in parts):
        return False
    if not 2 <= len(parts) <= 6 or len(text) > 50:
        return False
    # A name may be given once more in letters that know no case: `Wang Wei 王伟`.
    if not all(map(_is_name_part, parts)) or not any(part[:1].isupper() for part in parts):
        return False
    listed = words(text)
    plain = key(text)
    if without_conjunctions(plain) in HEADINGS or plain in COUNTRIES:
        return False
    if any(part in NOT_NAMES for part in listed) or parts[-1].lower() in PARTICLES:
        return False
    return title_score(text) < 0.8 or (all(part[:1].isupper() for part in parts) and len(parts) < 4)


def _is_name_part(part: str) -> bool:
    if fold(part).strip(".'") in PARTICLES:
        return True
    letters = part.replace("-", "").replace("'", "").replace("’", "").replace(".", "")
    return letters.isalpha() and (part[:1].isupper() or letters.lower() == letters.upper())


def _score(name: Name, row: Row, number: int, body: float, email: str | None) -> float:
    score = 1.0 - 0.05 * number
    if row.size is not None and body:
        score += min(2.0, (row.size / body - 1) * 2.5)
    score += 0.3 if row.bold else 0.0
    score += 0.5 if row.heading is not None else 0.0
    score -= 1.5 if place_score(name.text) >= 0.85 else 0.0
    score -= 1.5 * title_score(name.text) if len(name.text.split()) < 5 else 0.5
    score -= 0.8 if company_score(name.text) >= 0.7 else 0.0
    score += 1.5 if _LABEL.match(row.text) else 0.0
    if email is not None:
        local = fold(email.partition("@")[0])
        known = [part for part in words(name.text) if len(part) > 2 and part in local]
        score += 0.8 * min(2, len(known))
    return score


def _cased(text: str) -> str:
    """A name set in capitals is written as names are: how it is set isn't what it is."""
    if len(text) < 5:
        return text
    whole = text.isupper()
    return " ".join(
        _cased_part(part, whole=whole and number > 0) for number, part in enumerate(text.split())
    )


def _cased_part(part: str, *, whole: bool) -> str:
    if whole and part.lower() in PARTICLES:
        return part.lower()
    if not part.isupper() or (not whole and len(part) < 4):
        return part
    return re.sub(r"[^\W\d_]+", lambda match: match[0].capitalize(), part)


def find_headline(header: list[Row], name: Name | None) -> tuple[str, Row, float] | None:
    """Return what the person calls themselves, when it stands beside, under or over the name."""
    if name is None:
        return None
    if name.beside and (part := _titled(name.beside.split(" | "))) is not None:
        return part, name.rows[0], 0.9
    return _under(header, name) or _over(header, name)


def _under(header: list[Row], name: Name) -> tuple[str, Row, float] | None:
    after = [row for row in header if row.index > name.rows[-1].index][:4]
    for number, row in enumerate(after):
        if row.bullet:
            break
        part = _titled([*row.cells, *pieces(row)])
        if part is not None and not (EMAIL.search(part) or find_dates(part)):
            return part, row, 0.9
        if number == 0 and _could_be(row):
            return row.text, row, 0.6
        if len(row.text) > 140:
            break
    return None


def _over(header: list[Row], name: Name) -> tuple[str, Row, float] | None:
    for row in [row for row in header if row.index < name.rows[0].index][-1:]:
        part = _titled(row.cells)
        if part is not None:
            return part, row, 0.7
    return None


def _titled(parts: list[str]) -> str | None:
    whole = " | ".join(parts)
    for part in parts:
        text = part.strip(" ,|•·–—-")
        contact = EMAIL.search(text) or URL.search(text) or any(each.isdigit() for each in text)
        if contact or len(text) > 130 or (text.endswith(".") and len(text.split()) > 8):
            continue
        if title_score(text) >= 0.8 and len(text.split()) <= 14 and place_score(text) < 0.7:
            return text
        head = re.split(r"\s*[|•·/]\s*|\s+[–—-]\s+|,\s", text)[0]
        if len(text) < 130 and title_score(head) >= 0.8 and text in whole:
            return text
    return None


def _could_be(row: Row) -> bool:
    text = row.text
    short = 1 < len(text.split()) <= 10 and len(text) < 90 and not text.endswith(".")
    short = short and ":" not in text and not any(each.isdigit() for each in text)
    short = short and company_score(text) < 0.7
    return short and len(row.cells) == 1 and not is_contact(row) and not find_dates(text)
