"""Invents the sample candidates, each as the command that adds them.

Addresses are at domains reserved for examples (RFC 2606), phone numbers from ranges that
regulators keep for fiction (Bundesnetzagentur, NANPA 555-01XX), and profile links end so that they
lead to nobody.
"""

import re
import unicodedata
from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec
from faker import Faker

from core.candidates.contracts import CreateCandidate, Education, Experience
from tenants.demo.content import Family, TenantPlan, Texts, seeded, weighted

_MAIL_DOMAINS: Final = ("example.com", "example.net", "example.org", "mail.example")
_FICTION: Final = {
    "DE": (
        ("030", "23125"),
        ("069", "90009"),
        ("040", "66969"),
        ("0221", "4710"),
        ("089", "99998"),
    ),
    "US": tuple((area, "555") for area in ("201", "732", "908", "973", "917", "212", "860")),
}
# What German spells with two letters, and letters that have no plain one under their mark.
_LETTERS: Final = str.maketrans("øåłđ\u0131", "oaldi", "") | str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
)
_SCHOOLS: Final = {
    "DE": ("Technische Universität {}", "Hochschule {}", "Universität {}", "Berufskolleg {}"),
    "US": ("{} Community College", "University of {}", "{} State College", "{} Institute"),
}


class Person(msgspec.Struct, frozen=True):
    """A sample candidate and the line of work they are in."""

    command: CreateCandidate
    family: str

    @property
    def skill(self) -> str:
        """What they are asked about."""
        return self.command.skills[0]


class People:
    """Invents people for one tenant; the same ones every time."""

    def __init__(
        self, plan: TenantPlan, families: dict[str, Family], texts: Texts, this_year: int
    ) -> None:
        self._this_year = this_year
        self._plan = plan
        self._families = families
        self._texts = texts
        self._chance = seeded(f"{plan.slug}/people")
        self._fakers = {locale: _faker(locale, plan.slug) for locale in plan.names}
        self._home = self._fakers[next(iter(plan.names))]
        self._odd_names = iter(texts.odd_names if plan.country == "DE" else ())
        self._phones = _phones(plan.country, self._chance)
        self._names: set[str] = set()
        self._count = 0

    def invent(self, family: str) -> Person:
        """Return a person nobody has met before."""
        self._count += 1
        chance, work = self._chance, self._families[family]
        name = self._name()
        years = min(24, 1 + int(chance.expovariate(1 / 7)))
        city = weighted(chance, self._plan.cities)
        skills = chance.sample(work.skills, k=min(len(work.skills), chance.randint(3, 9)))
        experience = tuple(self._career(work, years))
        education = tuple(self._studies(work, years, city))
        headline = chance.choice(work.headlines).format(years=years)
        return Person(
            CreateCandidate(
                full_name=name,
                preferred_name=name.split()[0] if chance.random() < 0.12 else None,
                emails=tuple(self._emails(name)),
                phones=(next(self._phones),) if chance.random() < 0.88 else (),
                links=tuple(self._links(name, family)),
                headline=headline,
                location=city,
                skills=tuple(skills),
                experience=experience,
                education=education,
                source=chance.choices(
                    [source.name for source in self._plan.sources],
                    [source.weight for source in self._plan.sources],
                )[0],
                tags=tuple(chance.sample(self._texts.tags, k=chance.randint(1, 2)))
                if chance.random() < 0.35
                else (),
                resume_text=_resume(name, headline, experience, education, tuple(skills)),
            ),
            family,
        )

    def twin(self, person: Person) -> CreateCandidate:
        """Return `person` as somebody entered them a second time, from another source."""
        chance, command = self._chance, person.command
        shared = chance.choice(("email", "phone", "link") if command.phones else ("email", "link"))
        name = command.full_name.translate(_LETTERS)
        if name == command.full_name:
            parts = name.split()
            name = f"{parts[0][0]}. {parts[-1]}" if chance.random() < 0.5 else name.upper()
        links = command.links or (f"https://github.com/{_slug(name)}-example-{self._count}",)
        return msgspec.structs.replace(
            command,
            full_name=name,
            preferred_name=None,
            emails=(command.emails[0].upper(),)
            if shared == "email"
            else (f"{_slug(name, '.')}.private@example.org",),
            phones=command.phones if shared == "phone" else (),
            links=links if shared == "link" else (),
            skills=command.skills[:2],
            experience=command.experience[:1],
            education=(),
            tags=(),
            source="Referral",
            resume_text=None,
        )

    def _name(self) -> str:
        if self._count % 23 == 5:
            odd = next(self._odd_names, None)
            if odd is not None:
                return odd
        while True:
            faker = self._fakers[weighted(self._chance, self._plan.names)]
            name = f"{faker.first_name()} {faker.last_name()}"
            if name not in self._names:
                self._names.add(name)
                return name

    def _emails(self, name: str) -> Iterator[str]:
        yield f"{_slug(name, '.')}.{self._count}@{self._chance.choice(_MAIL_DOMAINS)}"
        if self._chance.random() < 0.1:
            yield f"{_slug(name, '_')}{self._count}@work.example"

    def _links(self, name: str, family: str) -> Iterator[str]:
        ending = f"{_slug(name)}-example-{self._count}"
        if self._chance.random() < 0.7:
            yield f"https://www.linkedin.com/in/{ending}"
        if family in {"software", "robotics"} and self._chance.random() < 0.5:
            yield f"https://github.com/{ending}"
        if family == "design":
            yield f"https://{ending}.example.com/portfolio"

    def _career(self, work: Family, years: int) -> Iterator[Experience]:
        """Yield positions, the latest first, that add up to about `years`."""
        chance = self._chance
        end: int | None = None if chance.random() < 0.75 else self._this_year - 1
        year = end or self._this_year
        first = year - years
        level = min(len(work.titles) - 1, 1 + years // 3)
        while year > first and level >= 0:
            start = max(first, year - chance.randint(1, 5))
            yield Experience(
                company=self._home.company(),
                title=work.titles[level],
                start=f"{start}-{chance.randint(1, 12):02d}",
                end=None if end is None else f"{end}-{chance.randint(1, 12):02d}",
                description=" ".join(chance.sample(work.sentences, k=chance.randint(1, 2))),
            )
            # A position begins after the one before it has ended.
            year, end, level = start - 1, start - 1, level - 1

    def _studies(self, work: Family, years: int, city: str) -> Iterator[Education]:
        chance = self._chance
        end = self._this_year - years - chance.randint(1, 2)
        school = chance.choice(_SCHOOLS[self._plan.country]).format(city.partition(",")[0])
        yield Education(
            institution=school,
            degree=chance.choice(work.degrees),
            subject=chance.choice(work.subjects),
            start=str(end - chance.randint(2, 5)),
            end=str(end),
        )


def _faker(locale: str, name: str) -> Faker:
    faker = Faker(locale)
    faker.seed_instance(f"{name}/{locale}")
    return faker


def _phones(country: str, chance: Random) -> Iterator[str]:
    """Yield numbers kept for fiction, each once, written as people of the country write them."""
    ends = range(1_000) if country == "DE" else range(100, 200)
    numbers = [(*block, end) for block in _FICTION[country] for end in ends]
    chance.shuffle(numbers)
    for area, exchange, end in numbers:
        if country == "US":
            shape = chance.choice(("({0}) {1}-{2:04d}", "+1 {0} {1} {2:04d}", "{0}-{1}-{2:04d}"))
            yield shape.format(area, exchange, end)
        else:
            number = f"{exchange} {end:03d}"
            yield f"{area} {number}" if chance.random() < 0.4 else f"+49 {area[1:]} {number}"


def _slug(name: str, between: str = "-") -> str:
    """Return the name in plain letters; a name in another script becomes `candidate`."""
    plain = name.lower().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return between.join(re.findall(r"[a-z]+", plain))[:40].rstrip(between) or "candidate"


def _resume(
    name: str,
    headline: str,
    experience: tuple[Experience, ...],
    education: tuple[Education, ...],
    skills: tuple[str, ...],
) -> str:
    lines = [name, headline, ""]
    for post in experience:
        lines += [f"{post.start} to {post.end or 'today'}: {post.title}, {post.company}"]
        lines += [post.description or "", ""]
    lines += [f"{study.degree}, {study.subject}, {study.institution}" for study in education]
    return "\n".join([*lines, "", "Skills: " + ", ".join(skills)])
