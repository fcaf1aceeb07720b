"""Résumés: documents a second on one core, and how much of the truth is found.

The evaluation set is typeset anew before the clock runs. Reading goes through the process of its
own that the service uses, with the check for hidden text; parsing follows in this process.
"""

import os
import time
from collections.abc import Sequence

from plugins.document_reader.sandbox import SandboxedReader
from plugins.resume_parser.parser import StructureParser
from tests.benchmarks.machine import cpu_seconds, pin
from tests.benchmarks.results import Row
from tests.benchmarks.setting import Setting
from tests.evaluation.corpus import HALVES, Sample, samples
from tests.evaluation.score import AIMS, TODAY, score_john_doe, score_samples, summary_of
from tests.evaluation.scoring import Scores, total

LEAST_PER_SECOND = 20.0
_TITLES = {
    "contacts": "contact fields right",
    "experience": "company, title and dates of experience, F1",
    "education": "institution, degree, field and dates of education, F1",
    "skills": "skills, F1",
}


async def measure(setting: Setting) -> list[Row]:
    """Speed first, then accuracy by half; the sample CV beside the repository when it is there."""
    chosen = list(samples())
    texts = [(each.name, each.content()) for each in chosen if each.name.endswith(".pdf")]
    with SandboxedReader() as reader:
        speed = _speed(setting, reader, texts)
        read = {
            half: [(each, reader.read(each.content(), each.name)) for each in _of(chosen, half)]
            for half in HALVES
        }
    alarms = sum(bool(document.hidden_text) for half in read.values() for _, document in half)
    rows = [speed, _alarms(setting, alarms, len(chosen))]
    parser = StructureParser()
    for half in HALVES:
        scores = total([each for _, each in score_samples(read[half], parser)])
        rows += _accuracy(setting, f"{half} half", len(read[half]), scores)
    sample = [scores for _, scores in score_john_doe(parser)]
    if sample:
        rows += _accuracy(setting, "sample CV in three designs", len(sample), total(sample))
    return rows


def _of(chosen: Sequence[Sample], half: str) -> list[Sample]:
    return [each for each in chosen if each.half == half]


def _speed(setting: Setting, reader: SandboxedReader, texts: list[tuple[str, bytes]]) -> Row:
    """Both processes on one core, so that what is counted is a core's."""
    parser = StructureParser()
    reader.read(texts[0][1], texts[0][0])
    mine = os.sched_getaffinity(0)
    for pid in reader.pids:
        pin(pid, setting.cores.server)
    os.sched_setaffinity(0, {setting.cores.server})
    rounds = []
    (pid,) = reader.pids
    reading, parsing = cpu_seconds(pid), time.process_time()
    try:
        for _ in range(setting.rounds):
            began = time.perf_counter()
            for name, content in texts:
                parser.parse(reader.read(content, name), TODAY)
            rounds.append(len(texts) / (time.perf_counter() - began))
    finally:
        os.sched_setaffinity(0, mine)
    count = len(texts) * setting.rounds
    reading = (cpu_seconds(pid) - reading) / count * 1000
    parsing = (time.process_time() - parsing) / count * 1000
    return Row(
        name="résumés read, checked for hidden text and parsed, one core",
        unit="documents/s",
        peer="",
        ours_rounds=rounds,
        peer_rounds=[],
        aim=f"at least {LEAST_PER_SECOND:.0f} in each round",
        is_met=min(rounds) >= LEAST_PER_SECOND,
        ratio=None,
        machine=setting.machine_line,
        note=f"{len(texts)} text PDFs, each through the reading process. CPU for one: reading and "
        f"checking {reading:.1f} ms, parsing {parsing:.1f} ms.",
    )


def _alarms(setting: Setting, alarms: int, count: int) -> Row:
    return Row(
        name="ordinary résumés in which hidden text is reported",
        unit="documents",
        peer="",
        ours_rounds=[float(alarms)],
        peer_rounds=[],
        aim="none",
        is_met=alarms == 0,
        ratio=None,
        machine=setting.machine_line,
        note=f"{count} documents, with dark side bars, white, grey and coloured text.",
    )


def _accuracy(setting: Setting, name: str, count: int, scores: Scores) -> list[Row]:
    return [
        Row(
            name=f"{_TITLES[field]}, {name}",
            unit="%",
            peer="",
            ours_rounds=[round(value * 100, 1)],
            peer_rounds=[],
            aim=f"at least {AIMS[field]:.0%}",
            is_met=value >= AIMS[field],
            ratio=None,
            machine=setting.machine_line,
            note=f"{count} documents." if field == "contacts" else "",
        )
        for field, value in summary_of(scores).items()
    ]
