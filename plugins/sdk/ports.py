"""The platform's ports that a plugin can implement, with what their methods take and raise."""

from core.ports.files import FileStore
from core.ports.messaging import (
    Mailbox,
    MessageRefused,
    Messaging,
    MessagingError,
    MessagingUnavailable,
    OutgoingEmail,
    SendOutcomeUnknown,
    SentEmail,
)
from core.ports.outbound import (
    AnswerTooLarge,
    OutboundAnswer,
    OutboundConnections,
    OutboundHttp,
    OutboundRefused,
    OutboundTimeout,
    OutboundUnavailable,
)

__all__ = [
    "AnswerTooLarge",
    "FileStore",
    "Mailbox",
    "MessageRefused",
    "Messaging",
    "MessagingError",
    "MessagingUnavailable",
    "OutboundAnswer",
    "OutboundConnections",
    "OutboundHttp",
    "OutboundRefused",
    "OutboundTimeout",
    "OutboundUnavailable",
    "OutgoingEmail",
    "SendOutcomeUnknown",
    "SentEmail",
]
