"""Single-use links, stored by the hash of their token: invitations, password resets, sign-ins."""

from dataclasses import asdict, fields

import sqlalchemy as sa

from core.identity.contracts.team import InvitationId
from core.identity.model import Invitation, SignInLink
from core.shared.clock import UtcDatetime
from core.shared.errors import NotFound
from core.shared.ids import AccountId, Ids, MemberId
from plugins.postgres.database import TenantReader
from plugins.postgres.members import ROLE_CHECK
from plugins.postgres.schema import Ref, tenant_table, text_column, time_column, uuid_column
from plugins.postgres.unit import Unit

invitations = tenant_table(
    "invitations",
    uuid_column("id"),
    text_column("email"),
    text_column("name"),
    text_column("role"),
    sa.Column("token_hash", sa.LargeBinary, nullable=False),
    uuid_column("invited_by", nullable=True),
    time_column("created_at"),
    time_column("expires_at"),
    time_column("accepted_at", nullable=True),
    time_column("revoked_at", nullable=True),
    sa.CheckConstraint(ROLE_CHECK, name="role"),
    unique=[("token_hash",)],
    refs=[Ref("invited_by", "members")],
    indexes=[("email",)],
)

password_resets = tenant_table(
    "password_resets",
    uuid_column("id"),
    uuid_column("account_id"),
    sa.Column("token_hash", sa.LargeBinary, nullable=False),
    time_column("created_at"),
    time_column("expires_at"),
    time_column("used_at", nullable=True),
    unique=[("token_hash",)],
    indexes=[("account_id",)],
)

sign_in_links = tenant_table(
    "sign_in_links",
    uuid_column("id"),
    uuid_column("member_id"),
    sa.Column("token_hash", sa.LargeBinary, nullable=False),
    sa.Column("browser_hash", sa.LargeBinary, nullable=False),
    sa.Column("code_hash", sa.LargeBinary, nullable=False),
    time_column("created_at"),
    time_column("expires_at"),
    unique=[("token_hash",)],
    refs=[Ref("member_id", "members", "CASCADE")],
    indexes=[("member_id",), ("expires_at",)],
)
"""Links to sign in. One that was used is deleted, and with it the member's others."""

_INVITATION_FIELDS = tuple(field.name for field in fields(Invitation))
_SIGN_IN_FIELDS = tuple(field.name for field in fields(SignInLink))


class PostgresInvitations:
    """Implements `core.identity.ports.InvitationRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def get(self, invitation_id: InvitationId) -> Invitation:
        """Return an invitation, locked. Raises NotFound."""
        invitation = await self._one(invitations.c.id == invitation_id)
        if invitation is None:
            raise NotFound("There is no such invitation.")
        return invitation

    async def by_digest(self, digest: bytes) -> Invitation | None:
        """Return the invitation of a token, locked: a second use waits and then finds it used."""
        return await self._one(invitations.c.token_hash == digest)

    async def revoke_open(self, email: str, now: UtcDatetime) -> None:
        """Withdraw every open invitation to this address."""
        await self._unit.execute(
            sa.update(invitations)
            .where(
                invitations.c.email == email,
                invitations.c.accepted_at.is_(None),
                invitations.c.revoked_at.is_(None),
            )
            .values(revoked_at=now)
        )

    async def count_open(self, now: UtcDatetime) -> int:
        """Return how many invitations could still be accepted."""
        row = await self._unit.one_or_none(
            sa.select(sa.func.count().label("open")).where(
                invitations.c.accepted_at.is_(None),
                invitations.c.revoked_at.is_(None),
                invitations.c.expires_at > now,
            )
        )
        return 0 if row is None else row.open

    async def add(self, invitation: Invitation) -> None:
        """Insert an invitation."""
        await self._unit.execute(
            sa.insert(invitations).values(tenant_id=self._unit.tenant_id, **asdict(invitation))
        )

    async def save(self, invitation: Invitation) -> None:
        """Update what became of an invitation."""
        await self._unit.execute(
            sa.update(invitations)
            .where(invitations.c.id == invitation.id)
            .values(accepted_at=invitation.accepted_at, revoked_at=invitation.revoked_at)
        )

    async def _one(self, condition: sa.ColumnElement[bool]) -> Invitation | None:
        row = await self._unit.one_or_none(
            sa.select(invitations).where(condition).with_for_update()
        )
        if row is None:
            return None
        return Invitation(**{name: getattr(row, name) for name in _INVITATION_FIELDS})


class PostgresPasswordResets:
    """Implements `core.identity.ports.PasswordResetRepository`."""

    def __init__(self, unit: Unit, ids: Ids) -> None:
        self._unit = unit
        self._ids = ids

    async def add(
        self, account_id: AccountId, digest: bytes, *, now: UtcDatetime, expires_at: UtcDatetime
    ) -> None:
        """Insert a link; the account's earlier ones are deleted."""
        await self._unit.execute(
            sa.delete(password_resets).where(password_resets.c.account_id == account_id)
        )
        await self._unit.execute(
            sa.insert(password_resets).values(
                tenant_id=self._unit.tenant_id,
                id=self._ids.new(),
                account_id=account_id,
                token_hash=digest,
                created_at=now,
                expires_at=expires_at,
            )
        )

    async def use(self, digest: bytes, now: UtcDatetime) -> AccountId | None:
        """Use a link up in one step, so that of two at once only one finds it unused."""
        row = await self._unit.one_or_none(
            sa.update(password_resets)
            .where(
                password_resets.c.token_hash == digest,
                password_resets.c.used_at.is_(None),
                password_resets.c.expires_at > now,
            )
            .values(used_at=now)
            .returning(password_resets.c.account_id)
        )
        return None if row is None else AccountId(row.account_id)


class PostgresSignInLinks:
    """Implements `core.identity.ports.SignInLinks`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, link: SignInLink, now: UtcDatetime) -> None:
        """Insert a link, and delete those that have expired."""
        await self._unit.execute(sa.delete(sign_in_links).where(sign_in_links.c.expires_at <= now))
        await self._unit.execute(
            sa.insert(sign_in_links).values(tenant_id=self._unit.tenant_id, **asdict(link))
        )

    async def by_digest(self, digest: bytes) -> SignInLink | None:
        """Return a link, locked: a second use waits and then finds none."""
        row = await self._unit.one_or_none(
            sa.select(sign_in_links).where(sign_in_links.c.token_hash == digest).with_for_update()
        )
        if row is None:
            return None
        return SignInLink(**{name: getattr(row, name) for name in _SIGN_IN_FIELDS})

    async def remove_all_of(self, member_id: MemberId) -> None:
        """Delete the member's links."""
        await self._unit.execute(
            sa.delete(sign_in_links).where(sign_in_links.c.member_id == member_id)
        )


class PostgresSignInLinkQueries:
    """Implements `core.identity.ports.SignInLinkQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def by_digest(self, digest: bytes) -> SignInLink | None:
        """Return a link."""
        rows = await self._reader.select(
            sa.select(*(sign_in_links.c[name] for name in _SIGN_IN_FIELDS)).where(
                sign_in_links.c.token_hash == digest
            )
        )
        return SignInLink(*tuple(rows[0])) if rows else None
