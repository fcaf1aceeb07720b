"""What streams tell: events, checkpoints, gaps and farewells, each encoded once.

Positions on a stream are contiguous: an event is one position, a `checkpoint` stands for those its
listener isn't told of, and a `gap` says that some can't be told any more.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

from core.shared.audience import shown_payload
from core.shared.clock import UtcDatetime
from plugins.postgres.event_log import LoggedEvent

GapReason = Literal["pruned", "unknown", "too_far"]
_encode: Final = msgspec.json.Encoder().encode


class EventView(msgspec.Struct, frozen=True):
    """Something happened. It names what changed; fetch that to see how it is now."""

    position: Annotated[int, msgspec.Meta(description="Its place in the workspace's log.")]
    type: Annotated[str, msgspec.Meta(examples=["application.created"])]
    version: int
    aggregate: Annotated[str, msgspec.Meta(examples=["application"])]
    aggregate_id: UUID
    occurred_at: UtcDatetime
    payload: Annotated[
        dict[str, Any], msgspec.Meta(description="Ids, states and counts; never personal data.")
    ]


class GapView(msgspec.Struct, frozen=True):
    """What follows `after`, up to `position`, can't be told: fetch afresh what you show."""

    reason: Annotated[
        GapReason,
        msgspec.Meta(
            description="`pruned`: too old; `unknown`: no position of this log; "
            "`too_far`: more than a stream catches up with."
        ),
    ]
    after: int | None
    position: int


class Frame(msgspec.Struct, frozen=True):
    """A message: `api.streams.forms` puts it into the form that its receivers read."""

    event: str
    data: bytes
    """JSON."""
    position: int | None = None
    """What its receiver has reached with it; None when it stands for no place in the log."""


def view_of(event: LoggedEvent) -> EventView:
    """Return what a listener is told of an event."""
    return EventView(
        event.position,
        event.type,
        event.version,
        event.aggregate,
        event.aggregate_id,
        event.occurred_at,
        shown_payload(event.payload),
    )


def frame(event: str, data: object, position: int | None = None) -> Frame:
    """Return a message."""
    return Frame(event, _encode(data), position)


def encode_events(events: Iterable[LoggedEvent]) -> dict[int, Frame]:
    """Return each event's message by its position."""
    return {event.position: frame(event.type, view_of(event), event.position) for event in events}


def frames_of(
    after: int, events: Sequence[LoggedEvent], seen: frozenset[int], encoded: dict[int, Frame]
) -> list[Frame]:
    """Return the messages for one who sees the positions in `seen` and has had all up to `after`.

    `events` follow `after` without a hole.
    """
    return list(_frames(after, events, seen, encoded))


def _frames(
    after: int, events: Sequence[LoggedEvent], seen: frozenset[int], encoded: dict[int, Frame]
) -> Iterator[Frame]:
    told = after
    for event in events:
        if event.position not in seen:
            continue
        if told < event.position - 1:
            yield checkpoint(told, event.position - 1)
        told = event.position
        yield encoded[told]
    if events and told < events[-1].position:
        yield checkpoint(told, events[-1].position)


def checkpoint(after: int, position: int) -> Frame:
    """Return the message that stands for positions which its receiver isn't told of."""
    return frame("checkpoint", {"after": after, "position": position}, position)


def gap(view: GapView) -> Frame:
    """Return the message that says that positions are missing."""
    return frame("gap", view, view.position)
