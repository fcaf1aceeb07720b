"""Nothing that a parser makes up is kept: each value stands in the document, where it says."""

import time
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest

from core.ports.documents import DocumentLine, DocumentLink, ReadDocument
from core.resumes.contracts.evidence import MOST_VALUES
from core.resumes.contracts.structure import (
    Education,
    Experience,
    ParsedResume,
    Resume,
    Skill,
    SourceSpan,
    SpokenLanguage,
)
from core.resumes.contracts.witness import Witnessed, witnessed
from core.resumes.contracts.wording import Wording
from plugins.resume_parser.parser import StructureParser
from tests.evaluation.corpus import samples
from tests.evaluation.score import read_samples
from tests.fixtures.examined import Examined
from tests.fixtures.resume_lines import FOLDER, read_fixture

TODAY = date(2025, 11, 1)
HIDDEN = ("Kubernetes Terraform",)
DOCUMENT = ReadDocument(
    lines=tuple(
        DocumentLine(text, page=1 + (number > 6))
        for number, text in enumerate(
            (
                "ADA LOVELACE",
                "ada (at) example.com\t020 7946 0958",
                "github.com/ada · Deutsch (C1)",
                "Senior Analyst, Analytical Engines Ltd",
                "03/2019 – present",
                "• Wrote the first program in Python and Postgre-",
                "SQL, with C++ and R.",
                "University of London, BSc Mathematics",
                "2012 – 2015",
                "Abitur 07/09",
            )
        )
    ),
    pages=2,
    kind="pdf",
    state="read",
    hidden_text=HIDDEN,
    links=(DocumentLink("https://www.linkedin.com/in/ada/"), DocumentLink("mailto:a@work.example")),
)
HONEST = Resume(
    name="Ada Lovelace",
    email="ada@example.com",
    phone="+442079460958",
    links=("https://github.com/ada", "https://linkedin.com/in/ada"),
    experience=(
        Experience(
            "Analytical Engines Ltd",
            "Senior Analyst",
            "2019-03",
            current=True,
            highlights=("Wrote the first program in Python and PostgreSQL, with C++ and R.",),
        ),
    ),
    education=(Education("University of London", "BSc", "Mathematics", "2012", "2015"),),
    skills=(Skill("Postgres", "PostgreSQL"), Skill("C++", "C++"), Skill("R", "R")),
    languages=(SpokenLanguage("Deutsch", "de", "C1"),),
)


def heard(resume: Resume, sources: dict[str, SourceSpan] | None = None) -> Witnessed:
    return witnessed(ParsedResume(resume, sources or {}, "en"), DOCUMENT, TODAY)


def changed(**values: Any) -> Resume:
    return msgspec.structs.replace(HONEST, **values)


def position(**values: Any) -> Resume:
    return changed(experience=(msgspec.structs.replace(HONEST.experience[0], **values),))


def test_an_honest_answer_is_kept_as_it_is() -> None:
    found = heard(HONEST)
    kept = found.parsed.resume
    assert found.left_out == 0
    assert (
        msgspec.structs.replace(kept, confidence={}, hidden_text=(), years_of_experience=None)
        == HONEST
    )
    assert kept.years_of_experience == 6.8
    assert set(kept.confidence.values()) == {0.5}
    places = found.parsed.sources
    assert places["name"] == SourceSpan(0, 0, 0, 12, 1)
    assert places["phone"] == SourceSpan(1, 21, 1, 34, 1)
    assert places["experience.0.company"] == SourceSpan(3, 16, 3, 38, 1)
    assert places["experience.0.highlights.0"] == SourceSpan(5, 2, 6, 19, 1)
    assert places["skills.0"] == SourceSpan(5, 40, 6, 3, 1)
    assert places["education.0.field"].page == 2
    assert "links.1" not in places, "a link that lies on no words has no place"


INVENTED: dict[str, tuple[Resume, Callable[[Resume], Any]]] = {
    "a name": (changed(name="Grace Hopper"), lambda resume: resume.name),
    "half a word": (changed(name="Love"), lambda resume: resume.name),
    "words that aren't together": (changed(name="Ada Analyst"), lambda resume: resume.name),
    "an address": (changed(email="eve@example.com"), lambda resume: resume.email),
    "the beginning of an address": (changed(email="a@example.co"), lambda resume: resume.email),
    "no address": (changed(email="ada example.com"), lambda resume: resume.email),
    "a number": (changed(phone="+442079460959"), lambda resume: resume.phone),
    "too few digits": (changed(phone="60958"), lambda resume: resume.phone),
    "another person's page": (
        changed(links=("https://github.com/adam",)),
        lambda resume: resume.links,
    ),
    "another host": (changed(links=("https://github.co/ada",)), lambda resume: resume.links),
    "a script": (changed(links=("javascript:alert(1)",)), lambda resume: resume.links),
    "credentials in a link": (
        changed(links=("https://github.com@evil.example/ada",)),
        lambda resume: resume.links,
    ),
    "a company": (
        position(company="Google", title=None, highlights=()),
        lambda resume: resume.experience,
    ),
    "a title": (position(title="Director"), lambda resume: resume.experience[0].title),
    "a year": (position(start="1999-03"), lambda resume: resume.experience[0].start),
    "a year of two digits, without a place": (
        changed(education=(Education("University of London", start="1915"),)),
        lambda resume: resume.education[0].start,
    ),
    "a highlight": (
        position(highlights=("Led a team of 40.",)),
        lambda resume: resume.experience[0].highlights,
    ),
    "a school": (changed(education=(Education("MIT"),)), lambda resume: resume.education),
    "evidence": (changed(skills=(Skill("Go", "Golang"),)), lambda resume: resume.skills),
    "C that is C++": (changed(skills=(Skill("C", "C"),)), lambda resume: resume.skills),
    "what the file hides": (
        changed(skills=(Skill("Kubernetes", "Kubernetes"),)),
        lambda resume: resume.skills,
    ),
    "a level": (
        changed(languages=(SpokenLanguage("Deutsch", "de", "C2"),)),
        lambda resume: resume.languages[0].level,
    ),
    "a text that never ends": (
        changed(headline="Senior Analyst " * 1_000),
        lambda resume: resume.headline,
    ),
}


@pytest.mark.parametrize("what", INVENTED)
def test_what_is_invented_is_left_out(what: str, examined: Examined) -> None:
    answer, part = INVENTED[what]
    found = heard(answer)
    assert not part(found.parsed.resume)
    assert found.left_out >= 1
    examined("invented values", found.left_out)


LIES: dict[str, SourceSpan] = {
    "another line": SourceSpan(3, 0, 3, 10),
    "no line": SourceSpan(40, 0, 40, 3),
    "before the first": SourceSpan(-1, 0, 0, 5),
    "backwards": SourceSpan(2, 0, 0, 5),
    "beyond the line": SourceSpan(0, 0, 0, 900),
    "nothing": SourceSpan(0, 4, 0, 4),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_value_that_does_not_stand_where_it_says_is_left_out(lie: str) -> None:
    found = heard(HONEST, {"name": LIES[lie], "email": SourceSpan(1, 0, 1, 20)})
    assert found.parsed.resume.name is None
    assert "name" not in found.parsed.sources
    assert found.parsed.resume.email == "ada@example.com"
    assert found.left_out == 1


def test_a_month_that_is_not_told_is_taken_off() -> None:
    study = Education("University of London", start="2012-10", end="2015")
    places = {"education.0.start": SourceSpan(8, 0, 8, 4)}
    (kept,) = heard(changed(education=(study,)), places).parsed.resume.education
    assert (kept.start, kept.end) == ("2012", "2015")


def test_a_year_of_two_digits_needs_its_place() -> None:
    answer = changed(education=(Education(degree="Abitur", end="2009-07"),))
    assert heard(answer).parsed.resume.education[0].end is None
    found = heard(answer, {"education.0.end": SourceSpan(9, 7, 9, 12)})
    assert found.parsed.resume.education[0].end == "2009-07"
    assert found.parsed.sources["education.0.end"] == SourceSpan(9, 7, 9, 12)


def test_paths_follow_what_is_kept() -> None:
    answer = changed(
        skills=(Skill("Go", "Golang"), Skill("Python", "Python")),
        confidence={"skills.0": 1.0, "skills.1": 7.0, "name": float("nan"), "made.up": 1.0},
    )
    found = heard(answer, {"skills.1": SourceSpan(5, 0, 5, 40)})
    assert found.parsed.resume.skills == (Skill("Python", "Python"),)
    assert found.parsed.sources["skills.0"] == SourceSpan(5, 29, 5, 35)
    confidence = found.parsed.resume.confidence
    assert (confidence["skills.0"], confidence["name"]) == (1.0, 0.5)
    assert "skills.1" not in confidence
    assert "made.up" not in confidence


def test_years_and_hidden_text_are_not_the_parsers_to_say() -> None:
    answer = changed(years_of_experience=40.0, hidden_text=("nothing at all",))
    kept = heard(answer).parsed.resume
    assert (kept.years_of_experience, kept.hidden_text) == (6.8, HIDDEN)


def test_an_endless_answer_ends() -> None:
    many = tuple(Experience("Analytical Engines Ltd", highlights=("R",) * 500) for _ in range(90))
    found = heard(changed(experience=many))
    assert len(found.parsed.sources) <= MOST_VALUES
    assert found.left_out > 30


def test_the_largest_answer_about_the_largest_document_takes_no_long_time() -> None:
    lines = tuple(DocumentLine("2012 aa bb cc dd " * 400) for _ in range(20))
    position = Experience(
        "aa bb", "bb cc", start="1999-01", end="2012", highlights=(*("zz",) * 50, *("cc dd",) * 50)
    )
    resume = Resume(
        experience=(position,) * 60, skills=tuple(Skill(f"s{n}", "a") for n in range(200))
    )
    places = {f"experience.{n}.company": SourceSpan(0, n, 19, 9) for n in range(60)}
    document = ReadDocument(lines=lines, pages=1, kind="txt", state="read")
    began = time.monotonic()
    found = witnessed(ParsedResume(resume, places, "en"), document, TODAY)
    assert time.monotonic() - began < 20
    assert found.left_out > 1_000


def test_control_characters_do_not_get_in() -> None:
    kept = heard(changed(name="Ada\x00\u0085Lovelace", skills=(Skill("R\x1b[2J", "R"),)))
    assert kept.parsed.resume.name == "Ada Lovelace"
    assert kept.parsed.resume.skills == (Skill("R [2J", "R"),)


def test_words_are_found_from_a_place_on() -> None:
    words = Wording((DocumentLine("Acme, Acme and Acme"), DocumentLine("Ac\u00adme")))
    assert words.place("Acme") == SourceSpan(0, 0, 0, 4)
    assert words.place("acme", 0, 5) == SourceSpan(0, 6, 0, 10)
    assert words.place("Acme", 1, 0) == SourceSpan(1, 0, 1, 5)
    assert words.place("Acme", 0, 99) == SourceSpan(1, 0, 1, 5)
    assert words.place("Acm") is None
    assert words.place("—") is None


def test_our_own_parser_invents_nothing(examined: Examined) -> None:
    parser = StructureParser()
    documents = [(path.stem, read_fixture(path.stem)) for path in sorted(FOLDER.glob("*.txt"))]
    some = list(samples("dev"))[::9]
    documents += [(each.name, document) for each, document in read_samples(some)]
    values = misplaced = 0
    for name, document in documents:
        parsed = parser.parse(document, TODAY)
        anywhere = msgspec.structs.replace(parsed, sources={})
        assert witnessed(anywhere, document, TODAY).left_out == 0, name
        values += len(parsed.resume.confidence)
        misplaced += witnessed(parsed, document, TODAY).left_out
    assert misplaced < values / 100, "it names a place where the value doesn't stand"
    examined("values", values)
