"""Reads OpenDocument text (.odt). Called by the reading process, through `reading.py`."""

from typing import Any, Final

import msgspec

from core.ports.documents import ReadDocument
from plugins.document_reader.archives import check_archive, parse_xml, part_of
from plugins.document_reader.colors import hex_color, is_told_apart
from plugins.document_reader.flow import Flow, Piece
from plugins.document_reader.limits import Broken, Encrypted, Limits

_SPACE = "urn:oasis:names:tc:opendocument:xmlns:"
_TEXT: Final = f"{{{_SPACE}text:1.0}}"
_STYLE: Final = f"{{{_SPACE}style:1.0}}"
_FO: Final = f"{{{_SPACE}xsl-fo-compatible:1.0}}"
_TABLE: Final = f"{{{_SPACE}table:1.0}}"
_OFFICE: Final = f"{{{_SPACE}office:1.0}}"
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_WHITE = 0xFFFFFF
_SMALLEST = 2.0
_DEEPEST = 12
_LONGEST_CELL = 40
_MOST_SPACES = 50
_SKIPPED = {f"{_TEXT}{name}" for name in ("note", "sequence-decls", "variable-decls", "bookmark")}


class _Look(msgspec.Struct, frozen=True):
    bold: bool = False
    italic: bool = False
    size: float | None = None
    color: int | None = None
    ground: int | None = None
    is_out: bool = False
    """Set not to be displayed."""


def read_odt(content: bytes, limits: Limits) -> ReadDocument:
    """Read the body. Raises what `limits` names."""
    check_archive(content, limits)
    manifest = part_of(content, "META-INF/manifest.xml")
    if manifest is not None and b"encryption-data" in manifest:
        raise Encrypted
    part = part_of(content, "content.xml")
    if part is None:
        raise Broken("The OpenDocument file has no content.")
    root = parse_xml(part, limits)
    body = root.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise Broken("The OpenDocument file has no text.")
    styles = [root]
    part = part_of(content, "styles.xml")
    if part is not None:
        styles.append(parse_xml(part, limits))
    reader = _Reader(styles, Flow(limits))
    reader.blocks(body)
    return reader.flow.read("odt")


class _Reader:
    def __init__(self, roots: list[Any], flow: Flow) -> None:
        self.flow = flow
        self._styles = {
            (each.get(f"{_STYLE}family"), each.get(f"{_STYLE}name")): each
            for root in roots
            for each in root.iter(f"{_STYLE}style")
        }

    def blocks(self, parent: Any, *, in_list: bool = False, ground: int = _WHITE) -> None:
        for child in parent:
            name = child.tag if isinstance(child.tag, str) else ""
            if name in {f"{_TEXT}p", f"{_TEXT}h"}:
                self._paragraph(child, ground, is_item=in_list)
            elif name == f"{_TEXT}tracked-changes":
                for change in child.iter(f"{_TEXT}deletion"):
                    self.flow.hide(" ".join(_texts(change)))
            elif name == f"{_TEXT}list":
                for item in child:
                    self.blocks(item, in_list=True, ground=ground)
                self.flow.gap()
            elif name == f"{_TABLE}table":
                self._table(child, ground)
            elif name == f"{_TEXT}section" and child.get(f"{_TEXT}display") in {
                "none",
                "condition",
            }:
                self.flow.hide(" ".join(_texts(child)))
            elif name not in _SKIPPED:
                self.blocks(child, in_list=in_list, ground=ground)

    def _paragraph(
        self, element: Any, ground: int, *, is_item: bool, before: list[Piece] | None = None
    ) -> None:
        look = self._look("paragraph", element.get(f"{_TEXT}style-name"), _Look(ground=ground))
        pieces: list[Piece] = [*before, Piece("\t")] if before else []
        hidden: list[str] = []
        boxes: list[Any] = []
        self._inline(element, look, pieces, hidden, boxes)
        level = element.get(f"{_TEXT}outline-level") if element.tag == f"{_TEXT}h" else None
        heading = (
            int(level) if level and level.isdigit() else 1 if element.tag == f"{_TEXT}h" else None
        )
        self.flow.paragraph(pieces, heading=heading, is_item=is_item and not before)
        self.flow.hide(" ".join(hidden))
        for box in boxes:
            self.flow.gap()
            self.blocks(box, ground=ground)

    def _inline(
        self, parent: Any, look: _Look, pieces: list[Piece], hidden: list[str], boxes: list[Any]
    ) -> None:
        _say(parent.text, look, pieces, hidden)
        for child in parent:
            name = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else ""
            if name == "span":
                inner = self._look("text", child.get(f"{_TEXT}style-name"), look)
                self._inline(child, inner, pieces, hidden, boxes)
            elif name == "a":
                start = len(pieces)
                self._inline(child, look, pieces, hidden, boxes)
                self.flow.link(child.get(_HREF) or "", "".join(p.text for p in pieces[start:]))
            elif name == "s":
                count = child.get(f"{_TEXT}c") or "1"
                spaces = min(_MOST_SPACES, int(count)) if count.isdigit() else 1
                _say("\t" if spaces > 2 else " " * spaces, look, pieces, hidden)
            elif name in {"tab", "line-break"}:
                _say("\t" if name == "tab" else "\n", look, pieces, hidden)
            elif name in {"hidden-text", "hidden-paragraph"}:
                hidden.append(child.get(f"{_TEXT}string-value") or " ".join(_texts(child)))
            elif name == "frame":
                boxes += [each for each in child if each.tag.endswith("}text-box")]
            elif child.tag not in _SKIPPED and name != "annotation":
                self._inline(child, look, pieces, hidden, boxes)
            _say(child.tail, look, pieces, hidden)

    def _table(self, element: Any, ground: int) -> None:
        for row in element.iter(f"{_TABLE}table-row"):
            if next(row.iterancestors(f"{_TABLE}table")) is not element:
                continue
            self.flow.gap()
            for cell in row:
                if cell.tag != f"{_TABLE}table-cell":
                    continue
                style = self._styles.get(("table-cell", cell.get(f"{_TABLE}style-name")))
                shade = None if style is None else _property(style, f"{_FO}background-color")
                color = hex_color(shade)
                self.blocks(cell, ground=ground if color is None else color)
                self.flow.gap()

    def _look(self, family: str, name: str | None, outer: _Look) -> _Look:
        chain = []
        for _ in range(_DEEPEST):
            style = self._styles.get((family, name))
            if style is None:
                break
            chain.append(style)
            name = style.get(f"{_STYLE}parent-style-name")
        look = outer
        for style in reversed(chain):
            look = _with(look, style)
        return look


def _with(look: _Look, style: Any) -> _Look:
    weight = _property(style, f"{_FO}font-weight")
    slant = _property(style, f"{_FO}font-style")
    size = _property(style, f"{_FO}font-size") or ""
    color = hex_color(_property(style, f"{_FO}color"))
    ground = hex_color(_property(style, f"{_FO}background-color"))
    return _Look(
        bold=look.bold if weight is None else weight in {"bold", "600", "700", "800", "900"},
        italic=look.italic if slant is None else slant in {"italic", "oblique"},
        size=_points(size) if size.endswith("pt") else look.size,
        color=look.color if color is None else color,
        ground=look.ground if ground is None else ground,
        is_out=look.is_out or _property(style, f"{_TEXT}display") in {"none", "condition"},
    )


def _points(size: str) -> float | None:
    try:
        return float(size.removesuffix("pt"))
    except ValueError:
        return None


def _property(style: Any, name: str) -> str | None:
    for properties in style:
        value: str | None = properties.get(name)
        if value is not None:
            return value
    return None


def _say(text: str | None, look: _Look, pieces: list[Piece], hidden: list[str]) -> None:
    if not text:
        return
    is_faint = (
        look.color is not None
        and look.ground is not None
        and not is_told_apart(look.color, look.ground)
    )
    if look.is_out or is_faint or (look.size is not None and look.size < _SMALLEST):
        hidden.append(text)
    else:
        plain = text if text in {"\t", "\n"} else " ".join(text.split("\n"))
        pieces.append(Piece(plain, look.bold, look.italic, look.size))


def _texts(element: Any) -> list[str]:
    return [each for each in element.itertext() if each.strip()]
