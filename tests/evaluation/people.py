"""Made-up people with careers, and how each writes dates: the truth that CVs are typeset from.

Everything follows from the seed, in seven languages; nobody here exists.
"""

import random
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import phonenumbers

_WORDS = Path(__file__).parent / "words"
_HELD_OUT_WORDS = Path(__file__).parent / "held_out_words"
LANGUAGES = ("en", "de", "fr", "es", "nl", "it", "pl")
Half = Literal["dev", "held-out"]
_TECHNOLOGIES = (
    "Python", "Java", "SQL", "PostgreSQL", "Docker", "Kubernetes", "React", "TypeScript", "SAP",
    "Excel", "Power BI", "Tableau", "Git", "AWS", "C++", "C#", "Salesforce", "AutoCAD", "Figma",
    "JavaScript", "Linux", "Terraform", "MATLAB", "R", "Photoshop", "Node.js",
)  # fmt: skip
_YEAR_NOW = 2025
_DATE_STYLES = ("short", "long", "slash", "iso", "dot", "year")
_FRESH_DATE_STYLES = ("short", "long", "slash", "dot", "year", "two_digits", "apostrophe")


class Job(msgspec.Struct):
    """One position."""

    company: str
    title: str
    start: str | None
    end: str | None
    current: bool
    location: str | None
    highlights: list[str]


class Study(msgspec.Struct):
    """One degree."""

    institution: str
    degree: str
    field: str | None
    start: str | None
    end: str | None


class Truth(msgspec.Struct):
    """What a perfect parser finds in the CV."""

    name: str
    email: str
    phone: str | None
    """E.164."""
    has_country_code: bool
    location: str | None
    links: list[str]
    headline: str | None
    experience: list[Job]
    education: list[Study]
    skills: list[str]
    mentioned: list[str]
    """Technologies that only the text of a position names: neither wanted nor wrong as skills."""
    languages: list[str]
    certifications: list[str]


class Person(msgspec.Struct):
    """The truth, and what typesetting needs beside it."""

    truth: Truth
    language: str
    phone_as_written: str | None
    levels: list[str]
    summary: str | None
    headings: dict[str, str]
    labels: dict[str, str]
    date_style: str
    present: str
    until: str
    since: str
    at: str
    hobbies: str
    publications: list[str]
    title_first: bool
    shouts: bool
    """Headings in capitals."""
    page_word: str

    def when(self, start: str | None, end: str | None, *, current: bool = False) -> str:
        """Return the period as this person writes it."""
        if start is None:
            return self.date(end) if end else ""
        if current and self.since and self.date_style == "dot":
            return f"{self.since} {self.date(start)}"
        last = self.present if current else self.date(end) if end else ""
        if not last or start == end:
            return self.date(start)
        between = self.until if self.until in {"\N{EN DASH}", "-", "—"} else f" {self.until} "
        if self.until != "\N{EN DASH}" or self.date_style not in {"year", "slash"}:
            between = f" {between.strip()} "
        return f"{self.date(start)}{between}{last}"

    def date(self, value: str) -> str:
        """Return `2019-03` in this person's style; a year stays a year."""
        year, _, month = value.partition("-")
        if not month:
            return year
        words = words_of(self.language)
        short, long = (words[key][int(month) - 1] for key in ("short", "months"))
        forms = {
            "short": f"{short} {year}",
            "long": f"{long} {year}",
            "slash": f"{month}/{year}",
            "dot": f"{month}.{year}",
            "two_digits": f"{month}/{year[2:]}",
            "apostrophe": f"{short.rstrip('.')} \u2019{year[2:]}",
            "iso": value,
            "year": value,
        }
        return forms[self.date_style]


@cache
def words_of(language: str) -> dict[str, Any]:
    return tomllib.loads((_WORDS / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def fresh_words_of(language: str) -> dict[str, Any]:
    """The language's words with those of the held-out half alone in place of the usual ones."""
    usual = words_of(language)
    own = tomllib.loads((_HELD_OUT_WORDS / f"{language}.toml").read_text(encoding="utf-8"))
    return {**usual, **own, "headings": {**usual["headings"], **own["headings"]}}


def make_person(seed: int, language: str, half: Half, *, is_fresh: bool = False) -> Person:
    """Make the person; some headings and dates are kept for the held-out half.

    A fresh person has names, places, employers, degrees and headings that the other half lacks.
    """
    chance = random.Random(f"{seed}/{language}")
    words = fresh_words_of(language) if is_fresh else words_of(language)
    styles = _FRESH_DATE_STYLES if is_fresh else _DATE_STYLES
    style = chance.choice(styles if half == "held-out" else styles[:5])
    first, last = chance.choice(words["first"]), chance.choice(words["last"])
    jobs = _jobs(chance, words, yearly=style == "year")
    studies = _studies(chance, words, yearly=style == "year" or chance.random() < 0.4)
    own = chance.sample(_TECHNOLOGIES, chance.randint(3, 7))
    general = chance.sample(words["skills"], chance.randint(1, 3))
    skills = [*own, *general] if chance.random() < 0.9 else []
    mentioned = [
        tech
        for tech in _TECHNOLOGIES
        if tech not in skills and any(tech in text for job in jobs for text in job.highlights)
    ]
    written, phone = _phone(chance, words)
    count = chance.randint(2, min(4, len(words["spoken"])))
    spoken = words["spoken"][:1] + chance.sample(words["spoken"][1:], count - 1)
    headline = jobs[0].title if jobs and chance.random() < 0.5 else None
    truth = Truth(
        name=f"{first} {last}",
        email=_address(chance, first, last),
        phone=phone,
        has_country_code=bool(written and written.startswith("+")),
        location=chance.choice(words["cities"]) if chance.random() < 0.9 else None,
        links=_links(chance, first, last),
        headline=headline,
        experience=jobs,
        education=studies,
        skills=skills,
        mentioned=mentioned,
        languages=spoken if chance.random() < 0.8 else [],
        certifications=chance.sample(words["certifications"], 2) if chance.random() < 0.5 else [],
    )
    return Person(
        truth=truth,
        language=language,
        phone_as_written=written,
        levels=words["levels"][:count],
        summary=_summary(chance, words, jobs),
        headings={name: _heading(chance, each, half) for name, each in words["headings"].items()},
        labels=words["labels"],
        date_style=style,
        present=chance.choice(words["present"]),
        until=chance.choice(words["until"]),
        since=words["since"] if chance.random() < 0.5 else "",
        at=words["at"],
        hobbies=words["hobbies"] if chance.random() < 0.5 else "",
        publications=_publications(chance, first, last) if chance.random() < 0.25 else [],
        title_first=chance.random() < 0.5,
        shouts=chance.random() < 0.3,
        page_word=words["page"],
    )


def _heading(chance: random.Random, variants: list[str], half: Half) -> str:
    """The last variant is the held-out half's alone, where there are enough."""
    known = variants[:-1] if half == "dev" and len(variants) > 2 else variants
    return chance.choice(known)


def _jobs(chance: random.Random, words: dict[str, Any], *, yearly: bool) -> list[Job]:
    """From the latest back, with gaps, promotions and, now and then, no month."""
    jobs: list[Job] = []
    end_year, end_month = _YEAR_NOW, chance.randint(1, 9)
    companies = chance.sample(words["companies"], len(words["companies"]))
    titles = chance.sample(words["titles"], len(words["titles"]))
    count = chance.choice((1, 2, 3, 3, 4, 5))
    is_current = chance.random() < 0.7
    for number in range(count):
        months = chance.randint(7, 58)
        start = end_year * 12 + end_month - 1 - months
        is_promotion = number > 0 and chance.random() < 0.2
        company = jobs[-1].company if is_promotion else companies.pop()
        place = jobs[-1].location if is_promotion else chance.choice([*words["cities"], None])
        first = _month(start, yearly=yearly)
        last = _month(end_year * 12 + end_month - 1, yearly=yearly)
        current = number == 0 and is_current
        texts = [
            each.format(
                n=chance.randint(3, 60),
                thing=chance.choice(words["things"]),
                tech=chance.choice(_TECHNOLOGIES),
            )
            for each in chance.sample(
                words["bullets"], min(len(words["bullets"]), chance.randint(0, 4))
            )
        ]
        jobs.append(
            Job(
                company=company,
                title=titles.pop(),
                start=first,
                end=None if current else last,
                current=current,
                location=place,
                highlights=[text[0].upper() + text[1:] for text in texts],
            )
        )
        gap = 0 if chance.random() < 0.6 else chance.randint(2, 14)
        before = start - 1 - gap
        end_year, end_month = before // 12, before % 12 + 1
    return jobs


def _month(number: int, *, yearly: bool) -> str:
    return str(number // 12) if yearly else f"{number // 12}-{number % 12 + 1:02d}"


def _studies(chance: random.Random, words: dict[str, Any], *, yearly: bool) -> list[Study]:
    studies = []
    end = chance.randint(2004, 2016)
    schools = chance.sample(words["institutions"], len(words["institutions"]))
    degrees = chance.sample(words["degrees"], len(words["degrees"]))
    for _ in range(chance.choice((1, 1, 2, 2, 3))):
        years = chance.randint(2, 5)
        month = chance.randint(6, 9)
        studies.append(
            Study(
                institution=schools.pop(),
                degree=degrees.pop(),
                field=chance.choice(words["fields"]) if chance.random() < 0.85 else None,
                start=str(end - years) if yearly else f"{end - years}-{chance.randint(8, 10):02d}",
                end=str(end) if yearly else f"{end}-{month:02d}",
            )
        )
        end -= years + chance.randint(0, 1)
    return studies


def _address(chance: random.Random, first: str, last: str) -> str:
    name = f"{_plain(first)}.{_plain(last)}"
    return f"{name}{chance.choice(('', '', '84'))}@{chance.choice(_HOSTS)}"


_HOSTS = ("example.com", "mail.example.org", "posteo.example", "example.net")


def _plain(name: str) -> str:
    table = str.maketrans("äöüßáàâéèêëíìóòúçñłśźżąęćńıÉÍÁŁŹ", "aousaaaeeeeiioouçnlszzaecniEIALZ")
    letters = name.translate(table).lower().replace("ç", "c")
    return "".join(each for each in letters if each.isascii() and each.isalnum())[:18]


def _links(chance: random.Random, first: str, last: str) -> list[str]:
    handle = f"{_plain(first)}-{_plain(last)}"
    links = []
    if chance.random() < 0.6:
        links.append(f"linkedin.com/in/{handle}")
    if chance.random() < 0.35:
        links.append(f"github.com/{handle}")
    if chance.random() < 0.2:
        links.append(f"https://www.{_plain(last)}.example")
    return links


def _phone(chance: random.Random, words: dict[str, Any]) -> tuple[str | None, str | None]:
    if chance.random() < 0.1:
        return None, None
    written = chance.choice(words["phone"]).format(chance.randint(10, 99))
    number = phonenumbers.parse(written, words["phone_region"])
    return written, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _summary(chance: random.Random, words: dict[str, Any], jobs: list[Job]) -> str | None:
    if chance.random() < 0.4:
        return None
    text: str = chance.choice(words["summary"]).format(title=jobs[0].title)
    return text


def _publications(chance: random.Random, first: str, last: str) -> list[str]:
    return [
        f"{last}, {first[0]}. and Quill, R. ({chance.randint(2008, 2023)}). {topic}. "
        f"Journal of Applied Things, {chance.randint(2, 40)}({chance.randint(1, 4)})."
        for topic in chance.sample(_TOPICS, 2)
    ]


_TOPICS = (
    "On the patience of queues",
    "Measuring what matters in small teams",
    "A field study of paper forms",
)
