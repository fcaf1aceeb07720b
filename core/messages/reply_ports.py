"""What replies and letters need from outside: storage, signed addresses, candidates' files."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.messages.contracts import MessageId, ReplyId
from core.messages.model import Message
from core.messages.received import Attached, Reply, Thread
from core.messages.replies import Conversation, Draft, DraftLetter, ReplyView, Trouble
from core.ports.messaging import Mailbox
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest


class Letterhead(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a message a letter of somebody's."""

    message_id: MessageId
    author_id: MemberId | None
    author_name: str
    answers_id: ReplyId | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    """Message-IDs of the conversation, the oldest first (RFC 5322 3.6.4)."""


class Replies(Protocol):
    """Keeps what came in."""

    async def add(self, reply: Reply) -> bool:
        """Keep it with its files; say whether it wasn't known."""
        ...

    async def get_for_change(self, reply_id: ReplyId) -> Reply | None:
        """Return it with the content of its files, locked, or None."""
        ...

    async def matched(self, reply: Reply) -> None:
        """Keep whose it is, and what became of its files."""
        ...

    async def remove(self, reply_id: ReplyId) -> None:
        """Forget it."""
        ...

    async def thread_of_message(self, message_id: MessageId) -> Thread | None:
        """Return whose conversation a message to a candidate belongs to, or None."""
        ...

    async def thread_of_application(self, application_id: ApplicationId) -> Thread | None:
        """Return whose conversation goes with an application, or None."""
        ...

    async def message_called(self, plugin: str, reference: str) -> MessageId | None:
        """Return the newest message to a candidate that the plugin's service calls so, or None."""
        ...


class Letters(Protocol):
    """Keeps what makes a message a letter, and what was said of messages that didn't arrive."""

    async def add(self, letter: Letterhead) -> None:
        """Keep it beside its message."""
        ...

    async def of(self, message_id: MessageId) -> Letterhead | None:
        """Return it, None for a message that nobody of the team wrote."""
        ...

    async def dismiss(self, message_id: MessageId, by: MemberId | None, at: UtcDatetime) -> None:
        """Keep that nothing is to be done about a message."""
        ...

    async def take_up(self, message_id: MessageId) -> None:
        """Forget that."""
        ...

    async def readdress(self, message_id: MessageId, address: str) -> None:
        """Let a message go to another address."""
        ...


class ReplyTokens(Protocol):
    """Signed addresses that say which message is answered. Nobody else can make one."""

    def local_part(self, message_id: MessageId) -> str:
        """Return what stands before the `@`."""
        ...

    def message_of(self, address: str) -> MessageId | None:
        """Return the message of an address that we signed for this tenant, else None."""
        ...


class CandidateFiles(Protocol):
    """Turns what came with a reply into files of the candidate, by the rules of uploads."""

    async def keep(self, candidate_id: CandidateId, file: Attached) -> Attached:
        """Return it with the id of the candidate's file, or with why it can't be one."""
        ...


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on a message beside what it says."""

    reply_to: Mailbox | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Envelopes(Protocol):
    """Where answers to a message go, and which conversation it belongs to."""

    async def of(self, message: Message, plugin: str) -> Envelope:
        """Return it for a message that `plugin` is about to be handed."""
        ...

    async def drafted(self, query: DraftLetter) -> Draft:
        """Return what a template says. Raises NotFound when it has nothing to say."""
        ...


class ReplyQueries(Protocol):
    """Reads views straight from rows."""

    async def conversation(self, candidate_id: CandidateId) -> Conversation:
        """Return the newest of what was written and came back. Raises NotFound."""
        ...

    async def unmatched(self, page: PageRequest) -> Page[ReplyView]:
        """Return a page, newest first."""
        ...

    async def troubles(
        self, member_id: MemberId, *, also_nobodys: bool, limit: int
    ) -> Sequence[Trouble]:
        """Return messages that the member has to look at, the oldest first.

        With `also_nobodys` those, too, that nobody looks after.
        """
        ...
