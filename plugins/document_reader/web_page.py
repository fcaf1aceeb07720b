"""Reads HTML. Called by the reading process, through `reading.py`.

Nothing is loaded and no script runs. What style sheets inside the file hide by simple selectors,
as mail and CV generators write them, is taken for hidden.
"""

import re
from typing import Any, Final

import msgspec
from lxml import etree, html

from core.ports.documents import ReadDocument
from plugins.document_reader.archives import check_depth
from plugins.document_reader.colors import is_told_apart
from plugins.document_reader.flow import Flow, Piece
from plugins.document_reader.limits import Broken, Limits, Refused
from plugins.document_reader.plain_text import decoded
from plugins.document_reader.web_styles import Sheet, color_of, declarations, hides, size_of

_DROPPED: Final = {
    "script", "style", "head", "title", "meta", "link", "iframe", "object", "embed", "svg",
    "canvas", "audio", "video", "select", "datalist", "noscript",
}  # fmt: skip
_BLOCKS: Final = {
    "p", "div", "li", "ul", "ol", "dl", "dt", "dd", "tr", "table", "tbody", "thead", "section",
    "article", "header", "footer", "main", "aside", "nav", "address", "blockquote", "pre", "hr",
    "h1", "h2", "h3", "h4", "h5", "h6", "figure", "figcaption", "form", "fieldset", "body", "html",
    "center", "details", "summary",
}  # fmt: skip
_APART: Final = {"section", "article", "table", "ul", "ol", "p"}
_AFTER: Final = {"br": "\n", "td": "\t", "th": "\t"}
_BOLD: Final = {"b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6"}
_ITALIC: Final = {"i", "em", "cite", "address"}
_SPACES = re.compile(r"\s+")
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_WHITE = 0xFFFFFF
_SMALLEST = 2.0


class _Look(msgspec.Struct, frozen=True):
    bold: bool = False
    italic: bool = False
    size: float | None = None
    color: int = 0
    ground: int | None = _WHITE
    is_hidden: bool = False


def read_html(content: bytes, limits: Limits) -> ReadDocument:
    """Read what a browser would show. Raises what `limits` names."""
    if _ENTITY.search(content):
        raise Refused("Its document type declares entities, which no page needs.")
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        root = html.document_fromstring(decoded(content).encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Broken("The page is empty or damaged.") from error
    check_depth(root, limits)
    sheet = Sheet("\n".join(each.text or "" for each in root.iter("style")))
    reader = _Reader(sheet, Flow(limits))
    reader.walk(root, _Look())
    reader.finish()
    language = root.get("lang")
    return reader.flow.read("html", (language,) if language else ())


class _Reader:
    def __init__(self, sheet: Sheet, flow: Flow) -> None:
        self.flow = flow
        self._sheet = sheet
        self._pieces: list[Piece] = []
        self._hidden: list[str] = []
        self._heading: int | None = None
        self._is_item = False

    def walk(self, element: Any, outer: _Look) -> None:
        """Add the element and what is in it."""
        name = element.tag.lower() if isinstance(element.tag, str) else "script"
        if name in _DROPPED:
            return
        look = self._look(element, name, outer)
        is_block = name in _BLOCKS
        if is_block:
            self._begin(name)
        start = len(self._pieces)
        self._say(element.text, look)
        for child in element:
            self.walk(child, look)
            self._say(child.tail, look)
        if name == "a" and not look.is_hidden:
            text = "".join(piece.text for piece in self._pieces[start:])
            self.flow.link(element.get("href") or "", text)
        self._pieces += [Piece(_AFTER[name])] if name in _AFTER else []
        if is_block:
            self.finish()
            if name in _APART:
                self.flow.gap()

    def _begin(self, name: str) -> None:
        self.finish()
        if name == "hr":
            self.flow.gap()
        if name == "li":
            self._is_item = True
        if len(name) == 2 and name[0] == "h" and name[1].isdigit():
            self._heading = int(name[1])

    def finish(self) -> None:
        """End the paragraph that is being collected."""
        if any(piece.text.strip() for piece in self._pieces):
            self.flow.paragraph(self._pieces, heading=self._heading, is_item=self._is_item)
            self._is_item, self._heading = False, None
        self.flow.hide(" ".join(self._hidden))
        self._pieces, self._hidden = [], []

    def _say(self, text: str | None, look: _Look) -> None:
        if not text:
            return
        plain = _SPACES.sub(" ", text)
        is_seen = (
            not look.is_hidden
            and (look.size is None or look.size >= _SMALLEST)
            and (look.ground is None or is_told_apart(look.color, look.ground))
        )
        if is_seen:
            self._pieces.append(Piece(plain, look.bold, look.italic, look.size))
        elif plain.strip():
            self._hidden.append(plain.strip())

    def _look(self, element: Any, name: str, outer: _Look) -> _Look:
        stated = self._sheet.of(element)
        stated.update(declarations(element.get("style") or ""))
        color = color_of(stated.get("color") or element.get("color") or "")
        painted = stated.get("background-color") or stated.get("background")
        painted = painted or element.get("bgcolor")
        ground = outer.ground
        if painted and painted not in {"none", "transparent", "inherit", "initial"}:
            ground = color_of(painted)  # a picture or a gradient: not known
        weight = stated.get("font-weight", "")
        size = size_of(stated.get("font-size", ""), outer.size)
        return _Look(
            bold=name in _BOLD
            or weight in {"bold", "bolder", "600", "700", "800", "900"}
            or (outer.bold and weight not in {"normal", "400"}),
            italic=name in _ITALIC or outer.italic or stated.get("font-style") == "italic",
            size=size,
            color=outer.color if color is None else color,
            ground=ground,
            is_hidden=outer.is_hidden
            or hides(stated)
            or name == "template"
            or element.get("hidden") is not None,
        )
