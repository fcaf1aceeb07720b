"""Reads out of events what notifications are about; `notices` says which function reads which."""

from typing import Any
from uuid import UUID

import msgspec

from core.applications.events import (
    ApplicationAssigned,
    ApplicationCreated,
    ApplicationMoved,
    BulkRejectionFinished,
)
from core.automations.events import TeamNotified
from core.candidates.events import NoteAdded, NoteEdited
from core.deliverability.events import SendingDomainWorsened
from core.imports.events import ImportFinished
from core.installations.events import PluginChecked, PluginConnectionBroken
from core.interviews.events import FeedbackDue, InterviewRescheduled, InterviewScheduled
from core.messages.events import ReplyAssigned, ReplyReceived, ReplyUnmatched, SenderFailing
from core.notifications.events import ChatBroken
from core.tenancy.events import QuotaNeared


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What an event is about, read out of it."""

    application_id: UUID | None = None
    note_id: UUID | None = None
    work_id: UUID | None = None
    """The import or the bulk rejection."""
    stage_id: UUID | None = None
    named: tuple[UUID, ...] = ()
    details: dict[str, str] = {}
    """Kept with the notification and part of its words; never personal."""


def of_itself(event: Any) -> About:
    """An event of an application."""
    return About(application_id=event.aggregate_id)


def owed(event: FeedbackDue) -> About:
    """Feedback that those who held an interview haven't given."""
    return About(application_id=event.application_id, named=event.interviewers)


def of_its_application(event: Any) -> About:
    """An event of what belongs to an application."""
    return About(application_id=event.application_id)


def applied(event: ApplicationCreated) -> About | None:
    """A list of thousands that is imported is told of as one import."""
    return None if event.source == "import" else of_itself(event)


def moved(event: ApplicationMoved) -> About:
    """It goes with where the application is now."""
    return About(application_id=event.aggregate_id, stage_id=event.to_stage_id)


def assigned(event: ApplicationAssigned) -> About | None:
    """Nobody is told that nobody looks after it."""
    if event.assignee_id is None:
        return None
    return About(application_id=event.aggregate_id, named=(event.assignee_id,))


def noted(event: NoteAdded | NoteEdited) -> About:
    """A note, whose candidate is found by it."""
    return About(note_id=event.note_id)


def interviewed(event: InterviewScheduled | InterviewRescheduled) -> About:
    """An interview that is to take place."""
    return About(
        application_id=event.application_id,
        named=event.interviewers,
        details={"interview_id": str(event.aggregate_id), "starts_at": event.starts_at.isoformat()},
    )


def answered(event: ReplyReceived | ReplyAssigned) -> About | None:
    """What a machine wrote, such as an absence note, disturbs nobody; somebody placed the other."""
    if isinstance(event, ReplyReceived) and event.automatic:
        return None
    return of_its_application(event)


def unplaced(event: ReplyUnmatched) -> About | None:
    """An e-mail of which nobody knows what it answers."""
    return None if event.automatic else About()


def told_by_rule(event: TeamNotified) -> About:
    """What an automation says, in the words of the admin who made it."""
    return About(
        application_id=event.application_id, named=event.members, details={"text": event.text}
    )


def imported(event: ImportFinished) -> About | None:
    """An import with its figures."""
    counts = {name: str(getattr(event, name)) for name in ("created", "updated", "failed")}
    return About(
        work_id=event.aggregate_id, details={"import_id": str(event.aggregate_id), **counts}
    )


def rejected_together(event: BulkRejectionFinished) -> About:
    """A bulk rejection with its figures."""
    return About(
        work_id=event.aggregate_id,
        details={"rejected": str(event.rejected), "skipped": str(event.skipped)},
    )


def checked(event: PluginChecked | PluginConnectionBroken | ChatBroken) -> About | None:
    """A connection that works is no news; one that was lost, or fails a test, is."""
    if isinstance(event, PluginChecked) and event.ok:
        return None
    return About(details={"plugin": event.plugin_id})


def fails_to_send(event: SenderFailing) -> About:
    """A plugin that e-mail should leave through takes none."""
    return About(details={"plugin": event.plugin_id})


def domain_worse(event: SendingDomainWorsened) -> About:
    """Something that a sending domain had isn't published any more, or is wrong now."""
    return About(details={"domain": event.domain})


def neared(event: QuotaNeared) -> About | None:
    """Most of what the plan allows is used."""
    return None if event.percent >= 100 else _of_quota(event)


def used_up(event: QuotaNeared) -> About | None:
    """All that the plan allows is used."""
    return _of_quota(event) if event.percent >= 100 else None


def _of_quota(event: QuotaNeared) -> About:
    figures = {"used": str(event.used), "limit": str(event.limit)}
    return About(details={"quota": event.quota_name, **figures})
