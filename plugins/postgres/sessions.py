"""Sessions, stored by the hash of their token. A session that ended is deleted."""

import sqlalchemy as sa

from plugins.postgres.schema import Ref, tenant_table, text_column, time_column, uuid_column

sessions = tenant_table(
    "sessions",
    uuid_column("id"),
    uuid_column("member_id"),
    uuid_column("account_id"),
    sa.Column("token_hash", sa.LargeBinary, nullable=False),
    text_column("user_agent"),
    time_column("created_at"),
    time_column("last_used_at"),
    time_column("idle_until"),
    time_column("expires_at"),
    unique=[("token_hash",)],
    refs=[Ref("member_id", "members", "CASCADE")],
    indexes=[("member_id",), ("account_id",), ("expires_at",)],
)
