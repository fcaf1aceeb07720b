"""Who acts: a signed-in team member, an API key, a plugin, a source outside, or the system."""

from typing import Literal
from uuid import UUID

import msgspec

from core.shared.ids import AccountId, MemberId, TenantId

Role = Literal["admin", "recruiter", "interviewer", "viewer"]
ROLES: tuple[Role, ...] = ("admin", "recruiter", "interviewer", "viewer")


class Actor(msgspec.Struct, frozen=True):
    """The one on whose behalf a command runs, always within one tenant."""

    tenant_id: TenantId
    kind: Literal["member", "api_key", "plugin", "source", "system", "anonymous"]
    id: UUID
    """The session's or API key's id; for `system` the task's, for `plugin` the installation's, for
    `source` that of who reports statuses.

    The credential, not the person.
    """
    role: Role | None
    """None for the system, for plugins and for those who have not signed in."""
    member_id: MemberId | None = None
    """The team member that acts; an API key acts for the member who made it."""
    account_id: AccountId | None = None
    scopes: frozenset[str] | None = None
    """What an API key is limited to (`candidates:read`, ...); None: only by the role.

    For a plugin, all that it may do: what its manifest asks for and the tenant saw.
    """
    name: str = ""
    """Shown in histories; never logged."""


NOBODY = UUID(int=0)


def anonymous(tenant_id: TenantId) -> Actor:
    """Return the actor for a request that carries no credential."""
    return Actor(tenant_id, "anonymous", NOBODY, None)


def system(tenant_id: TenantId, task_id: UUID = NOBODY, name: str = "System") -> Actor:
    """Return the actor for background work, which no permission limits."""
    return Actor(tenant_id, "system", task_id, None, name=name)


def plugin(
    tenant_id: TenantId, installation_id: UUID, name: str, permissions: frozenset[str]
) -> Actor:
    """Return the actor for what a plugin does by itself, limited to `permissions`."""
    return Actor(tenant_id, "plugin", installation_id, None, scopes=permissions, name=name)


def source(tenant_id: TenantId, source_id: UUID, name: str, permissions: frozenset[str]) -> Actor:
    """Return the actor for what somebody outside reports, limited to `permissions`."""
    return Actor(tenant_id, "source", source_id, None, scopes=permissions, name=name)
