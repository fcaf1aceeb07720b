"""CVs typeset with Typst: one function per layout, from a person to the source of a document."""

from collections.abc import Callable

from tests.evaluation.people import Job, Person, Study

_QUOTES = str.maketrans({"\\": "\\\\", '"': '\\"'})


def text(value: str) -> str:
    """The value as code, so that no character of it is markup."""
    return f'#text("{value.translate(_QUOTES)}")'


def bold(value: str) -> str:
    return f"#strong[{text(value)}]"


def italic(value: str) -> str:
    return f"#emph[{text(value)}]"


def setup(person: Person, font: str, size: float, extra: str = "") -> str:
    return (
        f'#set page(paper: "a4", margin: 1.8cm)\n#set text(font: "{font}", size: {size}pt, '
        f'lang: "{person.language}")\n#set par(leading: 0.55em)\n{extra}\n'
    )


def title(person: Person, key: str) -> str:
    heading = person.headings[key]
    return heading.upper() if person.shouts else heading


def section(person: Person, key: str, body: str) -> str:
    return f"== {text(title(person, key))}\n{body}\n" if body.strip() else ""


def contacts(person: Person) -> list[str]:
    truth = person.truth
    phone = person.phone_as_written
    plain = [each for each in (truth.location, phone) if each]
    linked = [f"#link({_quoted('mailto:' + truth.email)})[{text(truth.email)}]"]
    for link in truth.links:
        target = link if "://" in link else f"https://{link}"
        linked.append(f"#link({_quoted(target)})[{text(link)}]")
    return [*(text(each) for each in plain), *linked]


def _quoted(value: str) -> str:
    return f'"{value.translate(_QUOTES)}"'


def bullets(job: Job) -> str:
    return "".join(f"- {text(each)}\n" for each in job.highlights)


def when(person: Person, item: Job | Study) -> str:
    return person.when(item.start, item.end, current=isinstance(item, Job) and item.current)


def degree_of(study: Study, person: Person) -> str:
    if not study.field:
        return study.degree
    joint = {"en": " in ", "fr": " en ", "de": " "}.get(person.language, ", ")
    return f"{study.degree}{joint}{study.field}"


def _skills(person: Person) -> str:
    return text(", ".join(person.truth.skills)) if person.truth.skills else ""


def _languages(person: Person, between: str = ", ") -> str:
    pairs = zip(person.truth.languages, person.levels, strict=False)
    return text(between.join(f"{name} ({level})" for name, level in pairs))


def rest(person: Person, *, skip: tuple[str, ...] = ()) -> str:
    """The sections that are lists, but those that the layout has elsewhere."""
    truth = person.truth
    parts = {
        "skills": _skills(person),
        "languages": _languages(person) if truth.languages else "",
        "certifications": "".join(f"- {text(each)}\n" for each in truth.certifications),
        "publications": "".join(f"+ {text(each)}\n" for each in person.publications),
        "interests": text(person.hobbies) if person.hobbies else "",
    }
    return "".join(section(person, key, body) for key, body in parts.items() if key not in skip)


def summary(person: Person) -> str:
    return section(person, "summary", text(person.summary) if person.summary else "")


def head(person: Person, joint: str = " #h(0.4em)•#h(0.4em) ") -> str:
    headline = f"{italic(person.truth.headline)}\\\n" if person.truth.headline else ""
    return f"= {text(person.truth.name)}\n{headline}{joint.join(contacts(person))}\n"


def classic(person: Person) -> str:
    """One column; dates at the right edge of the first line."""

    def entry(job: Job) -> str:
        first, second = order(person, job.title, job.company)
        place = f", {text(job.location)}" if job.location else ""
        return f"{bold(first)} #h(1fr) {text(when(person, job))}\\\n{italic(second)}{place}\n{bullets(job)}"

    def study(item: Study) -> str:
        return f"{bold(item.institution)} #h(1fr) {text(when(person, item))}\\\n{text(degree_of(item, person))}\n"

    return (
        setup(
            person,
            "Liberation Sans",
            10,
            "#show heading.where(level: 2): it => block(below: 6pt, width: 100%, stroke: (bottom: 0.5pt), inset: (bottom: 3pt), it.body)",
        )
        + head(person)
        + summary(person)
        + section(person, "experience", "\n".join(map(entry, person.truth.experience)))
        + section(person, "education", "\n".join(map(study, person.truth.education)))
        + rest(person)
    )


def order(person: Person, title: str, company: str) -> tuple[str, str]:
    return (title, company) if person.title_first else (company, title)


def dates_left(person: Person) -> str:
    """A narrow column of dates beside the text."""

    def row(period: str, body: str) -> str:
        return f"#grid(columns: (3.6cm, 1fr), gutter: 8pt, [{text(period)}], [{body}])\n"

    def entry(job: Job) -> str:
        first, second = order(person, job.title, job.company)
        place = f" – {text(job.location)}" if job.location else ""
        return row(when(person, job), f"{bold(first)}, {text(second)}{place}\n{bullets(job)}")

    def study(item: Study) -> str:
        return row(when(person, item), f"{bold(degree_of(item, person))}, {text(item.institution)}")

    accent = '#show heading: set text(fill: rgb("#1f5fa8"))'
    return (
        setup(person, "Libertinus Serif", 10.5, accent)
        + head(person, " | ")
        + summary(person)
        + section(person, "experience", "".join(map(entry, person.truth.experience)))
        + section(person, "education", "".join(map(study, person.truth.education)))
        + rest(person)
    )


def aside(person: Person) -> str:
    """Contacts, skills and languages below one another, for a side bar."""
    truth = person.truth
    details = "\\\n".join(contacts(person))
    skills = "".join(f"- {text(each)}\n" for each in truth.skills)
    languages = "\\\n".join(
        text(f"{name} – {level}")
        for name, level in zip(truth.languages, person.levels, strict=False)
    )
    return (
        section(person, "contact", details)
        + section(person, "skills", skills)
        + section(person, "languages", languages)
        + section(person, "interests", text(person.hobbies) if person.hobbies else "")
    )


def main_column(person: Person) -> str:
    def entry(job: Job) -> str:
        first, second = order(person, job.title, job.company)
        place = f" · {text(job.location)}" if job.location else ""
        return f"#block(below: 9pt)[{bold(first)}\\\n{text(second)}{place}\\\n#text(fill: luma(110))[{text(when(person, job))}]\n{bullets(job)}]\n"

    def study(item: Study) -> str:
        return f"#block(below: 9pt)[{bold(degree_of(item, person))}\\\n{text(item.institution)}\\\n#text(fill: luma(110))[{text(when(person, item))}]]\n"

    return (
        summary(person)
        + section(person, "experience", "".join(map(entry, person.truth.experience)))
        + section(person, "education", "".join(map(study, person.truth.education)))
        + rest(person, skip=("skills", "languages", "interests"))
    )


def dark_side(person: Person) -> str:
    """A dark bar at the left with white text."""
    headline = (
        f"\\\n#text(size: 11pt)[{text(person.truth.headline)}]" if person.truth.headline else ""
    )
    return (
        f'#set page(paper: "a4", margin: 0pt, background: place(top + left, rect(width: 6.4cm, height: 100%, fill: rgb("#22313f"))))\n'
        f'#set text(font: "Liberation Sans", size: 9.5pt, lang: "{person.language}")\n'
        "#set par(leading: 0.55em)\n"
        "#grid(columns: (6.4cm, 1fr), ["
        f'#block(inset: 14pt)[#set text(fill: white, size: 9pt)\n#text(size: 20pt, weight: "bold")[{text(person.truth.name)}]{headline}\n{aside(person)}]'
        f'], [#block(inset: 16pt)[#show heading: set text(fill: rgb("#22313f"))\n{main_column(person)}]])\n'
    )


def two_columns(person: Person) -> str:
    """The career at the left, the lists at the right, without any colour."""
    return (
        setup(person, "Libertinus Serif", 10)
        + f"= {text(person.truth.name)}\n"
        + (f"{italic(person.truth.headline)}\n" if person.truth.headline else "")
        + f"#v(6pt)\n#grid(columns: (2fr, 1fr), gutter: 22pt, [{main_column(person)}], [{aside(person)}])\n"
    )


def table(person: Person) -> str:
    """Ruled rows: period, then what was done."""

    def row(period: str, body: str) -> str:
        return f"[{text(period)}], [{body}],\n"

    def rows(body: str) -> str:
        return f"#table(columns: (3.4cm, 1fr), stroke: 0.4pt + luma(160), inset: 6pt,\n{body})\n"

    def entry(job: Job) -> str:
        first, second = order(person, job.title, job.company)
        place = f", {text(job.location)}" if job.location else ""
        return row(when(person, job), f"{bold(first)}\\\n{text(second)}{place}\n{bullets(job)}")

    def study(item: Study) -> str:
        return row(
            when(person, item), f"{bold(item.institution)}\\\n{text(degree_of(item, person))}"
        )

    return (
        setup(person, "DejaVu Sans", 9)
        + head(person, "\\\n")
        + summary(person)
        + section(person, "experience", rows("".join(map(entry, person.truth.experience))))
        + section(person, "education", rows("".join(map(study, person.truth.education))))
        + rest(person)
    )


def timeline(person: Person) -> str:
    """A line with dots; the period stands above each entry."""

    def stop(period: str, body: str) -> str:
        return (
            '#block(stroke: (left: 1.5pt + rgb("#3c8")), inset: (left: 12pt, bottom: 8pt))['
            f'#place(dx: -16.5pt, dy: 2pt, circle(radius: 4pt, fill: rgb("#3c8")))#text(size: 8.5pt, fill: luma(120))[{text(period)}]\\\n{body}]\n'
        )

    def entry(job: Job) -> str:
        place = f" ({text(job.location)})" if job.location else ""
        return stop(
            when(person, job),
            f"{bold(job.title)} {text(person.at)} {text(job.company)}{place}\n{bullets(job)}",
        )

    def study(item: Study) -> str:
        return stop(
            when(person, item), f"{bold(degree_of(item, person))}\\\n{text(item.institution)}"
        )

    return (
        setup(person, "Liberation Sans", 10)
        + head(person)
        + summary(person)
        + section(person, "experience", "".join(map(entry, person.truth.experience)))
        + section(person, "education", "".join(map(study, person.truth.education)))
        + rest(person)
    )


LAYOUTS: dict[str, Callable[[Person], str]] = {
    "classic": classic,
    "dates_left": dates_left,
    "dark_side": dark_side,
    "two_columns": two_columns,
    "table": table,
    "timeline": timeline,
}
