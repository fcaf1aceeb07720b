"""Tables of notifications and of what members want to hear of."""

import sqlalchemy as sa

from plugins.postgres.schema import (
    Ref,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

notifications = tenant_table(
    "notifications",
    uuid_column("id"),
    uuid_column("member_id"),
    text_column("type"),
    text_column("notice"),
    text_column("group_key"),
    sa.Column("times", sa.Integer, nullable=False),
    uuid_column("application_id", nullable=True),
    uuid_column("note_id", nullable=True),
    uuid_column("actor_id", nullable=True),
    json_column("details"),
    time_column("created_at"),
    time_column("updated_at"),
    time_column("seen_at", nullable=True),
    time_column("read_at", nullable=True),
    refs=[
        Ref("member_id", "members", "CASCADE"),
        Ref("application_id", "applications", "CASCADE"),
        Ref("note_id", "candidate_notes", "CASCADE"),
        Ref("actor_id", "members", "SET NULL"),
    ],
    indexes=[
        ("member_id", "updated_at", "id"),
        ("application_id",),
        ("note_id", "member_id"),
        ("actor_id",),
        ("updated_at",),
    ],
)
"""No name and no word of anybody: those are read where they belong when one is shown."""

sa.Index(
    "uq_notifications_unread",
    notifications.c.tenant_id,
    notifications.c.member_id,
    notifications.c.group_key,
    unique=True,
    postgresql_where=notifications.c.read_at.is_(None),
)

notification_deliveries = tenant_table(
    "notification_deliveries",
    uuid_column("notification_id"),
    text_column("channel"),
    uuid_column("member_id"),
    text_column("cadence"),
    time_column("due_at"),
    text_column("state"),
    sa.Column("round", sa.Integer, nullable=False),
    time_column("settled_at", nullable=True),
    sa.CheckConstraint("channel IN ('email')", name="channel"),
    sa.CheckConstraint("state IN ('waiting', 'sent', 'dropped')", name="state"),
    key=("notification_id", "channel"),
    refs=[
        Ref("notification_id", "notifications", "CASCADE"),
        Ref("member_id", "members", "CASCADE"),
    ],
    indexes=[("member_id", "state", "due_at")],
)
"""What is promised of a notification besides the bell: once by each channel."""

notification_preferences = tenant_table(
    "notification_preferences",
    uuid_column("member_id"),
    json_column("choices"),
    json_column("quiet_hours", nullable=True),
    sa.Column("pop_ups", sa.Boolean, nullable=False),
    json_column("digest", nullable=True),
    sa.Column("escalate_after_hours", sa.Integer, nullable=True),
    time_column("updated_at"),
    key=("member_id",),
    refs=[Ref("member_id", "members", "CASCADE")],
)

push_browsers = tenant_table(
    "push_browsers",
    uuid_column("id"),
    uuid_column("member_id"),
    sa.Column("endpoint", sa.LargeBinary, nullable=False),
    text_column("sealed"),
    text_column("label"),
    time_column("added_at"),
    unique=[("endpoint",)],
    refs=[Ref("member_id", "members", "CASCADE")],
    indexes=[("member_id", "added_at", "id")],
)
"""`endpoint` is the SHA-256 of where a browser takes messages; that and its keys are `sealed`."""

notification_defaults = tenant_table(
    "notification_defaults",
    json_column("choices"),
    json_column("locked"),
    sa.Column("escalate_after_hours", sa.Integer, nullable=False, server_default="0"),
    json_column("chat", nullable=True),
    time_column("updated_at"),
    key=(),
)
"""At most one row a tenant, once an admin decided something."""
