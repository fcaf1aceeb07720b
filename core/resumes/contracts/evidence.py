"""Finds each value that a parser gave in the document that it was given; `witness` asks.

What counts as standing there depends on what it is: words may be set otherwise, an address may not,
a date is spelled in many ways, and a phone number gets its country's code from its parser.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from core.ports.documents import DocumentLine, ReadDocument
from core.resumes.contracts.structure import ParsedResume, SourceSpan
from core.resumes.contracts.wording import Wording

MOST_VALUES: Final = 2_000
"""So many values are looked for; what a parser gives beyond is left out."""

UNSURE: Final = 0.5
"""The confidence of a value for which the parser gave none."""

_MOST_LINES, _MOST_TEXT = 20, 6_000
"""No value stands in more lines, or in more characters of them, than so many."""

_CONTROLS: Final = dict.fromkeys((*range(32), *range(127, 160)), " ")
_EMAIL: Final = re.compile(r"[^\s@<>()\"',;:]{1,64}@[^\s@<>()\"',;:]{1,180}\.[^\W\d_]{2,24}")
_AT: Final = re.compile(r"\s?(?:@|\(at\)|\[at\])\s?", re.IGNORECASE)
_WEB: Final = re.compile(r"https?://(?:www\.)?([^\s/@\\]+(?:/\S*)?)", re.IGNORECASE)
_PHONE: Final = re.compile(r"\+?[\d\s().\-/–]{5,40}")
_NUMBER: Final = re.compile(r"[+(]?\d[\d\s().\-/–]{3,26}\d")
_FEWEST_DIGITS, _TELLING_DIGITS = 6, 8
"""So many last digits tell a number; codes of country and trunk before them may differ."""

_DATE: Final = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2]))?")
_DIGITS: Final = re.compile(r"\d+")
_MONTH_NAME: Final = re.compile(r"[^\W\d_]{3,}")


class Evidence:
    """Of one document, for one answer. `path` is where a value is kept, `given` where it was."""

    def __init__(self, parsed: ParsedResume, document: ReadDocument) -> None:
        self._claims = parsed.sources
        self._sureness = parsed.resume.confidence
        self._document = document
        self._wording = Wording(document.lines)
        self._values = 0
        self.left_out = 0
        self.confidence: dict[str, float] = {}
        self.sources: dict[str, SourceSpan] = {}

    def words(self, path: str, given: str, text: str | None, longest: int) -> str | None:
        """Return the text, tidied, if it stands in the document."""
        plain = tidied(text)
        if not plain or len(plain) > longest:
            self._leave_out(text)
            return None
        return self._kept(path, given, plain, lambda: self._words_at(given, plain))

    def email(self, text: str | None) -> str | None:
        """Return the address if it stands there, or a link of the document leads to it."""
        if text is None or not _EMAIL.fullmatch(text):
            self._leave_out(text)
            return None
        pattern = _exactly(text, before=r"(?<![\w.+-])")

        def found() -> SourceSpan | bool | None:
            place = self._pattern_at("email", pattern, lambda line: _AT.sub("@", line))
            return place or self._is_linked("email", "mailto:", pattern)

        return self._kept("email", "email", text, found)

    def link(self, path: str, given: str, text: str, longest: int) -> str | None:
        """Return the address of a page if it stands there, or a link leads to it."""
        address = _WEB.fullmatch(text)
        if address is None or len(text) > longest:
            self._leave_out(text)
            return None
        bare = address[1].rstrip("/")
        pattern = _exactly(bare, before=r"(?:(?<![\w.@-])|(?<=www\.)|(?<=//))")
        return self._kept(
            path,
            given,
            text,
            lambda: self._pattern_at(given, pattern) or self._is_linked(given, "http", pattern),
        )

    def phone(self, text: str | None) -> str | None:
        """Return the number if it, perhaps without its country's code, stands there."""
        plain = tidied(text)
        if not plain or not _PHONE.fullmatch(plain):
            self._leave_out(text)
            return None
        return self._kept("phone", "phone", plain, lambda: self._number_at(plain))

    def date(self, path: str, given: str, text: str | None) -> str | None:
        """Return the date if its year stands there; without its month if that doesn't."""
        date = None if text is None else _DATE.fullmatch(text)
        if date is None or text is None:
            self._leave_out(text)
            return None
        year, month = date[1], date[2]
        is_claimed = given in self._claims
        # Without a place two digits prove nothing, as any line may hold them.
        written = [
            line
            for _, line in self._lines(given)
            if (is_claimed or year in line.text) and _says_year(line.text, year)
        ]
        told = month is None or any(_says_month(line.text, year, month) for line in written)
        place = self._claims[given] if is_claimed else True
        return self._kept(path, given, text if told else year, lambda: place if written else None)

    def _kept(
        self, path: str, given: str, value: str, find: Callable[[], SourceSpan | bool | None]
    ) -> str | None:
        self._values += 1
        found = find() if self._values <= MOST_VALUES else None
        if not found:
            self._leave_out(value)
            return None
        if isinstance(found, SourceSpan):
            self.sources[path] = found
        sure = self._sureness.get(given, UNSURE)
        self.confidence[path] = min(max(sure, 0.0), 1.0) if math.isfinite(sure) else UNSURE
        return value

    def _leave_out(self, given: str | None) -> None:
        """Count what was given and isn't kept."""
        self.left_out += given is not None

    def _words_at(self, given: str, text: str) -> SourceSpan | None:
        claim = self._claims.get(given)
        if claim is None:
            return self._wording.place(text)
        lines = self._claimed(claim)
        part = Wording(lines, claim.first_line)
        return part.place(text, claim.first_line, claim.start) if lines else None

    def _pattern_at(
        self,
        given: str,
        pattern: re.Pattern[str],
        spelled: Callable[[str], str] = lambda line: line,
    ) -> SourceSpan | None:
        before: tuple[int, DocumentLine] | None = None
        for index, line in self._lines(given):
            match = pattern.search(spelled(line.text))
            if match is not None:
                is_exact = spelled(line.text) == line.text
                start, end = match.span() if is_exact else (0, len(line.text))
                return SourceSpan(index, start, index, end, line.page)
            if before is not None and pattern.search(before[1].text.rstrip() + line.text.lstrip()):
                return SourceSpan(before[0], 0, index, len(line.text), before[1].page)
            before = (index, line)
        return None

    def _number_at(self, number: str) -> SourceSpan | bool | None:
        for index, line in self._lines("phone"):
            for match in _NUMBER.finditer(line.text):
                if _is_same_number(match[0], number):
                    return SourceSpan(index, match.start(), index, match.end(), line.page)
        linked = (each.uri for each in self._document.links if each.uri.lower().startswith("tel:"))
        return "phone" not in self._claims and any(_is_same_number(each, number) for each in linked)

    def _is_linked(self, given: str, scheme: str, pattern: re.Pattern[str]) -> bool:
        """A link may lie on no words; then no place was claimed for it."""
        uris = [each.uri for each in self._document.links]
        return given not in self._claims and any(
            pattern.search(uri.partition(":")[2]) for uri in uris if uri.lower().startswith(scheme)
        )

    def _lines(self, given: str) -> Iterator[tuple[int, DocumentLine]]:
        """Yield the lines that are claimed for a value, by their index; all when none are."""
        claim = self._claims.get(given)
        if claim is None:
            return iter(enumerate(self._document.lines))
        return iter(enumerate(self._claimed(claim), claim.first_line))

    def _claimed(self, claim: SourceSpan) -> Sequence[DocumentLine]:
        """Return the lines of a claim, or none if there is no such place."""
        first, last = claim.first_line, claim.last_line
        if not 0 <= first <= last < min(len(self._document.lines), first + _MOST_LINES):
            return ()
        lines = self._document.lines[first : last + 1]
        fits = 0 <= claim.start < len(lines[0].text) and 0 < claim.end <= len(lines[-1].text)
        is_short = sum(len(line.text) for line in lines) <= _MOST_TEXT
        return lines if fits and is_short and (first, claim.start) < (last, claim.end) else ()


def tidied(text: str | None) -> str:
    """Return the text on one line, without control characters."""
    return "" if text is None else " ".join(text.translate(_CONTROLS).split())


def _exactly(address: str, *, before: str) -> re.Pattern[str]:
    """`acme.co` stands neither in `acme.com` nor in `acme.co.uk`."""
    return re.compile(before + re.escape(address) + r"(?![.\-]?\w)", re.IGNORECASE)


def _is_same_number(written: str, given: str) -> bool:
    one, other = _digits(written), _digits(given)
    telling = min(len(one), len(other), _TELLING_DIGITS)
    return telling >= _FEWEST_DIGITS and one[-telling:] == other[-telling:]


def _digits(number: str) -> str:
    return "".join(each for each in number if each.isascii() and each.isdigit())


def _says_year(line: str, year: str) -> bool:
    runs = (match[0] for match in _DIGITS.finditer(line))
    return any(run == year[2:] or (len(run) >= len(year) and year in run) for run in runs)


def _says_month(line: str, year: str, month: str) -> bool:
    """In digits, or perhaps by a name: which words name months is the parser's knowledge."""
    runs = [run for run in _DIGITS.findall(line) if run != year]
    is_counted = any(int(run) == int(month) for run in runs if len(run) <= 2)
    is_joined = any(f"{year}{month}" in run or f"{month}{year}" in run for run in runs)
    return is_counted or is_joined or _MONTH_NAME.search(line) is not None
