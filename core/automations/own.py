"""A rule of a workspace's own: what it says, where it holds, and since when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from core.applications.contracts import ApplicationId
from core.automations.contracts import Attention, Conditions, RuleId, RuleView, Trigger
from core.automations.definition import (
    Act,
    RuleDefinition,
    SendMail,
    WhenInterviewAhead,
    WhenStageReached,
    tag_of,
)
from core.automations.rules import Occasion
from core.interviews.contracts import InterviewId
from core.jobs.contracts import JobId
from core.shared.clock import UtcDatetime
from core.templates.contracts import TemplateKind

MAX_DEPTH: Final = 3
"""How many rules may follow one another, each because of what the one before did."""

UNREADABLE: Final = Attention(
    "definition", "It was written for another version of this software.", "unreadable"
)


@dataclass
class OwnRule:
    """The rule."""

    id: RuleId
    job_id: JobId | None
    name: str
    trigger: Trigger
    enabled: bool
    definition: RuleDefinition | None
    """None when what is kept can't be read any more."""
    active_since: UtcDatetime
    """It holds for what happens from then on."""
    version: int = 1

    @property
    def key(self) -> str:
        """The name under which its steps are kept."""
        return str(self.id)

    def is_for(self, job_id: JobId, occasion: Occasion) -> bool:
        """Whether it is about what happened, for this job."""
        if not self.enabled or self.definition is None or self.trigger != occasion.trigger:
            return False
        if self.job_id is not None and self.job_id != job_id:
            return False
        when = self.definition.when
        if not isinstance(when, WhenStageReached):
            return True
        if when.stage_id is not None:
            return when.stage_id == occasion.stage_id
        return when.stage_name is None or _same(when.stage_name, occasion.stage_name)

    def view(self, attention: tuple[Attention, ...] = ()) -> RuleView:
        """Return it as others see it."""
        definition = self.definition
        delay = 0 if definition is None else definition.delay_minutes
        if definition is not None and isinstance(definition.when, WhenInterviewAhead):
            delay = definition.when.hours * 60
        return RuleView(
            key=self.key,
            id=self.id,
            name=self.name,
            summary="",
            trigger=self.trigger,
            conditions=Conditions(),
            template=None if definition is None else template_of(definition.action),
            delay_minutes=delay,
            enabled=self.enabled,
            job_id=self.job_id,
            is_default=False,
            version=self.version,
            definition=definition,
            attention=attention if definition is not None else (UNREADABLE,),
        )


def template_of(action: Act | None) -> TemplateKind | None:
    """Return the template of the mail that an action sends, None when it sends none."""
    return action.template if isinstance(action, SendMail) else None


def trigger_of(definition: RuleDefinition) -> Trigger:
    """Return what a rule waits for."""
    return tag_of(definition.when)  # type: ignore[return-value]  # the tags are the triggers' names


def occasion_of_interview(trigger: str, interview_id: InterviewId, at: datetime) -> UUID:
    """Return what stands for an interview at a time, where no event does."""
    return uuid5(NAMESPACE_URL, f"intellimatch:{trigger}:{interview_id}:{at.isoformat()}")


def occasion_of_silence(application_id: ApplicationId, since: datetime) -> UUID:
    """Return what stands for the silence after an instant."""
    return uuid5(NAMESPACE_URL, f"intellimatch:no_answer:{application_id}:{since.isoformat()}")


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
