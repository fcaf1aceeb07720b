"""Tables of interviews, who holds them, and the feedback on applications."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint

from plugins.postgres.schema import (
    APPEND_ONLY,
    Ref,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

interviews = tenant_table(
    "interviews",
    uuid_column("id"),
    uuid_column("application_id"),
    text_column("kind"),
    text_column("status"),
    time_column("starts_at"),
    time_column("ends_at"),
    text_column("time_zone"),
    text_column("location", nullable=True),
    text_column("link", nullable=True),
    text_column("cancel_reason", nullable=True),
    uuid_column("created_by", nullable=True),
    time_column("created_at"),
    time_column("updated_at"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint("status IN ('scheduled', 'cancelled')", name="status"),
    sa.CheckConstraint("starts_at < ends_at", name="order"),
    refs=[Ref("application_id", "applications", "CASCADE"), Ref("created_by", "members")],
    indexes=[("application_id", "starts_at", "id"), ("starts_at", "id"), ("created_by",)],
)

interviewers = tenant_table(
    "interviewers",
    uuid_column("interview_id"),
    uuid_column("member_id"),
    uuid_column("application_id"),
    sa.Column("during", TSTZRANGE, nullable=False),
    sa.Column("busy", sa.Boolean, nullable=False),
    key=("interview_id", "member_id"),
    refs=[
        Ref("interview_id", "interviews", "CASCADE"),
        Ref("member_id", "members"),
        Ref("application_id", "applications", "CASCADE"),
    ],
    indexes=[("member_id", "application_id"), ("application_id",)],
)
# Two people scheduling at once can't give one interviewer two interviews at a time (btree_gist).
interviewers.append_constraint(
    ExcludeConstraint(
        (interviewers.c.tenant_id, "="),
        (interviewers.c.member_id, "="),
        (interviewers.c.during, "&&"),
        where=sa.text("busy"),
        using="gist",
        name="ex_interviewers_double_booking",
    )
)

feedback = tenant_table(
    "feedback",
    uuid_column("id"),
    uuid_column("application_id"),
    uuid_column("author_id"),
    text_column("recommendation"),
    json_column("ratings"),
    text_column("comment"),
    time_column("submitted_at"),
    time_column("updated_at"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint(
        "recommendation IN ('strong_no', 'no', 'mixed', 'yes', 'strong_yes')",
        name="recommendation",
    ),
    unique=[("application_id", "author_id")],
    refs=[Ref("application_id", "applications", "CASCADE"), Ref("author_id", "members")],
    indexes=[("author_id",)],
)

feedback_versions = tenant_table(
    "feedback_versions",
    uuid_column("feedback_id"),
    sa.Column("version", sa.Integer, nullable=False),
    time_column("at"),
    text_column("recommendation"),
    json_column("ratings"),
    text_column("comment"),
    key=("feedback_id", "version"),
    refs=[Ref("feedback_id", "feedback", "CASCADE")],
    privileges=APPEND_ONLY,
)
