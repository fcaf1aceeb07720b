"""A message to one person, from the moment it is promised until somebody else has it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.messages.contracts import MessageId, MessagePurpose, MessageState
from core.messages.errors import MessageUnderWay
from core.shared.clock import UtcDatetime

GIVES_UP_AFTER: Final = timedelta(hours=24)
"""A message that nobody could take for so long has failed; somebody should know."""

_WAITS: Final = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
)


class Content(msgspec.Struct, frozen=True):
    """What a message says."""

    subject: str
    text: str
    html: str | None


@dataclass
class Message:
    """The message and what became of it."""

    id: MessageId
    purpose: MessagePurpose
    candidate_id: CandidateId
    application_id: ApplicationId
    to_address: str
    to_name: str
    content: Content
    created_at: UtcDatetime
    state: MessageState = "queued"
    queued_at: UtcDatetime | None = None
    """Since when it waits this time; None: since it was created."""
    attempts: int = 0
    plugin: str | None = None
    reference: str | None = None
    detail: str | None = None
    sent_at: UtcDatetime | None = None

    def is_overdue(self, now: UtcDatetime) -> bool:
        """Whether it has waited so long that it has failed."""
        return now - (self.queued_at or self.created_at) > GIVES_UP_AFTER

    def begin(self, plugin: str) -> None:
        """Note that it is being handed to `plugin`."""
        self.state, self.plugin, self.detail = "sending", plugin, None
        self.attempts += 1

    def sent(self, reference: str, now: UtcDatetime) -> None:
        """Note that it was taken over."""
        self.state, self.reference, self.detail, self.sent_at = "sent", reference, None, now

    def failed(self, detail: str) -> None:
        """Note that it won't be sent by itself."""
        self.state, self.detail = "failed", detail

    def lost_sight(self, detail: str) -> None:
        """Note that nobody can say whether it was taken."""
        self.state, self.detail = "unknown", detail

    def wait(self, detail: str, now: UtcDatetime) -> UtcDatetime:
        """Note why it can't be sent now; return when to try again."""
        self.state, self.detail = "queued", detail
        step = _WAITS[min(self.attempts, len(_WAITS)) - 1] if self.attempts else _WAITS[0]
        return UtcDatetime(now + step)

    def again(self, now: UtcDatetime) -> None:
        """Queue it once more. Raises MessageUnderWay when it was sent or will be anyway."""
        if self.state not in ("failed", "unknown"):
            raise MessageUnderWay(
                f"The message is {self.state}; only one that failed, or of which nobody knows, "
                "is sent again."
            )
        self.state, self.queued_at, self.attempts, self.detail = "queued", now, 0, None
