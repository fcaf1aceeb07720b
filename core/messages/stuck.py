"""Takes up messages that nobody is sending any more, though they wait or are under way.

A task that failed as often as a task may isn't tried again, and its message would be shown as
waiting for ever. Once an hour each such message is promised anew; as it is overdue by then, that
attempt says that it failed or isn't known about (`sending`), and somebody hears of it.
"""

from datetime import timedelta
from typing import Final

from core.messages.contracts import SEND_MESSAGE
from core.messages.model import GIVES_UP_AFTER
from core.messages.ports import MessageRepository
from core.ports.tasks import Tasks, task
from core.shared.clock import Clock, UtcDatetime
from core.shared.permissions import Action
from core.shared.schedules import schedule
from core.shared.usecase import Command, handles

TASK: Final = "take_up_stuck_messages"

_AT_ONCE: Final = 500
_LATE: Final = timedelta(minutes=30)
"""Beyond the day: an attempt that waits for its turn is left to it."""


@task(TASK)
class TakeUpStuckMessages(Command[None], frozen=True, kw_only=True):
    """Promise messages anew that should be over and aren't."""


schedule(TASK, task=TASK, cron="29 * * * *")


@handles(TakeUpStuckMessages, action=Action.MANAGE_MESSAGES)
async def take_up_stuck_messages(
    command: TakeUpStuckMessages,  # noqa: ARG001 - it has no fields
    *,
    messages: MessageRepository,
    tasks: Tasks,
    clock: Clock,
) -> None:
    """Promise them; the rest follows in an hour."""
    before = UtcDatetime(clock.now() - GIVES_UP_AFTER - _LATE)
    for message_id in await messages.stuck(before, limit=_AT_ONCE):
        await tasks.schedule(SEND_MESSAGE, {"message_id": str(message_id)})
