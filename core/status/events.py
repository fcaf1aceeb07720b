"""What happened in the status slice. Events carry ids and states, never what sources wrote."""

from typing import ClassVar
from uuid import UUID

from core.shared.events import Event


class StatusReported(Event, frozen=True, kw_only=True):
    """A source reported a status; `aggregate_id` is the application."""

    type: ClassVar[str] = "status_report.received"
    aggregate: ClassVar[str] = "application"
    report_id: UUID
    source_id: UUID
    state: str
    """What came of it, as `Outcome`."""


class GlanceEvent(Event, frozen=True, kw_only=True):
    """Base of what a member did about a candidate, who is `aggregate_id`."""

    aggregate: ClassVar[str] = "candidate"


class CandidateViewed(GlanceEvent, frozen=True, kw_only=True):
    """A member opened the candidate's page."""

    type: ClassVar[str] = "activity.viewed"


class ResumeViewed(GlanceEvent, frozen=True, kw_only=True):
    """A member opened a résumé of the candidate."""

    type: ClassVar[str] = "activity.resume_viewed"


class FileDownloaded(GlanceEvent, frozen=True, kw_only=True):
    """A member saved a file of the candidate."""

    type: ClassVar[str] = "activity.downloaded"


class SourceEvent(Event, frozen=True, kw_only=True):
    """Base of the events of one source; `aggregate_id` is the source."""

    aggregate: ClassVar[str] = "status_source"


class SourceCreated(SourceEvent, frozen=True, kw_only=True):
    """Somebody outside may report statuses."""

    type: ClassVar[str] = "status_source.created"


class SourceEdited(SourceEvent, frozen=True, kw_only=True):
    """Its name, or what its statuses stand for, was changed."""

    type: ClassVar[str] = "status_source.edited"


class SourceRotated(SourceEvent, frozen=True, kw_only=True):
    """It got a new secret."""

    type: ClassVar[str] = "status_source.rotated"


class SourceEnded(SourceEvent, frozen=True, kw_only=True):
    """Its reports are refused from now on."""

    type: ClassVar[str] = "status_source.revoked"


class StatusPreferencesChanged(Event, frozen=True, kw_only=True):
    """What candidates see was changed; `aggregate_id` is the tenant."""

    type: ClassVar[str] = "status_preferences.changed"
    aggregate: ClassVar[str] = "status_preferences"
