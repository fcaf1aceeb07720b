"""A status that somebody reports from outside: Standard Webhooks 1.0, and what comes of it."""

from datetime import datetime
from typing import Annotated, Literal, NewType
from uuid import UUID

import msgspec
from msgspec import Meta

from core.applications.contracts import ApplicationId, Disposition, Note
from core.jobs.contracts import StageId
from core.shared.usecase import Command, Query
from core.status.contracts.sources import SourceId, Word

ReportId = NewType("ReportId", UUID)

LARGEST_REPORT = 65_536
"""Bytes of a body; Standard Webhooks asks senders for less than 20 kB."""

Outcome = Literal[
    "moved",
    "rejected",
    "withdrawn",
    "noted",
    "unmapped",
    "unchanged",
    "conflict",
    "ended",
    "no_such_stage",
]
"""What came of a report. All but the first three changed nothing; each is in the history.

`noted`: it stands for a note. `unmapped`: nobody said what it stands for. `unchanged`: the
application was there already. `conflict`: somebody moved it in the meantime. `ended`: it isn't
active. `no_such_stage`: its job has no stage of that name.
"""


class ReportedStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which application stands where, as the source sees it."""

    application_id: UUID
    status: Word
    note: Note | None = None
    """What the team reads beside it."""
    occurred_at: Annotated[datetime, Meta(tz=True)] | None = None
    """When it came to be so. A report of what was before the last change is a conflict."""
    if_stage: UUID | None = None
    """Change something only while the application is in this stage."""
    if_version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    """Change something only while the application has this version."""


class StatusReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The body of a report."""

    type: Literal["status.reported"]
    data: ReportedStatus
    timestamp: Annotated[datetime, Meta(tz=True)] | None = None
    """When the report was made; nothing depends on it."""


class ReportReceived(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a report; the same one again is answered alike."""

    id: ReportId
    application_id: ApplicationId
    outcome: Outcome
    stage_id: StageId
    """Where the application is now."""
    stage: str
    disposition: Disposition
    application_version: int


class AdmittedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery whose signature was right and fresh."""

    source_id: SourceId
    source_name: str
    webhook_id: str
    body_hash: bytes


class AdmitReport(Query[AdmittedReport], frozen=True, kw_only=True):
    """Look at the signature over the raw bytes; to be asked before anything of them is read."""

    source_id: str
    webhook_id: str | None
    timestamp: str | None
    signatures: str | None
    body: bytes

    def __repr__(self) -> str:
        return "AdmitReport(...)"


class TakeReport(Command[ReportReceived], frozen=True, kw_only=True):
    """Do what a report stands for, once."""

    admitted: AdmittedReport
    report: StatusReport
