"""What the charts of the analytics page are drawn from: whole numbers in the coordinates of an SVG.

Bars begin at zero. A drawing stretches to the width that there is, so words stand beside it.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from api.web.labels import Labels
from api.web.languages import mark
from core.analytics.contracts import TrendPoint

SERIES: Final[Labels] = {
    "applied": mark("Applied"),
    "hired": mark("Hired"),
    "rejected": mark("Rejected"),
}
WIDTH: Final = 1_000
"""Of a drawing, in its own units."""

HEIGHT: Final = 100
_GAP: Final = 0.2
"""Of the width that a bar has."""


class Bar(msgspec.Struct, frozen=True):
    """One upright bar."""

    x: float
    y: float
    width: float
    height: float
    value: int


class BarChart(msgspec.Struct, frozen=True):
    """The bars of one series."""

    name: str
    total: int
    most: int
    bars: tuple[Bar, ...]


def bars_of(points: Sequence[TrendPoint]) -> tuple[BarChart, ...]:
    """Return a chart for each series, each as high as its own largest value."""
    return tuple(_chart(name, [getattr(each, name) for each in points]) for name in SERIES)


def widths_of(values: Iterable[float]) -> list[float]:
    """Return how long bars are that lie: the longest reaches the whole width."""
    found = list(values)
    most = max(found, default=0.0)
    return [round(WIDTH * value / most, 1) if most else 0.0 for value in found]


def _chart(name: str, values: Sequence[int]) -> BarChart:
    most = max(values, default=0)
    room = WIDTH / max(len(values), 1)
    bars = []
    for number, value in enumerate(values):
        height = round(HEIGHT * value / most, 1) if most else 0.0
        bars.append(
            Bar(
                round(room * (number + _GAP / 2), 1),
                round(HEIGHT - height, 1),
                round(room * (1 - _GAP), 1),
                height,
                value,
            )
        )
    return BarChart(name, sum(values), most, tuple(bars))
