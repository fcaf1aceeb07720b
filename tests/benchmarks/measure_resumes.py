"""Résumés: documents a second on one core, and how much of the truth is found.

The evaluation set is typeset anew before the clock runs. Reading, the check for hidden text and
parsing go through the process apart that workers use.
"""

import statistics
import time
from collections.abc import Sequence

from core.resumes.contracts.structure import Resume
from core.resumes.ports import ReadResume
from tenants.resume_reading import ResumeSandbox
from tests.benchmarks.machine import cpu_seconds
from tests.benchmarks.results import Row
from tests.benchmarks.setting import Setting
from tests.evaluation.corpus import HALVES, Sample, samples
from tests.evaluation.john_doe import john_doe
from tests.evaluation.people import Truth
from tests.evaluation.score import AIMS, TODAY, summary_of
from tests.evaluation.scoring import Scores, score, total

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
    with ResumeSandbox(processes=1) as reader:
        speed = _speed(setting, reader, texts)
        read = {half: _read(reader, _of(chosen, half)) for half in HALVES}
        example = [
            (reader.read_now(content, name, TODAY), truth) for name, content, truth in john_doe()
        ]
    alarms = sum(bool(each.document.hidden_text) for half in read.values() for each, _ in half)
    rows = [speed, _alarms(setting, alarms, len(chosen))]
    for half in HALVES:
        rows += _accuracy(setting, f"{half} half", len(read[half]), _scores(read[half]))
    if example:
        rows += _accuracy(setting, "sample CV in three designs", len(example), _scores(example))
    return rows


def _read(reader: ResumeSandbox, chosen: Sequence[Sample]) -> list[tuple[ReadResume, Truth]]:
    return [(reader.read_now(each.content(), each.name, TODAY), each.truth) for each in chosen]


def _scores(read: Sequence[tuple[ReadResume, Truth]]) -> Scores:
    """What wasn't understood counts as an empty answer."""
    return total(
        [score(each.parsed.resume if each.parsed else Resume(), truth) for each, truth in read]
    )


def _of(chosen: Sequence[Sample], half: str) -> list[Sample]:
    return [each for each in chosen if each.half == half]


def _speed(setting: Setting, reader: ResumeSandbox, texts: list[tuple[str, bytes]]) -> Row:
    """Documents for each second of computing, in both processes: the work waits for nothing else.

    On a core of its own that is documents a second; with others on the machine it still is what a
    core does.
    """
    reader.read_now(texts[0][1], texts[0][0], TODAY)
    (pid,) = reader.processes.pids
    rounds, walls = [], []
    apart, here = cpu_seconds(pid), time.process_time()
    for _ in range(setting.rounds):
        began, used = time.perf_counter(), cpu_seconds(pid) + time.process_time()
        for name, content in texts:
            reader.read_now(content, name, TODAY)
        rounds.append(len(texts) / (cpu_seconds(pid) + time.process_time() - used))
        walls.append(len(texts) / (time.perf_counter() - began))
    count = len(texts) * setting.rounds
    apart = (cpu_seconds(pid) - apart) / count * 1000
    here = (time.process_time() - here) / count * 1000
    return Row(
        name="résumés read, checked for hidden text and parsed, for a second of one core",
        unit="documents",
        peer="",
        ours_rounds=rounds,
        peer_rounds=[],
        aim=f"at least {LEAST_PER_SECOND:.0f} in each round",
        is_met=min(rounds) >= LEAST_PER_SECOND,
        ratio=None,
        machine=setting.machine_line,
        note=f"{len(texts)} text PDFs, one after the other through the process apart. CPU for one: "
        f"{apart:.1f} ms there, {here:.1f} ms here. By the clock, with whatever else ran: "
        f"{statistics.median(walls):.0f} a second.",
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
