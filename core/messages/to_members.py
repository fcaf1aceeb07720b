"""Mails to members and to those who are invited: promised here by other slices, listed for admins.

They share sending, timeline and suppression with messages to candidates. What they say isn't kept:
it is worded when it is handed over (`FinalWording`), from values that are sealed until then.
"""

from datetime import timedelta
from typing import Final

import msgspec

from core.messages.contracts import (
    SEND_MESSAGE,
    MailToMember,
    MessageId,
    Timeline,
)
from core.messages.member_views import ListMemberMessages, MemberMessageRow, ShowMemberTimeline
from core.messages.model import UNWRITTEN, Message
from core.messages.news import queued
from core.messages.ports import MessageQueries, MessageRepository, Postman
from core.ports.secrets import SecretPlace, Secrets
from core.ports.tasks import Tasks, task
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.schedules import schedule
from core.shared.secret import Secret
from core.shared.usecase import Command, handles

KEPT_FOR: Final = timedelta(days=90)
"""That a mail was sent to a member is of interest for a while."""

PRUNE_TASK: Final = "prune_member_messages"


def place_of(message_id: MessageId) -> SecretPlace:
    """Return where what a message says is sealed for."""
    return SecretPlace("messages", message_id, "sealed")


class MemberMailer:
    """Implements `core.messages.contracts.MemberMail` within the open transaction."""

    def __init__(
        self,
        messages: MessageRepository,
        postman: Postman,
        secrets: Secrets,
        tasks: Tasks,
        clock: Clock,
        ids: Ids,
        recorder: Recorder,
    ) -> None:
        self._messages = messages
        self._postman = postman
        self._secrets = secrets
        self._tasks = tasks
        self._clock = clock
        self._ids = ids
        self._recorder = recorder

    async def is_possible(self) -> bool:
        """Whether a plugin that sends is enabled."""
        return bool(await self._postman.senders())

    async def promise(self, mail: MailToMember) -> MessageId:
        """Queue it."""
        message_id = MessageId(self._ids.new())
        values = Secret(msgspec.json.encode(mail.values).decode())
        message = Message(
            id=message_id,
            purpose=mail.purpose,
            candidate_id=None,
            application_id=None,
            member_id=mail.member_id,
            to_address=mail.to_address,
            to_name=mail.to_name,
            content=UNWRITTEN,
            created_at=self._clock.now(),
            language=mail.language,
            sealed=await self._secrets.seal(place_of(message_id), values),
            use_by=mail.use_by,
        )
        await self._messages.add(message)
        await self._tasks.schedule(SEND_MESSAGE, {"message_id": str(message_id)})
        self._recorder.record(queued(message))
        return message_id


@handles(ListMemberMessages, action=Action.MANAGE_USERS)
async def list_member_messages(
    query: ListMemberMessages, *, messages: MessageQueries
) -> Page[MemberMessageRow]:
    """Return a page."""
    return await messages.to_members(query)


@handles(ShowMemberTimeline, action=Action.MANAGE_USERS)
async def show_member_timeline(query: ShowMemberTimeline, *, messages: MessageQueries) -> Timeline:
    """Return what happened to one mail."""
    return await messages.timeline(query.message_id, to_member=True)


@task(PRUNE_TASK)
class PruneMemberMessages(Command[None], frozen=True, kw_only=True):
    """Forget old mails to members."""


schedule(PRUNE_TASK, task=PRUNE_TASK, cron="43 3 * * *")


@handles(PruneMemberMessages, action=Action.MANAGE_MESSAGES)
async def prune_member_messages(
    command: PruneMemberMessages,  # noqa: ARG001 - it has no fields
    *,
    messages: MessageRepository,
    clock: Clock,
) -> None:
    """Forget them."""
    await messages.prune_to_members(UtcDatetime(clock.now() - KEPT_FOR))
