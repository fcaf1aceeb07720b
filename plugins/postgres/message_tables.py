"""The table of messages to candidates; whose a message is, its application says."""

import sqlalchemy as sa

from plugins.postgres.schema import Ref, tenant_table, text_column, time_column, uuid_column

messages = tenant_table(
    "messages",
    uuid_column("id"),
    text_column("purpose"),
    uuid_column("application_id"),
    text_column("to_address"),
    text_column("to_name"),
    text_column("subject"),
    text_column("text"),
    text_column("html", nullable=True),
    text_column("state"),
    text_column("plugin", nullable=True),
    text_column("reference", nullable=True),
    text_column("detail", nullable=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    time_column("created_at"),
    time_column("queued_at", nullable=True),
    time_column("sent_at", nullable=True),
    sa.CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed', 'unknown')", name="state"),
    refs=[Ref("application_id", "applications", "CASCADE")],
    indexes=[("created_at", "id"), ("application_id", "created_at", "id")],
)

sa.Index(
    "ix_messages_state",
    messages.c.tenant_id,
    messages.c.state,
    messages.c.created_at,
    messages.c.id,
    postgresql_where=messages.c.state != "sent",
)
