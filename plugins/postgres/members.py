"""Members: what an account is in one tenant."""

from typing import Any, Final

import sqlalchemy as sa

from core.identity.errors import AlreadyMember
from core.identity.model import Member
from core.shared.errors import NotFound, PreconditionFailed
from core.shared.ids import AccountId, MemberId
from plugins.postgres.schema import tenant_table, text_column, time_column, uuid_column
from plugins.postgres.unit import Unit

ROLE_CHECK = "role IN ('admin', 'recruiter', 'interviewer', 'viewer')"

# No foreign key to accounts: its check would tell a tenant which accounts exist elsewhere.
members = tenant_table(
    "members",
    uuid_column("id"),
    uuid_column("account_id"),
    text_column("email"),
    text_column("name"),
    text_column("role"),
    text_column("status", default="active"),
    time_column("joined_at"),
    time_column("deactivated_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.CheckConstraint(ROLE_CHECK, name="role"),
    sa.CheckConstraint("status IN ('active', 'deactivated')", name="status"),
    unique=[("account_id",), ("email",)],
    indexes=[("role", "status")],
)

_FIELDS: Final = (
    "id", "account_id", "email", "name", "role", "status", "joined_at", "deactivated_at", "version",
)  # fmt: skip


class PostgresMembers:
    """Implements `core.identity.ports.MemberRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def get(self, member_id: MemberId) -> Member:
        """Return a member, locked. Raises NotFound."""
        member = await self._one(members.c.id == member_id)
        if member is None:
            raise NotFound("There is no such member.")
        return member

    async def by_account(self, account_id: AccountId) -> Member | None:
        """Return the member that an account is, locked."""
        return await self._one(members.c.account_id == account_id)

    async def by_email(self, email: str) -> Member | None:
        """Return the member with this address, locked."""
        return await self._one(members.c.email == email)

    async def active_admins(self) -> list[Member]:
        """Return every active admin, all locked in the order of their ids."""
        rows = await self._unit.all(
            sa.select(members)
            .where(members.c.role == "admin", members.c.status == "active")
            .order_by(members.c.id)
            .with_for_update()
        )
        return [_member(row) for row in rows]

    async def add(self, member: Member) -> None:
        """Insert a member. Raises AlreadyMember."""
        try:
            async with self._unit.savepoint():
                await self._unit.execute(
                    sa.insert(members).values(tenant_id=self._unit.tenant_id, **_values(member))
                )
        except sa.exc.IntegrityError as error:
            if "uq_members" in str(error.orig):
                raise AlreadyMember("This person is a member already.") from error
            raise

    async def save(self, member: Member) -> None:
        """Update a member and raise the version."""
        expected, member.version = member.version, member.version + 1
        result = await self._unit.execute(
            sa.update(members)
            .where(members.c.id == member.id, members.c.version == expected)
            .values(**_values(member))
        )
        if result.rowcount != 1:
            raise PreconditionFailed("This member was changed since you read it. Read it again.")

    async def _one(self, condition: sa.ColumnElement[bool]) -> Member | None:
        row = await self._unit.one_or_none(sa.select(members).where(condition).with_for_update())
        return None if row is None else _member(row)


def _member(row: Any) -> Member:
    return Member(**{field: getattr(row, field) for field in _FIELDS})


def _values(member: Member) -> dict[str, Any]:
    return {field: getattr(member, field) for field in _FIELDS}
