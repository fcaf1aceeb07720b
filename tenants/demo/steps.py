"""What can happen to a sample application, each with the time and the person who does it."""

from datetime import datetime

import msgspec

from core.applications.contracts import Answer, RejectionReason, WithdrawalReason
from core.interviews.contracts import InterviewKind, Recommendation
from tenants.demo.content import JobPlan


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Base. `by` is the name of a member of the team."""

    at: datetime
    by: str


class Assign(Step, frozen=True, kw_only=True):
    """Given to a member to look after."""

    to: str


class Move(Step, frozen=True, kw_only=True):
    """Moved on to the stage with the index `to` of the job's pipeline."""

    to: int
    reason: str | None = None


class Reject(Step, frozen=True, kw_only=True):
    """Rejected."""

    reason: RejectionReason
    note: str | None = None


class Withdraw(Step, frozen=True, kw_only=True):
    """Withdrawn by the candidate, noted by a member."""

    reason: WithdrawalReason
    note: str | None = None


class Interview(Step, frozen=True, kw_only=True):
    """An interview is scheduled."""

    kind: InterviewKind
    starts_at: datetime
    minutes: int
    interviewers: tuple[str, ...]


class CallOff(Step, frozen=True, kw_only=True):
    """The last scheduled interview is called off."""

    reason: str


class Feedback(Step, frozen=True, kw_only=True):
    """A member says what they think."""

    recommendation: Recommendation
    ratings: dict[str, int]
    comment: str


class WriteNote(Step, frozen=True, kw_only=True):
    """A note on the candidate."""

    text: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One application from the day it came in, in the order of time."""

    job: JobPlan
    applied_at: datetime
    answers: tuple[Answer | None, ...]
    """To the job's questions in their order; None leaves one out."""
    steps: tuple[Step, ...]
