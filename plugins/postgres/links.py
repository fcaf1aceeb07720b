"""Single-use links, stored by the hash of their token: invitations and password resets."""

import sqlalchemy as sa

from plugins.postgres.members import ROLE_CHECK
from plugins.postgres.schema import Ref, tenant_table, text_column, time_column, uuid_column

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
