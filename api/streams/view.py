"""What one listener sees of a tenant's events. Listeners with equal views share their bytes."""

from collections.abc import Sequence
from typing import Final

import msgspec

from api.streams.frames import GapView
from core.shared.actor import NOBODY, Actor
from core.shared.audience import PERSONAL, audible_types, whose
from core.shared.errors import Forbidden
from core.shared.ids import MemberId, TenantId
from core.shared.tenant import TenantContext
from core.tenancy.errors import TenantSuspended
from plugins.postgres.event_log import Bounds, EventLog, LoggedEvent

CATCH_UP: Final = 10_000
"""Most events that a stream goes through again; who is further behind had better fetch afresh."""


class View(msgspec.Struct, frozen=True):
    """The events that a listener is told of."""

    tenant_id: TenantId
    types: frozenset[str]
    assigned_types: frozenset[str]
    """Told only when they are about what is assigned to `member_id`."""
    personal_types: frozenset[str]
    """Told only to the member whose they are, which isn't part of a view: many share one."""
    member_id: MemberId | None

    @classmethod
    def of(cls, tenant: TenantContext, actor: Actor, topics: frozenset[str]) -> "View":
        """Return what `actor` sees of `topics`; of everything without topics.

        Raises Unauthenticated, TenantSuspended, and Forbidden where there is nothing to see.
        """
        if actor.tenant_id != tenant.id:
            raise ValueError("an actor of another tenant")
        if tenant.status != "active":
            raise TenantSuspended(TenantSuspended.TEXT)
        always, assigned = audible_types(actor)
        if topics:
            always = frozenset(name for name in always if name.partition(".")[0] in topics)
            assigned = frozenset(name for name in assigned if name.partition(".")[0] in topics)
        if not always and not assigned:
            raise Forbidden("Neither your role nor your API key's scopes show any of these events.")
        if assigned and actor.member_id is None:
            raise Forbidden("Only a member can be assigned anything.")
        personal = always & PERSONAL
        listener = actor.member_id if assigned else None
        return cls(tenant.id, always - personal, assigned, personal, listener)

    async def seen(
        self, log: EventLog, events: Sequence[LoggedEvent], listener: MemberId | None
    ) -> frozenset[int]:
        """Return the positions of those events that `listener` is told of; None: nobody's own."""
        own = frozenset() if listener is None else self.personal(events).get(listener, frozenset())
        return own | await self.shared(log, events)

    def personal(self, events: Sequence[LoggedEvent]) -> dict[MemberId, frozenset[int]]:
        """Return the positions of those events that one member alone is told of, by member."""
        found: dict[MemberId, set[int]] = {}
        for event in events:
            if event.type in self.personal_types:
                owner = whose(event.type, event.payload)
                if owner is not None and owner != NOBODY:
                    found.setdefault(owner, set()).add(event.position)
        return {owner: frozenset(positions) for owner, positions in found.items()}

    async def shared(self, log: EventLog, events: Sequence[LoggedEvent]) -> frozenset[int]:
        """Return the positions of those events that everybody with this view is told of."""
        open_to_all = frozenset(event.position for event in events if event.type in self.types)
        guarded = [event.position for event in events if event.type in self.assigned_types]
        if not guarded or self.member_id is None:
            return open_to_all
        return open_to_all | await log.assigned(self.member_id, guarded)


def gap_at(after: int | None, bounds: Bounds) -> GapView | None:
    """Say why a stream can't go on after `after`; None when it can. None stands for no position."""
    if after is None or after > bounds.last or after < 0:
        named = None if after is None or after < 0 else after
        return GapView("unknown", named, bounds.last)
    if after < bounds.first - 1:
        return GapView("pruned", after, bounds.last)
    if bounds.last - after > CATCH_UP:
        return GapView("too_far", after, bounds.last)
    return None
