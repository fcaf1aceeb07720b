"""Tables of what is posted to a workspace's chat."""

import sqlalchemy as sa

from plugins.postgres.schema import (
    Ref,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

chat_posts = tenant_table(
    "chat_posts",
    uuid_column("id"),
    text_column("plugin_id"),
    text_column("notice"),
    text_column("group_key"),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("unseen_hours", sa.Integer, nullable=False),
    json_column("members"),
    uuid_column("application_id", nullable=True),
    uuid_column("note_id", nullable=True),
    uuid_column("actor_id", nullable=True),
    json_column("details"),
    text_column("state"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    text_column("said", nullable=True),
    time_column("created_at"),
    time_column("due_at"),
    time_column("settled_at", nullable=True),
    sa.CheckConstraint(
        "state IN ('waiting', 'sending', 'sent', 'failed', 'unknown')", name="state"
    ),
    refs=[
        Ref("application_id", "applications", "CASCADE"),
        Ref("note_id", "candidate_notes", "CASCADE"),
        Ref("actor_id", "members", "SET NULL"),
    ],
    indexes=[("application_id",), ("note_id",), ("actor_id",), ("created_at",)],
)
"""As with notifications, names are joined when a post is sent; `members` are ids of whom it is
for."""

sa.Index(
    "uq_chat_posts_waiting",
    chat_posts.c.tenant_id,
    chat_posts.c.plugin_id,
    chat_posts.c.group_key,
    unique=True,
    postgresql_where=chat_posts.c.state == "waiting",
)

chat_pauses = tenant_table(
    "chat_pauses",
    text_column("plugin_id"),
    text_column("said"),
    time_column("since"),
    key=("plugin_id",),
)
"""Plugins whose chat takes nothing any more, until somebody sets them up again."""
