"""Signing in without a password: by a link that is mailed, once, within ten minutes.

Having the mail isn't enough, since mails are read by scanners and forwarded by people: the link
opens a session in the browser that asked for it, which keeps a secret in a cookie, or else with the
code that is shown there (OWASP ASVS 6.5.1, 6.5.5, 6.6.2). Nothing but `UseSignInLink` uses it up.
"""

import hmac

from core.identity.contracts.sign_in import (
    CanMailLinks,
    DeliverSignInLink,
    PreviewSignInLink,
    RequestSignInLink,
    SignInLinkPromised,
    SignInLinkState,
    SignInPolicy,
    StartedSession,
    UseSignInLink,
)
from core.identity.errors import CodeNotRight, LinkNotValid, NobodyMails
from core.identity.events import SessionStarted, SignInLinkIssuedFor, SignInLinkRequested
from core.identity.model import LINKS_PER_ACCOUNT, SIGN_IN_LINK_LIFETIME, SignInLink
from core.identity.opening import SessionOpener
from core.identity.passwords import normalise_email
from core.identity.policy import require_system
from core.identity.ports import (
    IdentityChanges,
    MemberRepository,
    SessionRepository,
    SignInLinkQueries,
    SignInLinks,
    Tokens,
)
from core.identity.tokens import make_code
from core.messages.contracts import MailPossible, MailToMember, MemberMail
from core.ports.tasks import Tasks
from core.ports.throttle import Throttle
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import handles

SIGN_IN_LINK_MAIL = "sign_in_link_mail"
_BROWSER_LENGTH = 43
_LONGEST_PATH = 1_000


@handles(CanMailLinks, action=None)
async def can_mail_links(
    query: CanMailLinks,  # noqa: ARG001 - it has no fields
    *,
    mail: MailPossible,
) -> bool:
    """Say whether a plugin that sends is enabled."""
    return await mail.is_possible()


@handles(RequestSignInLink, action=None)
async def request_sign_in_link(
    command: RequestSignInLink,
    *,
    tasks: Tasks,
    mail: MailPossible,
    tokens: Tokens,
    throttle: Throttle,
    policy: SignInPolicy,
    context: TenantContext,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> SignInLinkPromised:
    """Promise to look into it later: now, a known address and an unknown one are the same work."""
    window = policy.window_seconds
    email = normalise_email(command.email)
    await throttle.check(
        f"sign_in_link:{command.address}", limit=policy.attempts_per_address, window_seconds=window
    )
    await throttle.check(
        f"sign_in_link:{context.id}:{email}:{command.address}",
        limit=policy.attempts,
        window_seconds=window,
    )
    await throttle.check(
        f"sign_in_link:{context.id}:{email}",
        limit=policy.attempts * LINKS_PER_ACCOUNT,
        window_seconds=window,
    )
    if not await mail.is_possible():
        raise NobodyMails(NobodyMails.TEXT)
    kept = command.browser or ""
    # A browser that asks twice opens both links.
    browser = kept if len(kept) == _BROWSER_LENGTH and kept.isascii() else tokens.link()
    code = make_code(ids.token)
    browser_hash = tokens.browser_digest(browser)
    expires_at = UtcDatetime(clock.now() + SIGN_IN_LINK_LIFETIME)
    await tasks.schedule(
        SIGN_IN_LINK_MAIL,
        {
            "email": email,
            "browser_hash": browser_hash.hex(),
            "code_hash": tokens.code_digest(code, browser_hash).hex(),
            "expires_at": expires_at.isoformat(),
            "following": command.following[:_LONGEST_PATH],
        },
    )
    recorder.record(SignInLinkRequested(aggregate_id=ids.new()))
    return SignInLinkPromised(browser, code, int(SIGN_IN_LINK_LIFETIME.total_seconds()))


@handles(DeliverSignInLink, action=Action.MANAGE_USERS)
async def deliver_sign_in_link(
    command: DeliverSignInLink,
    *,
    actor: Actor,
    members: MemberRepository,
    links: SignInLinks,
    mail: MemberMail,
    tokens: Tokens,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> None:
    """Make the link and mail it, if the address is an active member's and there is time left."""
    require_system(actor)
    now = clock.now()
    member = await members.by_email(command.email)
    if member is None or member.status != "active" or now >= command.expires_at:
        return
    token = tokens.link()
    link = SignInLink(
        id=ids.new(),
        member_id=member.id,
        token_hash=tokens.sign_in_digest(token),
        browser_hash=bytes.fromhex(command.browser_hash),
        code_hash=bytes.fromhex(command.code_hash),
        created_at=now,
        expires_at=command.expires_at,
    )
    await links.add(link, now)
    await mail.promise(
        MailToMember(
            purpose="magic_link",
            member_id=member.id,
            to_address=member.email,
            to_name=member.name,
            values={
                "person_name": member.name,
                "sign_in_link": tokens.sign_in_link(token, command.following),
                "valid_minutes": str(int(SIGN_IN_LINK_LIFETIME.total_seconds()) // 60),
            },
            use_by=command.expires_at,
        )
    )
    recorder.record(SignInLinkIssuedFor(aggregate_id=member.id))


@handles(PreviewSignInLink, action=None)
async def preview_sign_in_link(
    query: PreviewSignInLink, *, links: SignInLinkQueries, tokens: Tokens, clock: Clock
) -> SignInLinkState:
    """Say what the link asks for; reading it uses nothing up."""
    link = await links.by_digest(tokens.sign_in_digest(query.token))
    if link is None or clock.now() >= link.expires_at:
        raise LinkNotValid(LinkNotValid.TEXT)
    return SignInLinkState(needs_code=not _asked_here(link, query.browser, tokens))


@handles(UseSignInLink, action=None)
async def use_sign_in_link(
    command: UseSignInLink,
    *,
    links: SignInLinks,
    members: MemberRepository,
    sessions: SessionRepository,
    opener: SessionOpener,
    tokens: Tokens,
    throttle: Throttle,
    policy: SignInPolicy,
    changes: IdentityChanges,
    clock: Clock,
    recorder: Recorder,
) -> StartedSession:
    """Use the member's links up and open a session under a fresh token.

    Codes are counted for each link, outside of the transaction, so that a wrong one counts too.
    """
    window = policy.window_seconds
    await throttle.check(
        f"sign_in_link_used:{command.address}",
        limit=policy.attempts_per_address,
        window_seconds=window,
    )
    digest = tokens.sign_in_digest(command.token)
    link = await links.by_digest(digest)
    if link is None or clock.now() >= link.expires_at:
        raise LinkNotValid(LinkNotValid.TEXT)
    if not _asked_here(link, command.browser, tokens):
        await throttle.check(
            f"sign_in_code:{digest.hex()}", limit=policy.attempts, window_seconds=window
        )
        code = "".join(filter(str.isdecimal, command.code))
        shown = tokens.code_digest(code, link.browser_hash)
        if not hmac.compare_digest(shown, link.code_hash):
            raise CodeNotRight(CodeNotRight.TEXT)
    member = await members.get(link.member_id)
    if member.status != "active":
        raise LinkNotValid(LinkNotValid.TEXT)
    await links.remove_all_of(member.id)
    if command.replaces is not None:
        await sessions.end_by_digest(tokens.session_digest(command.replaces))
        await changes.announce_change()
    recorder.record(SessionStarted(aggregate_id=member.id, by="link"))
    return await opener.open(member, command.user_agent)


def _asked_here(link: SignInLink, browser: str | None, tokens: Tokens) -> bool:
    if not browser:
        return False
    return hmac.compare_digest(tokens.browser_digest(browser), link.browser_hash)
