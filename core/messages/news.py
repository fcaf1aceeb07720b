"""Which event tells what happened to a message: one for candidates, another for members.

Whoever may read about candidates hears of the first; only who manages the team of the second.
"""

from typing import TypedDict
from uuid import UUID

from core.messages.contracts import TimelineKind
from core.messages.events import (
    MemberMessageChanged,
    MessageFailed,
    MessageOutcomeUnknown,
    MessageQueued,
    MessageSent,
)
from core.messages.model import Message
from core.shared.events import Event


class Facts(TypedDict):
    """What every event of a message to a candidate says."""

    aggregate_id: UUID
    purpose: str
    candidate_id: UUID
    application_id: UUID


def facts(message: Message) -> Facts:
    """Return what every event of this message says. Raises ValueError for one to a member."""
    if message.candidate_id is None or message.application_id is None:
        raise ValueError("a message to a member has no application")
    return {
        "aggregate_id": message.id,
        "purpose": message.purpose,
        "candidate_id": message.candidate_id,
        "application_id": message.application_id,
    }


def queued(message: Message) -> Event:
    """Tell that a message is to be sent."""
    if not message.is_to_candidate:
        return of_member(message, "queued")
    return MessageQueued(**facts(message))


def sent(message: Message, plugin: str) -> Event:
    """Tell that a service took a message over."""
    if not message.is_to_candidate:
        return of_member(message, "sent", plugin=plugin)
    return MessageSent(**facts(message), plugin=plugin)


def failed(message: Message) -> Event:
    """Tell that a message wasn't sent and won't be by itself."""
    if not message.is_to_candidate:
        return of_member(message, "failed", detail=message.detail or "")
    return MessageFailed(**facts(message), detail=message.detail or "")


def unknown(message: Message) -> Event:
    """Tell that nobody can know whether a message was taken."""
    if not message.is_to_candidate:
        return of_member(message, "unknown", plugin=message.plugin)
    return MessageOutcomeUnknown(**facts(message), plugin=message.plugin or "")


def of_member(
    message: Message, kind: TimelineKind, *, plugin: str | None = None, detail: str = ""
) -> MemberMessageChanged:
    """Tell what happened to a message to a member."""
    return MemberMessageChanged(
        aggregate_id=message.id,
        purpose=message.purpose,
        member_id=message.member_id,
        kind=kind,
        plugin=plugin,
        detail=detail,
    )
