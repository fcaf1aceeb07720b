"""An e-mail that came in, and whom it belongs to once that is known."""

from dataclasses import dataclass, field

import msgspec

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId, FileId
from core.messages.contracts import MessageId, ReplyId
from core.messages.errors import ReplyMatched
from core.messages.replies import MatchedBy, ReplyFile, ReplyView
from core.messages.suppression import canonical
from core.shared.clock import UtcDatetime


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """Whose conversation it is."""

    application_id: ApplicationId
    candidate_id: CandidateId
    candidate_name: str
    addresses: tuple[str, ...]
    """Every address that is known of the candidate, the first of the profile first."""
    message_id: MessageId | None = None

    def knows(self, address: str) -> bool:
        """Whether an address is one of the candidate's."""
        return canonical(address) in {canonical(each) for each in self.addresses}


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with it."""

    place: int
    name: str
    size_bytes: int
    content: bytes | None = None
    """Only as long as it isn't known whose file it is."""
    file_id: FileId | None = None
    problem: str | None = None

    def view(self) -> ReplyFile:
        """Return what others see of it."""
        return ReplyFile(
            name=self.name,
            size_bytes=self.size_bytes,
            file_id=self.file_id,
            problem=self.problem,
        )


@dataclass
class Reply:
    """The e-mail."""

    id: ReplyId
    plugin: str
    known_as: str
    """By what a repetition is known, within the plugin."""
    header_id: str
    references: tuple[str, ...]
    from_address: str
    from_name: str
    subject: str
    text: str
    html: str | None
    is_automatic: bool
    sent_at: UtcDatetime | None
    received_at: UtcDatetime
    left_out: int
    application_id: ApplicationId | None = None
    candidate_id: CandidateId | None = None
    message_id: MessageId | None = None
    matched_by: MatchedBy | None = None
    is_stranger: bool = True
    files: list[Attached] = field(default_factory=list)

    def belongs_to(self, thread: Thread, by: MatchedBy) -> None:
        """Note whose it is. Raises ReplyMatched when that is known."""
        if self.matched_by is not None:
            raise ReplyMatched(ReplyMatched.TEXT)
        self.application_id, self.candidate_id = thread.application_id, thread.candidate_id
        self.message_id, self.matched_by = thread.message_id, by
        self.is_stranger = not thread.knows(self.from_address)

    def view(self) -> ReplyView:
        """Return what others see of it."""
        return ReplyView(
            id=self.id,
            plugin=self.plugin,
            candidate_id=self.candidate_id,
            application_id=self.application_id,
            message_id=self.message_id,
            matched_by=self.matched_by,
            from_address=self.from_address,
            from_name=self.from_name,
            is_stranger=self.is_stranger,
            is_automatic=self.is_automatic,
            subject=self.subject,
            text=self.text,
            html=self.html,
            sent_at=self.sent_at,
            received_at=self.received_at,
            files=tuple(each.view() for each in self.files),
            left_out=self.left_out,
        )
