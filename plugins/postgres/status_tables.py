"""Tables of who reports statuses, what they reported, who looked at whom, and what is shown."""

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

status_sources = tenant_table(
    "status_sources",
    uuid_column("id"),
    text_column("name"),
    json_column("mapping"),
    text_column("secret"),
    text_column("previous_secret", nullable=True),
    time_column("previous_until", nullable=True),
    time_column("created_at"),
    uuid_column("created_by", nullable=True),
    time_column("rotated_at", nullable=True),
    time_column("revoked_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    refs=[Ref("created_by", "members")],
    indexes=[("created_at", "id"), ("created_by",)],
    privileges=("SELECT", "INSERT", "UPDATE"),
)
"""Secrets are sealed; a revoked source stays, since histories name it."""

status_reports = tenant_table(
    "status_reports",
    uuid_column("id"),
    uuid_column("source_id"),
    text_column("webhook_id"),
    sa.Column("body_hash", sa.LargeBinary, nullable=False),
    uuid_column("application_id"),
    text_column("status"),
    text_column("note", nullable=True),
    time_column("occurred_at", nullable=True),
    time_column("received_at"),
    text_column("outcome"),
    uuid_column("change_id", nullable=True),
    json_column("answer"),
    sa.CheckConstraint(
        "outcome IN ('moved', 'rejected', 'withdrawn', 'noted', 'unmapped', 'unchanged', "
        "'conflict', 'ended', 'no_such_stage')",
        name="outcome",
    ),
    unique=[("source_id", "webhook_id")],
    refs=[
        Ref("source_id", "status_sources"),
        Ref("application_id", "applications", "CASCADE"),
        Ref("change_id", "stage_changes", "CASCADE"),
    ],
    indexes=[
        ("application_id", "received_at", "id"),
        ("change_id",),
        ("source_id", "received_at"),
    ],
    privileges=APPEND_ONLY,
)
"""Every report that was taken, with the answer that a replay gets, as long as its application."""

glances = tenant_table(
    "glances",
    uuid_column("id"),
    uuid_column("candidate_id"),
    uuid_column("member_id"),
    text_column("kind"),
    time_column("hour"),
    time_column("at"),
    sa.CheckConstraint("kind IN ('viewed', 'resume_viewed', 'downloaded')", name="kind"),
    unique=[("candidate_id", "member_id", "kind", "hour")],
    refs=[Ref("candidate_id", "candidates", "CASCADE"), Ref("member_id", "members")],
    indexes=[("candidate_id", "at", "id"), ("member_id",)],
    privileges=("SELECT", "INSERT", "UPDATE"),
)
"""Who looked at whom, once for a member, candidate, kind and hour; a merge hands them over."""

status_preferences = tenant_table(
    "status_preferences",
    sa.Column("shown", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("names", sa.Boolean, nullable=False),
    time_column("changed_at"),
    uuid_column("changed_by", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    key=(),
    refs=[Ref("changed_by", "members")],
    indexes=[("changed_by",)],
    privileges=("SELECT", "INSERT", "UPDATE"),
)
"""What candidates see; no row is what everybody starts with."""

applicant_pages = tenant_table(
    "applicant_pages",
    uuid_column("submission_id"),
    time_column("read_until", nullable=True),
    sa.Column("unwanted", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    time_column("changed_at"),
    key=("submission_id",),
    refs=[Ref("submission_id", "submissions", "CASCADE")],
    privileges=("SELECT", "INSERT", "UPDATE"),
)
"""Of each secret link: up to when its owner has read, and which mails they don't want."""
