"""How Word text looks: direct settings over styles over defaults. Called by `word.py`."""

from collections.abc import Iterator
from typing import Any

import msgspec
from docx.oxml.ns import qn

from plugins.document_reader.colors import hex_color

_WHITE = 0xFFFFFF
_OFF = {"0", "false", "off", "none"}
_DEEPEST = 12
_LEAST_SCALE = 10
"""Percent of the letters' width."""
_HIGHLIGHTS = {
    "black": 0x000000, "blue": 0x0000FF, "cyan": 0x00FFFF, "darkBlue": 0x00008B,
    "darkCyan": 0x008B8B, "darkGray": 0xA9A9A9, "darkGreen": 0x006400, "darkMagenta": 0x800080,
    "darkRed": 0x8B0000, "darkYellow": 0x808000, "green": 0x00FF00, "lightGray": 0xD3D3D3,
    "magenta": 0xFF00FF, "red": 0xFF0000, "white": 0xFFFFFF, "yellow": 0xFFFF00,
}  # fmt: skip


class Look(msgspec.Struct):
    """Of a run."""

    bold: bool = False
    italic: bool = False
    size: float | None = None
    color: str | None = None
    caps: bool = False
    vanish: bool = False
    is_squeezed: bool = False


class ParagraphStyle(msgspec.Struct):
    """Of a paragraph."""

    name: str = ""
    outline: int | None = None
    """Level of a heading from 1, when the style has one."""
    is_item: bool = False


class Styles:
    """The document's styles by id, each looked up once."""

    def __init__(self, document: Any) -> None:
        self._by_id: dict[str, Any] = {}
        self._default: str | None = None
        root = document.styles.element
        for style in root.iter(qn("w:style")):
            identity = style.get(qn("w:styleId"))
            if identity:
                self._by_id[identity] = style
            if style.get(qn("w:type")) == "paragraph" and style.get(qn("w:default")) == "1":
                self._default = identity
        defaults = root.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
        self._defaults = [defaults] if defaults is not None else []
        language = None if defaults is None else defaults.find(qn("w:lang"))
        named = None if language is None else language.get(qn("w:val"))
        self.languages: tuple[str, ...] = (named,) if named else ()

    def paragraph(self, element: Any) -> ParagraphStyle:
        """Return what the paragraph's style says of it."""
        properties = element.find(qn("w:pPr"))
        chain = list(self._chain(_style_id(properties, "w:pStyle") or self._default))
        sources = [
            each for each in (properties, *(s.find(qn("w:pPr")) for s in chain)) if each is not None
        ]
        made = ParagraphStyle(name=_name(chain[0]) if chain else "")
        for source in sources:
            level = source.find(qn("w:outlineLvl"))
            if level is not None and (level.get(qn("w:val")) or "9").isdigit():
                number = int(level.get(qn("w:val")) or "9")
                made.outline = number + 1 if number < 9 else None
                break
        for source in sources:
            numbering = source.find(f"{qn('w:numPr')}/{qn('w:numId')}")
            if numbering is not None:
                made.is_item = numbering.get(qn("w:val")) != "0"
                break
        made.is_item = made.is_item or made.name.lower().startswith("list bullet")
        if made.outline is not None:
            made.is_item = False
        return made

    def run(self, element: Any, paragraph: Any) -> Look:
        """Return the run's look; the nearest setting of each kind counts."""
        direct = element.find(qn("w:rPr"))
        of_paragraph = paragraph.find(qn("w:pPr"))
        sources = [direct] if direct is not None else []
        sources += self._properties(_style_id(direct, "w:rStyle"))
        sources += self._properties(_style_id(of_paragraph, "w:pStyle") or self._default)
        sources += self._defaults
        size = _value(sources, "w:sz")
        scale = _value(sources, "w:w")
        return Look(
            bold=_is_on(sources, "w:b"),
            italic=_is_on(sources, "w:i"),
            size=int(size) / 2 if size and size.isdigit() else None,
            color=_color(sources),
            caps=_is_on(sources, "w:caps"),
            vanish=_is_on(sources, "w:vanish"),
            is_squeezed=bool(scale and scale.isdigit() and int(scale) < _LEAST_SCALE),
        )

    def _properties(self, identity: str | None) -> list[Any]:
        found = (style.find(qn("w:rPr")) for style in self._chain(identity))
        return [each for each in found if each is not None]

    def _chain(self, identity: str | None) -> Iterator[Any]:
        """A style and those that it is based on."""
        for _ in range(_DEEPEST):
            style = self._by_id.get(identity or "")
            if style is None:
                return
            yield style
            based = style.find(qn("w:basedOn"))
            identity = based.get(qn("w:val")) if based is not None else None


def _name(style: Any) -> str:
    named = style.find(qn("w:name"))
    return "" if named is None else named.get(qn("w:val")) or ""


def _style_id(properties: Any, tag: str) -> str | None:
    named = None if properties is None else properties.find(qn(tag))
    identity: str | None = None if named is None else named.get(qn("w:val"))
    return identity


def _value(sources: list[Any], tag: str) -> str | None:
    for source in sources:
        found = source.find(qn(tag))
        if found is not None:
            value: str | None = found.get(qn("w:val"))
            return value
    return None


def _is_on(sources: list[Any], tag: str) -> bool:
    for source in sources:
        found = source.find(qn(tag))
        if found is not None:
            return (found.get(qn("w:val")) or "1") not in _OFF
    return False


def _color(sources: list[Any]) -> str | None:
    for source in sources:
        found = source.find(qn("w:color"))
        if found is not None:
            if found.get(qn("w:themeColor")) in {"background1", "light1"}:
                return "FFFFFF"
            value: str | None = found.get(qn("w:val"))
            return value
    return None


def ground_of(run: Any, paragraph: Any) -> int | None:
    """The colour behind a run, white by default; None where it can't be known.

    A picture, a shape with a theme's colour or a table style may lie behind it.
    """
    properties = run.find(qn("w:rPr"))
    if properties is not None:
        highlight = properties.find(qn("w:highlight"))
        if highlight is not None:
            return _HIGHLIGHTS.get(highlight.get(qn("w:val")), _WHITE)
    candidates = [properties, paragraph.find(qn("w:pPr"))]
    for parent in paragraph.iterancestors():
        name = parent.tag.rpartition("}")[2]
        if name == "tc":
            candidates.append(parent.find(qn("w:tcPr")))
        elif name == "tbl":
            if parent.find(f"{qn('w:tblPr')}/{qn('w:tblStyle')}") is not None:
                candidates.append(parent.find(qn("w:tblPr")))
                known = _shade(candidates)
                return known if known is not None else _table_ground(parent)
            candidates.append(parent.find(qn("w:tblPr")))
        elif name == "txbxContent":
            known = _shade(candidates)
            return known if known is not None else _box_ground(parent)
    known = _shade(candidates)
    return known if known is not None else _WHITE


def _shade(candidates: list[Any]) -> int | None:
    for each in candidates:
        shade = None if each is None else each.find(qn("w:shd"))
        color = None if shade is None else hex_color(shade.get(qn("w:fill")))
        if color is not None:
            return color
    return None


_PLAIN_TABLES = {"TableGrid", "TableNormal", "Tabellenraster", "Grilledutableau"}


def _table_ground(table: Any) -> int | None:
    named = table.find(f"{qn('w:tblPr')}/{qn('w:tblStyle')}").get(qn("w:val"))
    return _WHITE if named in _PLAIN_TABLES else None


def _box_ground(box: Any) -> int | None:
    """The fill of the shape that a text box lies in."""
    for parent in box.iterancestors():
        name = parent.tag.rpartition("}")[2]
        if name in {"wsp", "shape", "rect"}:
            stated = hex_color((parent.get("fillcolor") or "").split(" ")[0])
            if stated is not None:
                return stated
            kinds = {each.tag.rpartition("}")[2] for each in parent.iter()}
            for each in parent.iter(
                "{http://schemas.openxmlformats.org/drawingml/2006/main}solidFill"
            ):
                for color in each.iter(
                    "{http://schemas.openxmlformats.org/drawingml/2006/main}srgbClr"
                ):
                    return hex_color(color.get("val"))
            return None if {"fillRef", "gradFill", "blipFill", "schemeClr"} & kinds else _WHITE
    return None
