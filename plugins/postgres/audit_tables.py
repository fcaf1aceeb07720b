"""Tables that make a change of the audit trail show; the trail itself is in `outbox.py`."""

import sqlalchemy as sa

from plugins.postgres.schema import APPEND_ONLY, tenant_table, time_column, uuid_column

audit_queue = tenant_table(
    "audit_queue",
    uuid_column("entry_id"),
    time_column("queued_at"),
    key=("entry_id",),
    privileges=("SELECT", "INSERT", "DELETE"),
)
"""Entries that wait for their seal. A trigger on `audit_entries` fills it: ids come into being in
another order than they commit, so what has no seal yet can't be told by comparing ids."""

audit_seals = tenant_table(
    "audit_seals",
    sa.Column("position", sa.BigInteger, nullable=False),
    uuid_column("entry_id"),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("mark", sa.LargeBinary, nullable=False),
    time_column("sealed_at"),
    sa.CheckConstraint("position > 0", name="position"),
    key=("position",),
    unique=[("entry_id",)],
    privileges=APPEND_ONLY,
)

audit_heads = tenant_table(
    "audit_heads",
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    time_column("signed_at"),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    key=("position",),
    privileges=APPEND_ONLY,
)
