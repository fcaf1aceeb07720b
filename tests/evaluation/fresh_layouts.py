"""CVs of the held-out half that share neither layout nor words with the half that is looked at."""

import io
from collections.abc import Callable
from typing import Any

import docx
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt

from tests.evaluation.people import Job, Person, Study
from tests.evaluation.typst_layouts import (
    bold,
    bullets,
    contacts,
    degree_of,
    head,
    italic,
    order,
    section,
    setup,
    summary,
    text,
    when,
)


def _grouped_skills(person: Person) -> str:
    """Skills under names of groups, as engineers write them."""
    skills = person.truth.skills
    half = (len(skills) + 1) // 2
    groups = {"Tools": skills[:half], "General": skills[half:]}
    return "\\\n".join(
        f"{bold(name + ':')} {text(', '.join(each))}" for name, each in groups.items() if each
    )


def _spoken(person: Person) -> str:
    pairs = zip(person.truth.languages, person.levels, strict=False)
    return "#h(1em)".join(f"{bold(name)} {text(level)}" for name, level in pairs)


def _lists(person: Person) -> str:
    truth = person.truth
    return (
        section(person, "skills", _grouped_skills(person))
        + section(person, "languages", _spoken(person))
        + section(person, "certifications", "".join(f"- {text(c)}\n" for c in truth.certifications))
        + section(person, "interests", text(person.hobbies) if person.hobbies else "")
    )


def annotated(person: Person) -> str:
    """Entries with a line about the company, grades, and a header on every page."""

    def entry(job: Job) -> str:
        first, second = order(person, job.title, job.company)
        place = f" #h(1fr) {italic(job.location)}" if job.location else ""
        return (
            f"#block(above: 10pt)[{bold(first)} #h(1fr) {bold(when(person, job))}\\\n"
            f"{text(second)}{place}]\n{bullets(job)}\n"
        )

    def study(item: Study) -> str:
        return (
            f"{bold(degree_of(item, person))} #h(1fr) {bold(when(person, item))}\\\n"
            f"{text(item.institution)}\n- {text('1,7 / A-')}\n\n"
        )

    header = (
        "#set page(header: context if counter(page).get().first() > 1 "
        f'[{text(person.truth.name)} #h(1fr) {text(person.truth.email)}], numbering: "1")'
    )
    return (
        setup(person, "New Computer Modern", 12, header)
        + head(person, " · ")
        + summary(person)
        + section(person, "education", "".join(map(study, person.truth.education)))
        + section(person, "experience", "".join(map(entry, person.truth.experience)))
        + _lists(person)
    )


def stacked(person: Person) -> str:
    """Place above period in a column at the right edge, company and title in one line."""

    def row(main: str, aside: str) -> str:
        return f"#grid(columns: (1fr, 4cm), gutter: 6pt, [{main}], align(right)[{aside}])\n"

    def entry(job: Job) -> str:
        first, second = order(person, job.title, job.company)
        place = f"{text(job.location)}\\\n" if job.location else ""
        return row(
            f"{bold(first)}, {text(second)}\n{bullets(job)}", f"{place}{text(when(person, job))}"
        )

    def study(item: Study) -> str:
        return row(
            f"{bold(item.institution)}\\\n{text(degree_of(item, person))}",
            text(when(person, item)),
        )

    truth = person.truth
    return (
        setup(person, "Libertinus Serif", 11)
        + f"#align(right)[= {text(truth.name)}\n{'#linebreak()'.join(contacts(person))}]\n"
        + (f"{italic(truth.headline)}\n" if truth.headline else "")
        + section(person, "experience", "".join(map(entry, truth.experience)))
        + section(person, "education", "".join(map(study, truth.education)))
        + _lists(person)
    )


def labelled(person: Person) -> str:
    """Names of sections in a column at the left, everything else beside them."""

    def part(key: str, body: str) -> str:
        if not body.strip():
            return ""
        heading = text(person.headings[key])
        return (
            f'#grid(columns: (3.4cm, 1fr), gutter: 14pt, [#text(fill: rgb("#a03"), '
            f'weight: "bold")[{heading}]], [{body}])\n#v(6pt)\n'
        )

    def entry(job: Job) -> str:
        first, second = order(person, job.title, job.company)
        place = f", {text(job.location)}" if job.location else ""
        return f"{bold(first)}\\\n{italic(second)}{place}\\\n{text(when(person, job))}\n{bullets(job)}\n"

    def study(item: Study) -> str:
        return f"{bold(degree_of(item, person))}\\\n{text(item.institution)}, {text(when(person, item))}\n\n"

    truth = person.truth
    return (
        setup(person, "Liberation Sans", 10)
        + f"= {text(truth.name)}\n{' / '.join(contacts(person))}\n#v(8pt)\n"
        + (f"{bold(truth.headline)}\n#v(8pt)\n" if truth.headline else "")
        + part("experience", "\n".join(map(entry, truth.experience)))
        + part("education", "\n".join(map(study, truth.education)))
        + part("skills", text(" • ".join(truth.skills)))
        + part("languages", _spoken(person))
        + part("certifications", "\\\n".join(map(text, truth.certifications)))
    )


def cards(person: Person) -> str:
    """A light bar at the right; entries in boxes, the period in a coloured tag."""

    def card(title: str, under: str, period: str, body: str) -> str:
        return (
            "#block(fill: luma(247), inset: 8pt, radius: 3pt, width: 100%)["
            f'{bold(title)} #h(1fr) #box(fill: rgb("#2a6"), inset: 3pt)[#text(fill: white, size: 8pt)'
            f"[{text(period)}]]\\\n{text(under)}\n{body}]\n"
        )

    def entry(job: Job) -> str:
        first, second = order(person, job.title, job.company)
        under = f"{second} | {job.location}" if job.location else second
        return card(first, under, when(person, job), bullets(job))

    def study(item: Study) -> str:
        return card(degree_of(item, person), item.institution, when(person, item), "")

    truth = person.truth
    side = section(person, "contact", "#linebreak()".join(contacts(person))) + _lists(person)
    main = (
        (f"{italic(truth.headline)}\n" if truth.headline else "")
        + summary(person)
        + section(person, "experience", "".join(map(entry, truth.experience)))
        + section(person, "education", "".join(map(study, truth.education)))
    )
    return (
        setup(person, "DejaVu Sans", 8.5)
        + f"= {text(truth.name)}\n"
        + f"#grid(columns: (1fr, 5cm), gutter: 18pt, [{main}], [{side}])\n"
    )


def word_box(person: Person) -> bytes:
    """Word: the contacts in a text box, sections underlined, periods in brackets."""
    file = docx.Document()
    file.styles["Normal"].font.size = Pt(11)
    top = file.add_paragraph()
    top.add_run(person.truth.name).bold = True
    truth = person.truth
    details = [each for each in (truth.location, person.phone_as_written, truth.email) if each]
    _add_box(top, [*details, *truth.links])
    if truth.headline:
        file.add_paragraph(truth.headline)
    for key in ("experience", "education"):
        _underlined(file, person.headings[key])
        for first, second, period, place, texts in _entries(person, key):
            line = file.add_paragraph()
            line.add_run(first).bold = True
            line.add_run(f" ({period})")
            file.add_paragraph(f"{second} – {place}" if place else second)
            for each in texts:
                file.add_paragraph(each, style="List Bullet 2")
    lists = {
        "skills": "; ".join(truth.skills),
        "languages": ", ".join(
            f"{name} ({level})" for name, level in zip(truth.languages, person.levels, strict=False)
        ),
        "certifications": "\n".join(truth.certifications),
    }
    for key, value in lists.items():
        if value:
            _underlined(file, person.headings[key])
            file.add_paragraph(value)
    made = io.BytesIO()
    file.save(made)
    return made.getvalue()


def _entries(person: Person, key: str) -> list[tuple[str, str, str, str | None, list[str]]]:
    if key == "education":
        return [
            (degree_of(item, person), item.institution, when(person, item), None, [])
            for item in person.truth.education
        ]
    return [
        (*order(person, job.title, job.company), when(person, job), job.location, job.highlights)
        for job in person.truth.experience
    ]


def _underlined(file: Any, heading: str) -> None:
    run = file.add_paragraph().add_run(heading)
    run.underline, run.font.size = True, Pt(13)


def _add_box(paragraph: Any, lines: list[str]) -> None:
    inner = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    box = (
        f'<w:r {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml"><w:pict><v:shape '
        f'style="width:200pt;height:80pt"><v:textbox><w:txbxContent>{inner}</w:txbxContent>'
        "</v:textbox></v:shape></w:pict></w:r>"
    )
    paragraph._p.append(parse_xml(box))


FRESH_TYPST: dict[str, Callable[[Person], str]] = {
    "annotated": annotated,
    "stacked": stacked,
    "labelled": labelled,
    "cards": cards,
}
FRESH_WORD: dict[str, Callable[[Person], bytes]] = {"word_box": word_box}
