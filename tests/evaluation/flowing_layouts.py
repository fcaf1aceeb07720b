"""CVs in formats that flow: Word, OpenDocument, HTML, RTF and plain text."""

import html
import io
import zipfile
from collections.abc import Callable
from typing import Any

import docx
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.shared import Cm, Pt, RGBColor

from tests.evaluation.people import Person
from tests.evaluation.typst_layouts import degree_of, order, when

_LISTS = ("skills", "languages", "certifications", "publications", "interests")
Entry = tuple[str, str, str, str | None, list[str]]
"""First line, second line, period, place, list."""


def _entries(person: Person, key: str) -> list[Entry]:
    if key == "experience":
        return [
            (
                *order(person, job.title, job.company),
                when(person, job),
                job.location,
                job.highlights,
            )
            for job in person.truth.experience
        ]
    return [
        (degree_of(item, person), item.institution, when(person, item), None, [])
        for item in person.truth.education
    ]


def _listed(person: Person) -> dict[str, list[str]]:
    truth = person.truth
    pairs = zip(truth.languages, person.levels, strict=False)
    return {
        "skills": [", ".join(truth.skills)] if truth.skills else [],
        "languages": [f"{name}: {level}" for name, level in pairs],
        "certifications": truth.certifications,
        "publications": person.publications,
        "interests": [person.hobbies] if person.hobbies else [],
    }


def _details(person: Person) -> list[str]:
    truth = person.truth
    given = [truth.location, person.phone_as_written, truth.email, *truth.links]
    return [each for each in given if each]


def _title(person: Person, key: str) -> str:
    heading = person.headings[key]
    return heading.upper() if person.shouts else heading


def word_plain(person: Person) -> bytes:
    """Styles for headings and lists, periods behind a right tab."""
    file = docx.Document()
    file.styles["Normal"].font.name = "Calibri"
    file.styles["Normal"].font.size = Pt(10.5)
    file.add_heading(person.truth.name, 0)
    if person.truth.headline:
        file.add_paragraph(person.truth.headline, style="Subtitle")
    file.add_paragraph(" | ".join(_details(person)))
    if person.summary:
        file.add_heading(_title(person, "summary"), 1)
        file.add_paragraph(person.summary)
    for key in ("experience", "education"):
        file.add_heading(_title(person, key), 1)
        for first, second, period, place, bullets in _entries(person, key):
            line = file.add_paragraph()
            line.paragraph_format.tab_stops.add_tab_stop(Cm(15), WD_TAB_ALIGNMENT.RIGHT)
            line.add_run(first).bold = True
            line.add_run(f"\t{period}")
            file.add_paragraph(f"{second}, {place}" if place else second)
            for each in bullets:
                file.add_paragraph(each, style="List Bullet")
    for key, texts in _listed(person).items():
        if texts:
            file.add_heading(_title(person, key), 1)
            for each in texts:
                file.add_paragraph(each, style="List Bullet" if len(texts) > 1 else None)
    return _saved(file)


def word_table(person: Person) -> bytes:
    """Without heading styles: bold capitals, and a table of periods and texts."""
    file = docx.Document()
    name = file.add_paragraph().add_run(person.truth.name)
    name.bold, name.font.size = True, Pt(20)
    header = file.sections[0].header.paragraphs[0]
    header.text = "  ·  ".join(_details(person))
    if person.truth.headline:
        file.add_paragraph().add_run(person.truth.headline).italic = True
    for key in ("experience", "education"):
        _shout(file, _title(person, key))
        table = file.add_table(rows=0, cols=2)
        table.style = "Table Grid"
        for first, second, period, place, bullets in _entries(person, key):
            cells = table.add_row().cells
            cells[0].text = period
            cells[1].paragraphs[0].add_run(first).bold = True
            cells[1].add_paragraph(f"{second}, {place}" if place else second)
            for each in bullets:
                cells[1].add_paragraph(f"• {each}")
    for key, texts in _listed(person).items():
        if texts:
            _shout(file, _title(person, key))
            for each in texts:
                file.add_paragraph(each)
    return _saved(file)


def word_side(person: Person) -> bytes:
    """A table of two cells as page layout: contacts and lists at the left, career at the right."""
    file = docx.Document()
    left, right = file.add_table(rows=1, cols=2).rows[0].cells
    left.paragraphs[0].add_run(person.truth.name).bold = True
    for each in _details(person):
        left.add_paragraph(each)
    for key, texts in _listed(person).items():
        if texts:
            left.add_paragraph().add_run(_title(person, key)).bold = True
            for each in texts:
                left.add_paragraph(each)
    for key in ("experience", "education"):
        run = right.add_paragraph().add_run(_title(person, key))
        run.bold, run.font.color.rgb = True, RGBColor(0x1F, 0x5F, 0xA8)
        for first, second, period, place, bullets in _entries(person, key):
            right.add_paragraph().add_run(f"{first}, {second}").bold = True
            right.add_paragraph(f"{period}, {place}" if place else period).runs[0].italic = True
            for each in bullets:
                right.add_paragraph(each, style="List Bullet")
    return _saved(file)


def _shout(file: Any, text: str) -> None:
    run = file.add_paragraph().add_run(text.upper())
    run.bold, run.font.size = True, Pt(12)


def _saved(file: Any) -> bytes:
    made = io.BytesIO()
    file.save(made)
    return made.getvalue()


def web(person: Person) -> bytes:
    """A page with headings, lists and a style sheet."""
    parts = [f"<h1>{_e(person.truth.name)}</h1>"]
    if person.truth.headline:
        parts.append(f"<p class='headline'>{_e(person.truth.headline)}</p>")
    truth = person.truth
    details = [_e(each) for each in (truth.location, person.phone_as_written) if each]
    details.append(f'<a href="mailto:{truth.email}">{truth.email}</a>')
    for link in truth.links:
        target = link if "://" in link else f"https://{link}"
        details.append(f'<a href="{target}">{link}</a>')
    parts.append(f"<p>{' · '.join(details)}</p>")
    if person.summary:
        parts.append(f"<h2>{_e(_title(person, 'summary'))}</h2><p>{_e(person.summary)}</p>")
    for key in ("experience", "education"):
        parts.append(f"<h2>{_e(_title(person, key))}</h2>")
        for first, second, period, place, bullets in _entries(person, key):
            where = f", {_e(place)}" if place else ""
            items = "".join(f"<li>{_e(each)}</li>" for each in bullets)
            parts.append(
                f"<h3>{_e(first)}</h3><p><em>{_e(second)}</em>{where}<br>{_e(period)}</p>"
                + (f"<ul>{items}</ul>" if items else "")
            )
    for key, texts in _listed(person).items():
        if texts:
            items = "".join(f"<li>{_e(each)}</li>" for each in texts)
            parts.append(f"<h2>{_e(_title(person, key))}</h2><ul>{items}</ul>")
    style = "<style>h2{color:#1f5fa8} .headline{font-style:italic}</style>"
    return (
        f"<!DOCTYPE html><html lang='{person.language}'><head><meta charset='utf-8'>"
        f"<title>CV</title>{style}</head><body>{''.join(parts)}</body></html>"
    ).encode()


def _e(value: str) -> str:
    return html.escape(value)


def _plain_lines(person: Person, *, wrap: bool) -> list[str]:
    lines = [person.truth.name]
    if person.truth.headline:
        lines.append(person.truth.headline)
    lines += _details(person)
    if person.summary:
        lines += [
            "",
            _title(person, "summary"),
            *([person.summary] if not wrap else _wrapped(person.summary)),
        ]
    for key in ("experience", "education"):
        lines += ["", _title(person, key), "-" * len(_title(person, key)) if wrap else ""]
        for first, second, period, place, bullets in _entries(person, key):
            lines += [f"{first}, {second}" + (f", {place}" if place else ""), period]
            for each in bullets:
                lines += _wrapped(f"- {each}") if wrap else [f"* {each}"]
            lines.append("")
    for key, texts in _listed(person).items():
        if texts:
            lines += ["", _title(person, key), *texts]
    return lines


def _wrapped(text: str, width: int = 72) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) + 1 > width:
            lines.append(line)
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def plain(person: Person) -> bytes:
    """Wrapped at 72 characters, headings underlined, UTF-8."""
    return "\n".join(_plain_lines(person, wrap=True)).encode()


def plain_windows(person: Person) -> bytes:
    """Windows line ends and a code page of one byte."""
    codec = "cp1250" if person.language == "pl" else "cp1252"
    text = "\r\n".join(_plain_lines(person, wrap=False))
    return text.replace("ı", "i").replace("Y\u0131", "Yi").encode(codec, "replace")


def rtf(person: Person) -> bytes:
    """As a word processor writes it, with escapes for what isn't ASCII."""
    body = []
    for number, line in enumerate(_plain_lines(person, wrap=False)):
        escaped = "".join(
            each if ord(each) < 128 else f"\\u{ord(each)}?"
            for each in line.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
        )
        body.append(f"{{\\b\\fs40 {escaped}}}\\par" if number == 0 else f"{escaped}\\par")
    return (
        "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss Arial;}}\\f0\\fs21 "
        + "\n".join(body)
        + "}"
    ).encode("ascii")


def opendocument(person: Person) -> bytes:
    """Headings, paragraphs and lists, as a zip of XML."""

    def p(value: str) -> str:
        return f"<text:p>{_e(value)}</text:p>"

    def h(value: str, level: int) -> str:
        return f'<text:h text:outline-level="{level}">{_e(value)}</text:h>'

    def items(values: list[str]) -> str:
        made = "".join(f"<text:list-item>{p(each)}</text:list-item>" for each in values)
        return f"<text:list>{made}</text:list>" if values else ""

    parts = [h(person.truth.name, 1)]
    if person.truth.headline:
        parts.append(p(person.truth.headline))
    parts += [p(each) for each in _details(person)]
    for key in ("experience", "education"):
        parts.append(h(_title(person, key), 2))
        for first, second, period, place, bullets in _entries(person, key):
            parts += [p(first), p(f"{second}, {place}" if place else second), p(period)]
            parts.append(items(bullets))
    for key, texts in _listed(person).items():
        if texts:
            parts += [h(_title(person, key), 2), items(texts)]
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3">'
        f"<office:body><office:text>{''.join(parts)}</office:text></office:body>"
        "</office:document-content>"
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
    return made.getvalue()


FLOWING: dict[str, tuple[str, Callable[[Person], bytes]]] = {
    "word_plain": ("docx", word_plain),
    "word_table": ("docx", word_table),
    "word_side": ("docx", word_side),
    "web": ("html", web),
    "plain": ("txt", plain),
    "plain_windows": ("txt", plain_windows),
    "rtf": ("rtf", rtf),
    "opendocument": ("odt", opendocument),
}
