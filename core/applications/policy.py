"""To whose applications an actor is limited."""

from core.shared.access import Access
from core.shared.actor import NOBODY, Actor
from core.shared.ids import MemberId


def limited_to(actor: Actor, access: Access) -> MemberId | None:
    """Return the member whose applications alone may be seen, or None for no limit.

    An actor without membership has no applications: it sees nothing.
    """
    if not access.only_assigned:
        return None
    return actor.member_id if actor.member_id is not None else MemberId(NOBODY)
