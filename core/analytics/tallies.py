"""Puts counts of what happened, piece of time by piece, together to an overview and to trends."""

from collections.abc import Iterable, Mapping, Sequence

from core.analytics.contracts import Compared, Offers, Overview, TrendPoint
from core.analytics.periods import Span
from core.analytics.ports import Tally

_ENDS = frozenset({"hired", "rejected", "withdrawn"})
_BEGINNINGS = frozenset({"applied", "reopened"})


def overview_of(tallies: Sequence[Tally], bounds: int) -> Overview:
    """Return the totals of the period and of the one before; `bounds` is how many there are.

    How many were open at an instant is how many are now, less who came since, and those who went.
    """
    after = bounds  # the bucket behind the last bound
    open_now = sum(each.amount for each in tallies if each.kind == "open")
    at_end = open_now - _net(tallies, range(after, after + 1))
    at_beginning = at_end - _net(tallies, range(2, after))

    def compared(kind: str) -> Compared:
        found = [each for each in tallies if each.kind == kind]
        return Compared(
            sum(_counted(each) for each in found if 2 <= each.bucket < after),
            sum(_counted(each) for each in found if each.bucket == 1),
        )

    return Overview(
        open=Compared(at_end, at_beginning),
        applied=compared("applied"),
        hired=compared("hired"),
        rejected=compared("rejected"),
        withdrawn=compared("withdrawn"),
        interviews=compared("interview"),
    )


def trends_of(tallies: Sequence[Tally], spans: Sequence[Span]) -> tuple[TrendPoint, ...]:
    """Return what happened in each piece of the period."""
    amounts = {(each.bucket, each.kind): _counted(each) for each in tallies}
    return tuple(
        TrendPoint(
            first=span.first,
            last=span.last,
            **{kind: amounts.get((bucket, kind), 0) for kind in ("applied", *sorted(_ENDS))},
        )
        for bucket, span in enumerate(spans, start=2)
    )


def offers_of(amounts: Mapping[str, int]) -> Offers:
    """Return what became of offers, from the dispositions that their applications have now."""
    return Offers(
        made=sum(amounts.values()),
        accepted=amounts.get("hired", 0),
        declined=amounts.get("withdrawn", 0),
        taken_back=amounts.get("rejected", 0),
        undecided=amounts.get("active", 0),
    )


def _counted(tally: Tally) -> int:
    return tally.standing if tally.kind in _ENDS else tally.amount


def _net(tallies: Iterable[Tally], buckets: range) -> int:
    """Return by how much the number of open applications grew in pieces of time."""
    within = [each for each in tallies if each.bucket in buckets]
    came = sum(each.amount for each in within if each.kind in _BEGINNINGS)
    went = sum(each.amount for each in within if each.kind in _ENDS)
    return came - went
