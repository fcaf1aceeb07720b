"""The tables of messages and what happened to them. Whose a message to a candidate is, its
application says; one without is to a member, or to an address that is invited to become one.
"""

import sqlalchemy as sa

from plugins.postgres.schema import (
    APPEND_ONLY,
    Ref,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

messages = tenant_table(
    "messages",
    uuid_column("id"),
    text_column("purpose"),
    uuid_column("application_id", nullable=True),
    uuid_column("member_id", nullable=True),
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
    sa.Column("away", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    text_column("delivery", nullable=True),
    time_column("opened_at", nullable=True),
    time_column("clicked_at", nullable=True),
    text_column("language", nullable=True),
    text_column("sealed", nullable=True),
    time_column("use_by", nullable=True),
    sa.CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed', 'unknown')", name="state"),
    sa.CheckConstraint(
        "delivery IN ('deferred', 'delivered', 'dropped', 'bounced', 'complained')",
        name="delivery",
    ),
    sa.CheckConstraint("application_id IS NULL OR member_id IS NULL", name="receiver"),
    refs=[
        Ref("application_id", "applications", "CASCADE"),
        Ref("member_id", "members", "CASCADE"),
    ],
    indexes=[("created_at", "id"), ("application_id", "created_at", "id")],
)

sa.Index(
    "ix_messages_to_members",
    messages.c.tenant_id,
    messages.c.member_id,
    messages.c.created_at,
    messages.c.id,
    postgresql_where=messages.c.application_id.is_(None),
)

sa.Index(
    "ix_messages_state",
    messages.c.tenant_id,
    messages.c.state,
    messages.c.created_at,
    messages.c.id,
    postgresql_where=messages.c.state != "sent",
)

sa.Index(
    "ix_messages_reference",
    messages.c.tenant_id,
    messages.c.plugin,
    messages.c.reference,
    postgresql_where=messages.c.reference.is_not(None),
)

message_events = tenant_table(
    "message_events",
    uuid_column("message_id"),
    text_column("event_id"),
    text_column("kind"),
    time_column("at"),
    time_column("recorded_at"),
    text_column("plugin", nullable=True),
    text_column("reference", nullable=True),
    text_column("detail", nullable=True),
    sa.Column("machine", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("told", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.CheckConstraint(
        "kind IN ('queued', 'postponed', 'sent', 'failed', 'unknown', 'suppressed', 'accepted', "
        "'deferred', 'delivered', 'bounced', 'dropped', 'opened', 'clicked', 'complained', "
        "'unsubscribed')",
        name="kind",
    ),
    key=("message_id", "event_id"),
    refs=[Ref("message_id", "messages", "CASCADE")],
    privileges=APPEND_ONLY,
)
"""The timeline of each message. Nothing in it changes; it goes with the message."""

suppressed_addresses = tenant_table(
    "suppressed_addresses",
    uuid_column("id"),
    text_column("address"),
    text_column("reason"),
    text_column("detail"),
    text_column("plugin", nullable=True),
    uuid_column("message_id", nullable=True),
    time_column("created_at"),
    sa.CheckConstraint("reason IN ('unsubscribed', 'bounced', 'complained')", name="reason"),
    unique=[("address",)],
    refs=[Ref("message_id", "messages", "CASCADE")],
    indexes=[("created_at", "id"), ("message_id",)],
)
"""Addresses that aren't written to; one goes with the message that led to it."""

message_senders = tenant_table(
    "message_senders",
    text_column("plugin_id"),
    sa.Column("place", sa.Integer, nullable=False),
    key=("plugin_id",),
)
"""The order in which the tenant wants its plugins to be tried."""
