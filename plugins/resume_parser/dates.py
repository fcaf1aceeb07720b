"""Dates and ranges of dates as résumés write them.

What is written as a year stays a year: neither a season nor a quarter is made a month.
"""

import re
from dataclasses import dataclass
from typing import Final

from plugins.resume_parser.folding import fold
from plugins.resume_parser.months import MONTHS
from plugins.resume_parser.vocabulary import (
    PRESENT_WORDS,
    SEASONS,
    SINCE_WORDS,
    UNTIL_WORDS,
)

_YEAR: Final = r"(?:19[4-9]\d|20[0-4]\d)"
_NAME: Final = r"[^\W\d_]{2,15}\.?"


def _any_of(entries: frozenset[str]) -> str:
    spelled = sorted(entries, key=len, reverse=True)
    return "|".join(re.escape(each).replace(r"\ ", r"\s+") for each in spelled)


_PRESENT: Final = rf"(?:{_any_of(PRESENT_WORDS)})(?!\w)"
_POINT: Final = rf"""
    \d{{1,2}}[./-]\d{{1,2}}[./-]{_YEAR}(?!\d)
  | {_YEAR}[-/.](?:0[1-9]|1[0-2])(?:[-/.]\d{{2}})?(?![\d/.-]\d|\d)
  | \d{{1,2}}\s?[./-]\s?{_YEAR}(?!\d)
  | q[1-4][\s/-]*{_YEAR}(?!\d)
  | {_YEAR}\s?/?q[1-4]
  | (?:\d{{1,2}}(?:st|nd|rd|th|\.|er|º)?\s+(?:de\s+)?)?{_NAME}[,/-]?\s*(?:de\s+|del\s+|
          of\s+)?{_YEAR}(?!\d)
  | {_NAME}\s?['’]\d{{2}}(?!\d)
  | {_NAME}-\d{{2}}(?!\d)
  | ['’]\d{{2}}(?!\d)
  | {_YEAR}(?!\d|\.\d{{3}}|-(?!{_YEAR}(?!\d|-\d))\d{{3}}|/\d{{5}})
"""
_TO: Final = (
    r"\s*(?:[-–—→~]+|(?<=\s)(?:to|until|till|through|thru|bis(?:\s+zum?)?|jusqu['’]?[àa]u?|à|au|al?|"
    r"hasta(?:\s+(?:el|la))?|tot(?:\s+en\s+met)?|t/m|fino\s+a[l]?|ad|até|ate|do|til|till)(?=\s))\s*"
)
_RANGE: Final = re.compile(
    rf"""(?<![\w$€£#])(?:
      (?P<months>\d{{1,2}}\s?[-–—]\s?\d{{1,2}}\s?[./]\s?{_YEAR})(?!\d)
    | (?P<short>(?:0?[1-9]|1[0-2])/\d{{2}})\s*[-–—]\s*(?P<short_end>(?:0?[1-9]|
          1[0-2])/\d{{2}}(?!\d)|{_PRESENT})
    | (?P<half>{_NAME}){_TO}(?P<whole>{_NAME}\s*{_YEAR})(?!\d)
    | (?P<start>{_POINT})(?:{_TO}(?P<end>{_PRESENT}|{_POINT}|\d{{2}}(?![\d/.]))|
          (?P<slash>/\d{{2,4}})(?!\d))?
    | (?P<gone>{_PRESENT})\s*[-–—]\s*(?P<began>{_POINT})
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_BEFORE: Final = re.compile(r"(?:^|[\s(\[,|])([^\W\d_]+['’:]?)\s*(?:the\s+|le\s+|el\s+|dem\s+)?$")
_FROM: Final = SINCE_WORDS | frozenset(("von", "de", "du", "van", "di", "da", "between"))
_OPEN: Final = re.compile(r"\s*[-–—]\s*(?:$|[)\],|])")
_DIGITS: Final = re.compile(r"\d\d")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_DURATION_UNIT: Final = (
    r"(?:years?|yrs?|jahre?n?|ans?|années?|an(?:ni|no)|años?|anos?|jaar|lat[a]?|rok|months?|mos?|"
    r"monate?n?|mois|mes(?:es|i|e)?|maand(?:en)?|miesi[ąe]c\w*|weeks?|wochen?|Y|M)\.?"
)
DURATION: Final = re.compile(
    rf"[\s,(·•|–-]*(?<![\w.])(?:\d{{1,2}}(?:[.,]5)?\+?\s*{_DURATION_UNIT}(?!\w)[\s,]*(?:(?:and|und|et|y|e|i)\s+)?)+\)?",
    re.IGNORECASE,
)
"""`(2 years 10 months)`: says nothing that the dates don't say."""


@dataclass(slots=True, frozen=True)
class DateSpan:
    """A date or range and where it stands in the text."""

    begin: int
    stop: int
    start: str | None
    end: str | None
    current: bool = False
    ranged: bool = False
    """Two dates, or one that says `since` or `until`; else a single date, kept in `end`."""


def find_dates(text: str) -> list[DateSpan]:
    """Return the dates and ranges of the text, from left to right."""
    if not _DIGITS.search(text):
        return []
    found = []
    at = 0
    while (match := _RANGE.search(text, at)) is not None:
        at = match.end()
        strange = _strange_word(match)
        if strange is not None:
            at = strange
            continue
        span = _span(match, text)
        if span is not None:
            found.append(span)
            at = max(span.stop, match.start() + 1)
    return found


def _strange_word(match: re.Match[str]) -> int | None:
    """Where to look on, when the first word is no month: `Boston, 2021-03`, `Oslo – May 2019`."""
    name = _LETTERS.match(match[0])
    if name is None or match["gone"]:
        return None
    word = name[0].lower()
    if word in MONTHS or word in SEASONS or word == "q":
        return None
    if match["half"]:
        return match.start("whole")
    digit = _DIGITS.search(match[0])
    return match.start() + digit.start() if digit else None


def _span(match: re.Match[str], text: str) -> DateSpan | None:
    groups = match.groupdict()
    begin, stop = match.span()
    if groups["months"]:
        first, second, year = re.findall(r"\d+", groups["months"])
        start, end = _month_of(year, first), _month_of(year, second)
        return DateSpan(begin, stop, start, end, ranged=True) if start and end else None
    if groups["short"]:
        start = _short(groups["short"])
        current = not groups["short_end"][0].isdigit()
        end = None if current else _short(groups["short_end"])
        return DateSpan(begin, stop, start, end, current, ranged=True)
    if groups["half"]:
        return _half(match)
    if groups["gone"]:
        return DateSpan(begin, stop, _point(groups["began"])[0], None, current=True, ranged=True)
    return _started(match, text)


def _half(match: re.Match[str]) -> DateSpan | None:
    """`May – Aug 2019`; or, when what stood before isn't a month, the date after it."""
    end, skipped = _point(match["whole"])
    month = MONTHS.get(match["half"].lower().rstrip("."))
    begin, stop = match.span()
    if end is None:
        return None
    if month is None:
        return DateSpan(match.start("whole") + skipped, stop, None, end)
    return DateSpan(begin, stop, f"{end[:4]}-{month:02}", end, ranged=True)


def _started(match: re.Match[str], text: str) -> DateSpan | None:
    begin, stop = match.span()
    start, skipped = _point(match["start"])
    if start is None:
        return None
    begin += skipped
    if match["slash"]:
        end = _two_digits(start, match["slash"][1:])
        return DateSpan(begin, stop, start, end, ranged=True) if end else None
    written = match["end"]
    if written is not None:
        before = _BEFORE.search(text[:begin])
        if before is not None and fold(before[1]) in _FROM:
            begin = before.start(1)
        if fold(written.strip()).replace("’", "'") in PRESENT_WORDS or not _DIGITS.search(written):
            return DateSpan(begin, stop, start, None, current=True, ranged=True)
        if written.isdigit() and len(written) == 2:
            end = _two_digits(start, written)
        else:
            end = _point(written)[0]
        if end is not None and end[:4] >= start[:4]:
            return DateSpan(begin, stop, start, end, ranged=True)
        # What follows isn't the end of a range after all: keep the first date alone.
        stop = match.end("start")
    return _single(begin, stop, start, text)


def _single(begin: int, stop: int, date: str, text: str) -> DateSpan:
    before = _BEFORE.search(text[:begin])
    if before is not None:
        word = fold(before[1]).rstrip(":")
        if word in SINCE_WORDS:
            return DateSpan(before.start(1), stop, date, None, current=True, ranged=True)
        if word in UNTIL_WORDS:
            return DateSpan(before.start(1), stop, None, date, ranged=True)
    after = _OPEN.match(text, stop)
    if after is not None and begin == len(text) - len(text.lstrip(" ([")):
        return DateSpan(begin, stop + 1, date, None, current=True, ranged=True)
    return DateSpan(begin, stop, None, date)


def _month_of(year: str, month: str) -> str | None:
    return f"{year}-{int(month):02}" if 1 <= int(month) <= 12 else None


def _short(written: str) -> str:
    month, year = written.split("/")
    century = "20" if int(year) < 50 else "19"
    return f"{century}{year}-{int(month):02}"


def _two_digits(start: str, written: str) -> str | None:
    """The end of `2018/19`, `2018–21` or `2018/2019`."""
    year = written if len(written) == 4 else start[:2] + written
    return year if len(year) == 4 and 0 <= int(year) - int(start[:4]) < 40 else None


_PARTS: Final = re.compile(r"[^\W\d_]+|\d+")


def _point(written: str) -> tuple[str | None, int]:
    """Return the date, and how many characters before it aren't part of it."""
    parts = _PARTS.findall(written)
    numbers = [part for part in parts if part.isdigit()]
    names = [part.lower() for part in parts if not part.isdigit()]
    year = next((part for part in numbers if len(part) == 4), None)
    if year is None:
        short = numbers[-1] if numbers else None
        if short is None or len(short) != 2:
            return None, 0
        if not names or (month := MONTHS.get(names[-1])) is None:
            return None, 0
        return f"{'20' if int(short) < 50 else '19'}{short}-{month:02}", 0
    months = [MONTHS[name] for name in names if name in MONTHS]
    if months:
        name = next(name for name in names if name in MONTHS)
        at = written.lower().find(name)
        day = re.search(r"\d{1,2}\D{0,4}(?:de\s+)?$", written[:at])
        return f"{year}-{months[0]:02}", day.start() if day else at
    if names and names[0] != "q" and names[0] not in SEASONS:
        return year, written.find(year)
    return _numeric(numbers, year, names), 0


def _numeric(numbers: list[str], year: str, names: list[str]) -> str:
    rest = [int(part) for part in numbers if part != year]
    if names or not rest:
        return year
    if len(rest) == 1:
        return _month_of(year, str(rest[0])) or year
    # Day before month, save where only the American order makes a date.
    first, second = (rest[1], rest[0]) if numbers[0] == year else rest[:2]
    return _month_of(year, str(second)) or _month_of(year, str(first)) or year


_EDGE: Final = " \t,;|–—-:•·()[]/"
_ENDS: Final = _EDGE + "."


def take_date(text: str, *, loose: bool = False) -> tuple[DateSpan | None, str]:
    """Part the text from the date that it begins or ends with.

    A range is preferred to a single date. A date in the midst of a sentence is no such date; with
    `loose` a single one at the end need not be set apart: `Master Informatique 2019`.
    """
    spans = find_dates(text)
    if not spans:
        return None, text
    standing = [span for span in spans if _stands(span, text)]
    if not standing and loose and not text[spans[-1].stop :].strip(_ENDS):
        standing = spans[-1:]
    if not standing:
        return None, text
    chosen = next((span for span in standing if span.ranged), standing[-1])
    before, after = (
        text[: chosen.begin].strip(_EDGE),
        text[chosen.stop :].strip(_EDGE).lstrip(_ENDS),
    )
    after = DURATION.sub("", after).strip(_EDGE) if after else after
    glue = ", " if before and after else ""
    rest = f"{before}{glue}{after}"
    return chosen, rest + ")" if rest.count("(") > rest.count(")") else rest


def _stands(span: DateSpan, text: str) -> bool:
    """Whether the date is set apart: at an edge, or between marks that part it from the rest."""
    before, after = text[: span.begin].rstrip(" ("), text[span.stop :].lstrip()
    after = after.lstrip(")] ").rstrip(". ")
    parted_before = not before or before[-1] in "|•·–—-,[(:;/\t" or text[: span.begin].endswith("(")
    parted_after = not after or after[0] in "|•·–—-,:;(\t" or DURATION.fullmatch(after) is not None
    if not before:
        return span.ranged or parted_after
    if not after:
        return span.ranged or parted_before
    return parted_before and parted_after
