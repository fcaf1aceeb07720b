"""Tables of applications, their history, assignments and bulk rejections."""

import sqlalchemy as sa

from plugins.postgres.schema import (
    APPEND_ONLY,
    Ref,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

applications = tenant_table(
    "applications",
    uuid_column("id"),
    uuid_column("candidate_id"),
    uuid_column("job_id"),
    uuid_column("stage_id"),
    text_column("disposition"),
    text_column("disposition_reason", nullable=True),
    text_column("disposition_note", nullable=True),
    uuid_column("assignee_id", nullable=True),
    time_column("assigned_at", nullable=True),
    uuid_column("assigned_by", nullable=True),
    text_column("source"),
    json_column("answers"),
    time_column("applied_at"),
    time_column("stage_entered_at"),
    time_column("updated_at"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint(
        "disposition IN ('active', 'hired', 'rejected', 'withdrawn')", name="disposition"
    ),
    refs=[
        Ref("candidate_id", "candidates", "CASCADE"),
        Ref("job_id", "jobs"),
        Ref("stage_id", "stages"),
        Ref("assignee_id", "members"),
        Ref("assigned_by", "members"),
    ],
    indexes=[
        ("applied_at", "id"),
        ("job_id", "applied_at", "id"),
        ("stage_id", "stage_entered_at", "id"),
        ("assignee_id", "applied_at", "id"),
        ("candidate_id", "applied_at", "id"),
        ("disposition", "applied_at", "id"),
        ("source", "applied_at", "id"),
        ("assigned_by",),
    ],
)

sa.Index(
    "uq_applications_active",
    applications.c.tenant_id,
    applications.c.job_id,
    applications.c.candidate_id,
    unique=True,
    postgresql_where=applications.c.disposition == sa.literal_column("'active'"),
)

stage_changes = tenant_table(
    "stage_changes",
    uuid_column("id"),
    uuid_column("application_id"),
    uuid_column("job_id"),
    sa.Column("sequence", sa.Integer, nullable=False),
    time_column("at"),
    text_column("kind"),
    uuid_column("by_member_id", nullable=True),
    # Names, kinds and positions are kept as they were, so that history outlives a deleted stage.
    uuid_column("from_stage_id", nullable=True),
    text_column("from_stage_name", nullable=True),
    uuid_column("to_stage_id"),
    text_column("to_stage_name"),
    text_column("to_stage_kind"),
    sa.Column("to_stage_position", sa.SmallInteger, nullable=False),
    text_column("from_disposition", nullable=True),
    text_column("to_disposition"),
    text_column("reason_code", nullable=True),
    text_column("reason", nullable=True),
    sa.CheckConstraint(
        "kind IN ('applied', 'moved', 'hired', 'rejected', 'withdrawn', 'reopened')", name="kind"
    ),
    unique=[("application_id", "sequence")],
    refs=[
        Ref("application_id", "applications", "CASCADE"),
        Ref("job_id", "jobs"),
        Ref("by_member_id", "members"),
    ],
    indexes=[("job_id", "application_id", "sequence"), ("by_member_id",), ("at",)],
    privileges=APPEND_ONLY,
)

assignments = tenant_table(
    "assignments",
    uuid_column("id"),
    uuid_column("application_id"),
    time_column("at"),
    uuid_column("by_member_id", nullable=True),
    uuid_column("from_member_id", nullable=True),
    uuid_column("to_member_id", nullable=True),
    refs=[
        Ref("application_id", "applications", "CASCADE"),
        Ref("by_member_id", "members"),
        Ref("from_member_id", "members"),
        Ref("to_member_id", "members"),
    ],
    indexes=[
        ("application_id", "id"),
        ("by_member_id",),
        ("from_member_id",),
        ("to_member_id",),
    ],
    privileges=APPEND_ONLY,
)

bulk_rejections = tenant_table(
    "bulk_rejections",
    uuid_column("id"),
    text_column("status"),
    text_column("reason_code"),
    text_column("note", nullable=True),
    uuid_column("created_by", nullable=True),
    time_column("created_at"),
    time_column("effective_at"),
    time_column("finished_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint("status IN ('pending', 'recalled', 'done')", name="status"),
    refs=[Ref("created_by", "members")],
    indexes=[("created_at", "id"), ("created_by",)],
)

bulk_rejection_items = tenant_table(
    "bulk_rejection_items",
    uuid_column("bulk_rejection_id"),
    uuid_column("application_id"),
    uuid_column("stage_id"),
    text_column("status"),
    text_column("skipped_because", nullable=True),
    sa.CheckConstraint("status IN ('pending', 'recalled', 'rejected', 'skipped')", name="status"),
    key=("bulk_rejection_id", "application_id"),
    refs=[
        Ref("bulk_rejection_id", "bulk_rejections", "CASCADE"),
        Ref("application_id", "applications", "CASCADE"),
    ],
    indexes=[("application_id", "status")],
)
