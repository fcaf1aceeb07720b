"""Reads Word files (.docx). Called by the reading process, through `reading.py`.

python-docx opens the package and knows its styles; the text is walked here, because it skips text
boxes, content controls and tracked changes.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

import docx
import msgspec
from docx.oxml.ns import qn

from core.ports.documents import ReadDocument
from plugins.document_reader.archives import check_archive, check_depth, parse_xml, part_of
from plugins.document_reader.colors import hex_color, is_told_apart
from plugins.document_reader.flow import Flow, Piece
from plugins.document_reader.limits import Broken, Limits
from plugins.document_reader.word_styles import Look, Styles, ground_of

_PARAGRAPH, _TABLE, _RUN = qn("w:p"), qn("w:tbl"), qn("w:r")
_REMOVED = {qn("w:del"), qn("w:moveFrom")}
_CONTAINERS = {
    qn(f"w:{name}")
    for name in ("ins", "moveTo", "hyperlink", "smartTag", "sdt", "sdtContent", "fldSimple", "dir")
}
_TEXT_BOX = qn("w:txbxContent")
_ALTERNATIVE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING = re.compile(
    r"(?:heading|überschrift|titre|titolo|título|kop|nagłówek)\s*(\d)", re.IGNORECASE
)
_LONGEST_CELL = 40
_SMALLEST = 2.0
_PARTS = ("word/document.xml", "word/styles.xml")


def read_docx(content: bytes, limits: Limits) -> ReadDocument:
    """Read headers, body and footers. Raises what `limits` names."""
    check_archive(content, limits)
    for name in _PARTS:
        part = part_of(content, name)
        if part is not None:
            parse_xml(part, limits)
    try:
        document = docx.Document(io.BytesIO(content))
        body = document.element.body
    except Exception as error:  # python-docx raises KeyError, ValueError, lxml's errors and more
        raise Broken("The Word file is damaged and can't be opened.") from error
    check_depth(body, limits)
    reader = _Reader(document, Flow(limits))
    for part in _margins(document, "header"):
        reader.blocks(part._element, part.part)  # noqa: SLF001 - python-docx has no public way
        reader.flow.gap()
    reader.blocks(body, document.part)
    for part in _margins(document, "footer"):
        reader.flow.gap()
        reader.blocks(part._element, part.part)  # noqa: SLF001
    return reader.flow.read("docx", reader.styles.languages)


def _margins(document: Any, kind: str) -> Iterator[Any]:
    """Headers or footers, each once."""
    for section in list(document.sections)[:20]:
        names = [kind]
        if section.different_first_page_header_footer:
            names.insert(0, f"first_page_{kind}")
        for name in names:
            part = getattr(section, name)
            if not part.is_linked_to_previous:
                yield part


class _Told(msgspec.Struct):
    """A paragraph while it is put together."""

    pieces: list[Piece] = msgspec.field(default_factory=list)
    hidden: list[str] = msgspec.field(default_factory=list)
    boxes: list[Any] = msgspec.field(default_factory=list)


class _Reader:
    def __init__(self, document: Any, flow: Flow) -> None:
        self.flow = flow
        self.styles = Styles(document)

    def blocks(self, parent: Any, part: Any) -> None:
        """Add the paragraphs and tables of a body, cell, header or text box."""
        for child in parent:
            if child.tag == _PARAGRAPH:
                self._paragraph(child, part)
            elif child.tag == _TABLE:
                self._table(child, part)
            elif child.tag in _CONTAINERS:
                self.blocks(child, part)
            elif child.tag in _REMOVED:
                self.flow.hide(_all_text(child))

    def _paragraph(self, element: Any, part: Any, before: list[Piece] | None = None) -> None:
        told = self._told(element, part)
        style = self.styles.paragraph(element)
        named = _HEADING.match(style.name)
        heading = int(named[1]) if named else 1 if style.name.lower() == "title" else style.outline
        pieces = [*before, Piece("\t"), *told.pieces] if before else told.pieces
        self.flow.paragraph(pieces, heading=heading, is_item=style.is_item and not before)
        self._aftermath(told, part)

    def _told(self, element: Any, part: Any) -> _Told:
        told = _Told()
        self._inline(element, part, told, element)
        return told

    def _aftermath(self, told: _Told, part: Any) -> None:
        if told.hidden:
            self.flow.hide(" ".join(told.hidden))
        for box in told.boxes:
            self.flow.gap()
            self.blocks(box, part)
            self.flow.gap()

    def _inline(self, parent: Any, part: Any, told: _Told, paragraph: Any) -> None:
        for child in parent:
            if child.tag == _RUN:
                self._run(child, told, paragraph)
            elif child.tag in _REMOVED:
                told.hidden.append(_all_text(child))
            elif child.tag in _CONTAINERS:
                start = len(told.pieces)
                self._inline(child, part, told, paragraph)
                self._note_link(child, part, told.pieces[start:])

    def _note_link(self, element: Any, part: Any, pieces: list[Piece]) -> None:
        relation = element.get(qn("r:id")) if element.tag == qn("w:hyperlink") else None
        if relation and relation in part.rels and part.rels[relation].is_external:
            self.flow.link(part.rels[relation].target_ref, "".join(each.text for each in pieces))

    def _run(self, element: Any, told: _Told, paragraph: Any) -> None:
        text = _run_text(element)
        told.boxes += _boxes(element)
        if not text:
            return
        look = self.styles.run(element, paragraph)
        if _is_hidden(look, ground_of(element, paragraph)):
            told.hidden.append(text)
            return
        told.pieces.append(
            Piece(text.upper() if look.caps else text, look.bold, look.italic, look.size)
        )

    def _table(self, element: Any, part: Any) -> None:
        for row in element.iter(qn("w:tr")):
            if _table_of(row) is not element:
                continue
            cells = [cell for cell in row.iter(qn("w:tc")) if _row_of(cell) is row]
            self.flow.gap()
            labels = self._labels(cells, part)
            for number, cell in enumerate(cells[1:] if labels else cells):
                if number:
                    self.flow.gap()
                if labels and number == 0:
                    self._cell_after(cell, part, labels)
                else:
                    self.blocks(cell, part)
        self.flow.gap()

    def _labels(self, cells: list[Any], part: Any) -> list[Piece] | None:
        """The text of a first cell that is only a period or a name for its row."""
        if len(cells) != 2:
            return None
        paragraphs = [each for each in cells[0] if each.tag == _PARAGRAPH]
        if len(paragraphs) != 1 or cells[0].find(qn("w:tbl")) is not None:
            return None
        told = self._told(paragraphs[0], part)
        text = "".join(piece.text for piece in told.pieces)
        if told.hidden or told.boxes or not text.strip() or len(text) > _LONGEST_CELL:
            return None
        return told.pieces

    def _cell_after(self, cell: Any, part: Any, labels: list[Piece]) -> None:
        first = next((each for each in cell if each.tag == _PARAGRAPH), None)
        for child in list(cell):
            if child is first:
                self._paragraph(child, part, labels)
            elif child.tag == _PARAGRAPH:
                self._paragraph(child, part)
            elif child.tag == _TABLE:
                self._table(child, part)


def _table_of(row: Any) -> Any:
    parent = row.getparent()
    while parent is not None and parent.tag != _TABLE:
        parent = parent.getparent()
    return parent


def _row_of(cell: Any) -> Any:
    parent = cell.getparent()
    while parent is not None and parent.tag != qn("w:tr"):
        parent = parent.getparent()
    return parent


def _is_hidden(look: Look, ground: int | None) -> bool:
    if look.vanish or (look.size is not None and look.size < _SMALLEST) or look.is_squeezed:
        return True
    color = hex_color(look.color)
    return color is not None and ground is not None and not is_told_apart(color, ground)


def _run_text(element: Any) -> str:
    parts = []
    for child in element:
        name = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else ""
        if name == "t":
            parts.append(child.text or "")
        elif name in {"tab", "ptab"}:
            parts.append("\t")
        elif name in {"br", "cr"}:
            parts.append("\n")
        elif name == "noBreakHyphen":
            parts.append("-")
    return "".join(parts)


def _boxes(run: Any) -> list[Any]:
    """Text boxes anchored in the run; the copy for old programs is left out."""
    return [
        box
        for box in run.iter(_TEXT_BOX)
        if not any(parent.tag in {_ALTERNATIVE, _TEXT_BOX} for parent in box.iterancestors())
    ]


def _all_text(element: Any) -> str:
    tags = (qn("w:t"), qn("w:delText"))
    return " ".join(each.text for each in element.iter(*tags) if each.text)
