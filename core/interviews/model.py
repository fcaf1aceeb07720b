"""Interviews and feedback: what makes them valid and what may change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import available_timezones

from core.applications.contracts import ApplicationId
from core.interviews.contracts import (
    FeedbackId,
    InterviewId,
    InterviewKind,
    InterviewStatus,
    Recommendation,
)
from core.interviews.errors import (
    FeedbackChanged,
    InterviewChanged,
    InterviewIsCancelled,
    NotTheAuthor,
)
from core.shared.clock import UtcDatetime, to_utc
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import MemberId

LONGEST: Final = timedelta(hours=12)
MAX_INTERVIEWERS: Final = 20
ZONES: Final = frozenset(available_timezones())


@dataclass
class Interview:
    """A talk about one application."""

    id: InterviewId
    application_id: ApplicationId
    kind: InterviewKind
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    interviewers: tuple[MemberId, ...]
    created_at: UtcDatetime
    updated_at: UtcDatetime
    location: str | None = None
    link: str | None = None
    created_by: MemberId | None = None
    status: InterviewStatus = "scheduled"
    cancel_reason: str | None = None
    version: int = 1

    def expect(self, version: int | None) -> None:
        """Raise InterviewChanged unless `version` is the present one or None."""
        if version is not None and version != self.version:
            raise InterviewChanged(
                "Somebody changed this interview after you opened it. Load it again.",
                current_version=self.version,
            )

    def check(self) -> None:
        """Raise InvalidInput, naming each wrong field, unless every field is in order."""
        wrong = [
            FieldError(name, "Give the offset from UTC, for example Z.")
            for name in ("starts_at", "ends_at")
            if getattr(self, name).tzinfo is None
        ]
        if not wrong and not timedelta() < self.ends_at - self.starts_at <= LONGEST:
            wrong.append(FieldError("ends_at", "An interview ends after it starts, within 12 h."))
        if self.time_zone not in ZONES:
            wrong.append(FieldError("time_zone", "No IANA time zone, such as Europe/Berlin."))
        if not 1 <= len(self.interviewers) <= MAX_INTERVIEWERS:
            message = f"Name from 1 to {MAX_INTERVIEWERS} interviewers."
            wrong.append(FieldError("interviewers", message))
        if len(set(self.interviewers)) < len(self.interviewers):
            wrong.append(FieldError("interviewers", "An interviewer is named twice."))
        if wrong:
            raise InvalidInput(*wrong)
        self.starts_at = to_utc(self.starts_at, "starts_at")
        self.ends_at = to_utc(self.ends_at, "ends_at")

    def reschedule(self, changes: Mapping[str, Any], now: UtcDatetime) -> None:
        """Apply `changes` by field name. Raises InterviewIsCancelled and InvalidInput."""
        self._need_scheduled()
        for name, value in changes.items():
            setattr(self, name, value)
        self.check()
        self.updated_at = now

    def cancel(self, reason: str, now: UtcDatetime) -> None:
        """Cancel it. Raises InterviewIsCancelled when that was done before."""
        self._need_scheduled()
        self.status, self.cancel_reason, self.updated_at = "cancelled", reason, now

    def _need_scheduled(self) -> None:
        if self.status != "scheduled":
            raise InterviewIsCancelled("This interview was cancelled. Schedule another one.")


@dataclass
class Feedback:
    """What one member thinks of an application."""

    id: FeedbackId
    application_id: ApplicationId
    author_id: MemberId
    recommendation: Recommendation
    submitted_at: UtcDatetime
    updated_at: UtcDatetime
    ratings: Mapping[str, int] = field(default_factory=dict)
    comment: str = ""
    version: int = 1

    def edit(
        self,
        changes: Mapping[str, Any],
        by: MemberId | None,
        expected_version: int | None,
        now: UtcDatetime,
    ) -> None:
        """Apply `changes` by field name. Raises NotTheAuthor, FeedbackChanged, InvalidInput."""
        if by != self.author_id:
            raise NotTheAuthor("Only the author may change feedback. Give your own instead.")
        if expected_version is not None and expected_version != self.version:
            raise FeedbackChanged(
                "You changed this feedback elsewhere. Load it again.", current_version=self.version
            )
        for name, value in changes.items():
            setattr(self, name, value)
        self.check()
        self.updated_at = now

    def check(self) -> None:
        """Raise InvalidInput, naming each wrong rating, unless every one is in order."""
        wrong = [
            FieldError(f"ratings.{criterion}", "Rate from 1 to 5.")
            for criterion, rating in self.ratings.items()
            if not 1 <= rating <= 5
        ]
        if wrong:
            raise InvalidInput(*wrong)
