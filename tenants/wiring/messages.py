"""Which adapters stand behind the ports of messages."""

from core.messages import senders, sending, suppressing, to_members, tracking, usecases
from core.messages.contracts import MailPossible, MemberMail
from core.messages.ports import (
    FinalWording,
    MessageQueries,
    MessageRepository,
    Postman,
    SenderOrder,
    Suppressions,
)
from core.messages.to_members import MemberMailer
from plugins.postgres.message_queries import PostgresMessageQueries
from plugins.postgres.messages import PostgresMessages
from plugins.postgres.suppressions import PostgresSenderOrder, PostgresSuppressions
from plugins.postgres.tasks import PostgresTasks
from tenants.final_wording import TenantFinalWording
from tenants.injection import Providers, Session, recorder_of
from tenants.postman import postman_of

USE_CASES = (senders, sending, suppressing, to_members, tracking, usecases)
"""Importing them registers what they handle."""


class _Possible:
    """Implements `core.messages.contracts.MailPossible`."""

    def __init__(self, session: Session) -> None:
        self._postman = postman_of(session)

    async def is_possible(self) -> bool:
        """Whether a plugin that sends is enabled."""
        return bool(await self._postman.senders())


def member_mail_of(session: Session) -> MemberMail:
    """Return what sends mails to members."""
    return MemberMailer(
        PostgresMessages(session.writer),
        postman_of(session),
        session.tenant_keys.secrets(session.tenant.id, session.unit),
        PostgresTasks(session.writer, session.ids, session.request_id),
        session.clock,
        session.ids,
        recorder_of(session),
    )


PROVIDERS: Providers = {
    MessageRepository: lambda session: PostgresMessages(session.writer),
    MessageQueries: lambda session: PostgresMessageQueries(session.reader),
    Suppressions: lambda session: PostgresSuppressions(session.writer),
    SenderOrder: lambda session: PostgresSenderOrder(session.writer),
    FinalWording: TenantFinalWording,
    MailPossible: _Possible,
    MemberMail: member_mail_of,
    Postman: postman_of,
}
