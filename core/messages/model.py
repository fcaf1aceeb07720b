"""A message to one person, from the moment it is promised until somebody else has it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import msgspec

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.messages.contracts import DeliveryState, MessageId, MessagePurpose, MessageState
from core.messages.errors import MessageUnderWay
from core.messages.timeline import ELSEWHERE, Entry, summary
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId

GIVES_UP_AFTER: Final = timedelta(hours=24)
"""A message that nobody could take for so long has failed; somebody should know."""

LONGEST_WAIT: Final = timedelta(hours=6)
"""However long a service asks to wait, the message is tried before the day is over."""

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


UNWRITTEN: Final = Content("", "", None)
"""Of a message that is worded when it is handed over, and kept nowhere."""


@dataclass
class Message:
    """The message and what became of it: to a candidate about an application, or to a member."""

    id: MessageId
    purpose: MessagePurpose
    candidate_id: CandidateId | None
    """None: it is to a member, or to somebody who is to become one."""
    application_id: ApplicationId | None
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
    away: list[str] = field(default_factory=list)
    """Plugins that said "later" since it was last decided when to try again."""
    delivery: DeliveryState | None = None
    opened_at: UtcDatetime | None = None
    clicked_at: UtcDatetime | None = None
    noted: list[Entry] = field(default_factory=list)
    """What happened to it since it was read, to be kept with it."""
    member_id: MemberId | None = None
    language: str | None = None
    """In which a message is written that is worded when it is handed over."""
    sealed: str | None = None
    """What such a message says, sealed; forgotten once it is over."""
    use_by: UtcDatetime | None = None
    """From when on what it says doesn't hold any more, such as a link."""

    @property
    def is_to_candidate(self) -> bool:
        """Whether it is about an application, and kept as it was written."""
        return self.application_id is not None

    def is_overdue(self, now: UtcDatetime) -> bool:
        """Whether it has waited so long that it has failed."""
        return self.is_useless(now) or (now - (self.queued_at or self.created_at) > GIVES_UP_AFTER)

    def is_useless(self, now: UtcDatetime) -> bool:
        """Whether what it says doesn't hold any more."""
        return self.use_by is not None and now >= self.use_by

    @property
    def has_failed(self) -> bool:
        """Whether it won't be sent by itself."""
        return self.state == "failed"

    def begin(self, plugin: str) -> None:
        """Note that it is being handed to `plugin`."""
        self.state, self.plugin, self.detail = "sending", plugin, None
        self.attempts += 1

    def sent(self, reference: str, now: UtcDatetime) -> None:
        """Note that it was taken over."""
        self.state, self.reference, self.detail, self.sent_at = "sent", reference, None, now
        self._note(Entry.ours("sent", now, plugin=self.plugin, reference=reference))

    def failed(self, detail: str, now: UtcDatetime) -> None:
        """Note that it won't be sent by itself."""
        self.state, self.detail = "failed", detail
        self._note(Entry.ours("failed", now, plugin=self.plugin, detail=detail))

    def suppressed(self, detail: str, now: UtcDatetime) -> None:
        """Note that it won't be sent, since its address isn't written to."""
        self.state, self.detail = "failed", detail
        self._note(Entry.ours("suppressed", now, detail=detail))

    def lost_sight(self, detail: str, now: UtcDatetime) -> None:
        """Note that nobody can say whether it was taken."""
        self.state, self.detail = "unknown", detail
        self._note(Entry.ours("unknown", now, plugin=self.plugin, detail=detail))

    def pass_on(self, detail: str, now: UtcDatetime) -> None:
        """Note that its plugin takes it later at best; another may take it at once."""
        self.state, self.detail = "queued", detail
        if self.plugin is not None:
            self.away.append(self.plugin)
        self._note(Entry.ours("postponed", now, plugin=self.plugin, detail=detail))

    def wait(
        self, detail: str, now: UtcDatetime, *, after_seconds: float | None = None
    ) -> UtcDatetime:
        """Note why it can't be sent now; return when to try again, with every plugin anew.

        Not before `after_seconds`, if a service asked for that much patience.
        """
        self.state, self.detail, self.away = "queued", detail, []
        asked = timedelta(seconds=min(after_seconds or 0.0, LONGEST_WAIT.total_seconds()))
        return UtcDatetime(now + max(self._pause(), asked))

    def ask_again(self, detail: str, now: UtcDatetime) -> UtcDatetime:
        """Return when to give it to the same plugin again, which notices what it took before.

        It stays `sending`: no other plugin may have it.
        """
        self.detail = detail
        return UtcDatetime(now + self._pause())

    def again(self, now: UtcDatetime, *, to_address: str | None = None) -> None:
        """Queue it once more, to another address if one is given.

        Raises MessageUnderWay when it was sent or will be anyway.
        """
        if self.state not in ("failed", "unknown"):
            raise MessageUnderWay(
                f"The message is {self.state}; only one that failed, or of which nobody knows, "
                "is sent again."
            )
        self.state, self.queued_at, self.attempts, self.detail = "queued", now, 0, None
        self.reference, self.delivery, self.away = None, None, []
        self.to_address = to_address or self.to_address
        self._note(Entry.ours("queued", now, detail=None if to_address is None else ELSEWHERE))

    def settle(self, detail: str, now: UtcDatetime) -> None:
        """Note that somebody says that it was sent, of which nobody knew."""
        self.state, self.detail, self.sent_at = "sent", None, now
        self._note(Entry.ours("sent", now, plugin=self.plugin, detail=detail))

    def learn(self, entries: Sequence[Entry]) -> None:
        """Make of all that services told, in any order, what is known of it now.

        What a service tells of a message, it has taken: so what was unknown is known again, and
        what was to be tried once more isn't.
        """
        known = summary(entries, since=self.queued_at, reference=self.reference)
        if known is None:
            return
        self.delivery, self.opened_at, self.clicked_at = (
            known.delivery,
            known.opened_at,
            known.clicked_at,
        )
        self.reference = self.reference or known.reference
        self.sent_at = self.sent_at or known.taken_at
        if known.undelivered is not None:
            self.state, self.detail = "failed", known.undelivered
        elif self.state != "sent":
            self.state, self.detail = "sent", None

    def _pause(self) -> timedelta:
        return _WAITS[min(max(self.attempts, 1), len(_WAITS)) - 1]

    def _note(self, entry: Entry) -> None:
        self.noted.append(entry)
