"""Which adapter stands behind each port of identity."""

from datetime import timedelta

from core.identity.appointment import Enrolment
from core.identity.contracts.sign_in import SignInPolicy
from core.identity.opening import SessionOpener
from core.identity.ports import (
    AccountMail,
    AccountRepository,
    ApiKeyRepository,
    IdentityChanges,
    IdentityQueries,
    InvitationRepository,
    MemberRepository,
    PasswordHasher,
    PasswordResetRepository,
    SessionRepository,
    SignInLinkQueries,
    SignInLinks,
    SignInLookup,
    Tokens,
)
from core.identity.usecases import (
    api_keys,
    invitations,
    passwords,
    reading,
    sign_in,
    sign_in_links,
    team,
)
from core.ports.throttle import Throttle
from plugins.local_files.mailbox import FolderAccountMail
from plugins.postgres.accounts import PostgresAccounts, PostgresSignInLookup
from plugins.postgres.api_keys import PostgresApiKeys
from plugins.postgres.credentials import IDLE
from plugins.postgres.identity_queries import PostgresIdentityChanges, PostgresIdentityQueries
from plugins.postgres.links import (
    PostgresInvitations,
    PostgresPasswordResets,
    PostgresSignInLinkQueries,
    PostgresSignInLinks,
)
from plugins.postgres.members import PostgresMembers
from plugins.postgres.sessions import PostgresSessions
from plugins.system.passwords import Argon2Passwords
from plugins.valkey.throttle import ValkeyThrottle
from tenants.injection import Providers, Session, recorder_of
from tenants.settings import Settings
from tenants.tokens import TenantTokens
from tenants.wiring.quotas import quotas_of

USE_CASES = (api_keys, invitations, passwords, reading, sign_in, sign_in_links, team)
"""Importing them registers what they handle."""

HASHER = Argon2Passwords()
"""One for the process, since it limits how many hashes are computed at once."""

_PER_ADDRESS = 10
"""Attempts per address for each attempt per account: an office shares one address."""


def _policy(settings: Settings) -> SignInPolicy:
    lifetime = timedelta(hours=settings.session_lifetime_hours)
    return SignInPolicy(
        lifetime=lifetime,
        idle=min(IDLE, lifetime),
        attempts=settings.sign_in_attempts,
        attempts_per_address=settings.sign_in_attempts * _PER_ADDRESS,
        window_seconds=settings.sign_in_window_minutes * 60,
    )


def _tokens(session: Session) -> Tokens:
    return TenantTokens(session.settings, session.tenant, session.ids)


def enrolment(session: Session) -> Enrolment:
    """Return what makes members, within the plan's quota."""
    return Enrolment(
        PostgresAccounts(session.writer),
        PostgresMembers(session.writer),
        quotas_of(session),
        session.ids,
        session.clock,
        recorder_of(session),
    )


def _opener(session: Session) -> SessionOpener:
    return SessionOpener(
        PostgresSessions(session.writer),
        _tokens(session),
        _policy(session.settings),
        session.ids,
        session.clock,
    )


PROVIDERS: Providers = {
    AccountMail: lambda session: FolderAccountMail(session.settings.data_dir),
    AccountRepository: lambda session: PostgresAccounts(session.writer),
    ApiKeyRepository: lambda session: PostgresApiKeys(session.writer),
    Enrolment: enrolment,
    IdentityChanges: lambda session: PostgresIdentityChanges(session.writer),
    IdentityQueries: lambda session: PostgresIdentityQueries(session.reader, session.clock),
    InvitationRepository: lambda session: PostgresInvitations(session.writer),
    MemberRepository: lambda session: PostgresMembers(session.writer),
    PasswordHasher: lambda _: HASHER,
    PasswordResetRepository: lambda session: PostgresPasswordResets(session.writer, session.ids),
    SessionOpener: _opener,
    SessionRepository: lambda session: PostgresSessions(session.writer),
    SignInLinkQueries: lambda session: PostgresSignInLinkQueries(session.reader),
    SignInLinks: lambda session: PostgresSignInLinks(session.writer),
    SignInLookup: lambda session: PostgresSignInLookup(session.reader),
    SignInPolicy: lambda session: _policy(session.settings),
    Throttle: lambda session: ValkeyThrottle(session.valkey),
    Tokens: _tokens,
}
