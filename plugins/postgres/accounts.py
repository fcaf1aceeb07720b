"""Accounts: a person across tenants. The application reaches them through narrow functions only.

It holds no privilege on either table (`sql/definer_accounts.sql` does), so that no query of one
tenant can ever list the people of another.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from plugins.postgres.schema import global_table, text_column, time_column, uuid_column

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
