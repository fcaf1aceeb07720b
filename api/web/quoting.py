"""Finds in an answer what its writer quotes, so that pages can fold it.

Mail programs agree on little: `>` before each line (RFC 3676 4.5) with a line that ends in a colon
before it, or everything below a line that says that the original message follows.
"""

import re
from typing import Final

import msgspec

_QUOTED: Final = re.compile(r"\s?>")
_SEPARATOR: Final = re.compile(
    r"\s*(?:-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht"
    r"|message d'origine|mensaje original)\s*-{2,}|_{20,})\s*$",
    re.IGNORECASE,
)
_OUTLOOK: Final = re.compile(r"\s*\*?(?:from|von|de)\s?\*?:\s", re.IGNORECASE)
_OUTLOOK_NEXT: Final = re.compile(
    r"\s*\*?(?:sent|gesendet|envoyé|enviado|date|datum)\s?\*?:\s", re.IGNORECASE
)
_LOOKS_BACK: Final = 3
"""Lines before a quotation in which the words that announce it may stand, blank ones included."""


class Segment(msgspec.Struct, frozen=True):
    """Lines that follow each other, either the writer's own or quoted."""

    is_quoted: bool
    text: str


def segments(text: str) -> list[Segment]:
    """Return the text in order; what is quoted begins with the line that announces it."""
    lines = text.split("\n")
    quoted = [_QUOTED.match(line) is not None for line in lines]
    end = _everything_below(lines)
    for place in range(end, len(lines)):
        quoted[place] = True
    for place in [each for each, is_quoted in enumerate(quoted) if is_quoted]:
        if place and not quoted[place - 1] and place < end:
            _announced(lines, quoted, place)
    found: list[tuple[bool, list[str]]] = []
    for line, is_quoted in zip(lines, quoted, strict=True):
        # A blank line belongs to what it follows.
        if found and (found[-1][0] == is_quoted or not line.strip()):
            found[-1][1].append(line)
        else:
            found.append((is_quoted, [line]))
    made = [Segment(is_quoted, "\n".join(part).strip("\n")) for is_quoted, part in found]
    return [each for each in made if each.text.strip()]


def _announced(lines: list[str], quoted: list[bool], place: int) -> None:
    """Mark the lines before a quotation that announce it: one or two that end in a colon."""
    above = place - 1
    while above > place - _LOOKS_BACK and above > 0 and not lines[above].strip():
        above -= 1
    if not lines[above].rstrip().endswith(":"):
        return
    first = above
    if (
        above
        and lines[above - 1].strip()
        and not lines[above - 1].rstrip().endswith((".", "!", "?"))
    ):
        first = above - 1  # long addresses break the line in two
    for each in range(first, place):
        quoted[each] = True


def _everything_below(lines: list[str]) -> int:
    """Return the first line from which on everything is the original message."""
    for place, line in enumerate(lines):
        if _SEPARATOR.match(line):
            return place
        if _OUTLOOK.match(line) and any(
            _OUTLOOK_NEXT.match(each) for each in lines[place + 1 : place + 4]
        ):
            return place
    return len(lines)
