"""What others may know of automations: rules, what is planned for an application, commands."""

from datetime import datetime
from typing import Annotated, Literal, NewType
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from core.applications.contracts import ApplicationId
from core.interviews.contracts import InterviewId
from core.jobs.contracts import JobId, StageKind
from core.ports.tasks import task
from core.shared.ids import MemberId
from core.shared.usecase import Command, Query
from core.templates.contracts import TemplateKind

StepId = NewType("StepId", UUID)

RuleKey = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]

Trigger = Literal[
    "application_received",
    "stage_reached",
    "rejected",
    "hired",
    "interview_scheduled",
    "interview_rescheduled",
    "interview_cancelled",
    "interview_ahead",
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
    "interview_changed",
]

MAX_DELAY_MINUTES = 30 * 24 * 60

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


class RuleView(msgspec.Struct, frozen=True):
    """A rule as it holds."""

    key: RuleKey
    name: str
    summary: str
    """What it does, in a sentence."""
    trigger: Trigger
    conditions: Conditions
    template: TemplateKind
    delay_minutes: int
    enabled: bool
    job_id: JobId | None
    """The job that it was changed for; None: it holds for every job."""
    is_default: bool
    """Whether it is as everybody starts with it."""
    version: int
    """Goes up by one at every change; the ETag. 0: it was never changed."""


class Rules(msgspec.Struct, frozen=True):
    """Every rule."""

    items: tuple[RuleView, ...]


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a rule does for one application: what, when, to whom and why."""

    id: StepId
    rule_key: RuleKey
    rule_name: str
    trigger: Trigger
    template: TemplateKind
    state: StepState
    reason: SkipReason | None
    """Why it was skipped."""
    to_name: str
    to_address: str | None
    stage: str | None
    """The stage that was reached."""
    interview_id: InterviewId | None
    """The interview that it is about."""
    happened_at: datetime
    """When what caused it happened."""
    due_at: datetime
    ended_at: datetime | None
    taken_back_by: MemberId | None
    message_id: UUID | None
    """The message that came of it."""


class Planned(msgspec.Struct, frozen=True):
    """What is planned for an application and what was, the latest first."""

    items: tuple[StepView, ...]


class ListRules(Query[Rules], frozen=True, kw_only=True):
    """The rules as they hold, in the order in which they are tried."""

    job_id: JobId | None = None
    """For this job; None: for jobs that have none of their own."""


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


class ListPlanned(Query[Planned], frozen=True, kw_only=True):
    """What is planned for an application and what was."""

    application_id: ApplicationId


class TakeBack(Command[StepView], frozen=True, kw_only=True):
    """Take something back that is planned."""

    application_id: ApplicationId
    step_id: StepId


@task("automation_step")
class RunStep(Command[None], frozen=True, kw_only=True):
    """Do what was planned; workers run it when its time has come."""

    step_id: StepId
