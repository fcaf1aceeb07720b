"""Seals of the audit trail, and keys of the people in it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0012"
down_revision = "0011"

OWNERS = {
    "candidate_id": "candidates",
    "application_id": "applications",
    "interview_id": "interviews",
    "member_id": "members",
}


def upgrade() -> None:
    """Add what sealing needs, and put what was written before in line for its seal."""
    limit_lock_waits()
    _make_queue()
    op.create_table(
        "audit_seals",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.UUID(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_audit_seals_position")),
        _tenant("audit_seals"),
        sa.PrimaryKeyConstraint("tenant_id", "position", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint(
            "tenant_id", "entry_id", name=op.f("uq_audit_seals_tenant_id_entry_id")
        ),
    )
    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        _tenant("audit_heads"),
        sa.PrimaryKeyConstraint("tenant_id", "position", name=op.f("pk_audit_heads")),
    )
    _make_subject_keys()
    op.create_index(
        op.f("ix_audit_entries_tenant_id_at_id"), "audit_entries", ["tenant_id", "at", "id"]
    )
    isolate_table("audit_seals", privileges=("SELECT", "INSERT"))
    isolate_table("audit_heads", privileges=("SELECT", "INSERT"))
    isolate_table("subject_keys")


def _make_queue() -> None:
    op.create_table(
        "audit_queue",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("entry_id", sa.UUID(), nullable=False),
        sa.Column("queued_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        _tenant("audit_queue"),
        sa.PrimaryKeyConstraint("tenant_id", "entry_id", name=op.f("pk_audit_queue")),
    )
    # The trigger first, which locks writers out until the commit: no entry slips in between.
    op.execute(
        "CREATE FUNCTION queue_audit_entries_v1() RETURNS trigger LANGUAGE plpgsql VOLATILE "
        "SECURITY INVOKER SET search_path = pg_catalog, public AS $$ BEGIN "
        "INSERT INTO audit_queue (tenant_id, entry_id, queued_at) "
        "SELECT n.tenant_id, n.id, clock_timestamp() FROM new_entries n; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER queue_audit_entries AFTER INSERT ON audit_entries "
        "REFERENCING NEW TABLE AS new_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION queue_audit_entries_v1()"
    )
    # The owner sees no tenant's rows while row-level security is forced on it.
    op.execute("ALTER TABLE audit_entries NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "INSERT INTO audit_queue (tenant_id, entry_id, queued_at) "
        "SELECT tenant_id, id, now() FROM audit_entries"
    )
    op.execute("ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY")
    isolate_table("audit_queue", privileges=("SELECT", "INSERT", "DELETE"))


def _make_subject_keys() -> None:
    op.create_table(
        "subject_keys",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        *(sa.Column(column, sa.UUID(), nullable=True) for column in OWNERS),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("key_version", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(candidate_id, application_id, interview_id, member_id) = 1",
            name=op.f("ck_subject_keys_one_owner"),
        ),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{table}.tenant_id", f"{table}.id"],
                name=op.f(f"fk_subject_keys_tenant_id_{column}"),
                ondelete="CASCADE",
            )
            for column, table in OWNERS.items()
        ),
        _tenant("subject_keys"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_subject_keys")),
    )
    for column in OWNERS:
        op.create_index(
            f"ix_subject_keys_{column}",
            "subject_keys",
            ["tenant_id", column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def _tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
    )
