"""The tables of what candidates answer, of letters of the team, and of what was dismissed."""

import sqlalchemy as sa

from plugins.postgres.schema import Ref, tenant_table, text_column, time_column, uuid_column

replies = tenant_table(
    "replies",
    uuid_column("id"),
    text_column("plugin"),
    text_column("known_as"),
    text_column("header_id"),
    sa.Column("references", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    uuid_column("application_id", nullable=True),
    uuid_column("message_id", nullable=True),
    text_column("matched_by", nullable=True),
    text_column("from_address"),
    text_column("from_name"),
    sa.Column("is_stranger", sa.Boolean, nullable=False),
    sa.Column("is_automatic", sa.Boolean, nullable=False),
    text_column("subject"),
    text_column("text"),
    text_column("html", nullable=True),
    sa.Column("left_out", sa.Integer, nullable=False, server_default="0"),
    time_column("sent_at", nullable=True),
    time_column("received_at"),
    sa.CheckConstraint("matched_by IN ('address', 'reference', 'person')", name="matched_by"),
    sa.CheckConstraint("(application_id IS NULL) = (matched_by IS NULL)", name="matched"),
    unique=[("plugin", "known_as")],
    refs=[
        Ref("application_id", "applications", "CASCADE"),
        Ref("message_id", "messages", "SET NULL"),
    ],
    indexes=[("application_id", "received_at", "id"), ("message_id",)],
)
"""E-mail that came in. Without an application nobody knows yet what it answers."""

sa.Index(
    "ix_replies_unmatched",
    replies.c.tenant_id,
    replies.c.received_at,
    replies.c.id,
    postgresql_where=replies.c.application_id.is_(None),
)

reply_files = tenant_table(
    "reply_files",
    uuid_column("reply_id"),
    sa.Column("place", sa.SmallInteger, nullable=False),
    text_column("name"),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    uuid_column("file_id", nullable=True),
    text_column("problem", nullable=True),
    sa.Column("content", sa.LargeBinary, nullable=True),
    key=("reply_id", "place"),
    refs=[
        Ref("reply_id", "replies", "CASCADE"),
        Ref("file_id", "candidate_files", "SET NULL"),
    ],
    indexes=[("file_id",)],
)
"""What came with it. `content` is there only as long as nobody knows whose file it is."""

message_letters = tenant_table(
    "message_letters",
    uuid_column("message_id"),
    uuid_column("author_id", nullable=True),
    text_column("author_name"),
    uuid_column("answers_id", nullable=True),
    text_column("in_reply_to"),
    sa.Column("references", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    key=("message_id",),
    refs=[
        Ref("message_id", "messages", "CASCADE"),
        Ref("author_id", "members"),
        Ref("answers_id", "replies", "SET NULL"),
    ],
    indexes=[("author_id",), ("answers_id",)],
)
"""What makes a message a letter of somebody's."""

message_dismissals = tenant_table(
    "message_dismissals",
    uuid_column("message_id"),
    uuid_column("dismissed_by", nullable=True),
    time_column("dismissed_at"),
    key=("message_id",),
    refs=[
        Ref("message_id", "messages", "CASCADE"),
        Ref("dismissed_by", "members"),
    ],
    indexes=[("dismissed_by",)],
)
"""Messages that didn't arrive and about which nothing is to be done."""
