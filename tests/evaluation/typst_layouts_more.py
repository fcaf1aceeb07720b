"""More CVs typeset with Typst; the last two layouts are the held-out half's alone."""

from collections.abc import Callable
from itertools import groupby

from tests.evaluation.people import Job, Person, Study
from tests.evaluation.typst_layouts import (
    LAYOUTS,
    aside,
    bold,
    bullets,
    contacts,
    degree_of,
    head,
    italic,
    main_column,
    order,
    rest,
    section,
    setup,
    summary,
    text,
    when,
)


def centred(person: Person) -> str:
    """Everything but the lists in the middle, dates in brackets."""

    def entry(job: Job) -> str:
        first, second = order(person, job.title, job.company)
        place = f"\\\n{italic(job.location)}" if job.location else ""
        return (
            f"#align(center)[{bold(first)} — {text(second)} ({text(when(person, job))}){place}]\n"
            f"{bullets(job)}\n"
        )

    def study(item: Study) -> str:
        return (
            f"#align(center)[{bold(degree_of(item, person))} — {text(item.institution)} "
            f"({text(when(person, item))})]\n"
        )

    return (
        setup(person, "Libertinus Serif", 10.5, "#show heading: set align(center)")
        + f"#align(center)[{head(person, ' | ')}]\n"
        + summary(person)
        + section(person, "experience", "".join(map(entry, person.truth.experience)))
        + section(person, "education", "".join(map(study, person.truth.education)))
        + rest(person)
    )


def academic(person: Person) -> str:
    """Small, justified and dense, one run of text for each position."""

    def entry(job: Job) -> str:
        first, second = order(person, job.title, job.company)
        place = f", {text(job.location)}" if job.location else ""
        return f"{bold(first)}, {text(second)}{place}, {text(when(person, job))}.\n{bullets(job)}\n"

    def study(item: Study) -> str:
        return (
            f"{bold(degree_of(item, person))}, {text(item.institution)}, "
            f"{text(when(person, item))}.\n\n"
        )

    return (
        setup(
            person,
            "New Computer Modern",
            9,
            "#set par(justify: true)\n#set page(footer: context align(center, "
            f'[{text(person.truth.name)} – {person.page_word} #counter(page).display("1 / 1", both: true)]))',
        )
        + head(person, ", ")
        + summary(person)
        + section(person, "education", "".join(map(study, person.truth.education)))
        + section(person, "experience", "".join(map(entry, person.truth.experience)))
        + rest(person)
    )


def europass(person: Person) -> str:
    """Labels at the left of every line, as in the form of the European Union before 2020."""
    labels = person.labels

    def line(label: str, body: str) -> str:
        return (
            f"#grid(columns: (5.2cm, 1fr), gutter: 10pt, align(right)[{text(label)}], [{body}])\n"
        )

    def entry(job: Job) -> str:
        place = f", {text(job.location)}" if job.location else ""
        duties = line(labels["duties"], bullets(job)) if job.highlights else ""
        return (
            line(labels["dates"], text(when(person, job)))
            + line(labels["position"], text(job.title))
            + line(labels["employer"], f"{text(job.company)}{place}")
            + f"{duties}#v(6pt)\n"
        )

    def study(item: Study) -> str:
        return (
            line(labels["dates"], text(when(person, item)))
            + line(labels["degree"], text(degree_of(item, person)))
            + line(labels["institution"], text(item.institution))
            + "#v(6pt)\n"
        )

    truth = person.truth
    details = "".join(
        line(labels[key], text(value))
        for key, value in (
            ("address", truth.location),
            ("phone", person.phone_as_written),
            ("email", truth.email),
            ("web", ", ".join(truth.links)),
        )
        if value
    )
    return (
        setup(person, "Liberation Sans", 9.5)
        + f"= {text(truth.name)}\n"
        + (f"{italic(truth.headline)}\n" if truth.headline else "")
        + f"{details}\n"
        + summary(person)
        + section(person, "experience", "".join(map(entry, truth.experience)))
        + section(person, "education", "".join(map(study, truth.education)))
        + rest(person)
    )


def promotions(person: Person) -> str:
    """A company once, and the positions held there below it."""

    def position(job: Job) -> str:
        return f"{italic(job.title)} #h(1fr) {text(when(person, job))}\n{bullets(job)}\n"

    def company(name: str, jobs: list[Job]) -> str:
        place = f" #h(1fr) {text(jobs[0].location)}" if jobs[0].location else ""
        return f"=== {text(name)}{place}\n{''.join(map(position, jobs))}"

    def study(item: Study) -> str:
        return (
            f"=== {text(item.institution)}\n{italic(degree_of(item, person))} #h(1fr) "
            f"{text(when(person, item))}\n"
        )

    grouped = groupby(person.truth.experience, key=lambda job: job.company)
    return (
        setup(person, "Liberation Serif", 10.5)
        + head(person)
        + summary(person)
        + section(
            person, "experience", "\n".join(company(name, list(jobs)) for name, jobs in grouped)
        )
        + section(person, "education", "\n".join(map(study, person.truth.education)))
        + rest(person)
    )


def bars(person: Person) -> str:
    """One line for an entry, its parts divided by bars."""

    def entry(job: Job) -> str:
        parts = [*order(person, job.title, job.company), job.location, when(person, job)]
        return f"{bold(' | '.join(each for each in parts if each))}\n{bullets(job)}\n"

    def study(item: Study) -> str:
        parts = [degree_of(item, person), item.institution, when(person, item)]
        return f"{bold(' | '.join(parts))}\n\n"

    return (
        setup(person, "DejaVu Serif", 9)
        + f"= {text(person.truth.name)}\n{' | '.join(contacts(person))}\n"
        + (f"\n{bold(person.truth.headline)}\n" if person.truth.headline else "")
        + rest(person, skip=("languages", "certifications", "publications", "interests"))
        + summary(person)
        + section(person, "experience", "".join(map(entry, person.truth.experience)))
        + section(person, "education", "".join(map(study, person.truth.education)))
        + rest(person, skip=("skills",))
    )


def band(person: Person) -> str:
    """A coloured band with the name in white above two columns, the lists at the right."""
    headline = f"\\\n{text(person.truth.headline)}" if person.truth.headline else ""
    return (
        '#set page(paper: "a4", margin: 0pt)\n'
        f'#set text(font: "Liberation Sans", size: 9.5pt, lang: "{person.language}")\n'
        '#block(width: 100%, fill: rgb("#7a2e3a"), inset: 18pt)[#set text(fill: white)\n'
        f"#text(size: 22pt, tracking: 2pt)[{text(person.truth.name.upper())}]{headline}]\n"
        "#grid(columns: (1fr, 6.2cm), "
        f"[#block(inset: 16pt)[{main_column(person)}]], "
        f"[#block(inset: 16pt, fill: luma(240), width: 100%)[#set text(size: 9pt)\n{aside(person)}]])\n"
    )


MORE_LAYOUTS: dict[str, Callable[[Person], str]] = {
    "centred": centred,
    "academic": academic,
    "europass": europass,
    "promotions": promotions,
}
HELD_OUT_LAYOUTS: dict[str, Callable[[Person], str]] = {"bars": bars, "band": band}
ALL_LAYOUTS = {**LAYOUTS, **MORE_LAYOUTS, **HELD_OUT_LAYOUTS}
