"""API keys, and the hashes of their secrets: two for a while after a rotation."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from plugins.postgres.schema import Ref, tenant_table, text_column, time_column, uuid_column

api_keys = tenant_table(
    "api_keys",
    uuid_column("id"),
    uuid_column("member_id"),
    text_column("name"),
    text_column("hint"),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False),
    time_column("created_at"),
    time_column("rotated_at", nullable=True),
    time_column("expires_at", nullable=True),
    time_column("revoked_at", nullable=True),
    time_column("last_used_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    refs=[Ref("member_id", "members")],
    indexes=[("member_id", "id")],
)

api_key_secrets = tenant_table(
    "api_key_secrets",
    sa.Column("secret_hash", sa.LargeBinary, nullable=False),
    uuid_column("api_key_id"),
    time_column("valid_until", nullable=True),
    key=("secret_hash",),
    refs=[Ref("api_key_id", "api_keys", "CASCADE")],
    indexes=[("api_key_id",)],
)
