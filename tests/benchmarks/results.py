"""A row of the results, and the files that rows are written to, part by part."""

import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from tests.benchmarks.machine import Machine
from tests.fixtures.repository import ROOT

JSON_FILE = ROOT / "tests" / "benchmarks" / "results.json"
TABLE_FILE = ROOT / "tests" / "benchmarks" / "RESULTS.md"


_EXPLANATION = (
    "What each row measures and how to repeat it: `docs/operators/performance.md`. The ratio is "
    "the median over interleaved rounds; ± is half the distance between the extreme rounds."
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison, or one figure that is held against a limit."""

    name: str
    unit: str
    peer: str
    ours_rounds: list[float]
    peer_rounds: list[float]
    """Empty where the aim is an absolute figure."""
    aim: str
    is_met: bool
    ratio: float | None
    """The median of the rounds' own ratios, ours to the peer's."""
    machine: str
    note: str = ""
    is_aim: bool = True
    """False for a row that is shown for comparison only."""

    @property
    def ours(self) -> float:
        return statistics.median(self.ours_rounds)

    @property
    def theirs(self) -> float | None:
        return statistics.median(self.peer_rounds) if self.peer_rounds else None


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """What one part of a run came to."""

    at: datetime
    commit: str
    machine: Machine
    pinning: str
    versions: dict[str, str]
    rows: list[Row]


class _WrittenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as the JSON file has it: with what follows from the rounds."""

    name: str
    unit: str
    peer: str
    ours_median: float
    peer_median: float | None
    ratio: float | None
    ours_noise: float
    peer_noise: float | None
    aim: str
    is_met: bool
    is_aim: bool
    machine: str
    note: str
    ours_rounds: list[float]
    peer_rounds: list[float]


def ratio_of(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median over the rounds of ours to theirs: what drifts during a run drifts in both."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def noise(rounds: Sequence[float]) -> float:
    """Half the distance between the extremes, as a share of the median."""
    middle = statistics.median(rounds)
    return (max(rounds) - min(rounds)) / 2 / middle if middle else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def write(measured: Mapping[str, Results]) -> None:
    """Put these parts into both files; what the files say of other parts stays."""
    kept = msgspec.json.decode(JSON_FILE.read_bytes(), type=dict[str, Results])
    parts = {**kept, **measured}
    encoded = msgspec.json.encode(
        {
            part: {
                **{name: getattr(each, name) for name in Results.__struct_fields__[:-1]},
                "rows": [_written(row) for row in each.rows],
            }
            for part, each in parts.items()
        }
    )
    _put(JSON_FILE, msgspec.json.format(encoded, indent=2).decode() + "\n")
    _put(TABLE_FILE, table(parts))


def table(parts: Mapping[str, Results]) -> str:
    """The results for people."""
    sections = [_section(part, results) for part, results in parts.items()]
    return "\n".join(["# Results of `make bench`", "", _EXPLANATION, "", *sections])


def _section(part: str, results: Results) -> str:
    machine = results.machine
    notes = [f"- {row.name}: {row.note}" for row in results.rows if row.note]
    lines = [
        f"## {part}",
        "",
        "| what | unit | ours | peer | peer's | ratio | aim | met |",
        "|---|---|---|---|---|---|---|---|",
        *(_line(row) for row in results.rows),
        "",
        *notes,
        *([""] if notes else []),
        f"{results.at:%Y-%m-%d %H:%M} UTC, commit {results.commit}. "
        f"{machine.cpu}, {machine.cores} cores, {machine.memory_gib} GiB, Linux {machine.kernel}; "
        + ", ".join(f"{name} {version}" for name, version in results.versions.items())
        + f". {results.pinning}",
        "",
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    cells = [
        row.name,
        row.unit,
        _with_noise(row.ours_rounds),
        row.peer,
        _with_noise(row.peer_rounds) if row.peer_rounds else "",
        "" if row.ratio is None else f"{row.ratio:.2f}",
        row.aim,
        ("yes" if row.is_met else "**no**") if row.is_aim else "",
    ]
    return f"| {' | '.join(cells)} |"


def _with_noise(rounds: Sequence[float]) -> str:
    middle = statistics.median(rounds)
    text = f"{middle:,.0f}" if abs(middle) >= 100 else f"{middle:.3g}"
    return text if len(rounds) == 1 else f"{text} ± {noise(rounds):.0%}"


def _written(row: Row) -> _WrittenRow:
    return _WrittenRow(
        name=row.name,
        unit=row.unit,
        peer=row.peer,
        ours_median=round(row.ours, 4),
        peer_median=None if row.theirs is None else round(row.theirs, 4),
        ratio=None if row.ratio is None else round(row.ratio, 4),
        ours_noise=round(noise(row.ours_rounds), 4),
        peer_noise=round(noise(row.peer_rounds), 4) if row.peer_rounds else None,
        aim=row.aim,
        is_met=row.is_met,
        is_aim=row.is_aim,
        machine=row.machine,
        note=row.note,
        ours_rounds=[round(each, 4) for each in row.ours_rounds],
        peer_rounds=[round(each, 4) for each in row.peer_rounds],
    )


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
