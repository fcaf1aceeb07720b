"""The parts of the benchmarks that turn what was seen into figures."""

import pytest

from tests.benchmarks.counting_proxy import MessageReader
from tests.benchmarks.measure_search import EACH_KIND, queries
from tests.benchmarks.results import Row, noise, percentile, ratio_of

STARTUP = b"\x00\x00\x00\x08\x00\x03\x00\x00"
PARSE = b"P\x00\x00\x00\x07ab\x00"
SYNC = b"S\x00\x00\x00\x04"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
def test_messages_are_found_in_whatever_pieces_they_come(size: int) -> None:
    sent = STARTUP + PARSE + SYNC + PARSE + PARSE + SYNC
    reader = MessageReader()
    kinds = [
        kind for at in range(0, len(sent), size) for kind in reader.kinds(sent[at : at + size])
    ]
    assert bytes(kinds) == b"PSPPS"


def test_a_ratio_is_of_rounds_and_not_of_medians() -> None:
    # In each round ours is twice as fast, though the machine was slow for both in one of them.
    assert ratio_of([200, 20, 180], [100, 10, 90]) == 2


def test_noise_is_half_the_spread() -> None:
    assert noise([90, 100, 110]) == pytest.approx(0.1)
    assert noise([5]) == 0


def test_percentiles() -> None:
    values = [float(each) for each in range(1, 101)]
    assert percentile(values, 0.5) == 51
    assert percentile(values, 0.95) == 96
    assert percentile([7.0], 0.95) == 7


def test_medians_are_of_the_rounds() -> None:
    row = Row(
        name="n",
        unit="u",
        peer="p",
        ours_rounds=[3, 1, 2],
        peer_rounds=[],
        aim="a",
        is_met=True,
        ratio=None,
        machine="m",
    )
    assert row.ours == 2
    assert row.theirs is None


def test_searches_are_the_same_each_time_and_no_kind_is_short() -> None:
    asked = queries()
    assert asked == queries()
    assert {len(kind) for kind in asked.values()} == {EACH_KIND}
