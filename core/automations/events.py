"""What happened to automations. Events carry ids and states, nothing about people."""

from typing import ClassVar
from uuid import UUID

from core.shared.events import Event


class RuleEvent(Event, frozen=True, kw_only=True):
    """Base of the events of rules; `aggregate_id` is the tenant."""

    aggregate: ClassVar[str] = "automation"
    key: str
    job_id: UUID | None = None


class AutomationChanged(RuleEvent, frozen=True, kw_only=True):
    """A rule was switched on or off, or waits for another while."""

    type: ClassVar[str] = "automation.changed"


class AutomationReset(RuleEvent, frozen=True, kw_only=True):
    """A rule is as everybody starts with it."""

    type: ClassVar[str] = "automation.reset"


class OwnRuleEvent(Event, frozen=True, kw_only=True):
    """Base of the events of rules of a workspace's own; `aggregate_id` is the rule."""

    aggregate: ClassVar[str] = "automation_rule"
    job_id: UUID | None = None


class OwnRuleCreated(OwnRuleEvent, frozen=True, kw_only=True):
    """A rule was made."""

    type: ClassVar[str] = "automation_rule.created"


class OwnRuleChanged(OwnRuleEvent, frozen=True, kw_only=True):
    """A rule says something else, or was switched on or off."""

    type: ClassVar[str] = "automation_rule.changed"


class OwnRuleDeleted(OwnRuleEvent, frozen=True, kw_only=True):
    """A rule was removed."""

    type: ClassVar[str] = "automation_rule.deleted"


class AutomationSettingsChanged(Event, frozen=True, kw_only=True):
    """What holds for every automation was changed; `aggregate_id` is the tenant."""

    type: ClassVar[str] = "automation.settings_changed"
    aggregate: ClassVar[str] = "automation"


class TeamNotified(Event, frozen=True, kw_only=True):
    """A rule has something to say to members; `aggregate_id` is the step."""

    type: ClassVar[str] = "automation_step.notified"
    aggregate: ClassVar[str] = "automation_step"
    application_id: UUID
    members: tuple[UUID, ...]
    text: str
    """As the workspace's admin wrote it in the rule."""


class StepEvent(Event, frozen=True, kw_only=True):
    """Base of the events of what rules do; `aggregate_id` is the step."""

    aggregate: ClassVar[str] = "automation_step"
    application_id: UUID
    rule_key: str


class StepPlanned(StepEvent, frozen=True, kw_only=True):
    """A mail will be sent, unless it is taken back or doesn't fit any more."""

    type: ClassVar[str] = "automation_step.planned"


class StepEnded(StepEvent, frozen=True, kw_only=True):
    """It was done, skipped or taken back."""

    type: ClassVar[str] = "automation_step.ended"
    state: str
    reason: str | None = None
