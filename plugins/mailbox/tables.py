"""The table of the plugin `mailbox`."""

from typing import Final

from plugins.sdk import Column, CreateTable, Migration, Table

MESSAGES: Final = "messages"

MIGRATIONS: Final = (
    Migration(
        1,
        (
            CreateTable(
                Table(
                    name=MESSAGES,
                    columns=(
                        Column("id", "uuid"),
                        Column("message_id", "text"),
                        Column("sender", "text"),
                        Column("sender_name", "text"),
                        Column("receiver", "text"),
                        Column("receiver_name", "text"),
                        Column("reply_to", "text", required=False),
                        Column("subject", "text"),
                        Column("text", "text"),
                        Column("html", "text", required=False),
                        Column("headers", "json"),
                        Column("sent_at", "instant"),
                    ),
                    indexes=(("sent_at",), ("receiver", "sent_at")),
                )
            ),
        ),
    ),
)
