"""Turns what is known of a candidate, and what people search for, into the same kind of words.

Done here and not by PostgreSQL's parser, whose idea of a word depends on the database's locale:
case, accents and punctuation must not matter on any server.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import msgspec

from core.candidates.model import Profile

MAX_TERMS: Final = 8
"""Words of a search beyond these are left out: the first ones have narrowed it far enough."""
MAX_WORD: Final = 60
MAX_WORDS: Final = 8_000
"""Distinct words of one candidate; a whole tsvector must stay below one megabyte."""

_SHORTEST_TERM: Final = 3
_LONGEST_TERM: Final = 40
_WORD: Final = re.compile(r"[^\W_]+")
# Names of technologies that would be lost with their punctuation.
_SPELLED: Final = re.compile(r"c\+\+|c#|f#|\.net\b")
_SPELLING: Final = {"c++": " cplusplus ", "c#": " csharp ", "f#": " fsharp ", ".net": " dotnet "}


class SearchEntry(msgspec.Struct, frozen=True):
    """What search keeps of one candidate."""

    document: list[str]
    """Every word once, and the facets; see `facet`."""
    ranking: str
    """Text form of a tsvector: names weigh A, skills B, headline and place C."""
    terms: list[str]
    """Words that typing errors are compared with."""


def words_of(text: str) -> list[str]:
    """Return the words of `text` in lower case, without accents, in their order."""
    plain = _SPELLED.sub(lambda found: _SPELLING[found.group()], text.casefold())
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()
    return [word[:MAX_WORD] for word in _WORD.findall(plain)]


def query_terms(text: str) -> list[str]:
    """Return the distinct words to search for."""
    return list(dict.fromkeys(words_of(text)))[:MAX_TERMS]


def facet(kind: str, value: str) -> str:
    """Return the entry by which a skill, tag or source is filtered; no word looks like it."""
    return f"{kind}={' '.join(value.casefold().split())}"[:200]


def search_entry(profile: Profile, notes: Iterable[str] = ()) -> SearchEntry:
    """Return what search keeps of a candidate with these notes."""
    names = words_of(f"{profile.full_name} {profile.preferred_name or ''}")
    names += [word for email in profile.emails for word in words_of(email)]
    skills = [word for skill in profile.skills for word in words_of(skill)]
    rest = words_of(" ".join(filter(None, (profile.headline, profile.location))))
    found = dict.fromkeys((*names, *skills, *rest))
    for entry in profile.experience:
        found.update(dict.fromkeys(words_of(f"{entry.company} {entry.title}")))
    for text in (profile.resume_text or "", *notes):
        found.update(dict.fromkeys(words_of(text)))
    document = list(found)[:MAX_WORDS]
    return SearchEntry(
        document=document + _facets(profile),
        ranking=_weighted((names, "A"), (skills, "B"), (rest, "C")),
        terms=sorted(word for word in document if is_term(word)),
    )


def is_term(word: str) -> bool:
    """Whether typing errors are compared with `word`: numbers and scraps aren't worth it."""
    return _SHORTEST_TERM <= len(word) <= _LONGEST_TERM and not any(map(str.isdigit, word))


def _facets(profile: Profile) -> list[str]:
    found = [facet("skill", skill) for skill in profile.skills]
    found += [facet("tag", tag) for tag in profile.tags]
    return found + ([facet("source", profile.source)] if profile.source else [])


def _weighted(*groups: tuple[list[str], str]) -> str:
    """Return the text form of a tsvector: each word at its place, with the weight of its group."""
    placed: dict[str, str] = {}
    place = 0
    for words, weight in groups:
        for word in words:
            place += 1
            placed.setdefault(word, f"'{word}':{place}{weight}")
    return " ".join(placed.values())
