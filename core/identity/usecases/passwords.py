"""Choosing a new password: knowing the old one, or by a link."""

from core.identity.contracts.sign_in import ChangePassword, SignInPolicy, StartedSession
from core.identity.contracts.team import (
    DeliverPasswordReset,
    IssuePasswordReset,
    LinkPromised,
    PasswordResetIssued,
    RequestPasswordReset,
    ResetPassword,
    SendMemberPasswordReset,
)
from core.identity.errors import LinkNotValid, SignInFailed
from core.identity.events import (
    PasswordChanged,
    PasswordResetIssuedFor,
    PasswordResetRequested,
)
from core.identity.model import LINKS_PER_ACCOUNT, RESET_LIFETIME
from core.identity.opening import SessionOpener
from core.identity.passwords import check_new_password, normalise_email, normalise_password
from core.identity.policy import own_account, own_member, require_system
from core.identity.ports import (
    AccountMail,
    AccountRepository,
    IdentityChanges,
    MemberRepository,
    PasswordHasher,
    PasswordResetRepository,
    Tokens,
)
from core.messages.contracts import MailPossible, MailToMember, MemberMail
from core.ports.tasks import Tasks
from core.ports.throttle import Throttle
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.errors import Conflict, NotFound
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import handles

RESET_MAIL = "password_reset_mail"


@handles(ChangePassword, action=Action.OWN_ACCOUNT)
async def change_password(
    command: ChangePassword,
    *,
    actor: Actor,
    accounts: AccountRepository,
    members: MemberRepository,
    opener: SessionOpener,
    hasher: PasswordHasher,
    throttle: Throttle,
    policy: SignInPolicy,
    changes: IdentityChanges,
    clock: Clock,
    recorder: Recorder,
) -> StartedSession | None:
    """Choose a new password; every session ends, and who asked by session gets a new one."""
    account_id = own_account(actor)
    key = f"password:{account_id}:{command.address}"
    await throttle.check(key, limit=policy.attempts, window_seconds=policy.window_seconds)
    kept = await accounts.password_of(account_id)
    if not (await hasher.verify(kept, normalise_password(command.current_password))).fits:
        raise SignInFailed("The current password is wrong.")
    await throttle.forget(key)
    member = await members.get(own_member(actor))
    check_new_password(command.new_password, email=member.email, field="new_password")
    new_hash = await hasher.hash(normalise_password(command.new_password))
    await accounts.set_password(account_id, new_hash, now=clock.now())
    await accounts.end_sessions_everywhere(account_id)
    await changes.announce_change()
    recorder.record(PasswordChanged(aggregate_id=member.id, by_link=False))
    if actor.kind != "member":
        return None
    return await opener.open(member, command.user_agent)


@handles(RequestPasswordReset, action=None)
async def request_password_reset(
    command: RequestPasswordReset,
    *,
    tasks: Tasks,
    mail: MailPossible,
    throttle: Throttle,
    policy: SignInPolicy,
    context: TenantContext,
    ids: Ids,
    recorder: Recorder,
) -> LinkPromised:
    """Promise to look into it later: now, a known address and an unknown one are the same work."""
    window = policy.window_seconds
    email = normalise_email(command.email)
    await throttle.check(
        f"reset:{command.address}", limit=policy.attempts_per_address, window_seconds=window
    )
    await throttle.check(
        f"reset:{context.id}:{email}:{command.address}",
        limit=policy.attempts,
        window_seconds=window,
    )
    await throttle.check(
        f"reset:{context.id}:{email}",
        limit=policy.attempts * LINKS_PER_ACCOUNT,
        window_seconds=window,
    )
    await tasks.schedule(RESET_MAIL, {"email": email})
    recorder.record(PasswordResetRequested(aggregate_id=ids.new()))
    return LinkPromised(by_mail=await mail.is_possible())


@handles(SendMemberPasswordReset, action=Action.MANAGE_USERS)
async def send_member_password_reset(
    command: SendMemberPasswordReset,
    *,
    members: MemberRepository,
    tasks: Tasks,
    ids: Ids,
    recorder: Recorder,
) -> None:
    """Have a link mailed to a member, who alone reads it: the account may open other workspaces."""
    member = await members.get(command.member_id)
    if member.status != "active":
        raise Conflict("This member is deactivated. Reactivate them first.")
    await tasks.schedule(RESET_MAIL, {"email": member.email})
    recorder.record(PasswordResetRequested(aggregate_id=ids.new()))


@handles(DeliverPasswordReset, action=Action.MANAGE_USERS)
async def deliver_password_reset(
    command: DeliverPasswordReset,
    *,
    actor: Actor,
    members: MemberRepository,
    resets: PasswordResetRepository,
    mail: MemberMail,
    folder: AccountMail,
    accounts: AccountRepository,
    context: TenantContext,
    tokens: Tokens,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Make the link and mail it, if the address is an active member's.

    A workspace's admins choose through whom its mail goes, and so could read it. A link that opens
    other workspaces, too, or may again, is kept for the operator, as it is when nothing sends.
    """
    require_system(actor)
    member = await members.by_email(command.email)
    if member is None or member.status != "active":
        return
    token = tokens.link()
    now = clock.now()
    expires_at = UtcDatetime(now + RESET_LIFETIME)
    await resets.add(member.account_id, tokens.reset_digest(token), now=now, expires_at=expires_at)
    recorder.record(PasswordResetIssuedFor(aggregate_id=member.id))
    link = tokens.reset_link(token)
    if await accounts.is_elsewhere(member.account_id) or not await mail.is_possible():
        await folder.send_reset(
            to=member.email, name=member.name, workspace=context.name, link=link
        )
        return
    await mail.promise(
        MailToMember(
            purpose="password_reset",
            member_id=member.id,
            to_address=member.email,
            to_name=member.name,
            values={
                "person_name": member.name,
                "reset_link": link,
                "valid_minutes": str(int(RESET_LIFETIME.total_seconds()) // 60),
            },
            use_by=expires_at,
        )
    )


@handles(IssuePasswordReset, action=Action.MANAGE_USERS)
async def issue_password_reset(
    command: IssuePasswordReset,
    *,
    actor: Actor,
    members: MemberRepository,
    resets: PasswordResetRepository,
    tokens: Tokens,
    clock: Clock,
    recorder: Recorder,
) -> PasswordResetIssued:
    """Make a link for the operator to pass on."""
    require_system(actor)
    member = await members.by_email(normalise_email(command.email))
    if member is None or member.status != "active":
        raise NotFound("No active member has this address.")
    token = tokens.link()
    now = clock.now()
    expires_at = UtcDatetime(now + RESET_LIFETIME)
    await resets.add(member.account_id, tokens.reset_digest(token), now=now, expires_at=expires_at)
    recorder.record(PasswordResetIssuedFor(aggregate_id=member.id))
    return PasswordResetIssued(tokens.reset_link(token), token, expires_at)


@handles(ResetPassword, action=None)
async def reset_password(
    command: ResetPassword,
    *,
    accounts: AccountRepository,
    members: MemberRepository,
    resets: PasswordResetRepository,
    hasher: PasswordHasher,
    tokens: Tokens,
    changes: IdentityChanges,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Use the link up, keep the new password, and end every session of the person."""
    now = clock.now()
    account_id = await resets.use(tokens.reset_digest(command.token), now)
    member = None if account_id is None else await members.by_account(account_id)
    if member is None or member.status != "active":
        raise LinkNotValid(LinkNotValid.TEXT)
    # A password that is refused leaves the link as it was: the transaction is undone.
    check_new_password(command.password, email=member.email)
    new_hash = await hasher.hash(normalise_password(command.password))
    await accounts.set_password(member.account_id, new_hash, now=now)
    await accounts.end_sessions_everywhere(member.account_id)
    await changes.announce_change()
    recorder.record(PasswordChanged(aggregate_id=member.id, by_link=True))
