"""What candidates did about mails. No event holds an address; `aggregate_id` is the message."""

from typing import ClassVar
from uuid import UUID

from core.shared.events import Event


class SubscriptionEvent(Event, frozen=True, kw_only=True):
    """Base of both."""

    aggregate: ClassVar[str] = "mail_list"
    mail_list: str
    candidate_id: UUID
    application_id: UUID


class MailStopped(SubscriptionEvent, frozen=True, kw_only=True):
    """A candidate wants no more mails of a list."""

    type: ClassVar[str] = "mail_list.left"


class MailResumed(SubscriptionEvent, frozen=True, kw_only=True):
    """A candidate wants them again."""

    type: ClassVar[str] = "mail_list.joined"
