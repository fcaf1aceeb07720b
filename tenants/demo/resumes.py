"""Résumés of sample candidates, as PDF files of one page, so that the demo has some to read.

Written by hand, with the fonts that every reader of PDF has: a typesetter would be one more thing
to install for a dozen pages.
"""

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from core.candidates.contracts import CreateCandidate

_ENCODING: Final = "cp1252"
"""What the standard fonts can show (WinAnsiEncoding in ISO 32000-1, annex D)."""
_LEFT, _TOP, _WIDTH, _HEIGHT = 60, 780, 595, 842
_CHARACTERS: Final = 88
"""So many fit on a line at the size of the body."""
_PRESENT: Final = "present"

_Line = tuple[str, int, bool]
"""Text, size in points, and whether it is bold."""


def file_name(person: CreateCandidate) -> str:
    """Return the name under which somebody would send it."""
    return f"CV {person.full_name}.pdf".replace("/", " ")


def can_be_written(person: CreateCandidate) -> bool:
    """Whether the standard fonts have all the letters."""
    try:
        "".join(text for text, _, _ in _lines(person)).encode(_ENCODING)
    except UnicodeEncodeError:
        return False
    return True


def resume_of(person: CreateCandidate) -> bytes:
    """Return the file. Raises UnicodeEncodeError for letters that the fonts don't have."""
    content, down = bytearray(b"BT\n"), 0
    for number, (text, size, is_bold) in enumerate(_lines(person)):
        down = round(size * 1.5)
        place = b"%d %d Td" % ((_LEFT, _TOP) if number == 0 else (0, -down))
        shown = text.encode(_ENCODING).replace(b"\\", rb"\\")
        shown = shown.replace(b"(", rb"\(").replace(b")", rb"\)")
        content += b"/F%d %d Tf %s (%s) Tj\n" % (2 if is_bold else 1, size, place, shown)
    content += b"ET"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding>>"
    return _file(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R/F2 6 0 R>>>>>>" % (_WIDTH, _HEIGHT),
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        font % b"Helvetica",
        font % b"Helvetica-Bold",
    )


def _lines(person: CreateCandidate) -> Iterator[_Line]:
    reached = (*person.emails[:1], *person.phones[:1], person.location or "")
    yield person.full_name, 20, True
    yield person.headline or "", 12, False
    yield " | ".join(part for part in reached if part), 10, False
    for link in person.links[:1]:
        yield link, 10, False
    yield from _heading("Experience")
    for post in person.experience:
        yield f"{post.title}, {post.company}", 11, True
        yield f"{post.start} - {post.end or _PRESENT}", 10, False
        said = wrap(f"• {post.description}" if post.description else "", _CHARACTERS)
        yield from ((text, 10, False) for text in said)
        yield "", 5, False
    yield from _heading("Education")
    for study in person.education:
        what = ", ".join(part for part in (study.degree, study.subject) if part)
        yield f"{what}, {study.institution}" if what else study.institution, 11, True
        when = " - ".join(part for part in (study.start, study.end) if part)
        yield when, 10, False
    yield from _heading("Skills")
    yield from ((text, 10, False) for text in wrap(", ".join(person.skills), _CHARACTERS))


def _heading(text: str) -> Iterator[_Line]:
    yield "", 8, False
    yield text, 14, True


def _file(*objects: bytes) -> bytes:
    """Number the objects from 1 and put header, cross references and trailer around them."""
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer\n<</Size %d /Root 1 0 R>>\n" % (len(objects) + 1)
    return bytes(made + b"startxref\n%d\n%%%%EOF\n" % start)
