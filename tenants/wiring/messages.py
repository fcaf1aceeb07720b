"""Which adapters stand behind the ports of messages."""

from core.candidates.contracts import AddFile
from core.messages import (
    by_plugins,
    failing,
    letters,
    replying,
    senders,
    sending,
    settling,
    stuck,
    suppressing,
    to_members,
    tracking,
    unmatched,
    usecases,
)
from core.messages.contracts import MailPossible, MemberMail, TrialBook
from core.messages.ports import (
    FinalWording,
    MessageQueries,
    MessageRepository,
    Postman,
    SenderOrder,
    Suppressions,
)
from core.messages.reply_ports import (
    CandidateFiles,
    Envelopes,
    Letters,
    Replies,
    ReplyQueries,
    ReplyTokens,
)
from core.messages.to_members import MemberMailer
from core.messages.trials import Trials
from core.shared.usecase import USE_CASES as REGISTERED
from plugins.postgres.message_queries import PostgresMessageQueries
from plugins.postgres.messages import PostgresMessages
from plugins.postgres.replies import PostgresLetters, PostgresReplies
from plugins.postgres.reply_queries import PostgresReplyQueries
from plugins.postgres.suppressions import PostgresSenderOrder, PostgresSuppressions
from plugins.postgres.tasks import PostgresTasks
from tenants.final_wording import TenantFinalWording
from tenants.injection import BUILT_IN, Provider, Providers, Session, bind, recorder_of
from tenants.postman import postman_of
from tenants.reply_addresses import TenantEnvelopes, TenantReplyTokens
from tenants.reply_files import UseCaseFiles
from tenants.wiring import candidates, tasks

USE_CASES = (
    by_plugins,
    failing,
    letters,
    replying,
    senders,
    sending,
    settling,
    stuck,
    suppressing,
    to_members,
    tracking,
    unmatched,
    usecases,
)
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


_THEIRS: dict[type, Provider] = {**BUILT_IN, **tasks.PROVIDERS, **candidates.PROVIDERS}
_ADD_FILE = bind(REGISTERED[AddFile], _THEIRS)


def _files(session: Session) -> CandidateFiles:
    return UseCaseFiles(session, _ADD_FILE)


PROVIDERS: Providers = {
    MessageRepository: lambda session: PostgresMessages(session.writer),
    MessageQueries: lambda session: PostgresMessageQueries(session.reader),
    Suppressions: lambda session: PostgresSuppressions(session.writer),
    SenderOrder: lambda session: PostgresSenderOrder(session.writer),
    FinalWording: TenantFinalWording,
    MailPossible: _Possible,
    MemberMail: member_mail_of,
    Postman: postman_of,
    TrialBook: lambda session: Trials(
        PostgresMessages(session.writer), session.clock, recorder_of(session)
    ),
    Replies: lambda session: PostgresReplies(session.writer),
    Letters: lambda session: PostgresLetters(session.writer),
    ReplyQueries: lambda session: PostgresReplyQueries(session.reader),
    ReplyTokens: lambda session: TenantReplyTokens(session.settings, session.tenant),
    CandidateFiles: _files,
    Envelopes: TenantEnvelopes,
}
