"""How a slice declares what it does when something happened, so that workers can run it.

A function in a slice's `handlers.py` is a subscriber of one or more types of events. It runs as the
system in the tenant's scope, in the one transaction that also notes that this event is done for
this subscriber: its effect in the database happens exactly once, whatever dies. Its further
parameters are ports, found by their annotated type as those of use cases are; `Delivery` tells
which event this is:

    @reacts_to(ApplicationCreated, name="automations.follow")
    async def follow(event: ApplicationCreated, *, tasks: Tasks) -> None: ...

One that is told of many events a second can take them `together`, and ask the database for all of
them at once:

    @reacts_to(ApplicationCreated, name="notifications.tell", together=True)
    async def tell(happened: Sequence[Happened], *, desk: Desk) -> None: ...

What must reach the network is promised as a task of its own (`core.ports.tasks.outside`).
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

import msgspec

from core.shared.clock import UtcDatetime
from core.shared.events import Event, Recorder
from core.shared.ids import EventId, TenantId
from core.shared.tenant import TenantContext

DEFAULT_QUEUE: Final = "default"
EVENT_QUEUE: Final = "events"
"""Of the core's own subscribers: short work in the database, done many in a transaction."""

PLUGIN_QUEUE: Final = "plugins"

REACTION_SECONDS: Final = 30.0
"""Longest time that a subscriber may take unless it says otherwise; it holds a transaction open."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Which event a subscriber is given; ask for it as a port to learn more than the event says."""

    event_id: EventId
    """The same at each attempt: fit as an idempotency key towards others."""
    position: int
    """The event's place in its tenant's log."""
    task_id: UUID
    attempt: int
    """1 at the first try."""
    request_id: str
    """Of the request that caused the event; goes on into what the subscriber records."""
    occurred_at: UtcDatetime


class Happened(msgspec.Struct, frozen=True):
    """One of the events that a subscriber is given together."""

    event: Event
    delivery: Delivery
    recorder: Recorder
    """Keeps what this event leads to, under its own request."""


class PublishedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as those see it who don't know its class."""

    type: str
    version: int
    aggregate_id: UUID
    fields: dict[str, Any]
    """All that the event holds, as JSON would hold it."""
    delivery: Delivery


class Subscriber(msgspec.Struct, frozen=True):
    """One registered subscriber."""

    name: str
    events: tuple[type[Event], ...]
    run: Callable[..., Awaitable[None]]
    ordered: bool
    queue: str
    limit_seconds: float
    together: bool = False
    """Whether `run` takes many events, as `Happened`, instead of one."""

    def event_class(self, event_type: str) -> type[Event]:
        """Return the class of the events of that type. Raises LookupError when it has none."""
        for each in self.events:
            if each.type == event_type:
                return each
        raise LookupError(f"{self.name} doesn't react to {event_type}")


SUBSCRIBERS: dict[str, Subscriber] = {}
"""Every subscriber of the core by its name; filled by importing the slices' `handlers`."""

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[None]])


def reacts_to(
    *events: type[Event],
    name: str,
    ordered: bool = False,
    queue: str = EVENT_QUEUE,
    limit_seconds: float = REACTION_SECONDS,
    together: bool = False,
) -> Callable[[Handler], Handler]:
    """Register the decorated function as the subscriber `name` of `events`.

    `name` (`slice.what_it_does`) is kept with each delivery: renaming it loses what waits. With
    `ordered` the events of one aggregate come one after the other in the order of the log; one that
    was given up holds back the later ones of its aggregate until an operator retries or drops it.
    In the queue for events, several deliveries share a transaction as long as all goes well; what
    takes longer than a moment belongs into another queue. With `together` the function is given a
    sequence of `Happened` in the order of the log: one or as many as wait for one tenant, which a
    process handles one sequence after the other.
    Raises ValueError when the name is taken, or when what comes together isn't in that queue.
    """

    def register(run: Handler) -> Handler:
        if name in SUBSCRIBERS:
            raise ValueError(f"the subscriber {name} exists twice")
        if not events:
            raise ValueError(f"the subscriber {name} names no event")
        if together and queue != EVENT_QUEUE:
            raise ValueError(f"the subscriber {name} takes events together outside of their queue")
        SUBSCRIBERS[name] = Subscriber(name, events, run, ordered, queue, limit_seconds, together)
        return run

    return register


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """What one subscriber wants to hear of."""

    subscriber: str
    event_types: tuple[str, ...]
    queue: str = DEFAULT_QUEUE
    ordered: bool = False


def core_subscriptions() -> tuple[Subscription, ...]:
    """Return what the core's own subscribers want, the same for every tenant."""
    return tuple(
        Subscription(
            subscriber=each.name,
            event_types=tuple(event.type for event in each.events),
            queue=each.queue,
            ordered=each.ordered,
        )
        for each in SUBSCRIBERS.values()
    )


class ExternalSubscribers(Protocol):
    """Subscribers outside of the core, which differ from tenant to tenant: those of plugins.

    Their names begin with `PREFIX`. They run outside any transaction, so they are told of an event
    at least once; `Delivery.event_id` is the same each time.
    """

    PREFIX: str

    async def subscriptions(self, tenant_id: TenantId) -> Sequence[Subscription]:
        """Return what the tenant's subscribers want to hear of. Asked for each batch of events."""
        ...

    def limit_seconds(self, subscriber: str) -> float:
        """Return how long a delivery to that subscriber may take."""
        ...

    async def deliver(self, tenant: TenantContext, subscriber: str, event: PublishedEvent) -> None:
        """Hand over one event. What it raises counts as a failed attempt and is tried again.

        A subscriber that is gone or switched off by now has nothing to do: return.
        """
        ...
