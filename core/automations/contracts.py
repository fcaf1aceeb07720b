"""What others may know of automations: rules, what is planned for an application, commands."""

from datetime import datetime
from typing import Annotated, Literal, NewType
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from core.applications.contracts import ApplicationId, BulkRejectionId
from core.automations.definition import (
    MAX_DELAY_MINUTES,
    Act,
    RuleDefinition,
)
from core.automations.quiet import QuietTimes
from core.candidates.contracts import CandidateId
from core.interviews.contracts import InterviewId
from core.jobs.contracts import JobId, StageKind
from core.ports.tasks import task
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from core.shared.schedules import schedule
from core.shared.usecase import Command, Query
from core.templates.contracts import TemplateKind

StepId = NewType("StepId", UUID)
RuleId = NewType("RuleId", UUID)

RuleKey = Annotated[
    str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[a-z0-9][a-z0-9_-]*$")
]
"""Of a rule that everybody starts with, its name; of one of a workspace's own, its id."""

Trigger = Literal[
    "application_received",
    "stage_reached",
    "rejected",
    "hired",
    "withdrawn",
    "assigned",
    "interview_scheduled",
    "interview_rescheduled",
    "interview_cancelled",
    "interview_ahead",
    "feedback_missing",
    "no_answer",
]
"""What happens to an application. `interview_ahead`: an interview comes near."""

StepState = Literal["planned", "done", "skipped", "taken_back"]
"""`skipped`: when its time came, or before, it didn't fit any more; `reason` says why."""

SkipReason = Literal[
    "moved_on",
    "no_longer_rejected",
    "closed",
    "switched_off",
    "no_address",
    "nobody_sends",
    "nothing_to_say",
    "unsubscribed",
    "interview_changed",
    "deleted",
    "conditions",
    "needs_attention",
    "too_deep",
    "refused",
    "answered",
    "feedback_given",
    "nobody_to_tell",
    "as_it_is",
]

MAX_OWN_RULES = 100
"""Rules of its own that a workspace may have."""

MAX_AT_ONCE = 200
"""Planned things that are taken back or done in one request."""

DelayMinutes = Annotated[
    int,
    msgspec.Meta(
        ge=0,
        le=MAX_DELAY_MINUTES,
        description="How long to wait; until then it can be taken back. For `interview_ahead`: "
        "how long before the interview.",
        examples=[30],
    ),
]


class Conditions(msgspec.Struct, frozen=True):
    """What must hold for a rule to apply."""

    stage_words: tuple[str, ...] = ()
    """One of these words is in the name of the stage that was reached; empty: any stage."""
    stage_kinds: tuple[StageKind, ...] = ()
    """The stage that was reached is of one of these kinds; empty: of any kind."""
    except_reasons: tuple[str, ...] = ()
    """The application wasn't rejected for one of these reasons."""


class Attention(msgspec.Struct, frozen=True):
    """Why a rule does nothing until somebody looks at it."""

    field: str
    message: str
    code: Literal["gone", "unreadable"] = "gone"


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it holds."""

    key: RuleKey
    name: str
    summary: str
    """What it does, in a sentence; of rules of one's own it is empty."""
    trigger: Trigger
    conditions: Conditions
    """Of those that everybody starts with; a rule of one's own has `definition`."""
    template: TemplateKind | None
    """None: it sends nothing."""
    delay_minutes: int
    enabled: bool
    job_id: JobId | None
    """The job that it was changed or made for; None: it holds for every job."""
    is_default: bool
    """Whether it is as everybody starts with it."""
    version: int
    """Goes up by one at every change; the ETag. 0: it was never changed."""
    id: RuleId | None = None
    """Of a rule of one's own."""
    definition: RuleDefinition | None = None
    """Of a rule of one's own: what it says."""
    attention: tuple[Attention, ...] = ()
    """Of a rule of one's own: why it does nothing at present."""


class Rules(msgspec.Struct, frozen=True):
    """Every rule: first those that everybody starts with, then those of the workspace's own."""

    items: tuple[RuleView, ...]


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a rule does for one application: what, when, to whom and why."""

    id: StepId
    rule_key: RuleKey
    rule_name: str
    trigger: Trigger
    template: TemplateKind | None
    """Of the mail; None when it does something else, see `action`."""
    action: Act | None
    """What a rule of one's own does; None for the mails that everybody starts with."""
    state: StepState
    reason: SkipReason | None
    """Why it was skipped."""
    application_id: ApplicationId
    candidate_id: CandidateId
    job_id: JobId
    job_title: str
    to_name: str
    to_address: str | None
    stage: str | None
    """The stage that was reached."""
    interview_id: InterviewId | None
    """The interview that it is about."""
    happened_at: datetime
    """When what caused it happened."""
    due_at: datetime
    wanted_at: datetime | None
    """When it would be due without quiet hours; None: at `due_at`."""
    ended_at: datetime | None
    taken_back_by: MemberId | None
    message_id: UUID | None
    """The message that came of it."""


class Planned(msgspec.Struct, frozen=True):
    """What is planned for an application and what was, the latest first."""

    items: tuple[StepView, ...]


class HeldRejection(msgspec.Struct, frozen=True):
    """One application of a bulk rejection that waits, and what its candidate will be sent."""

    application_id: ApplicationId
    candidate_id: CandidateId
    to_name: str
    job_title: str
    mails: tuple[str, ...]
    """Names of the rules that will send; empty: the candidate hears nothing."""
    mail_at: datetime | None
    """When the first of them is due, quiet hours aside."""


class HeldRejections(msgspec.Struct, frozen=True):
    """A bulk rejection that waits; it can be recalled as a whole until it takes effect."""

    bulk_rejection_id: BulkRejectionId
    reason: str
    created_by: str | None
    effective_at: datetime
    items: tuple[HeldRejection, ...]


class WaitingRejections(msgspec.Struct, frozen=True):
    """The bulk rejections that wait, the next to take effect first."""

    items: tuple[HeldRejections, ...]


class StepOutcome(msgspec.Struct, frozen=True):
    """What became of one thing of many."""

    step_id: StepId
    result: Literal["taken_back", "done", "skipped", "too_late", "not_found"]
    reason: SkipReason | None = None


class StepOutcomes(msgspec.Struct, frozen=True):
    """What became of each, in the order of the request."""

    items: tuple[StepOutcome, ...]


class DryRunItem(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would have done once."""

    application_id: ApplicationId
    candidate_id: CandidateId
    to_name: str
    to_address: str | None
    job_title: str
    at: datetime
    """When what would have caused it happened."""
    stage: str | None
    """The stage that was reached."""


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would have done lately, as applications stand now."""

    days: int
    count: int
    """How often; 1001 stands for more than 1000."""
    is_whole: bool
    """Whether it looked at all that happened in those days, or enough of it to count past 1000.

    False: only at the latest of it.
    """
    items: tuple[DryRunItem, ...]
    """The latest, at most fifty."""


class AutomationSettings(msgspec.Struct, frozen=True):
    """What holds for every automation of the workspace."""

    quiet_hours: QuietTimes | None
    """When nothing is sent, where the candidate is; null: mails go out at any time."""
    version: int


class ListRules(Query[Rules], frozen=True, kw_only=True):
    """The rules as they hold, in the order in which they are tried."""

    job_id: JobId | None = None
    """For this job; None: for jobs that have none of their own."""


class ShowRule(Query[RuleView], frozen=True, kw_only=True):
    """One rule."""

    key: str
    job_id: JobId | None = None


class ChangeRule(Command[RuleView], frozen=True, kw_only=True):
    """Change a rule for every job, or for one; what is UNSET stays."""

    key: RuleKey
    job_id: JobId | None = None
    enabled: bool | UnsetType = UNSET
    delay_minutes: DelayMinutes | UnsetType = UNSET
    expected_version: int | None = None


class ResetRule(Command[RuleView], frozen=True, kw_only=True):
    """Let a rule be as everybody starts with it; for one job: as it is for every job."""

    key: RuleKey
    job_id: JobId | None = None


class CreateRule(Command[RuleView], frozen=True, kw_only=True):
    """Make a rule of one's own; it holds for what happens from then on."""

    definition: RuleDefinition
    job_id: JobId | None = None
    enabled: bool = True


class RewriteRule(Command[RuleView], frozen=True, kw_only=True):
    """Replace what a rule of one's own says."""

    key: str
    definition: RuleDefinition
    job_id: JobId | None = None
    enabled: bool = True
    expected_version: int | None = None


class DeleteRule(Command[None], frozen=True, kw_only=True):
    """Remove a rule of one's own; what it planned is skipped."""

    key: str
    expected_version: int | None = None


class TryRule(Command[DryRun], frozen=True, kw_only=True):
    """Ask what a rule would have done in the last days; nothing is changed."""

    definition: RuleDefinition
    job_id: JobId | None = None


class ShowAutomationSettings(Query[AutomationSettings], frozen=True, kw_only=True):
    """What holds for every automation."""


class ChangeAutomationSettings(Command[AutomationSettings], frozen=True, kw_only=True):
    """Change it."""

    quiet_hours: QuietTimes | None
    expected_version: int | None = None


class ListPlanned(Query[Planned], frozen=True, kw_only=True):
    """What is planned for an application and what was."""

    application_id: ApplicationId


class ListAllPlanned(Query[Page[StepView]], frozen=True, kw_only=True):
    """What rules do in the whole workspace: what is planned the next first, else the latest."""

    page: PageRequest = PageRequest()
    state: StepState = "planned"
    job_id: JobId | None = None
    rule_key: str | None = None


class ListWaitingRejections(Query[WaitingRejections], frozen=True, kw_only=True):
    """Bulk rejections that wait, with what will be sent for them."""


class TakeBack(Command[StepView], frozen=True, kw_only=True):
    """Take something back that is planned."""

    application_id: ApplicationId
    step_id: StepId


class TakeBackMany(Command[StepOutcomes], frozen=True, kw_only=True):
    """Take back what is planned; each by itself."""

    step_ids: tuple[StepId, ...]


class DoNow(Command[StepOutcomes], frozen=True, kw_only=True):
    """Do what is planned at once, whatever the hour; each by itself."""

    step_ids: tuple[StepId, ...]


@task("automation_step")
class RunStep(Command[None], frozen=True, kw_only=True):
    """Do what was planned; workers run it when its time has come."""

    step_id: StepId


schedule("automations_sweep", task="automations_sweep", cron="17 * * * *")


@task("automations_sweep")
class LookForSilence(Command[None], frozen=True, kw_only=True):
    """Find applications of which nobody was told anything for long; workers run it hourly."""
