"""Text that a reader of the page can't see is hidden text; text that he can see never is."""

import io
from typing import Any

import docx
import pytest
import typst
from docx.shared import Pt, RGBColor

from core.ports.documents import ReadDocument
from plugins.document_reader import pdf_visibility
from plugins.document_reader.limits import Limits
from plugins.document_reader.reading import read_document
from tests.evaluation.corpus import samples
from tests.fixtures.examined import Examined
from tests.fixtures.hostile_files import opendocument, word, word_text
from tests.fixtures.pdf_bytes import page_of, shown, stream

KEYWORD = "Kubernetes"
NAME = "Ada Lovelace"
_SEEN = shown(f"{NAME}, Analyst of engines, Ockham Park")
_AT = (72, 600)
_BOX = "60 590 300 30 re f"


def _word(how: str = "", size: float = 11, at: tuple[float, float] = _AT) -> bytes:
    return shown(KEYWORD, how=how, size=size, at=at)


def _page(content: bytes, **more: Any) -> bytes:
    return page_of(_SEEN + content, **more)


def _picture(level: int) -> list[bytes]:
    entries = (
        b"/Type/XObject/Subtype/Image/Width 8/Height 8/BitsPerComponent 8/ColorSpace/DeviceGray"
    )
    return [stream(bytes([level]) * 64, entries)]


_DRAW = b"q 300 0 0 40 60 585 cm /Im Do Q "
_IMAGE = b"/XObject<</Im 6 0 R>>"
_EMPTY_FONT = (
    b"<</Type/Font/Subtype/Type3/FontBBox[0 0 750 750]/FontMatrix[0.001 0 0 0.001 0 0]"
    b"/CharProcs<</a 7 0 R>>/Encoding<</Type/Encoding/Differences[%s]>>/FirstChar 65"
    b"/LastChar 122/Widths[%s]/Resources<<>>>>"
    % (b" ".join(b"%d/a" % code for code in range(65, 123)), b"600 " * 58)
)
_LAYER = b"/OCProperties<</OCGs[6 0 R]/D<</OFF[6 0 R]/ON[]>>>>"

HIDDEN = {
    "white on white": _page(_word("1 1 1 rg")),
    "nearly white": _page(_word("0.985 0.985 0.985 rg")),
    "in the colour of its ground": _page(
        f"q 0.2 0.4 0.6 rg {_BOX} Q ".encode() + _word("0.2 0.4 0.6 rg")
    ),
    "rendering mode 3": _page(_word("3 Tr")),
    "only a clip": _page(_word("7 Tr")),
    "one point": _page(_word(size=1)),
    "scaled to nothing": _page(_word("0.05 0 0 0.05 68 570 cm")),
    "squeezed": _page(_word("1 Tz")),
    "off the page": _page(_word(at=(900, 600))),
    "below the page": _page(_word(at=(72, -40))),
    "outside the crop box": _page(_word(at=(72, 100)), page_entries=b"/CropBox[0 400 595 842]"),
    "behind a shape": _page(_word() + f"q 1 1 1 rg {_BOX} Q ".encode()),
    "behind a coloured shape": _page(_word() + f"q 0.1 0.3 0.2 rg {_BOX} Q ".encode()),
    "behind a picture": _page(_word() + _DRAW, resources=_IMAGE, others=_picture(90)),
    "clipped away": _page(_word("0 0 10 10 re W n")),
    "fully transparent": _page(_word("/G0 gs"), resources=b"/ExtGState<</G0<</ca 0>>>>"),
    "in a layer that is off": _page(
        b"/OC /oc BDC " + _word() + b"EMC ",
        resources=b"/Properties<</oc 6 0 R>>",
        others=[b"<</Type/OCG/Name(off)>>"],
        catalog_entries=_LAYER,
    ),
    "white under black": _page(_word("1 1 1 rg") + shown("A sentence that lies on it", at=_AT)),
    "white over black": _page(shown("A sentence that lies below", at=_AT) + _word("1 1 1 rg")),
    "empty letters": _page(
        _word().replace(b"/F1", b"/F2"),
        resources=b"",
        others=[_EMPTY_FONT, stream(b"600 0 d0")],
    ).replace(b"/Font<</F1 5 0 R>>", b"/Font<</F1 5 0 R/F2 6 0 R>>"),
}
SEEN = {
    "black": _page(_word()),
    "white on a dark bar": _page(f"q 0.13 0.2 0.25 rg {_BOX} Q ".encode() + _word("1 1 1 rg")),
    "light grey": _page(_word("0.72 0.72 0.72 rg")),
    "very light grey": _page(_word("0.85 0.85 0.85 rg", size=14)),
    "pale blue heading": _page(_word("0.5 0.7 0.95 rg", size=16)),
    "red on green of the same grey": _page(f"q 0 0.51 0 rg {_BOX} Q ".encode() + _word("1 0 0 rg")),
    "half transparent": _page(_word("/G0 gs"), resources=b"/ExtGState<</G0<</ca 0.5>>>>"),
    "outlined": _page(_word("1 Tr 0.5 w", size=20)),
    "six points": _page(_word(size=6)),
    "white on a dark picture": _page(
        _DRAW + _word("1 1 1 rg"), resources=_IMAGE, others=_picture(40)
    ),
    "turned": _page(_word("0 1 -1 0 300 300 cm", at=(0, 0))),
    "on a turned page": _page(_word(), page_entries=b"/Rotate 90"),
    "on a page that starts elsewhere": _page(_word(), box=b"-100 -100 595 842"),
    "printed twice": _page(_word() + _word(at=(72.3, 600))),
    "beside a line": _page(_word() + b"60 596 300 0.5 re f "),
    "condensed a little": _page(_word("60 Tz")),
}


def _read(content: bytes, name: str = "cv.pdf") -> ReadDocument:
    document = read_document(content, name, Limits())
    assert document.state == "read", document
    return document


def _lines(document: ReadDocument) -> str:
    return "\n".join(line.text for line in document.lines)


@pytest.mark.parametrize("way", HIDDEN)
def test_hidden_text_is_kept_apart(way: str) -> None:
    document = _read(HIDDEN[way])
    assert KEYWORD in " ".join(document.hidden_text)
    assert KEYWORD not in _lines(document)
    assert NAME in _lines(document)
    assert NAME not in " ".join(document.hidden_text)


@pytest.mark.parametrize("way", SEEN)
def test_text_that_is_seen_is_not_hidden(way: str) -> None:
    document = _read(SEEN[way])
    assert KEYWORD in _lines(document)
    assert document.hidden_text == ()


def test_each_way_is_examined(examined: Examined) -> None:
    examined("ways of hiding", len(HIDDEN))
    examined("ways of setting text", len(SEEN))


def test_without_the_pictures_most_ways_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted defect: a check that looks at attributes alone."""
    monkeypatch.setattr(pdf_visibility.Comparison, "mark", lambda *_: 255)
    missed = [way for way in HIDDEN if not _read(HIDDEN[way]).hidden_text]
    assert {"white on white", "behind a picture", "clipped away", "empty letters"} <= {*missed}


def test_no_ordinary_cv_has_hidden_text(examined: Examined) -> None:
    chosen = list(samples())
    alarmed = [
        (each.name, document.hidden_text)
        for each in chosen
        if (document := _read(each.content(), each.name)).hidden_text
    ]
    assert alarmed == []
    examined("ordinary CVs", len(chosen))


def test_keywords_in_white_from_a_typesetter_are_hidden() -> None:
    source = f"= {NAME}\nAnalyst #text(fill: white, size: 6pt)[{KEYWORD} Terraform Rust]\n"
    document = _read(typst.compile(source.encode()))
    assert " ".join(document.hidden_text) == f"{KEYWORD} Terraform Rust"
    assert _lines(document) == f"{NAME}\nAnalyst"


def _word_file(make: str) -> bytes:
    file = docx.Document()
    file.add_paragraph(NAME)
    paragraph = file.add_paragraph()
    run = paragraph.add_run(KEYWORD)
    match make:
        case "vanish":
            run.font.hidden = True
        case "white":
            run.font.color.rgb = RGBColor(255, 255, 255)
        case "tiny":
            run.font.size = Pt(1)
        case "style":
            style = file.styles.add_style("Ghost", 2)
            style.font.hidden = True
            run.style = style
    made = io.BytesIO()
    file.save(made)
    return made.getvalue()


def _xml(inner: str) -> bytes:
    text = word_text(f"<w:p><w:r><w:t>{NAME}</w:t></w:r></w:p>{inner}".encode())
    return word(text)


_SHADE = '<w:shd w:val="clear" w:fill="203040"/>'
_WHITE_RUN = f'<w:r><w:rPr><w:color w:val="FFFFFF"/></w:rPr><w:t>{KEYWORD}</w:t></w:r>'
_CELL = f"<w:tbl><w:tr><w:tc><w:tcPr>{_SHADE}</w:tcPr><w:p>{{}}</w:p></w:tc></w:tr></w:tbl>"
_ODT_STYLES = (
    '<office:automatic-styles xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0">'
    '<style:style style:name="T1" style:family="text"><style:text-properties {}/></style:style>'
    "</office:automatic-styles>"
)


def _odt(properties: str) -> bytes:
    span = f'<text:span text:style-name="T1">{KEYWORD}</text:span>'
    line = f"<text:p>{NAME}</text:p><text:p>{span}</text:p>"
    return opendocument(f"{_ODT_STYLES.format(properties)}{line}".encode())


def _html(inner: str, head: str = "") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body><p>{NAME}</p>{inner}</body>".encode()


def _rtf(color: str) -> bytes:
    text = f"{NAME}\\par\\cf1 {KEYWORD}\\cf0\\par"
    return f"{{\\rtf1{{\\colortbl;{color};}}{text}}}".encode()


FLOWING_HIDDEN = {
    "w:vanish": ("cv.docx", _word_file("vanish")),
    "a vanishing style": ("cv.docx", _word_file("style")),
    "white in Word": ("cv.docx", _word_file("white")),
    "one point in Word": ("cv.docx", _word_file("tiny")),
    "a tracked deletion": (
        "cv.docx",
        _xml(f"<w:p><w:del><w:r><w:delText>{KEYWORD}</w:delText></w:r></w:del></w:p>"),
    ),
    "dark on a dark cell": (
        "cv.docx",
        _xml(_CELL.format(_WHITE_RUN.replace("FFFFFF", "203040"))),
    ),
    "not displayed in ODT": ("cv.odt", _odt('text:display="none"')),
    "white in ODT": ("cv.odt", _odt('fo:color="#ffffff"')),
    "RTF's hidden": ("cv.rtf", f"{{\\rtf1 {NAME}\\par {{\\v {KEYWORD}}}\\par}}".encode()),
    "white in RTF": (
        "cv.rtf",
        _rtf("\\red255\\green255\\blue255"),
    ),
    "display: none": ("cv.html", _html(f"<p style='display:none'>{KEYWORD}</p>")),
    "visibility: hidden": ("cv.html", _html(f"<p style='visibility: hidden'>{KEYWORD}</p>")),
    "a class that hides": (
        "cv.html",
        _html(f"<p class='x'>{KEYWORD}</p>", "<style>.x{left:-9999px;position:absolute}</style>"),
    ),
    "white in HTML": ("cv.html", _html(f"<font color='#fff'>{KEYWORD}</font>")),
    "no size": ("cv.html", _html(f"<span style='font-size:0'>{KEYWORD}</span>")),
    "tag characters": (
        "cv.txt",
        NAME.encode() + "".join(chr(0xE0000 + ord(each)) for each in KEYWORD).encode(),
    ),
}
FLOWING_SEEN = {
    "white on a dark cell": (
        "cv.docx",
        _xml(_CELL.format(_WHITE_RUN)),
    ),
    "a tracked insertion": (
        "cv.docx",
        _xml(f"<w:p><w:ins><w:r><w:t>{KEYWORD}</w:t></w:r></w:ins></w:p>"),
    ),
    "vanish turned off": (
        "cv.docx",
        _xml(f'<w:p><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>{KEYWORD}</w:t></w:r></w:p>'),
    ),
    "white on dark in HTML": (
        "cv.html",
        _html(f"<div style='background:#223'><b style='color:white'>{KEYWORD}</b></div>"),
    ),
    "white on a gradient": (
        "cv.html",
        _html(f"<div style='background:linear-gradient(#111,#222);color:#fff'>{KEYWORD}</div>"),
    ),
    "RTF in red": (
        "cv.rtf",
        _rtf("\\red200\\green0\\blue0"),
    ),
}


@pytest.mark.parametrize("way", FLOWING_HIDDEN)
def test_hidden_text_of_flowing_formats_is_kept_apart(way: str) -> None:
    name, content = FLOWING_HIDDEN[way]
    document = _read(content, name)
    assert document.hidden_text == (KEYWORD,)
    assert _lines(document) == NAME


@pytest.mark.parametrize("way", FLOWING_SEEN)
def test_text_that_is_seen_in_flowing_formats_is_not_hidden(way: str) -> None:
    name, content = FLOWING_SEEN[way]
    document = _read(content, name)
    assert document.hidden_text == ()
    assert KEYWORD in _lines(document)


def test_a_script_and_a_style_sheet_are_neither_seen_nor_hidden() -> None:
    document = _read(_html("<script>evil()</script>", "<style>p{color:red}</style>"), "cv.html")
    assert (_lines(document), document.hidden_text) == (NAME, ())
