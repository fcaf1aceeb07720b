"""Whether and where words stand in a document; what `witness` asks.

Words are compared without regard to case, punctuation and the way lines were broken, since honest
parsers tidy what they quote. They are whole words: `art` doesn't stand in `smartphone`.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from core.ports.documents import DocumentLine
from core.resumes.contracts.structure import SourceSpan

_INVISIBLE: Final = "\u00ad\u200b\u200c\u200d\u2060\ufeff\ufffe"
_WORD: Final = re.compile(rf"[^\W_](?:[^\W_]|[\u0300-\u036f]|[{_INVISIBLE}]+(?=[^\W_]))*")
_BROKEN: Final = re.compile(r"[^\W\d_][-\u00ad\u2010\u2011\ufffe]\s*$")
_DROPPED: Final = str.maketrans(dict.fromkeys(_INVISIBLE))
_TELLING: Final = 3
"""Words with fewer letters in all are looked for as they are written: `C++` isn't `C`."""

_LONGEST_SIGN: Final = 20
_MOST_SIGNS: Final = 200
"""So many of those are looked for; each means reading all lines."""


class Wording:
    """The lines of a document, or some of them, to look for words in."""

    def __init__(self, lines: Sequence[DocumentLine], first: int = 0) -> None:
        """`first` is the index of the first of `lines` in its document."""
        self._lines = lines
        self._first = first
        self._signs = 0
        self._words: list[tuple[int, int, int]] = []
        whole: list[str] = []
        joined: list[str] = []
        head = 0
        for index, line in enumerate(lines):
            is_broken = index > 0 and _BROKEN.search(lines[index - 1].text) is not None
            for place, match in enumerate(_WORD.finditer(line.text)):
                self._words.append((index, match.start(), match.end()))
                whole.append(_plain(match[0]))
                if is_broken and place == 0:
                    # The word goes on from the line before.
                    joined[head] += whole[-1]
                    joined.append("")
                else:
                    head = len(joined)
                    joined.append(whole[-1])
        self._spoken = (_Spoken(whole), _Spoken(joined))

    def place(self, text: str, line: int = 0, offset: int = 0) -> SourceSpan | None:
        """Return where `text` stands, from that place on if it can be, or None."""
        words = spoken(text)
        if len(words.replace(" ", "")) < _TELLING:
            return self._literally(text)
        after = self._words_before(line - self._first, offset)
        for said in self._spoken:
            found = said.find(words, after)
            if found is not None:
                return self._span(*found)
        return None

    def _literally(self, text: str) -> SourceSpan | None:
        wanted = " ".join(text.split())
        self._signs += 1
        if not wanted or len(wanted) > _LONGEST_SIGN or self._signs > _MOST_SIGNS:
            return None
        edges = (r"(?<!\w)" if wanted[0].isalnum() else "", r"(?![\w+#])")
        pattern = re.compile(
            edges[0] + r"\s+".join(map(re.escape, wanted.split())) + edges[1], re.IGNORECASE
        )
        for index, line in enumerate(self._lines):
            match = pattern.search(line.text)
            if match is not None:
                at = self._first + index
                return SourceSpan(at, match.start(), at, match.end(), line.page)
        return None

    def _words_before(self, line: int, offset: int) -> int:
        return bisect_right(self._words, (line, offset, -1)) if line > 0 or offset > 0 else 0

    def _span(self, first: int, last: int) -> SourceSpan:
        begin, end = self._words[first], self._words[last]
        page = self._lines[begin[0]].page
        return SourceSpan(self._first + begin[0], begin[1], self._first + end[0], end[2], page)


class _Spoken:
    """Words one after the other, and which word begins where."""

    def __init__(self, words: Sequence[str]) -> None:
        self._text = f" {' '.join(word for word in words if word)} "
        self._words = words
        self._starts: list[int] = []
        at = 1
        for word in words:
            self._starts.append(at)
            at += len(word) + 1 if word else 0

    def find(self, words: str, after: int) -> tuple[int, int] | None:
        """Return the first and last word of a place that says `words`."""
        wanted = f" {words} "
        begin = self._starts[after] - 1 if after < len(self._starts) else 0
        at = self._text.find(wanted, begin)
        if at < 0 and begin:
            at = self._text.find(wanted)
        if at < 0:
            return None
        first = bisect_right(self._starts, at + 1) - 1
        last = bisect_right(self._starts, at + len(words)) - 1
        while last + 1 < len(self._words) and not self._words[last + 1]:
            last += 1  # the other half of a broken word
        return first, last


def spoken(text: str) -> str:
    """Return the words of `text` as they are compared."""
    return " ".join(_plain(each) for each in _WORD.findall(text))


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word.translate(_DROPPED)).casefold()
