"""Who acts: a signed-in team member, an API key, or the system itself."""

from typing import Literal
from uuid import UUID

import msgspec

from core.shared.ids import AccountId, MemberId, TenantId

Role = Literal["admin", "recruiter", "interviewer", "viewer"]
ROLES: tuple[Role, ...] = ("admin", "recruiter", "interviewer", "viewer")


class Actor(msgspec.Struct, frozen=True):
    """The one on whose behalf a command runs, always within one tenant."""

    tenant_id: TenantId
    kind: Literal["member", "api_key", "system"]
    id: UUID
    """The session's or API key's id; for `system` the task's. Names the credential, not the person."""
    role: Role
    member_id: MemberId | None = None
    """The team member that acts; an API key acts for the member who made it."""
    account_id: AccountId | None = None
    scopes: frozenset[str] | None = None
    """What an API key is limited to (`candidates:read`, ...); None means no limit beyond the role."""
    name: str = ""
    """Shown in histories; never logged."""
