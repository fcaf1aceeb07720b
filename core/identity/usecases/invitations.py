"""Inviting people, and becoming a member by an invitation."""

from core.identity.appointment import Enrolment, member_view, new_invitation
from core.identity.contracts.sign_in import SignInPolicy
from core.identity.contracts.team import (
    AcceptInvitation,
    InvitationIssued,
    InvitationPreview,
    InvitationView,
    InviteMember,
    MemberView,
    PreviewInvitation,
    RevokeInvitation,
)
from core.identity.errors import AlreadyMember, LinkNotValid, SignInFailed
from core.identity.events import InvitationAccepted, InvitationRevoked, MemberInvited
from core.identity.model import Invitation
from core.identity.passwords import check_new_password, normalise_password
from core.identity.ports import (
    AccountRepository,
    IdentityQueries,
    InvitationRepository,
    MemberRepository,
    PasswordHasher,
    Tokens,
)
from core.messages.contracts import MailToMember, MemberMail
from core.ports.throttle import Throttle
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import handles
from core.tenancy.contracts import Quotas


@handles(InviteMember, action=Action.MANAGE_USERS)
async def invite_member(
    command: InviteMember,
    *,
    actor: Actor,
    invitations: InvitationRepository,
    members: MemberRepository,
    quotas: Quotas,
    mail: MemberMail,
    tokens: Tokens,
    ids: Ids,
    clock: Clock,
    recorder: Recorder,
) -> InvitationIssued:
    """Invite someone, if the plan has room for them beside those invited before.

    The link is mailed, or shown to who invites: then where nothing sends, or if they want it so.
    """
    now = clock.now()
    token = tokens.link()
    invitation = new_invitation(
        ids, tokens, token, command.email, command.name, command.role, actor.member_id, now
    )
    present = await members.by_email(invitation.email)
    if present is not None:
        state = "" if present.status == "active" else " but deactivated; reactivate them instead"
        raise AlreadyMember(f"{present.name} is a member already{state}.", member_id=present.id)
    await invitations.revoke_open(invitation.email, now)
    await quotas.require_room("members", 1 + await invitations.count_open(now))
    await invitations.add(invitation)
    recorder.record(MemberInvited(aggregate_id=invitation.id, role=invitation.role))
    view, link = _view(invitation, now), tokens.invitation_link(token)
    if not command.by_mail or not await mail.is_possible():
        return InvitationIssued(view, mailed=False, link=link, token=token)
    inviter = None if actor.member_id is None else await members.get(actor.member_id)
    await mail.promise(
        MailToMember(
            purpose="invitation",
            to_address=invitation.email,
            to_name=invitation.name,
            values={
                "inviter_name": "" if inviter is None else inviter.name,
                "role": invitation.role,
                "invitation_link": link,
                "expires_at": invitation.expires_at.isoformat(),
            },
            use_by=invitation.expires_at,
        )
    )
    return InvitationIssued(view, mailed=True, link=None, token=None)


@handles(RevokeInvitation, action=Action.MANAGE_USERS)
async def revoke_invitation(
    command: RevokeInvitation,
    *,
    invitations: InvitationRepository,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Make an invitation's link worthless; one that was used or withdrawn stays as it is."""
    now = clock.now()
    invitation = await invitations.get(command.invitation_id)
    if invitation.status_at(now) in {"accepted", "revoked"}:
        return
    invitation.revoked_at = now
    await invitations.save(invitation)
    recorder.record(InvitationRevoked(aggregate_id=invitation.id))


@handles(PreviewInvitation, action=None)
async def preview_invitation(
    query: PreviewInvitation,
    *,
    queries: IdentityQueries,
    context: TenantContext,
    tokens: Tokens,
) -> InvitationPreview:
    """Return what the link offers; reading it uses nothing up."""
    invitation = await queries.invitation_by_digest(tokens.invitation_digest(query.token))
    if invitation is None or invitation.status != "open":
        raise LinkNotValid(LinkNotValid.TEXT)
    return InvitationPreview(
        workspace=context.name,
        email=invitation.email,
        name=invitation.name,
        role=invitation.role,
        expires_at=invitation.expires_at,
    )


@handles(AcceptInvitation, action=None)
async def accept_invitation(
    command: AcceptInvitation,
    *,
    accounts: AccountRepository,
    invitations: InvitationRepository,
    enrolment: Enrolment,
    hasher: PasswordHasher,
    tokens: Tokens,
    throttle: Throttle,
    policy: SignInPolicy,
    clock: Clock,
    recorder: Recorder,
) -> MemberView:
    """Become a member with the link, which is used up.

    Someone with an account proves that it is theirs: the admin who made the link may have read it,
    and must not get into the other workspaces of that person by choosing a new password.
    """
    await throttle.check(
        f"invitation:{command.address}",
        limit=policy.attempts_per_address,
        window_seconds=policy.window_seconds,
    )
    now = clock.now()
    invitation = await invitations.by_digest(tokens.invitation_digest(command.token))
    if invitation is None or invitation.status_at(now) != "open":
        raise LinkNotValid(LinkNotValid.TEXT)
    password = normalise_password(command.password)
    account = await accounts.invited(invitation.id)
    if account is None:
        check_new_password(command.password, email=invitation.email)
        password_hash = await hasher.hash(password)
    else:
        key = f"accept:{account.account_id}:{command.address}"
        await throttle.check(key, limit=policy.attempts, window_seconds=policy.window_seconds)
        password_hash = account.password_hash
        if not (await hasher.verify(password_hash, password)).fits:
            raise SignInFailed(
                "This address has an account already. Use its password, or reset it first."
            )
        await throttle.forget(key)
    member = await enrolment.enrol(
        email=invitation.email,
        name=command.name or invitation.name,
        role=invitation.role,
        password_hash=password_hash,
    )
    invitation.accepted_at = now
    await invitations.save(invitation)
    recorder.record(InvitationAccepted(aggregate_id=invitation.id, member_id=member.id))
    return member_view(member)


def _view(invitation: Invitation, now: UtcDatetime) -> InvitationView:
    return InvitationView(
        id=invitation.id,
        email=invitation.email,
        name=invitation.name,
        role=invitation.role,
        status=invitation.status_at(now),
        invited_by=invitation.invited_by,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )
