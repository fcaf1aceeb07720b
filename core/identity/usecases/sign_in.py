"""Signing in and out."""

from core.identity.contracts.sign_in import (
    CheckPassword,
    EndSession,
    SessionId,
    SignedOut,
    SignInPolicy,
    SignInProof,
    SignOut,
    SignOutEverywhere,
    StartedSession,
    StartSession,
)
from core.identity.errors import SignInFailed
from core.identity.events import SessionsEnded, SessionStarted
from core.identity.opening import SessionOpener
from core.identity.passwords import MAX_LENGTH, normalise_email, normalise_password
from core.identity.policy import own_account, own_member
from core.identity.ports import (
    AccountRepository,
    IdentityChanges,
    MemberRepository,
    PasswordHasher,
    SessionRepository,
    SignInLookup,
    Tokens,
)
from core.ports.throttle import Throttle
from core.shared.actor import Actor
from core.shared.errors import NotFound
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import handles


@handles(CheckPassword, action=None)
async def check_password(
    query: CheckPassword,
    *,
    lookup: SignInLookup,
    hasher: PasswordHasher,
    throttle: Throttle,
    policy: SignInPolicy,
    context: TenantContext,
) -> SignInProof:
    """Prove who one is, in the same time and words for an unknown address as for a wrong password.

    Attempts are counted per address, and per account and address together: whoever guesses from
    elsewhere uses up their own attempts, not the owner's. A query, so that no transaction waits
    for the slow hash.
    """
    email = normalise_email(query.email)
    window = policy.window_seconds
    pair = f"sign_in:{context.id}:{email}:{query.address}"
    await throttle.check(
        f"sign_in:{query.address}", limit=policy.attempts_per_address, window_seconds=window
    )
    await throttle.check(pair, limit=policy.attempts, window_seconds=window)
    candidate = await lookup.active_member(email)
    kept = None if candidate is None else candidate.password_hash
    # A text too long to be a password is cut: hashing it costs no more than any other.
    password = normalise_password(query.password[: MAX_LENGTH + 1])
    verdict = await hasher.verify(kept, password)
    if candidate is None or not verdict.fits:
        raise SignInFailed(SignInFailed.TEXT)
    await throttle.forget(pair)
    return SignInProof(
        member_id=candidate.member_id,
        account_id=candidate.account_id,
        new_hash=await hasher.hash(password) if verdict.is_outdated else None,
        kept_hash=candidate.password_hash,
    )


@handles(StartSession, action=None)
async def start_session(
    command: StartSession,
    *,
    accounts: AccountRepository,
    members: MemberRepository,
    sessions: SessionRepository,
    opener: SessionOpener,
    tokens: Tokens,
    changes: IdentityChanges,
    recorder: Recorder,
) -> StartedSession:
    """Open a session under a fresh token; the one that the browser brought along ends."""
    proof = command.proof
    member = await members.get(proof.member_id)
    kept = await accounts.password_of(proof.account_id)
    if member.status != "active" or kept != proof.kept_hash:
        raise SignInFailed(SignInFailed.TEXT)
    if proof.new_hash is not None:
        await accounts.rehash(proof.account_id, kept=proof.kept_hash, password_hash=proof.new_hash)
    if command.replaces is not None:
        await sessions.end_by_digest(tokens.session_digest(command.replaces))
        await changes.announce_change()
    recorder.record(SessionStarted(aggregate_id=member.id))
    return await opener.open(member, command.user_agent)


@handles(SignOut, action=Action.OWN_ACCOUNT)
async def sign_out(
    command: SignOut,  # noqa: ARG001 - says nothing more
    *,
    actor: Actor,
    sessions: SessionRepository,
    changes: IdentityChanges,
    recorder: Recorder,
) -> None:
    """End the session that asks; an API key has none and nothing happens."""
    member_id = own_member(actor)
    if actor.kind == "member" and await sessions.end(SessionId(actor.id), member_id):
        await changes.announce_change()
        recorder.record(SessionsEnded(aggregate_id=member_id, everywhere=False))


@handles(SignOutEverywhere, action=Action.OWN_ACCOUNT)
async def sign_out_everywhere(
    command: SignOutEverywhere,  # noqa: ARG001 - says nothing more
    *,
    actor: Actor,
    accounts: AccountRepository,
    changes: IdentityChanges,
    recorder: Recorder,
) -> SignedOut:
    """End every session of the person, in every tenant."""
    ended = await accounts.end_sessions_everywhere(own_account(actor))
    await changes.announce_change()
    recorder.record(SessionsEnded(aggregate_id=own_member(actor), everywhere=True))
    return SignedOut(ended)


@handles(EndSession, action=Action.OWN_ACCOUNT)
async def end_session(
    command: EndSession,
    *,
    actor: Actor,
    sessions: SessionRepository,
    changes: IdentityChanges,
    recorder: Recorder,
) -> None:
    """End one of one's own sessions. Raises NotFound."""
    member_id = own_member(actor)
    if not await sessions.end(command.session_id, member_id):
        raise NotFound("You have no such session.")
    await changes.announce_change()
    recorder.record(SessionsEnded(aggregate_id=member_id, everywhere=False))
