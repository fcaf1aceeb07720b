"""Which adapters stand behind the ports of messages."""

from core.messages import sending, usecases
from core.messages.ports import MessageQueries, MessageRepository, Postman
from plugins.postgres.messages import PostgresMessageQueries, PostgresMessages
from tenants.injection import Providers
from tenants.postman import postman_of

USE_CASES = (sending, usecases)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    MessageRepository: lambda session: PostgresMessages(session.writer),
    MessageQueries: lambda session: PostgresMessageQueries(session.reader),
    Postman: postman_of,
}
