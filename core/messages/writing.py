"""Puts messages to candidates into words and promises them. Automations come here through a port
of theirs.
"""

from core.applications.contracts import ApplicationId
from core.interviews.contracts import InterviewId
from core.messages.contracts import SEND_MESSAGE, MessageId
from core.messages.model import Content, Message
from core.messages.news import queued
from core.messages.ports import MessageRepository, Postman
from core.ports.mail_wishes import MailWishes
from core.ports.tasks import Tasks
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.templates.contracts import UNSUBSCRIBABLE, ApplicationMail, TemplateKind
from core.unsubscribing.contracts import StoppedMails


class MessageWriter:
    """Writes messages within the open transaction."""

    def __init__(
        self,
        mail: ApplicationMail,
        messages: MessageRepository,
        postman: Postman,
        tasks: Tasks,
        clock: Clock,
        ids: Ids,
        recorder: Recorder,
        stopped: StoppedMails,
        wishes: MailWishes,
    ) -> None:
        self._mail = mail
        self._messages = messages
        self._postman = postman
        self._tasks = tasks
        self._clock = clock
        self._ids = ids
        self._recorder = recorder
        self._stopped = stopped
        self._wishes = wishes

    async def is_possible(self) -> bool:
        """Whether a plugin that sends is enabled."""
        return bool(await self._postman.senders())

    async def is_stopped(self, template: TemplateKind, application_id: ApplicationId) -> bool:
        """Whether the candidate wants no such mails any more, or none about this application."""
        if not await self._wishes.wants(application_id, template):
            return True
        if template not in UNSUBSCRIBABLE:
            return False
        address = await self._mail.address(application_id)
        return address is not None and await self._stopped.since(address, template) is not None

    async def write(
        self,
        template: TemplateKind,
        application_id: ApplicationId,
        interview_id: InterviewId | None = None,
    ) -> MessageId | None:
        """Queue a message to the candidate; None when no address is known, or nothing to say."""
        written = await self._mail.write(template, application_id, interview_id)
        if written is None or written.to_address is None:
            return None
        message = Message(
            id=MessageId(self._ids.new()),
            purpose=template,
            candidate_id=written.candidate_id,
            application_id=application_id,
            to_address=written.to_address,
            to_name=written.to_name,
            content=Content(written.mail.subject, written.mail.text, written.mail.html),
            created_at=self._clock.now(),
        )
        await self._messages.add(message)
        await self._tasks.schedule(SEND_MESSAGE, {"message_id": str(message.id)})
        self._recorder.record(queued(message))
        return message.id
