"""What this slice needs from outside: what was written to whom, what is stopped, and members."""

from typing import Protocol
from uuid import UUID

import msgspec

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.unsubscribing.contracts import StoppedMails


class LinkedMessage(msgspec.Struct, frozen=True):
    """A message to a candidate that a link stood in."""

    address: str
    mail_list: str
    candidate_id: CandidateId
    application_id: ApplicationId
    is_stopped: bool


class StoppedMailQueries(StoppedMails, Protocol):
    """Reads what candidates have stopped."""

    async def of_message(self, message_id: UUID) -> LinkedMessage | None:
        """Return what a message was and whether its like is stopped; None when it is gone."""
        ...


class StoppedMailStore(StoppedMailQueries, Protocol):
    """Keeps what candidates stop."""

    async def stop(self, address: str, mail_list: str, message_id: UUID, now: UtcDatetime) -> bool:
        """Keep it, for as long as the message is kept; False when it is stopped already."""
        ...

    async def resume(self, address: str, mail_list: str) -> bool:
        """Forget it; False when it wasn't stopped."""
        ...


class MemberChoice(msgspec.Struct, frozen=True):
    """Whether a member gets e-mail of a list."""

    address: str
    is_stopped: bool
    is_decided: bool
    """Whether an admin decided it for everybody."""


class MemberMailQueries(Protocol):
    """Reads what members chose to be told by e-mail."""

    async def show(self, member_id: MemberId, mail_list: str) -> MemberChoice | None:
        """Return the choice; None when the member left or there is no such list."""
        ...


class MemberMail(MemberMailQueries, Protocol):
    """Changes it, as if the member had in the settings."""

    async def choose(self, member_id: MemberId, mail_list: str, *, wanted: bool) -> None:
        """Stop or resume; what an admin decided stays."""
        ...
