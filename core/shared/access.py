"""Whether an actor may act, and how far. The executor asks before each use case runs."""

from typing import Literal

import msgspec

from core.shared.actor import NOBODY, Actor
from core.shared.errors import Forbidden, Unauthenticated
from core.shared.ids import MemberId
from core.shared.permissions import PERMISSIONS, Action


class Access(msgspec.Struct, frozen=True):
    """What the permission table grants the actor for the action at hand.

    Use cases take it as a parameter where the grant may be `assigned`, and narrow what they do.
    """

    grant: Literal["yes", "assigned"]

    @property
    def only_assigned(self) -> bool:
        """Whether only what is assigned to the actor may be touched."""
        return self.grant == "assigned"


FULL = Access("yes")


def limited_to(actor: Actor, access: Access) -> MemberId | None:
    """Return the member whose assignments limit what is seen, or None for no limit.

    An actor without membership has no assignments: it sees nothing.
    """
    return own_assignments(actor) if access.only_assigned else None


def own_assignments(actor: Actor) -> MemberId:
    """Return the member who acts; for an actor without membership, one whom nothing is assigned."""
    return actor.member_id if actor.member_id is not None else MemberId(NOBODY)


def authorise(actor: Actor, action: Action) -> Access:
    """Return the actor's access for `action`.

    Raises Unauthenticated for those who have not signed in, and Forbidden, with the reason, when
    the role doesn't allow it or the API key lacks the scope.
    """
    if actor.kind == "system":
        return FULL
    if actor.kind in {"plugin", "source"}:
        return _granted_access(actor, action)
    if actor.role is None:
        raise Unauthenticated("Sign in, or send an API key in the Authorization header.")
    grant = PERMISSIONS[action][actor.role]
    if grant == "no":
        allowed = [role for role, given in PERMISSIONS[action].items() if given != "no"]
        raise Forbidden(
            f"The role {actor.role} may not do this. Roles that may: {', '.join(allowed)}.",
            action=action.value,
            role=actor.role,
            allowed_roles=allowed,
        )
    if actor.scopes is not None and action.value not in actor.scopes:
        raise Forbidden(
            f"This API key lacks the scope {action.value}.", action=action.value, reason="scope"
        )
    return Access(grant)


def _granted_access(actor: Actor, action: Action) -> Access:
    """Return full access to what was granted by name; the role has no say."""
    if actor.scopes is None or action.value not in actor.scopes:
        raise Forbidden(
            f"The {actor.kind} {actor.name} has no permission {action.value}."
            if actor.kind == "source"
            else f"The plugin {actor.name} didn't ask for the permission {action.value}.",
            action=action.value,
            reason=f"{actor.kind}_permission",
        )
    return FULL
