"""The skills that we know: their preferred names and how else they are written.

`skills.txt` holds one skill a line: the preferred name, then other spellings after bars. A line
that begins with `~` is a field or an ability, not the name of a tool; one that begins with `!` is
too common a word to be taken for a skill in running text.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from rapidfuzz import fuzz, process

from plugins.resume_parser.folding import fold, words

_TOKEN: Final = re.compile(r"[^\W_]+(?:[.'’\-+#][^\W_]+)*[+#]*")
_LONGEST: Final = 5
"""Words of the longest spelling that is looked for in running text."""
_FUZZY_FROM: Final = 7
"""Shorter words differ by one letter and mean another thing: Java, Lava."""
_ALIKE: Final = 91.0


@dataclass(slots=True, frozen=True)
class _Known:
    name: str
    named: bool
    """The name of a tool, a standard or the like."""
    proper: bool
    """Written with a capital: in running text only this spelling counts."""
    in_text: bool


@dataclass(slots=True, frozen=True)
class Mention:
    """A skill found in running text, and where."""

    name: str
    named: bool
    begin: int
    stop: int


def _spelled(text: str) -> str:
    return " ".join(words(text))


def _compact(text: str) -> str:
    return re.sub(r"[^\w+#]|_", "", fold(text))


class Taxonomy:
    """Finds skills by any of their spellings."""

    def __init__(self, text: str) -> None:
        self._by_spelling: dict[str, _Known] = {}
        self._by_compact: dict[str, _Known] = {}
        self._names = 0
        for line in text.splitlines():
            if line.strip() and not line.startswith("# "):
                self._add(line.strip())
        self._by_letter: dict[str, list[str]] = {}
        for compact in self._by_compact:
            if len(compact) >= _FUZZY_FROM:
                self._by_letter.setdefault(compact[0], []).append(compact)
        self._first_words = {spelling.split(" ", 1)[0] for spelling in self._by_spelling}

    def __len__(self) -> int:
        return self._names

    def _add(self, line: str) -> None:
        common = line.startswith("!")
        named = not line.startswith(("!", "~"))
        spellings = [part.strip() for part in line.lstrip("!~").split("|")]
        name = spellings[0]
        self._names += 1
        for spelling in spellings:
            proper = any(each.isupper() for each in spelling) and (named or spelling.isupper())
            short = len(_compact(spelling)) < 3 and _compact(spelling).isalnum()
            known = _Known(name, named, proper, not common and not short)
            if _spelled(spelling):
                self._by_spelling.setdefault(_spelled(spelling), known)
            if len(_compact(spelling)) > 2:
                self._by_compact.setdefault(_compact(spelling), known)

    def named(self, text: str) -> tuple[str, float] | None:
        """Return the preferred name of what the text names as a whole, and how sure that is.

        Other spellings and slips of a letter count; what only resembles a skill does not.
        """
        known = self._by_spelling.get(_spelled(text))
        if known is not None and _same_marks(text, known.name):
            return known.name, 0.97
        compact = _compact(text)
        known = self._by_compact.get(compact)
        if known is not None:
            return known.name, 0.95
        if len(compact) >= _FUZZY_FROM and compact.isalpha():
            near = [
                each
                for each in self._by_letter.get(compact[0], ())
                if abs(len(each) - len(compact)) <= 2
            ]
            best = process.extractOne(compact, near, scorer=fuzz.ratio, score_cutoff=_ALIKE)
            if best is not None:
                return self._by_compact[best[0]].name, 0.75
        return None

    def mentions(self, text: str) -> list[Mention]:
        """Return the skills that the text speaks of; the longest spelling wins."""
        tokens = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]
        folded = [fold(token) for token, _, _ in tokens]
        found: list[Mention] = []
        at = 0
        while at < len(tokens):
            length = self._longest(folded, at) if folded[at] in self._first_words else 0
            known = self._by_spelling[" ".join(folded[at : at + length])] if length else None
            written = text[tokens[at][1] : tokens[at + length - 1][2]] if length else ""
            if known is not None and known.in_text and _is_written_so(written, known):
                stop = tokens[at + length - 1][2]
                found.append(Mention(known.name, known.named, tokens[at][1], stop))
                at += length
            else:
                at += 1
        return found

    def _longest(self, folded: list[str], at: int) -> int:
        for length in range(min(_LONGEST, len(folded) - at), 0, -1):
            if " ".join(folded[at : at + length]) in self._by_spelling:
                return length
        return 0


def _is_written_so(written: str, known: _Known) -> bool:
    return not known.proper or any(each.isupper() or each.isdigit() for each in written)


def _same_marks(text: str, name: str) -> bool:
    """`C` is neither `C++` nor `C#`: the words of both are one letter."""
    return len(name) > 2 or text.strip().lower().rstrip(".") == name.lower() or len(text) > 3


@cache
def taxonomy() -> Taxonomy:
    """Return our own taxonomy, loaded once."""
    return Taxonomy(files("plugins.resume_parser").joinpath("skills.txt").read_text("utf-8"))
