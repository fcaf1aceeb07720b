"""Reads and parses the evaluation set and prints how much is right.

`python -m tests.evaluation.score --half dev [--worst 10]` shows every field, and which documents
cost most. `held-out` gives its figures only; `john-doe` is the sample beside the repository.
"""

import argparse
import importlib
from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

import click
import msgspec

from core.ports.documents import ReadDocument
from core.resumes.contracts.structure import ParsedResume
from plugins.document_reader.limits import Limits
from plugins.document_reader.reading import read_document
from tests.evaluation.corpus import HALVES, Sample, samples
from tests.evaluation.john_doe import john_doe
from tests.evaluation.scoring import (
    CAREER,
    CONTACTS,
    STUDIES,
    Scores,
    score,
    together,
    total,
)

TODAY = date(2025, 11, 1)
AIMS = {"contacts": 0.95, "experience": 0.85, "education": 0.85, "skills": 0.80}


def summary_of(scores: Scores) -> dict[str, float]:
    """The four figures that have an aim."""
    return {
        "contacts": together(scores, CONTACTS).accuracy,
        "experience": together(scores, CAREER).f1,
        "education": together(scores, STUDIES).f1,
        "skills": scores["skills"].f1,
    }


class Parser(Protocol):
    """What is evaluated."""

    def parse(self, document: ReadDocument, today: date) -> ParsedResume:
        """Return what the document says."""
        ...


def read_samples(chosen: Sequence[Sample]) -> list[tuple[Sample, ReadDocument]]:
    """Typeset and read the documents."""
    return [(each, _read(each.content(), each.name)) for each in chosen]


def score_samples(
    read: Sequence[tuple[Sample, ReadDocument]], parser: Parser
) -> list[tuple[Sample, Scores]]:
    """Parse what was read and compare it with the truth."""
    return [
        (sample, score(parser.parse(document, TODAY).resume, sample.truth))
        for sample, document in read
    ]


def score_john_doe(parser: Parser) -> list[tuple[str, Scores]]:
    """The same for the sample CV; nothing when it isn't there."""
    return [
        (name, score(parser.parse(_read(content, name), TODAY).resume, truth))
        for name, content, truth in john_doe()
    ]


def _read(content: bytes, name: str) -> ReadDocument:
    return read_document(content, name, Limits())


def _wrongs(scores: Scores) -> int:
    return sum(tally.wrong + tally.missed for tally in scores.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=(*HALVES, "john-doe"), default="dev")
    parser.add_argument("--worst", type=int, default=0, help="show so many documents (dev only)")
    parser.add_argument("--parser", default="plugins.resume_parser.parser:StructureParser")
    given = parser.parse_args()
    module, _, kind = given.parser.partition(":")
    made: Any = getattr(importlib.import_module(module), kind)()
    scored = (
        score_john_doe(made)
        if given.half == "john-doe"
        else [
            (sample.name, scores)
            for sample, scores in score_samples(read_samples(list(samples(given.half))), made)
        ]
    )
    added = total([each for _, each in scored])
    for field, tally in added.items():
        click.echo(
            f"{field:24} F1 {tally.f1:6.1%}  right {tally.right:4} wrong {tally.wrong:4} "
            f"missed {tally.missed:4}"
        )
    for field, value in summary_of(added).items():
        click.echo(f"{field:12} {value:6.1%}  aim {AIMS[field]:.0%}")
    if given.half != "held-out":
        for name, scores in sorted(scored, key=lambda pair: -_wrongs(pair[1]))[: given.worst]:
            bad = {
                field: msgspec.to_builtins(tally)
                for field, tally in scores.items()
                if tally.wrong or tally.missed
            }
            click.echo(f"{name}: {bad}")


if __name__ == "__main__":
    main()
