"""Résumés read and parsed against what they were made from: the aims, and that scoring notices."""

import io
import statistics

import docx
import msgspec
import pytest

from core.ports.documents import DocumentLine
from core.resumes.contracts.structure import Education, Experience, Resume, Skill, SpokenLanguage
from plugins.document_reader.sandbox import SandboxedReader
from plugins.resume_parser.parser import StructureParser
from tests.evaluation.corpus import HALVES, TRUTH_FILE, Sample, samples, truth_lines
from tests.evaluation.people import Half, Truth
from tests.evaluation.score import (
    AIMS,
    read_samples,
    score_john_doe,
    score_samples,
    summary_of,
)
from tests.evaluation.scoring import Scores, score, total
from tests.fixtures.examined import Examined


@pytest.mark.parametrize("half", HALVES)
def test_each_half_meets_the_aims(half: Half, examined: Examined) -> None:
    scored = score_samples(read_samples(list(samples(half))), StructureParser())
    reached = summary_of(total([scores for _, scores in scored]))
    assert {field for field, aim in AIMS.items() if reached[field] < aim} == set(), reached
    examined("CVs", len(scored))


def test_the_sample_cv_meets_the_aims() -> None:
    scored = score_john_doe(StructureParser())
    reached = summary_of(total([scores for _, scores in scored])) if scored else AIMS
    assert {field for field, aim in AIMS.items() if reached[field] < aim} == set(), reached


def test_the_set_is_as_large_and_as_varied_as_it_says(examined: Examined) -> None:
    chosen = list(samples())
    halves = {half: [each for each in chosen if each.half == half] for half in HALVES}
    assert all(len(half) >= 50 for half in halves.values())
    assert len({each.language for each in chosen}) == 7
    assert {each.name.rpartition(".")[2] for each in chosen} == {
        *("pdf", "docx", "odt", "rtf", "html", "txt"),
    }
    only_held_out = {e.layout for e in halves["held-out"]} - {e.layout for e in halves["dev"]}
    assert len(only_held_out) >= 5
    assert statistics.median(len(each.truth.experience) for each in chosen) >= 2
    examined("CVs", len(chosen))
    examined("layouts", len({each.layout for each in chosen}))


def test_the_truth_in_the_repository_is_the_generators() -> None:
    assert TRUTH_FILE.read_bytes() == truth_lines()


def test_the_sandbox_reads_what_the_reader_reads(examined: Examined) -> None:
    chosen = [each for each in samples("dev") if each.seed % 7 == 0]
    with SandboxedReader() as reader:
        for sample, document in read_samples(chosen):
            assert reader.read(sample.content(), sample.name) == document
    examined("CVs", len(chosen))


def _perfect(truth: Truth) -> Resume:
    return Resume(
        name=truth.name,
        email=truth.email,
        phone=truth.phone,
        location=truth.location,
        links=tuple(truth.links),
        experience=tuple(
            Experience(e.company, e.title, e.start, e.end, e.current) for e in truth.experience
        ),
        education=tuple(
            Education(e.institution, e.degree, e.field, e.start, e.end) for e in truth.education
        ),
        skills=tuple(Skill(each, each) for each in truth.skills),
        languages=tuple(SpokenLanguage(each) for each in truth.languages),
        certifications=tuple(truth.certifications),
    )


def _sample() -> Sample:
    return next(
        each
        for each in samples("dev")
        if len(each.truth.experience) > 1
        and len(each.truth.skills) > 2
        and each.truth.phone
        and each.truth.location
    )


def _reached(resume: Resume, truth: Truth) -> Scores:
    return score(resume, truth)


def test_a_perfect_answer_scores_everything() -> None:
    for sample in samples("dev"):
        scores = score(_perfect(sample.truth), sample.truth)
        assert not [name for name, tally in scores.items() if tally.wrong or tally.missed]


def test_wrong_missing_and_invented_answers_cost() -> None:
    truth = _sample().truth
    good = _perfect(truth)
    first = good.experience[0]
    planted = {
        "name": msgspec.structs.replace(good, name="Somebody Else"),
        "email": msgspec.structs.replace(good, email=None),
        "phone": msgspec.structs.replace(good, phone="+10000000000"),
        "links": msgspec.structs.replace(good, links=(*good.links, "invented.example")),
        "experience.title": msgspec.structs.replace(
            good,
            experience=(msgspec.structs.replace(first, title="Astronaut"), *good.experience[1:]),
        ),
        "experience.dates": msgspec.structs.replace(
            good,
            experience=(msgspec.structs.replace(first, start="1999-01"), *good.experience[1:]),
        ),
        "experience.company": msgspec.structs.replace(good, experience=good.experience[1:]),
        "education.institution": msgspec.structs.replace(
            good, education=(*good.education, Education(institution="Invented School"))
        ),
        "skills": msgspec.structs.replace(
            good, skills=(*good.skills[1:], Skill("Falconry", "Falconry"))
        ),
    }
    for field, resume in planted.items():
        tally = _reached(resume, truth)[field]
        assert tally.wrong or tally.missed, field


def _text(lines: tuple[DocumentLine, ...]) -> list[str]:
    return [line.text for line in lines]


def test_a_word_text_box_and_a_header_are_read_once() -> None:
    file = docx.Document()
    file.sections[0].header.paragraphs[0].text = "Ada Lovelace"
    file.add_paragraph("Analyst")
    made = io.BytesIO()
    file.save(made)
    with SandboxedReader() as reader:
        document = reader.read(made.getvalue(), "cv.docx")
    assert _text(document.lines) == ["Ada Lovelace", "Analyst"]
