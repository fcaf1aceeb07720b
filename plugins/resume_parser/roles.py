"""How much some words look like a job title, a company, a school or a degree, from 0 to 1."""

import re
from functools import lru_cache
from typing import Final

from plugins.resume_parser.folding import fold, words
from plugins.resume_parser.vocabulary import (
    COMPANY_WORDS,
    DEGREE_WORDS,
    EMPLOYMENT_KINDS,
    INSTITUTION_ENDINGS,
    INSTITUTION_WORDS,
    LEGAL_FORMS,
    TITLE_ENDINGS,
    TITLE_MODIFIERS,
    TITLE_PHRASES,
    TITLE_WORDS,
)

_GENDER: Final = re.compile(
    r"\s*\(?\b[mwfdxhki]\s?/\s?[mwfdxhki](?:\s?/\s?[mwfdxhki])?\b\)?|[:*/_]-?in(?:nen)?\b|\((?:in|e|a|m|f|w)\)|/-?(?:frau|a|e|o)\b",
    re.IGNORECASE,
)
_MUST_STAND_ALONE: Final = frozenset(("co", "as", "sa", "se", "ab", "ag", "eg", "us", "ev", "ek"))


def without_gender(text: str) -> str:
    """Leave out what says that anybody may have the job: `(m/w/d)`, `:in`."""
    return _GENDER.sub("", text)


@lru_cache(maxsize=4096)
def title_score(text: str) -> float:
    """Return how surely the text is a job title."""
    listed = words(without_gender(text))
    if not listed or len(listed) > 14:
        return 0.0
    hits = [_is_title_word(word) for word in listed]
    folded = fold(text)
    if any(folded.startswith(f"{phrase} ") or f" {phrase}" in folded for phrase in TITLE_PHRASES):
        return 1.0
    if any(hits):
        modified = listed[0] in TITLE_MODIFIERS
        edge = hits[-1] or hits[0]
        return 1.0 if edge or modified else 0.8
    return 0.3 if listed[0] in TITLE_MODIFIERS and len(listed) > 1 else 0.0


def _is_title_word(word: str) -> bool:
    if word in TITLE_WORDS:
        return True
    singular = word[:-1] if word.endswith("s") and len(word) > 5 else word
    if singular in TITLE_WORDS:
        return True
    if len(word) > 8 and word.endswith(TITLE_ENDINGS):
        return True
    return any(part in TITLE_WORDS for part in word.split("-")) if "-" in word else False


@lru_cache(maxsize=4096)
def company_score(text: str) -> float:
    """Return how surely the text is the name of a company or another employer."""
    listed = words(text)
    if not listed:
        return 0.0
    last = listed[-1].rstrip(".")
    if len(listed) > 1 and (last in LEGAL_FORMS or _spaced_form(text)):
        return 1.0
    if any(
        word.rstrip(".") in LEGAL_FORMS and word not in _MUST_STAND_ALONE
        for word in listed[1:]
    ):  # fmt: skip
        return 0.9
    hits = sum(_is_company_word(word) for word in listed)
    if hits:
        return 0.7 if hits == 1 else 0.8
    if listed[0] in ("the", "die", "der"):
        return 0.3
    return 0.25 if text.isupper() and len(text) <= 6 else 0.1


def _spaced_form(text: str) -> bool:
    return (
        re.search(
            r"(?:S\.\s?A\.|S\.\s?L\.|S\.\s?r\.\s?l\.|S\.\s?p\.\s?A\."
            r"|Sp\.\s?z\s?o\.?\s?o\.?|B\.\s?V\.|e\.\s?V\.)",
            text,
        )
        is not None
    )  # fmt: skip


def _is_company_word(word: str) -> bool:
    return word in COMPANY_WORDS or (len(word) > 9 and word.endswith(INSTITUTION_ENDINGS))


@lru_cache(maxsize=4096)
def institution_score(text: str) -> float:
    """Return how surely the text is a school."""
    listed = words(text)
    if not listed or len(listed) > 16:
        return 0.0
    hits = [
        word in INSTITUTION_WORDS or (len(word) > 8 and word.endswith(INSTITUTION_ENDINGS))
        for word in listed
    ]
    return 1.0 if any(hits) else 0.0


@lru_cache(maxsize=4096)
def degree_score(text: str) -> float:
    """Return how surely the text begins with or holds a degree."""
    listed = [each.strip("(),;:") for each in fold(text).replace("/", " ").split()]
    if not listed:
        return 0.0
    first = _is_degree(listed[0], text)
    if first:
        return 1.0
    return 0.6 if any(_is_degree(each, text) for each in listed[1:8]) else 0.0


_SHORT: Final = frozenset(
    (
        "be",
        "ba",
        "ma",
        "bs",
        "ms",
        "as",
        "med",
        "bed",
        "bac",
        "ing",
        "ir",
        "lic",
        "fp",
        "cap",
        "bep",
        "mim",
    )
)


def _is_degree(word: str, text: str) -> bool:
    if word in _SHORT:
        # `MA` and `MS` are degrees, `ma` and `as` are words.
        parts = [part.strip(",.;:()") for part in text.split()]
        return word.upper() in parts or word.capitalize() in parts[:1]
    if word in DEGREE_WORDS or (word.count(".") > 1 and word.replace(".", "") in DEGREE_WORDS):
        return True
    if len(word) > 9 and word.endswith(("opleiding", "ausbildung", "studium")):
        return True
    return (
        word.startswith(("bachelor", "master", "diplom", "magister", "doktor")) and len(word) < 24
    )


def is_employment_kind(text: str) -> bool:
    """Whether the text only says how somebody is employed: `Full-time`, `Vollzeit`."""
    return fold(text.strip(" ()[],.·|-–")) in EMPLOYMENT_KINDS
