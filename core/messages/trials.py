"""Templates that members send to themselves: each is a message, so that it has a timeline as well.

It was handed over at once when this is asked for; what it said isn't kept.
"""

from core.messages.contracts import TrialSent
from core.messages.model import UNWRITTEN, Message
from core.messages.news import failed, sent, unknown
from core.messages.ports import MessageRepository
from core.shared.clock import Clock
from core.shared.events import Recorder


class Trials:
    """Implements `core.messages.contracts.TrialBook` within the open transaction."""

    def __init__(self, messages: MessageRepository, clock: Clock, recorder: Recorder) -> None:
        self._messages = messages
        self._clock = clock
        self._recorder = recorder

    async def note(self, trial: TrialSent) -> None:
        """Keep it with what came of it; nobody sends it again."""
        now = self._clock.now()
        message = Message(
            id=trial.message_id,
            purpose="trial",
            candidate_id=None,
            application_id=None,
            member_id=trial.member_id,
            to_address=trial.to_address,
            to_name="",
            content=UNWRITTEN,
            created_at=now,
        )
        await self._messages.add(message)
        message.begin(trial.plugin)
        if trial.result == "taken":
            message.sent(trial.said, now)
            event = sent(message, trial.plugin)
        elif trial.result == "unknown":
            message.lost_sight(trial.said, now)
            event = unknown(message)
        else:
            message.failed(trial.said, now)
            event = failed(message)
        await self._messages.save(message)
        self._recorder.record(event)
