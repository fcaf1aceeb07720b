"""What members did about a candidate: looked, downloaded, commented, moved, assigned."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from core.applications.contracts import ApplicationId, Person
from core.candidates.contracts import CandidateId
from core.shared.paging import Page, PageRequest
from core.shared.usecase import Command, Query

Glance = Literal["viewed", "resume_viewed", "downloaded"]
"""What leaves no other trace and is written down, once for a member, candidate and hour."""

ActivityKind = Literal["viewed", "resume_viewed", "downloaded", "commented", "moved", "assigned"]


class ActivityEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a member did."""

    id: UUID
    at: datetime
    kind: ActivityKind
    by: Person
    application_id: ApplicationId | None
    """With `moved` and `assigned`."""
    job_title: str | None
    stage: str | None
    """With `moved`: the stage that was reached."""
    member: Person | None
    """With `assigned`: to whom; null: to nobody."""


class GlanceNoted(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it was written down."""

    noted: bool
    """False for programs, and for what was noted within the hour."""


class ListActivity(Query[Page[ActivityEntry]], frozen=True, kw_only=True):
    """What members did about a candidate, the latest first."""

    candidate_id: CandidateId
    page: PageRequest = PageRequest()


class NoteGlance(Command[GlanceNoted], frozen=True, kw_only=True):
    """Write down that the member who acts looked at a candidate; programs look at nothing."""

    candidate_id: CandidateId
    kind: Glance
