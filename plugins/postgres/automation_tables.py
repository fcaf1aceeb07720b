"""Tables of automations: what tenants changed of the rules, those of their own, and what rules do
for applications.
"""

import sqlalchemy as sa

from plugins.postgres.schema import (
    Ref,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

automation_rules = tenant_table(
    "automation_rules",
    uuid_column("id"),
    text_column("key"),
    uuid_column("job_id", nullable=True),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("delay_minutes", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    time_column("changed_at"),
    uuid_column("changed_by", nullable=True),
    sa.CheckConstraint("delay_minutes >= 0", name="delay_minutes"),
    unique=[("key", "job_id")],
    refs=[Ref("job_id", "jobs", "CASCADE"), Ref("changed_by", "members")],
    indexes=[("job_id",), ("changed_by",)],
)
"""Only what differs from the rules that everybody starts with; without a job, for every job."""

# Nulls count as different in the constraint above: this one is for what holds for every job.
sa.Index(
    "uq_automation_rules_of_all",
    automation_rules.c.tenant_id,
    automation_rules.c.key,
    unique=True,
    postgresql_where=automation_rules.c.job_id.is_(None),
)

own_automations = tenant_table(
    "own_automations",
    uuid_column("id"),
    uuid_column("job_id", nullable=True),
    text_column("name"),
    text_column("trigger"),
    sa.Column("enabled", sa.Boolean, nullable=False),
    json_column("definition"),
    time_column("active_since"),
    sa.Column("version", sa.Integer, nullable=False),
    time_column("created_at"),
    time_column("changed_at"),
    uuid_column("changed_by", nullable=True),
    refs=[Ref("job_id", "jobs", "CASCADE"), Ref("changed_by", "members")],
    indexes=[("trigger", "created_at", "id"), ("job_id",), ("changed_by",)],
)
"""Rules of a workspace's own. What a definition names may be gone: it refers to nothing by key."""

automation_settings = tenant_table(
    "automation_settings",
    text_column("quiet_starts", nullable=True),
    text_column("quiet_ends", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    time_column("changed_at"),
    uuid_column("changed_by", nullable=True),
    sa.CheckConstraint("(quiet_starts IS NULL) = (quiet_ends IS NULL)", name="quiet_hours"),
    key=(),
    refs=[Ref("changed_by", "members")],
    indexes=[("changed_by",)],
)
"""At most one row a tenant, once an admin decided something."""

automation_steps = tenant_table(
    "automation_steps",
    uuid_column("id"),
    text_column("rule_key"),
    text_column("trigger"),
    text_column("template", nullable=True),
    uuid_column("application_id"),
    uuid_column("event_id"),
    # Kept as it was, so that it can be told even when the stage is gone.
    uuid_column("stage_id", nullable=True),
    text_column("stage_name", nullable=True),
    time_column("happened_at"),
    time_column("due_at"),
    text_column("state"),
    text_column("reason", nullable=True),
    time_column("ended_at", nullable=True),
    uuid_column("taken_back_by", nullable=True),
    uuid_column("message_id", nullable=True),
    uuid_column("interview_id", nullable=True),
    time_column("interview_at", nullable=True),
    # Of rules of one's own, which may be gone when somebody looks.
    text_column("rule_name", nullable=True),
    json_column("action", nullable=True),
    sa.Column("depth", sa.SmallInteger, nullable=False, server_default="1"),
    time_column("wanted_at", nullable=True),
    sa.Column("runs", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("after_silence", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.CheckConstraint("state IN ('planned', 'done', 'skipped', 'taken_back')", name="state"),
    unique=[("event_id", "rule_key")],
    refs=[
        Ref("application_id", "applications", "CASCADE"),
        Ref("taken_back_by", "members"),
        Ref("message_id", "messages", "SET NULL"),
        Ref("interview_id", "interviews", "CASCADE"),
    ],
    indexes=[
        ("application_id", "happened_at", "id"),
        ("taken_back_by",),
        ("message_id",),
        ("interview_id",),
        ("state", "due_at", "id"),
    ],
)
"""What rules plan and did. An event is reacted to once by each rule."""

# What `last_words_v1` leaves out: few among many, and looked for by message.
sa.Index(
    "ix_automation_steps_after_silence",
    automation_steps.c.tenant_id,
    automation_steps.c.message_id,
    postgresql_where=automation_steps.c.after_silence,
)
