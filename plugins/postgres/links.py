"""Single-use links, stored by the hash of their token: invitations and password resets."""

from dataclasses import asdict, fields

import sqlalchemy as sa

from core.identity.contracts.team import InvitationId
from core.identity.model import Invitation
from core.shared.clock import UtcDatetime
from core.shared.errors import NotFound
from core.shared.ids import AccountId, Ids
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

_INVITATION_FIELDS = tuple(field.name for field in fields(Invitation))


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
