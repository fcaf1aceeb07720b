"""Something that a rule does for one application, from its planning to its end."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.applications.contracts import ApplicationId, Disposition
from core.automations.contracts import (
    RuleKey,
    SkipReason,
    StepId,
    StepState,
    Trigger,
)
from core.automations.definition import Act, SendMail
from core.automations.errors import TooLateToTakeBack
from core.interviews.contracts import InterviewId, InterviewStatus
from core.jobs.contracts import JobId, StageId
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.templates.contracts import TemplateKind


@dataclass
class InterviewStanding:
    """How an interview stands at present."""

    status: InterviewStatus
    starts_at: datetime
    ends_at: datetime
    owing: int = 0
    """How many of its interviewers have given no feedback since it began."""


@dataclass
class Standing:
    """Where an application stands at present, as far as automations look at it."""

    application_id: ApplicationId
    job_id: JobId
    source: str
    disposition: Disposition
    stage_id: StageId
    has_address: bool
    interview: InterviewStanding | None = None
    """The interview that is asked about, if it is there."""


@dataclass
class Step:
    """The step and what became of it."""

    id: StepId
    rule_key: RuleKey
    trigger: Trigger
    template: TemplateKind | None
    """Of the mail; None when it does something else."""
    application_id: ApplicationId
    event_id: UUID
    stage_id: StageId | None
    stage_name: str | None
    happened_at: UtcDatetime
    due_at: UtcDatetime
    state: StepState = "planned"
    reason: SkipReason | None = None
    ended_at: UtcDatetime | None = None
    taken_back_by: MemberId | None = None
    message_id: UUID | None = None
    interview_id: InterviewId | None = None
    interview_at: datetime | None = None
    """When the interview was to begin as far as was known."""
    rule_name: str | None = None
    """Of a rule of one's own, which may be gone when its steps are looked at."""
    action: Act | None = None
    """Of a rule of one's own."""
    depth: int = 1
    """How many rules followed one another up to this."""
    wanted_at: UtcDatetime | None = None
    """When it would be due without quiet hours, if they changed that."""
    runs: int = 0
    """How often its task was promised anew."""
    after_silence: bool = False
    """Whether silence caused it, or caused the rule that did: a mail of it is no answer."""

    @property
    def task_key(self) -> str:
        """The key under which its task is promised and can be taken back."""
        return f"automation_step:{self.id}" + (f":{self.runs}" if self.runs else "")

    @property
    def does(self) -> Act | None:
        """What is to be done; None when this release can't say."""
        if self.action is not None or self.template is None:
            return self.action
        return SendMail(self.template)  # type: ignore[arg-type]  # steps hold those to candidates

    @property
    def is_early(self) -> bool:
        """Whether it is done before it would be due, since quiet hours come between."""
        return self.wanted_at is not None and self.due_at < self.wanted_at

    def misfit(self, standing: Standing) -> SkipReason | None:
        """Return why it doesn't fit the application as it stands, None when it does."""
        disposition = standing.disposition
        if self.trigger == "rejected":
            return None if disposition == "rejected" else "no_longer_rejected"
        if self.trigger == "hired":
            return None if disposition == "hired" else "moved_on"
        if self.trigger == "withdrawn":
            return None if disposition == "withdrawn" else "moved_on"
        if disposition in {"rejected", "withdrawn"}:
            return "closed"
        if self.trigger == "stage_reached" and self.stage_id != standing.stage_id:
            return "moved_on"
        return self._interview_misfit(standing.interview)

    def _interview_misfit(self, interview: InterviewStanding | None) -> SkipReason | None:
        if self.interview_id is None:
            return None
        if interview is None:
            return "interview_changed"
        if self.trigger == "interview_cancelled":
            return None if interview.status == "cancelled" else "interview_changed"
        is_as_known = interview.status == "scheduled" and interview.starts_at == self.interview_at
        if not is_as_known:
            return "interview_changed"
        return (
            "feedback_given" if self.trigger == "feedback_missing" and not interview.owing else None
        )

    def done(self, message_id: UUID | None, now: UtcDatetime) -> None:
        """Note that it is done, and the message that came of it."""
        self.state, self.message_id, self.ended_at = "done", message_id, now

    def hold(self, until: UtcDatetime) -> None:
        """Put it off because of quiet hours."""
        self.wanted_at = self.wanted_at or self.due_at
        self.due_at = until
        self.runs += 1

    def skip(self, reason: SkipReason, now: UtcDatetime) -> None:
        """Note why nothing is done."""
        self.state, self.reason, self.ended_at = "skipped", reason, now

    def take_back(self, by: MemberId | None, now: UtcDatetime) -> None:
        """Note that somebody took it back. Raises TooLateToTakeBack when it has ended."""
        if self.state != "planned":
            done = "was sent" if self.message_id is not None else "was done"
            was = {"done": done, "skipped": "was skipped", "taken_back": "was taken back"}
            raise TooLateToTakeBack(f"It {was[self.state]} already.", state=self.state)
        self.state, self.taken_back_by, self.ended_at = "taken_back", by, now
