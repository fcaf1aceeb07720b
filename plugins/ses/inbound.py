"""Mail that SES received and published whole to the topic.

Source: AWS, "Contents of notifications for Amazon SES email receiving" (SES Developer Guide). A
notification holds at most 150 kB of mail; SES itself sends larger ones back to who wrote them.
"""

import base64
import binascii

import msgspec

from plugins.sdk.commands import ReportReply
from plugins.sdk.incoming_mail import read_mail

RECEIVED = "Received"


class Action(msgspec.Struct):
    """What the receipt rule did."""

    encoding: str = "UTF-8"


class Receipt(msgspec.Struct):
    """How it was received."""

    recipients: list[str] = []
    action: Action = msgspec.field(default_factory=Action)


class ReceivedMail(msgspec.Struct, rename="camel"):
    """The message's envelope."""

    message_id: str
    source: str | None = None


class Notification(msgspec.Struct, rename="camel"):
    """The whole of it."""

    mail: ReceivedMail
    receipt: Receipt
    content: str


def reply_of(message: str) -> ReportReply:
    """Return what came in. Raises ValueError when the mail itself isn't there or can't be read."""
    told = msgspec.json.decode(message, type=Notification)
    try:
        raw = (
            base64.b64decode(told.content, validate=True)
            if told.receipt.action.encoding.upper() == "BASE64"
            else told.content.encode("utf-8", "replace")
        )
    except binascii.Error as error:
        raise ValueError("the mail isn't in base64") from error
    return read_mail(
        raw,
        delivery_id=told.mail.message_id,
        receivers=told.receipt.recipients,
        return_path="" if told.mail.source in ("", "<>") else told.mail.source,
    )
