"""To whose applications an actor is limited."""

from core.shared.access import Access
from core.shared.actor import NOBODY, Actor
from core.shared.ids import MemberId
from core.shared.permissions import PERMISSIONS, Action


def limited_to(actor: Actor, access: Access) -> MemberId | None:
    """Return the member whose applications alone may be seen, or None for no limit."""
    return _own(actor) if access.only_assigned else None


def may_judge(actor: Actor) -> MemberId | None:
    """Return the member on whose applications alone feedback may be given, or None for no limit.

    Giving feedback is granted without limit to interviewers too, but none may judge what they
    may not see.
    """
    if actor.role is None:
        return None
    sees = PERMISSIONS[Action.VIEW_CANDIDATES][actor.role]
    return None if sees == "yes" else _own(actor)


def _own(actor: Actor) -> MemberId:
    return actor.member_id if actor.member_id is not None else MemberId(NOBODY)
