"""Decisions about people: who stays admin, what a key may be given, who is asking."""

from core.identity.errors import LastAdmin
from core.identity.model import ApiKey, Member
from core.identity.ports import MemberRepository
from core.shared.access import authorise
from core.shared.actor import Actor
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, Forbidden, InvalidInput, NotFound, Unauthenticated
from core.shared.ids import AccountId, MemberId
from core.shared.permissions import PERMISSIONS, Action


async def keep_an_admin(member: Member, members: MemberRepository) -> None:
    """Return when `member` may stop being an active admin. Raises LastAdmin.

    Locks every active admin, so that two who demote each other at once can't both succeed.
    """
    others = [admin for admin in await members.active_admins() if admin.id != member.id]
    if not others:
        raise LastAdmin("Make another member an admin first; a workspace can't be without one.")


def own_member(actor: Actor) -> MemberId:
    """Return the member who acts. Raises Unauthenticated for the system and strangers."""
    if actor.member_id is None:
        raise Unauthenticated("Sign in, or send an API key in the Authorization header.")
    return actor.member_id


def own_account(actor: Actor) -> AccountId:
    """Return the account that acts. Raises Unauthenticated for the system and strangers."""
    if actor.account_id is None:
        raise Unauthenticated("Sign in, or send an API key in the Authorization header.")
    return actor.account_id


def require_system(actor: Actor) -> None:
    """Return for the platform's own work. Raises Forbidden for everybody else."""
    if actor.kind != "system":
        raise Forbidden("Only the operator may do this, on the command line.")


def may_manage_users(actor: Actor) -> bool:
    """Whether the actor may act on other people's credentials."""
    try:
        authorise(actor, Action.MANAGE_USERS)
    except (Forbidden, Unauthenticated):
        return False
    return True


def check_new_key(key: ApiKey, actor: Actor, now: UtcDatetime) -> None:
    """Return when the actor may make `key`: nobody gives more than they have.

    Raises InvalidInput.
    """
    beyond = [scope for scope in key.scopes if not _may_give(actor, Action(scope))]
    problems = []
    if beyond:
        problems.append(FieldError("scopes", f"You may not do this yourself: {', '.join(beyond)}."))
    if key.expires_at is not None and key.expires_at <= now:
        problems.append(FieldError("expires_at", "Use a time in the future."))
    if problems:
        raise InvalidInput(*problems)


def check_own_or_managed(key: ApiKey, actor: Actor) -> None:
    """Return when the actor may end `key`. Raises NotFound: others' keys don't show themselves."""
    if key.member_id != actor.member_id and not may_manage_users(actor):
        raise NotFound("There is no such API key.")


def _may_give(actor: Actor, action: Action) -> bool:
    if actor.role is None or PERMISSIONS[action][actor.role] == "no":
        return False
    return actor.scopes is None or action.value in actor.scopes
