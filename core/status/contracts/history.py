"""Every status that an application had, and how that came."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from core.applications.contracts import ApplicationId, ChangeKind, Disposition, Person
from core.candidates.contracts import CandidateId
from core.jobs.contracts import JobId, StageId
from core.shared.paging import PageRequest
from core.shared.usecase import Query
from core.status.contracts.reports import Outcome

StatusSource = Literal["member", "applicant", "report", "system"]
"""Who made it so: somebody of the team, the applicant, a source outside, or the platform itself."""


class StatusEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A change of status, or a report from outside that changed nothing."""

    id: UUID
    at: datetime
    kind: ChangeKind | Literal["reported"]
    application_id: ApplicationId
    job_id: JobId
    job_title: str
    from_stage_id: StageId | None
    from_stage: str | None
    to_stage_id: StageId | None
    """Null where nothing changed."""
    to_stage: str | None
    from_disposition: Disposition | None
    to_disposition: Disposition | None
    reason_code: str | None
    note: str | None
    source: StatusSource
    by: Person | None
    """The member who did it; null for everybody else."""
    reported_by: str | None
    """The name of the source that reported it."""
    reported_status: str | None
    """As the source calls it."""
    outcome: Outcome | None
    """What came of a report."""
    occurred_at: datetime | None
    """When it came to be so, if the source said."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where an application stood at the time that was asked for."""

    application_id: ApplicationId
    job_id: JobId
    job_title: str
    stage_id: StageId
    stage: str
    disposition: Disposition
    since: datetime


class StatusHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the history, the latest first."""

    items: tuple[StatusEntry, ...]
    next_cursor: str | None
    """Pass as `cursor` to get the next page; null on the last one."""
    standing: tuple[Standing, ...]
    """Where each application stood at `as_of`, or stands now."""


class ShowStatusHistory(Query[StatusHistory], frozen=True, kw_only=True):
    """The history of one application, or of all that a candidate has: name one of the two."""

    application_id: ApplicationId | None = None
    candidate_id: CandidateId | None = None
    as_of: datetime | None = None
    """What was known at this time; later entries are left out."""
    page: PageRequest = PageRequest()
