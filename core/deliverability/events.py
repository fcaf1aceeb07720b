"""What happened to sending domains; `aggregate_id` is the tenant."""

from typing import ClassVar

from core.shared.events import Event


class SendingDomainEvent(Event, frozen=True, kw_only=True):
    """Base of both."""

    aggregate: ClassVar[str] = "sending_domain"
    domain: str
    state: str


class SendingDomainChecked(SendingDomainEvent, frozen=True, kw_only=True):
    """A domain was looked at, and is as it was or better."""

    type: ClassVar[str] = "sending_domain.checked"


class SendingDomainWorsened(SendingDomainEvent, frozen=True, kw_only=True):
    """Something that was in order isn't any more."""

    type: ClassVar[str] = "sending_domain.worsened"
    subjects: tuple[str, ...]
