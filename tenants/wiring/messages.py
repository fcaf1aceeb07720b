"""Which adapters stand behind the ports of messages."""

from core.messages import senders, sending, suppressing, tracking, usecases
from core.messages.ports import (
    MessageQueries,
    MessageRepository,
    Postman,
    SenderOrder,
    Suppressions,
)
from plugins.postgres.message_queries import PostgresMessageQueries
from plugins.postgres.messages import PostgresMessages
from plugins.postgres.suppressions import PostgresSenderOrder, PostgresSuppressions
from tenants.injection import Providers
from tenants.postman import postman_of

USE_CASES = (senders, sending, suppressing, tracking, usecases)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    MessageRepository: lambda session: PostgresMessages(session.writer),
    MessageQueries: lambda session: PostgresMessageQueries(session.reader),
    Suppressions: lambda session: PostgresSuppressions(session.writer),
    SenderOrder: lambda session: PostgresSenderOrder(session.writer),
    Postman: postman_of,
}
