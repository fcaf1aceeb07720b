"""Managing members: name, role, and whether they are let in."""

from msgspec import UNSET

from core.identity.appointment import member_view
from core.identity.contracts.team import (
    DeactivateMember,
    MemberView,
    ReactivateMember,
    UpdateMember,
)
from core.identity.events import MemberDeactivated, MemberReactivated, MemberUpdated
from core.identity.policy import keep_an_admin
from core.identity.ports import IdentityChanges, MemberRepository, SessionRepository
from core.shared.clock import Clock
from core.shared.errors import PreconditionFailed
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.usecase import handles
from core.tenancy.contracts import Quotas


@handles(UpdateMember, action=Action.MANAGE_USERS)
async def update_member(
    command: UpdateMember,
    *,
    members: MemberRepository,
    sessions: SessionRepository,
    changes: IdentityChanges,
    recorder: Recorder,
) -> MemberView:
    """Change a member's name or role; a new role ends the sessions that had the old one."""
    member = await members.get(command.member_id)
    if command.expected_version not in {None, member.version}:
        raise PreconditionFailed("This member was changed since you read it. Read it again.")
    before = (member.name, member.role)
    if command.name is not UNSET:
        member.rename(command.name)
    if command.role is not UNSET and command.role != member.role:
        if member.is_active_admin:
            await keep_an_admin(member, members)
        member.role = command.role
    after = (member.name, member.role)
    if before == after:
        return member_view(member)
    await members.save(member)
    if before[1] != after[1]:
        await sessions.end_of_member(member.id)
    await changes.announce_change()
    fields = tuple(
        field for field, old, new in zip(("name", "role"), before, after, strict=True) if old != new
    )
    recorder.record(
        MemberUpdated(aggregate_id=member.id, fields=fields, role=member.role),
        before={"role": before[1]},
        after={"role": after[1]},
    )
    return member_view(member)


@handles(DeactivateMember, action=Action.MANAGE_USERS)
async def deactivate_member(
    command: DeactivateMember,
    *,
    members: MemberRepository,
    sessions: SessionRepository,
    quotas: Quotas,
    changes: IdentityChanges,
    clock: Clock,
    recorder: Recorder,
) -> MemberView:
    """Let a member in no longer; their API keys rest with them."""
    member = await members.get(command.member_id)
    if member.status == "deactivated":
        return member_view(member)
    if member.is_active_admin:
        await keep_an_admin(member, members)
    member.deactivate(clock.now())
    await members.save(member)
    await sessions.end_of_member(member.id)
    await quotas.release("members")
    await changes.announce_change()
    recorder.record(MemberDeactivated(aggregate_id=member.id))
    return member_view(member)


@handles(ReactivateMember, action=Action.MANAGE_USERS)
async def reactivate_member(
    command: ReactivateMember,
    *,
    members: MemberRepository,
    quotas: Quotas,
    changes: IdentityChanges,
    recorder: Recorder,
) -> MemberView:
    """Let a member in again, if the plan has room."""
    member = await members.get(command.member_id)
    if member.status == "active":
        return member_view(member)
    await quotas.reserve("members")
    member.reactivate()
    await members.save(member)
    await changes.announce_change()
    recorder.record(MemberReactivated(aggregate_id=member.id))
    return member_view(member)
