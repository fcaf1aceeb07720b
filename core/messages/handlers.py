"""What this slice does when something happened elsewhere."""

from datetime import timedelta
from typing import Final

from core.applications.contracts import ApplicationId
from core.applications.events import ApplicationCreated
from core.messages.contracts import SEND_MESSAGE, MessageId
from core.messages.events import MessageQueued
from core.messages.model import Message
from core.messages.ports import MessageRepository, Postman
from core.messages.wording import application_received
from core.ports.tasks import Tasks
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.reactions import Delivery, reacts_to
from core.shared.tenant import TenantContext

TOO_LATE: Final = timedelta(hours=24)
"""A confirmation that comes later than this puzzles more than it helps."""

_NOT_APPLIED: Final = frozenset({"import", "sourced"})
"""Sources of applications that the candidate knows nothing of."""


@reacts_to(ApplicationCreated, name="messages.confirm_receipt")
async def confirm_receipt(
    event: ApplicationCreated,
    *,
    delivery: Delivery,
    tenant: TenantContext,
    messages: MessageRepository,
    postman: Postman,
    tasks: Tasks,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> None:
    """Tell the candidate that the application has arrived.

    Nothing is queued for who has no address, and while no plugin sends for the tenant: who enables
    one later wants no confirmations of the past to go out.
    """
    now = clock.now()
    if event.source in _NOT_APPLIED or now - delivery.occurred_at > TOO_LATE:
        return
    application_id = ApplicationId(event.aggregate_id)
    applicant = await messages.applicant(application_id)
    if applicant is None or applicant.email is None or not await postman.senders():
        return
    message = Message(
        id=MessageId(ids.new()),
        purpose="application_received",
        candidate_id=applicant.candidate_id,
        application_id=application_id,
        to_address=applicant.email,
        to_name=applicant.full_name,
        content=application_received(tenant, applicant.full_name, applicant.job_title),
        created_at=now,
    )
    await messages.add(message)
    await tasks.schedule(SEND_MESSAGE, {"message_id": str(message.id)})
    recorder.record(
        MessageQueued(
            aggregate_id=message.id,
            purpose=message.purpose,
            candidate_id=message.candidate_id,
            application_id=application_id,
        )
    )
