"""On whose applications feedback may be given."""

from core.shared.access import own_assignments
from core.shared.actor import Actor
from core.shared.ids import MemberId
from core.shared.permissions import PERMISSIONS, Action


def may_judge(actor: Actor) -> MemberId | None:
    """Return the member on whose applications alone feedback may be given, or None for no limit.

    Giving feedback is granted without limit to interviewers too, but none may judge what they
    may not see.
    """
    if actor.role is None:
        return None
    sees = PERMISSIONS[Action.VIEW_CANDIDATES][actor.role]
    return None if sees == "yes" else own_assignments(actor)
