"""What the status slice needs from outside."""

from typing import Protocol
from uuid import UUID

import msgspec

from core.applications.contracts import ApplicationId, RejectionReason, WithdrawalReason
from core.candidates.contracts import CandidateId
from core.jobs.contracts import StageId
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from core.status.contracts.activity import ActivityEntry, Glance
from core.status.contracts.history import ShowStatusHistory, StatusHistory
from core.status.contracts.preferences import StatusPreferences
from core.status.contracts.reports import Outcome, ReportReceived, StatusReport
from core.status.contracts.sources import SourceId, Sources, SourceView
from core.status.model import Place, Source


class SourceRepository(Protocol):
    """Keeps sources."""

    async def count_active(self) -> int:
        """Return how many there are, which stays true until the transaction ends."""
        ...

    async def add(self, source: Source) -> None:
        """Keep a new one."""
        ...

    async def get(self, source_id: SourceId) -> Source:
        """Return one, locked. Raises SourceNotFound."""
        ...

    async def save(self, source: Source) -> None:
        """Keep what changed; its version goes up."""
        ...

    async def view(self, source_id: SourceId) -> SourceView:
        """Return it as others see it, within the transaction."""
        ...


class SourceQueries(Protocol):
    """Reads sources."""

    async def all(self) -> Sources:
        """Return everybody, the newest first."""
        ...

    async def one(self, source_id: SourceId) -> SourceView:
        """Return one. Raises SourceNotFound."""
        ...

    async def reporting(self, source_id: SourceId) -> Source | None:
        """Return one that may report; None for one that was revoked or never was."""
        ...


class KeptReport(msgspec.Struct, frozen=True):
    """A report that was taken."""

    body_hash: bytes
    answer: ReportReceived


class NewReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report to be kept."""

    source_id: SourceId
    webhook_id: str
    body_hash: bytes
    report: StatusReport
    outcome: Outcome
    change_id: UUID | None
    """The change that came of it."""
    received_at: UtcDatetime
    answer: ReportReceived


class Reports(Protocol):
    """Keeps reports from outside."""

    async def hold(self, source_id: SourceId, webhook_id: str) -> Source | None:
        """Let other deliveries of this id wait, and return the source while it may report."""
        ...

    async def known(self, source_id: SourceId, webhook_id: str) -> KeptReport | None:
        """Return the report of this id, if it was taken."""
        ...

    async def add(self, report: NewReport) -> None:
        """Keep a new one."""
        ...


class Transitions(Protocol):
    """Changes applications with the use cases that members' moves take, in the transaction."""

    async def place(self, application_id: ApplicationId) -> Place | None:
        """Return where the application is, locked; None when there is no such one."""
        ...

    async def move(self, place: Place, to: StageId, reason: str) -> None:
        """Move it to another stage."""
        ...

    async def reject(self, place: Place, reason: RejectionReason, note: str) -> None:
        """Reject it."""
        ...

    async def withdraw(self, place: Place, reason: WithdrawalReason, note: str) -> None:
        """Note that the candidate withdrew."""
        ...


class Glances(Protocol):
    """Keeps who looked at whom."""

    async def sees(self, candidate_id: CandidateId, only_for: MemberId | None) -> bool:
        """Whether there is such a candidate, for a member whom assignments limit."""
        ...

    async def note(
        self, candidate_id: CandidateId, member_id: MemberId, kind: Glance, at: UtcDatetime
    ) -> bool:
        """Keep it unless the same was kept within the same hour; return whether it was."""
        ...


class StatusQueries(Protocol):
    """Reads histories and activity; `only_for` limits them to what that member may see."""

    async def history(
        self, query: ShowStatusHistory, only_for: MemberId | None
    ) -> StatusHistory | None:
        """Return a page of the history; None when there is no such application or candidate."""
        ...

    async def activity(
        self, candidate_id: CandidateId, page: PageRequest, only_for: MemberId | None
    ) -> Page[ActivityEntry] | None:
        """Return what members did, the latest first; None when there is no such candidate."""
        ...

    async def preferences(self) -> StatusPreferences:
        """Return what candidates see."""
        ...


class PreferenceStore(Protocol):
    """Keeps what candidates see."""

    async def present(self) -> StatusPreferences:
        """Return it, locked against another change."""
        ...

    async def save(
        self, preferences: StatusPreferences, by: MemberId | None, at: UtcDatetime
    ) -> None:
        """Insert or replace."""
        ...
