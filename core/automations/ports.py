"""What the automations need from outside: storage, how applications stand, who sends and who acts.

`Desk` bundles what the handlers and the task of a step work with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from core.applications.contracts import ApplicationId
from core.automations.contracts import (
    AutomationSettings,
    HeldRejections,
    ListAllPlanned,
    RuleId,
    RuleKey,
    StepId,
    StepView,
    Trigger,
)
from core.automations.facts import Facts, KnownJob
from core.automations.model import Standing, Step
from core.automations.own import OwnRule
from core.automations.rules import Occasion, RuleChange
from core.candidates.contracts import CandidateId
from core.interviews.contracts import InterviewId
from core.jobs.contracts import JobId, QuestionId, StageId, StageKind
from core.ports.tasks import Tasks
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Cause, Recorder
from core.shared.ids import Ids, MemberId
from core.shared.paging import Page
from core.templates.contracts import TemplateKind


class ReachedStage(msgspec.Struct, frozen=True):
    """A stage that an application reached."""

    name: str
    kind: StageKind


class RuleChanges(Protocol):
    """Reads what the tenant changed of the rules."""

    async def changes(self, job_id: JobId | None) -> Sequence[RuleChange]:
        """Return the changes for every job and, if one is named, those for that job."""
        ...


class RuleStore(RuleChanges, Protocol):
    """Keeps what the tenant changes of the rules."""

    async def hold(self, key: RuleKey, job_id: JobId | None) -> RuleChange | None:
        """Return a change, and let others who change this rule wait for our end."""
        ...

    async def keep(self, change: RuleChange, by: MemberId | None, now: UtcDatetime) -> None:
        """Keep it with the version that it has. Raises InvalidInput without such a job."""
        ...

    async def remove(self, key: RuleKey, job_id: JobId | None) -> None:
        """Forget a change."""
        ...


class Refs(msgspec.Struct, frozen=True):
    """What a rule names that may be gone one day."""

    stages: frozenset[StageId] = frozenset()
    stage_names: frozenset[str] = frozenset()
    members: frozenset[MemberId] = frozenset()
    jobs: frozenset[JobId] = frozenset()
    questions: frozenset[QuestionId] = frozenset()


class OwnRules(Protocol):
    """Reads the tenant's own rules."""

    async def all(self, trigger: Trigger | None = None) -> Sequence[OwnRule]:
        """Return every one, or those that wait for this; the oldest first."""
        ...

    async def get(self, rule_id: RuleId) -> OwnRule | None:
        """Return one."""
        ...

    async def known(self, refs: Refs, job_id: JobId | None) -> Refs:
        """Return those that are there, members only while they are active. Stages and names of
        stages are those of the job, if one is named. Names come back as they were given.
        """
        ...

    async def settings(self) -> AutomationSettings:
        """Return what holds for every rule."""
        ...


class OwnRuleStore(OwnRules, Protocol):
    """Keeps the tenant's own rules."""

    async def count(self) -> int:
        """Count them, and let others who make one wait for our end."""
        ...

    async def get_for_change(self, rule_id: RuleId) -> OwnRule | None:
        """Return one, locked."""
        ...

    async def keep(self, rule: OwnRule, by: MemberId | None, now: UtcDatetime) -> None:
        """Insert it with version 1, else update it. Raises InvalidInput without such a job."""
        ...

    async def delete(self, rule_id: RuleId) -> None:
        """Remove it."""
        ...

    async def keep_settings(
        self, settings: AutomationSettings, by: MemberId | None, now: UtcDatetime
    ) -> None:
        """Keep what holds for every rule, with its version."""
        ...


class Steps(Protocol):
    """Keeps what rules do for applications."""

    async def add(self, step: Step) -> bool:
        """Keep a new one; False when this rule has reacted to this event before."""
        ...

    async def has_reacted(
        self, application_id: ApplicationId, rule_key: RuleKey, since: UtcDatetime
    ) -> bool:
        """Whether the rule did, or is to do, something about an event since then."""
        ...

    async def is_after_silence(self, step_id: StepId) -> bool:
        """Whether silence caused a step, directly or not; False when it is gone."""
        ...

    async def get_for_change(self, step_id: StepId) -> Step | None:
        """Return one, locked until the transaction ends."""
        ...

    async def planned_for_change(self, application_id: ApplicationId) -> Sequence[Step]:
        """Return those of an application that are still planned, locked."""
        ...

    async def save(self, step: Step) -> None:
        """Keep what became of it."""
        ...

    async def standing(
        self, application_id: ApplicationId, interview_id: InterviewId | None = None
    ) -> Standing | None:
        """Return how an application stands, and one of its interviews; None without it."""
        ...

    async def stage(self, stage_id: StageId) -> ReachedStage | None:
        """Return a stage, None when it isn't there any more."""
        ...

    async def view(self, step_id: StepId) -> StepView:
        """Return it as others see it, within the transaction."""
        ...


class Silence(msgspec.Struct, frozen=True):
    """An active application whose candidate has heard nothing since an instant."""

    application_id: ApplicationId
    since: datetime
    """When the last word to the candidate was."""


class Past(msgspec.Struct, frozen=True):
    """Something that happened to an application."""

    application_id: ApplicationId
    job_id: JobId
    at: datetime
    occasion: Occasion


class ApplicationsKnown(Protocol):
    """Reads applications as rules look at them."""

    async def facts(self, applications: Sequence[ApplicationId]) -> dict[ApplicationId, Facts]:
        """Return those that exist."""
        ...

    async def stage_of(
        self, job_id: JobId, stage_id: StageId | None, name: str | None
    ) -> tuple[StageId, StageKind] | None:
        """Return the job's stage of that id or name."""
        ...

    async def to_tell(
        self,
        who: Literal["assignee", "hiring_team", "interviewers"],
        application_id: ApplicationId,
        interview_id: InterviewId | None,
    ) -> Sequence[MemberId]:
        """Return the active members who are meant."""
        ...

    async def silent(
        self,
        since: datetime,
        until: datetime,
        job_id: JobId | None,
        after: ApplicationId | None,
        limit: int,
        *,
        unknown_to: RuleKey | None = None,
    ) -> Sequence[Silence]:
        """Return active applications of people who applied, in the order of their ids, whose last
        word to the candidate, as `last_words_v1` defines it, was between `since` and `until`.

        `unknown_to` leaves out what a rule has reacted to since that word.
        """
        ...

    async def last_word(self, application_id: ApplicationId) -> datetime | None:
        """Return when, in that sense, the candidate last heard from us."""
        ...

    async def jobs(self) -> Sequence[KnownJob]:
        """Return every job of the tenant."""
        ...

    async def past(
        self, trigger: Trigger, since: datetime, jobs: frozenset[JobId] | None, limit: int
    ) -> Sequence[Past]:
        """Return what happened since then to applications for these jobs, the latest first.

        `jobs`: None for every job; so below.
        """
        ...

    async def fallen_silent(
        self, since: datetime, until: datetime, jobs: frozenset[JobId] | None, limit: int
    ) -> Sequence[Past]:
        """Return active applications whose last word to the candidate, as `last_words_v1` defines
        it, was between the two: each at that instant, the latest first.
        """
        ...


class StepQueries(Protocol):
    """Reads views straight from rows."""

    async def of_application(
        self, application_id: ApplicationId, only_for: MemberId | None
    ) -> Sequence[StepView]:
        """Return the last hundred of an application. Raises NotFound without it."""
        ...

    async def page(self, query: ListAllPlanned, only_for: MemberId | None) -> Page[StepView]:
        """Return a page of the workspace's."""
        ...

    async def waiting_rejections(self) -> Sequence[HeldRejections]:
        """Return the bulk rejections that wait, without what will be sent."""
        ...


class Mail(Protocol):
    """Promises mails to candidates, within the open transaction."""

    async def is_possible(self) -> bool:
        """Whether anything sends mail for the tenant."""
        ...

    async def is_stopped(self, template: TemplateKind, application_id: ApplicationId) -> bool:
        """Whether the candidate has stopped mails of that kind."""
        ...

    async def write(
        self,
        template: TemplateKind,
        application_id: ApplicationId,
        interview_id: InterviewId | None = None,
    ) -> UUID | None:
        """Queue the mail and return its id; None when there is nobody to write to."""
        ...


class Effects(Protocol):
    """Does what rules say to applications and candidates, through the use cases of their slices.

    Each raises the refusals of those use cases; then nothing was changed.
    """

    async def move(
        self,
        application_id: ApplicationId,
        from_stage_id: StageId,
        to_stage_id: StageId,
        rule_name: str,
        cause: Cause,
    ) -> None:
        """Move an application."""
        ...

    async def assign(
        self, application_id: ApplicationId, member_id: MemberId, cause: Cause
    ) -> bool:
        """Give an application to a member; False when somebody looks after it already."""
        ...

    async def note(self, candidate_id: CandidateId, text: str, rule_name: str) -> None:
        """Write a note in the rule's name."""
        ...

    async def tag(self, candidate_id: CandidateId, tag_name: str) -> bool:
        """Give a candidate a tag; False when they have it, whatever the case."""
        ...


class ReceiverZones(Protocol):
    """Knows on which wall clock a candidate looks."""

    def zone_of(self, facts: Facts) -> ZoneInfo:
        """Return where the candidate is, as far as can be told; else the job, else the tenant."""
        ...


@dataclass
class Desk:
    """What rules work with, in one transaction."""

    steps: Steps
    rules: RuleChanges
    own: OwnRules
    known: ApplicationsKnown
    mail: Mail
    effects: Effects
    zones: ReceiverZones
    tasks: Tasks
    clock: Clock
    ids: Ids
    recorder: Recorder
