"""Tables of jobs, their hiring teams and their stages."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from plugins.postgres.schema import (
    Ref,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

jobs = tenant_table(
    "jobs",
    uuid_column("id"),
    text_column("title"),
    text_column("department"),
    text_column("location"),
    text_column("remote"),
    text_column("employment_type"),
    text_column("seniority", nullable=True),
    sa.Column("pay_minimum_cents", sa.BigInteger, nullable=True),
    sa.Column("pay_maximum_cents", sa.BigInteger, nullable=True),
    text_column("pay_currency", nullable=True),
    text_column("pay_period", nullable=True),
    text_column("description"),
    sa.Column("skills", ARRAY(sa.Text), nullable=False),
    sa.Column("openings", sa.Integer, nullable=False),
    json_column("questions"),
    # The public names of stages that are gone, by their ids: histories never name them otherwise.
    json_column("former_public_names", nullable=True),
    text_column("status"),
    text_column("status_reason", nullable=True),
    time_column("status_changed_at"),
    time_column("opened_at", nullable=True),
    time_column("closed_at", nullable=True),
    uuid_column("created_by", nullable=True),
    time_column("created_at"),
    time_column("updated_at"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint("status IN ('draft', 'open', 'on_hold', 'closed')", name="status"),
    sa.CheckConstraint("openings >= 1", name="openings"),
    sa.CheckConstraint(
        "pay_minimum_cents >= 0 AND pay_minimum_cents <= pay_maximum_cents", name="pay_range"
    ),
    refs=[Ref("created_by", "members")],
    indexes=[
        ("created_at", "id"),
        ("status", "created_at", "id"),
        ("department", "created_at", "id"),
        ("created_by",),
    ],
)

job_team = tenant_table(
    "job_team",
    uuid_column("job_id"),
    uuid_column("member_id"),
    text_column("part"),
    sa.CheckConstraint(
        "part IN ('recruiter', 'hiring_manager', 'interviewer', 'coordinator')", name="part"
    ),
    key=("job_id", "member_id", "part"),
    refs=[Ref("job_id", "jobs", "CASCADE"), Ref("member_id", "members")],
    indexes=[("member_id", "job_id")],
)

stages = tenant_table(
    "stages",
    uuid_column("id"),
    uuid_column("job_id"),
    sa.Column("position", sa.SmallInteger, nullable=False),
    text_column("name"),
    text_column("kind"),
    sa.Column("target_days", sa.SmallInteger, nullable=True),
    text_column("public_name", nullable=True),
    sa.CheckConstraint("kind IN ('applied', 'in_progress', 'offer', 'hired')", name="kind"),
    refs=[Ref("job_id", "jobs", "CASCADE")],
    indexes=[("job_id", "position")],
)

default_pipelines = tenant_table(
    "default_pipelines",
    json_column("stages"),
    time_column("updated_at"),
    sa.Column("version", sa.Integer, nullable=False),
    key=(),
)
"""At most one row a tenant: the stages that a new job starts with, once the tenant changed them."""
