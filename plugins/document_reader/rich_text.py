"""Reads RTF with striprtf. Called by the reading process, through `reading.py`.

striprtf knows nothing of looks, so switches of look are put into the text first, as characters of
the private area, and taken out of what it gives.
"""

import re
from typing import Any

import msgspec
from striprtf.striprtf import rtf_to_text

from core.ports.documents import ReadDocument
from plugins.document_reader.colors import is_told_apart
from plugins.document_reader.flow import Flow, Piece
from plugins.document_reader.limits import Broken, Limits, Refused

_TOKEN = re.compile(
    r"\\(?P<word>[a-z]{1,32})(?P<number>-?\d{1,10})? ?|\\'[0-9a-f]{2}|\\.|[{}]", re.IGNORECASE
)
_COLOR = re.compile(r"(?:\\red(\d+))?\s*(?:\\green(\d+))?\s*(?:\\blue(\d+))?\s*[^;]*;")
_LINK = re.compile(r'HYPERLINK\s+"([^"]{1,2000})"')
_FIRST_MARK = 0xF000
_MOST_LOOKS = 256
_DEEPEST = 300
_SMALLEST = 2.0
_WHITE = 0xFFFFFF
_TABLES = frozenset({"fonttbl", "colortbl", "stylesheet", "listtable", "info"})
_MARK = re.compile(f"([{chr(_FIRST_MARK)}-{chr(_FIRST_MARK + _MOST_LOOKS)}])")
_BULLET = re.compile(r"^\s*[•·◦▪*-]\s*(?=\S)")


class _Look(msgspec.Struct, frozen=True):
    bold: bool = False
    italic: bool = False
    size: float | None = None
    color: int = 0
    ground: int = _WHITE
    is_out: bool = False

    @property
    def is_hidden(self) -> bool:
        is_tiny = self.size is not None and self.size < _SMALLEST
        return self.is_out or is_tiny or not is_told_apart(self.color, self.ground)


def read_rtf(content: bytes, limits: Limits) -> ReadDocument:
    """Read the text with its looks. Raises what `limits` names."""
    source = content.decode("latin-1")
    _check_depth(source)
    marked, looks = _marked(source)
    try:
        text: str = rtf_to_text(marked, errors="replace")  # type: ignore[no-untyped-call]
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise Broken("The RTF file is damaged.") from error
    flow = Flow(limits)
    for found in _LINK.finditer(source):
        flow.link(found[1], "")
    look = _Look()
    for line in text.replace("\u2028", "\n").split("\n"):
        look = _paragraph(flow, line, looks, look)
    return flow.read("rtf")


def _check_depth(source: str) -> None:
    depth = 0
    for brace in re.finditer(r"(?<!\\)[{}]", source):
        depth += 1 if brace[0] == "{" else -1
        if depth > _DEEPEST:
            raise Refused(f"Its groups are nested more than {_DEEPEST} deep.")


def _paragraph(flow: Flow, line: str, looks: list[_Look], look: _Look) -> _Look:
    pieces: list[Piece] = []
    hidden: list[str] = []
    for part in _MARK.split(line):
        if len(part) == 1 and _FIRST_MARK <= ord(part) < _FIRST_MARK + len(looks):
            look = looks[ord(part) - _FIRST_MARK]
        elif look.is_hidden:
            hidden.append(part)
        elif part:
            pieces.append(Piece(part.replace("|", "\t"), look.bold, look.italic, look.size))
    whole = "".join(piece.text for piece in pieces)
    mark = _BULLET.match(whole)
    if mark and pieces:
        pieces[0] = msgspec.structs.replace(pieces[0], text=_BULLET.sub("", pieces[0].text))
    flow.paragraph(pieces, is_item=bool(mark))
    flow.hide(" ".join(hidden))
    return look


def _colors(source: str) -> list[int]:
    found = re.search(r"\\colortbl\s*([^}]*)", source)
    if found is None:
        return [0]
    colors = [
        min(255, int(red or 0)) << 16 | min(255, int(green or 0)) << 8 | min(255, int(blue or 0))
        for red, green, blue in _COLOR.findall(found[1])[:1000]
    ]
    return colors or [0]


def _marked(source: str) -> tuple[str, list[_Look]]:
    """Put a mark behind each switch of look; the list has the look for each mark."""
    colors = _colors(source)
    looks: list[_Look] = [_Look()]
    known: dict[_Look, int] = {looks[0]: 0}
    stack: list[_Look] = []
    look = looks[0]
    skipped = 0
    parts: list[str] = []
    position = 0
    for token in _TOKEN.finditer(source):
        before, text = look, token[0]
        if text == "{":
            stack.append(look)
            skipped += skipped > 0
        elif text == "}":
            look = stack.pop() if stack else _Look()
            skipped = max(0, skipped - 1)
        elif token["word"] in _TABLES and not skipped:
            skipped = 1
        elif token["word"] and not skipped:
            look = _switched(look, token["word"], token["number"], colors)
        if look != before and not skipped:
            if look not in known and len(looks) < _MOST_LOOKS:
                known[look] = len(looks)
                looks.append(look)
            # A look beyond those that can be told is shown as it is, and hidden if it hides.
            number = known.get(look, 0)
            parts += [source[position : token.end()], f"\\u{_FIRST_MARK + number - 0x10000}?"]
            position = token.end()
    parts.append(source[position:])
    return "".join(parts), looks


def _switched(look: _Look, word: str, number: str | None, colors: list[int]) -> _Look:
    if word == "plain":
        return _Look()
    is_on = number != "0"
    index = int(number or 0)
    changed: dict[str, Any] = {}
    match word:
        case "b":
            changed["bold"] = is_on
        case "i":
            changed["italic"] = is_on
        case "v" | "deleted":
            changed["is_out"] = is_on
        case "fs":
            changed["size"] = index / 2
        case "cf":
            changed["color"] = _at(colors, index, 0)
        case "highlight" | "cb" | "chcbpat":
            changed["ground"] = _at(colors, index, _WHITE)
    return msgspec.structs.replace(look, **changed) if changed else look


def _at(colors: list[int], index: int, automatic: int) -> int:
    """Colour 0 is automatic."""
    return colors[index] if 0 < index < len(colors) else automatic
