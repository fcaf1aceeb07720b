"""Which types of notifications somebody may see: those whose subject they may see."""

from core.notifications.ports import Reach
from core.notifications.types import TYPES
from core.shared.access import authorise
from core.shared.actor import ROLES, Actor, Role
from core.shared.errors import Forbidden
from core.shared.ids import MemberId
from core.shared.permissions import PERMISSIONS, Action, Grant


def grant_of(role: Role, action: Action) -> Grant:
    """Return what the permission table says."""
    return PERMISSIONS[action][role]


def roles_with(grant: Grant, action: Action) -> list[Role]:
    """Return the roles to which the permission table grants an action so far."""
    return [role for role in ROLES if PERMISSIONS[action][role] == grant]


def reach_of_role(role: Role) -> Reach:
    """Return what of their inbox a member of a role sees in the console."""
    grants = {kind: grant_of(role, each.action) for kind, each in TYPES.items()}
    return Reach(
        types=tuple(kind for kind, grant in grants.items() if grant != "no"),
        only_assigned="assigned" in grants.values(),
    )


def owner_of(actor: Actor) -> MemberId:
    """Return whose inbox an actor has. Raises Forbidden for whoever is no member."""
    if actor.member_id is None:
        raise Forbidden("Only members have an inbox.")
    return actor.member_id


def reach_of(actor: Actor) -> Reach:
    """Return what of their inbox an actor sees: an API key may be limited further than its role."""
    types: list[str] = []
    only_assigned = False
    for kind, each in TYPES.items():
        try:
            access = authorise(actor, each.action)
        except Forbidden:
            continue
        types.append(kind)
        only_assigned = only_assigned or access.only_assigned
    return Reach(types=tuple(types), only_assigned=only_assigned)
