"""What the automations need from outside: storage, how applications stand, and who sends."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from core.applications.contracts import ApplicationId
from core.automations.contracts import RuleKey, StepId, StepView
from core.automations.model import Standing, Step
from core.automations.rules import RuleChange
from core.interviews.contracts import InterviewId
from core.jobs.contracts import JobId, StageId, StageKind
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
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


class StepQueries(Protocol):
    """Reads views straight from rows."""

    async def of_application(
        self, application_id: ApplicationId, only_for: MemberId | None
    ) -> Sequence[StepView]:
        """Return the last hundred of an application. Raises NotFound without it."""
        ...


class Mail(Protocol):
    """Promises mails to candidates, within the open transaction."""

    async def is_possible(self) -> bool:
        """Whether anything sends mail for the tenant."""
        ...

    async def write(
        self,
        template: TemplateKind,
        application_id: ApplicationId,
        interview_id: InterviewId | None = None,
    ) -> UUID | None:
        """Queue the mail and return its id; None when there is nobody to write to."""
        ...
