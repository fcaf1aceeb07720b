"""Mails to candidates that plugins ask for, from the templates that they bring.

Only `tenants.plugins` makes the command, for `context.mail.send`; no route and no `context.execute`
leads to it.
"""

from typing import Final
from uuid import UUID, uuid5

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.messages.contracts import KEY_REUSED, SEND_MESSAGE, MailOutcome, MessageId
from core.messages.model import Content, Message
from core.messages.news import queued
from core.messages.ports import MessageRepository
from core.ports.tasks import Tasks
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import Conflict, Forbidden, NotFound
from core.shared.events import Recorder
from core.shared.ids import TenantId
from core.shared.permissions import Action
from core.shared.usecase import Command, handles
from core.templates.contracts import PluginMails, is_stoppable
from core.unsubscribing.contracts import StoppedMails

_KEYS: Final = UUID("5b1c6c8e-3f6f-4a0e-9d0b-6f0a9f6a4d21")
"""Names the space of ids made of idempotency keys (RFC 9562 5.5)."""


class SendPluginMail(Command[MailOutcome], frozen=True, kw_only=True):
    """Promise a mail to the candidate of an application, or to a candidate about the newest."""

    template: str
    """Its name among the plugin's own."""
    application_id: ApplicationId | None = None
    candidate_id: CandidateId | None = None
    variables: dict[str, str]
    idempotency_key: str


@handles(SendPluginMail, action=Action.SEND_MESSAGES)
async def send_plugin_mail(
    command: SendPluginMail,
    *,
    actor: Actor,
    messages: MessageRepository,
    mails: PluginMails,
    stopped: StoppedMails,
    tasks: Tasks,
    clock: Clock,
    recorder: Recorder,
) -> MailOutcome:
    """Queue it once for each key of the plugin.

    Raises NotFound without the application or candidate, what `PluginMails.write` raises, and
    Conflict when the key was given for another mail.
    """
    plugin = await messages.plugin_of(actor.id) if actor.kind == "plugin" else None
    if plugin is None:
        raise Forbidden("Only a plugin sends the mails that it brings.")
    purpose = f"{plugin}.{command.template}"
    message_id = id_of(actor.tenant_id, plugin, command.idempotency_key)
    before = await messages.get_for_change(message_id)
    if before is not None:
        return _repeated(before, purpose, command)
    application_id = await _application(command, messages)
    written = await mails.write(purpose, application_id, command.variables)
    if written is None:
        raise NotFound("There is no such application.")
    if written.to_address is None:
        return MailOutcome(result="no_address")
    if (
        is_stoppable(purpose, written.mail.text)
        and await stopped.since(written.to_address, purpose) is not None
    ):
        return MailOutcome(result="stopped")
    message = Message(
        id=message_id,
        purpose=purpose,
        candidate_id=written.candidate_id,
        application_id=application_id,
        to_address=written.to_address,
        to_name=written.to_name,
        content=Content(written.mail.subject, written.mail.text, written.mail.html),
        created_at=clock.now(),
    )
    if not await messages.add_once(message):
        # Somebody else asked with the same key meanwhile, and is through now.
        first = await messages.get_for_change(message_id)
        return _repeated(first or message, purpose, command)
    await tasks.schedule(SEND_MESSAGE, {"message_id": str(message.id)})
    recorder.record(queued(message))
    return MailOutcome(result="queued", message_id=message.id)


def id_of(tenant_id: TenantId, plugin: str, key: str) -> MessageId:
    """Return the id of the one message that a key of a plugin stands for."""
    return MessageId(uuid5(_KEYS, f"{tenant_id}\x00{plugin}\x00{key}"))


def _repeated(before: Message, purpose: str, command: SendPluginMail) -> MailOutcome:
    """What variables stand for may differ by now, as the time does; template and receiver may not.

    A candidate may have applied anew since: that makes no other mail of it.
    """
    asked = (purpose, command.application_id, command.candidate_id)
    same = (
        before.purpose,
        command.application_id and before.application_id,
        command.candidate_id and before.candidate_id,
    )
    if asked != same:
        raise Conflict(KEY_REUSED)
    return MailOutcome(result="repeated", message_id=before.id)


async def _application(command: SendPluginMail, messages: MessageRepository) -> ApplicationId:
    if command.application_id is not None:
        return command.application_id
    if command.candidate_id is None:
        raise NotFound("There is no such candidate.")
    newest = await messages.newest_application(command.candidate_id)
    if newest is None:
        raise NotFound("There is no such candidate, or none who has applied.")
    return newest
