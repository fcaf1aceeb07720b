"""Accounts: a person across tenants. The application reaches them through narrow functions only.

It holds no privilege on either table (`sql/definer_accounts.sql` does), so that no query of one
tenant can ever list the people of another.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from core.identity.contracts.team import InvitationId
from core.identity.ports import KeptPassword, SignInCandidate
from core.shared.clock import UtcDatetime
from core.shared.ids import AccountId
from plugins.postgres.database import TenantReader
from plugins.postgres.schema import global_table, text_column, time_column, uuid_column
from plugins.postgres.unit import Unit

accounts = global_table(
    "accounts",
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    text_column("email"),
    text_column("name"),
    text_column("password_hash"),
    time_column("created_at"),
    time_column("password_changed_at"),
    sa.UniqueConstraint("email"),
    reason="One person may be a member of several tenants, with one password.",
)

account_tenants = global_table(
    "account_tenants",
    uuid_column("account_id"),
    sa.Column(
        "member_of",
        UUID(as_uuid=True),
        sa.ForeignKey("tenants.id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.PrimaryKeyConstraint("account_id", "member_of"),
    reason="Signing out everywhere must find every tenant of a person without reading all of them.",
)


class PostgresAccounts:
    """Implements `core.identity.ports.AccountRepository` by `sql/definer_accounts.sql`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def password_of(self, account_id: AccountId) -> str | None:
        """Return the hash of a member's password."""
        row = await self._call("account_password_v1", account_id)
        return None if row is None else row.password_hash

    async def invited(self, invitation_id: InvitationId) -> KeptPassword | None:
        """Return the account that the invited person has already, if any."""
        row = await self._call("account_for_invitation_v1", invitation_id)
        return None if row is None else KeptPassword(row.account_id, row.password_hash)

    async def join(
        self, account_id: AccountId, *, email: str, name: str, password_hash: str, now: UtcDatetime
    ) -> AccountId:
        """Return the account of `email`, made under `account_id` when there is none."""
        row = await self._call("account_join_v1", account_id, email, name, password_hash, now)
        if row is None:
            raise RuntimeError("account_join_v1 always returns a row")
        return AccountId(row.account_id)

    async def set_password(
        self, account_id: AccountId, password_hash: str, *, now: UtcDatetime
    ) -> None:
        """Keep a new password; every open link of the account becomes worthless."""
        await self._set_password(account_id, password_hash, expected=None, is_new=True, now=now)

    async def rehash(self, account_id: AccountId, *, kept: str, password_hash: str) -> None:
        """Keep the same password under a stronger hash, unless it was changed meanwhile."""
        await self._set_password(account_id, password_hash, expected=kept, is_new=False, now=None)

    async def end_sessions_everywhere(self, account_id: AccountId) -> int:
        """End the person's sessions in every tenant and return how many there were."""
        row = await self._call("account_end_sessions_v1", account_id)
        return 0 if row is None else row.ended

    async def is_elsewhere(self, account_id: AccountId) -> bool:
        """Look for a membership in another tenant, whatever became of it."""
        row = await self._call("account_is_elsewhere_v1", account_id)
        return row is not None and bool(row.is_elsewhere)

    async def _set_password(
        self,
        account_id: AccountId,
        password_hash: str,
        *,
        expected: str | None,
        is_new: bool,
        now: UtcDatetime | None,
    ) -> None:
        await self._call(
            "account_set_password_v1", account_id, password_hash, expected, is_new, now
        )

    async def _call(self, function: str, *arguments: Any) -> sa.Row[Any] | None:
        named = {f"a{place}": argument for place, argument in enumerate(arguments)}
        places = ", ".join(f":{name}" for name in ("tenant", *named))
        statement = sa.text(f"SELECT * FROM {function}({places})")  # noqa: S608 - our own names
        return await self._unit.one_or_none(statement, {"tenant": self._unit.tenant_id, **named})


class PostgresSignInLookup:
    """Implements `core.identity.ports.SignInLookup`, outside any transaction."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def active_member(self, email: str) -> SignInCandidate | None:
        """Return the active member with this address."""
        rows = await self._reader.call("account_for_sign_in_v1", email)
        if not rows:
            return None
        row = rows[0]
        return SignInCandidate(row["account_id"], row["member_id"], row["password_hash"])
