"""Keeps messages in the plugin's table and reads them back."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from plugins.mailbox.tables import MESSAGES
from plugins.sdk import Delete, Insert, PluginContext, RecordConflict
from plugins.sdk.ports import OutgoingEmail, SentEmail

PAGE: Final = 50
_BATCH: Final = 500


class MailboxMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was sent."""

    id: UUID
    message_id: str
    sender: str
    sender_name: str
    receiver: str
    receiver_name: str
    reply_to: str | None
    subject: str
    text: str
    html: str | None
    headers: dict[str, str]
    sent_at: datetime


class MailboxMessaging:
    """Implements `Messaging`: a message is sent once it is in the table."""

    def __init__(self, context: PluginContext[Any]) -> None:
        self._context = context

    async def send(self, email: OutgoingEmail) -> SentEmail:
        """Keep the message; once for each id."""
        values = {
            "id": email.id,
            "message_id": email.message_id,
            "sender": email.sender.address,
            "sender_name": email.sender.name,
            "receiver": email.to.address.lower(),
            "receiver_name": email.to.name,
            "reply_to": None if email.reply_to is None else email.reply_to.address,
            "subject": email.subject,
            "text": email.text,
            "html": email.html,
            "headers": {name.lower(): value for name, value in email.headers},
            "sent_at": self._context.now(),
        }
        try:
            await self._context.records.apply(Insert(MESSAGES, values))
        except RecordConflict:
            return SentEmail(str(email.id))  # an earlier attempt put it there
        await self._context.meter("messages")
        return SentEmail(str(email.id))


async def newest(
    context: PluginContext[Any], *, receiver: str | None = None, limit: int = PAGE
) -> list[MailboxMessage]:
    """Return the newest messages, all or those to one address."""
    rows = await context.records.find(
        MESSAGES,
        where={} if receiver is None else {"receiver": receiver.strip().lower()},
        order_by=("-sent_at",),
        limit=limit,
    )
    return [msgspec.convert(row, MailboxMessage) for row in rows]


async def one(context: PluginContext[Any], message_id: UUID) -> MailboxMessage | None:
    """Return one message, or None."""
    row = await context.records.get(MESSAGES, {"id": message_id})
    return None if row is None else msgspec.convert(row, MailboxMessage)


async def remove_to(context: PluginContext[Any], receiver: str) -> int:
    """Remove everything that was sent to an address; return how many messages that were."""
    removed = 0
    while rows := await context.records.find(
        MESSAGES, where={"receiver": receiver.lower()}, limit=_BATCH
    ):
        await context.records.apply(*(Delete(MESSAGES, {"id": row["id"]}) for row in rows))
        removed += len(rows)
    return removed


async def remove_before(context: PluginContext[Any], moment: datetime) -> int:
    """Remove what was sent before `moment`; return how many messages that were."""
    removed = 0
    while True:
        rows = await context.records.find(MESSAGES, order_by=("sent_at",), limit=_BATCH)
        old = [row for row in rows if row["sent_at"] < moment]
        if not old:
            return removed
        await context.records.apply(*(Delete(MESSAGES, {"id": row["id"]}) for row in old))
        removed += len(old)
