"""Tells admins of a plugin that keeps failing to send, at most once a day.

Other plugins send meanwhile and messages wait for a day, so that nothing else would show for long
that a key was revoked. `sending` promises the task when the host stops trying a plugin.
"""

from collections.abc import Sequence
from typing import Final

from core.messages.events import SenderFailing
from core.messages.ports import Sender
from core.ports.tasks import Tasks, task
from core.shared.clock import UtcDatetime
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import Command, handles

TASK: Final = "tell_of_failing_sender"


@task(TASK)
class TellOfFailingSender(Command[None], frozen=True, kw_only=True):
    """Tell that a plugin fails whenever it is to send."""

    plugin_id: str


async def note_failing(
    plugin: str, senders: Sequence[Sender], tasks: Tasks, now: UtcDatetime
) -> None:
    """Promise to tell of `plugin` if it failed so often that it isn't tried just now.

    Each process finds that out by itself; the key makes one of them all.
    """
    if any(each.plugin == plugin and each.away for each in senders):
        await tasks.schedule(
            TASK, {"plugin_id": plugin}, unique_key=f"{TASK}:{plugin}:{now.date().isoformat()}"
        )


@handles(TellOfFailingSender, action=Action.MANAGE_MESSAGES)
async def tell_of_failing_sender(
    command: TellOfFailingSender, *, tenant: TenantContext, recorder: Recorder
) -> None:
    """Record it; `core.notifications` tells the admins."""
    recorder.record(SenderFailing(aggregate_id=tenant.id, plugin_id=command.plugin_id))
