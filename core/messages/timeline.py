"""What happened to a message, entry by entry, and what all of it together says.

Services tell late, twice and in any order, so nothing here depends on the order in which something
came to be known: the summary is made of the whole timeline each time.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from core.messages.contracts import (
    DeliveryReport,
    DeliveryState,
    ReportKind,
    TimelineEntry,
    TimelineKind,
)
from core.shared.clock import UtcDatetime

ELSEWHERE: Final = "To another address of the candidate."
"""Said of a copy of a message by its entry `queued`."""

_SAYS: Final[dict[str, DeliveryState]] = {
    "deferred": "deferred",
    "delivered": "delivered",
    "opened": "delivered",
    "clicked": "delivered",
    "unsubscribed": "delivered",
    "dropped": "dropped",
    "bounced": "bounced",
    "complained": "complained",
}
_WEIGHT: Final[dict[DeliveryState, int]] = {
    "deferred": 1,
    "delivered": 2,
    "dropped": 3,
    "bounced": 4,  # a server may take a message and send it back later
    "complained": 5,
}
_UNDELIVERED: Final[dict[str, str]] = {
    "bounced": "It came back",
    "dropped": "The service didn't send it",
}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    event_id: str
    """Unique within the message: the same again is the same entry."""
    kind: TimelineKind
    at: UtcDatetime
    recorded_at: UtcDatetime
    plugin: str | None = None
    reference: str | None = None
    detail: str | None = None
    machine: bool = False
    told: bool = False
    """Whether a service told it; the rest we did ourselves."""

    @classmethod
    def ours(
        cls,
        kind: TimelineKind,
        now: UtcDatetime,
        *,
        plugin: str | None = None,
        detail: str | None = None,
        reference: str | None = None,
    ) -> "Entry":
        """Return an entry for what we did."""
        return cls(
            event_id=f"{kind}@{now.isoformat()}",
            kind=kind,
            at=now,
            recorded_at=now,
            plugin=plugin,
            reference=reference,
            detail=detail,
        )

    @classmethod
    def of_report(
        cls, report: DeliveryReport, plugin: str, now: UtcDatetime, *, machine: bool
    ) -> "Entry":
        """Return an entry for what `plugin` told, not later than now."""
        return cls(
            event_id=f"{plugin}:{report.event_id}",
            kind=report.kind,
            at=min(report.at, now),
            recorded_at=now,
            plugin=plugin,
            reference=report.reference,
            detail=report.detail or None,
            machine=machine,
            told=True,
        )

    def view(self) -> TimelineEntry:
        """Return what others see of it."""
        return TimelineEntry(
            kind=self.kind,
            at=self.at,
            recorded_at=self.recorded_at,
            plugin=self.plugin,
            detail=self.detail,
            machine=self.machine,
        )


class Summary(msgspec.Struct, frozen=True):
    """What services' reports say together."""

    delivery: DeliveryState | None
    opened_at: UtcDatetime | None
    clicked_at: UtcDatetime | None
    undelivered: str | None
    """Why it didn't arrive and won't."""
    reference: str | None
    taken_at: UtcDatetime


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries as they happened; what happened at one moment, in a fixed order."""
    return sorted(entries, key=lambda each: (each.at, each.recorded_at, each.event_id))


def summary(
    entries: Sequence[Entry], *, since: UtcDatetime | None, reference: str | None
) -> Summary | None:
    """Return what was told, or None when nothing was.

    A message that was queued once more begins anew: what came to be known before `since`, or names
    another reference than the message has now, is about an earlier copy.
    """
    told = sorted(
        (each for each in entries if each.told and _is_of_copy(each, since, reference)),
        key=lambda each: (each.at, each.event_id),
    )
    if not told:
        return None
    said = sorted((_SAYS[each.kind] for each in told if each.kind in _SAYS), key=_weight)
    failures = [each for each in told if each.kind in _UNDELIVERED]
    return Summary(
        delivery=said[-1] if said else None,
        opened_at=_first(told, "opened"),
        clicked_at=_first(told, "clicked"),
        undelivered=_reason(failures[-1]) if failures else None,
        reference=next((each.reference for each in told if each.reference), None),
        taken_at=told[0].at,
    )


def is_for_former_address(
    entry: Entry, entries: Sequence[Entry], since: UtcDatetime | None, reference: str | None
) -> bool:
    """Whether an entry is about an earlier copy, and a later one went to another address."""
    has_moved = any(each.kind == "queued" and each.detail == ELSEWHERE for each in entries)
    return has_moved and not _is_of_copy(entry, since, reference)


def _is_of_copy(entry: Entry, since: UtcDatetime | None, reference: str | None) -> bool:
    if since is not None and entry.recorded_at < since:
        return False
    # Some services put more behind what they called the message first.
    return not entry.reference or not reference or entry.reference.startswith(reference)


def _weight(state: DeliveryState) -> int:
    return _WEIGHT[state]


def _first(told: Sequence[Entry], kind: ReportKind) -> UtcDatetime | None:
    return next((each.at for each in told if each.kind == kind and not each.machine), None)


def _reason(entry: Entry) -> str:
    why = f": {entry.detail}" if entry.detail else "."
    return f"{_UNDELIVERED[entry.kind]}{why}"
