"""Members: what an account is in one tenant."""

import sqlalchemy as sa

from plugins.postgres.schema import tenant_table, text_column, time_column, uuid_column

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
