"""The application: where it stands, what may follow, and the entry of history of each change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from core.applications.contracts import (
    Answer,
    ApplicationId,
    ApplicationSource,
    ChangeKind,
    Disposition,
)
from core.applications.errors import ApplicationChanged, IllegalDisposition
from core.candidates.contracts import CandidateId
from core.jobs.contracts import JobId, QuestionId, Stage, StageId
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import MemberId

WHAT_MAY_FOLLOW: Final[dict[Disposition, tuple[str, ...]]] = {
    "active": ("move", "reject", "withdraw"),
    "hired": ("reopen",),
    "rejected": ("reopen",),
    "withdrawn": ("reopen",),
}


@dataclass(frozen=True)
class Change:
    """What becomes one entry of the history; the application after it is its `to` side."""

    kind: ChangeKind
    at: UtcDatetime
    from_stage_id: StageId | None
    to_stage_id: StageId
    from_disposition: Disposition | None
    to_disposition: Disposition
    reason_code: str | None = None
    reason: str | None = None


@dataclass
class Application:
    """A candidate's way through one job's pipeline."""

    id: ApplicationId
    candidate_id: CandidateId
    job_id: JobId
    stage_id: StageId
    source: ApplicationSource
    applied_at: UtcDatetime
    stage_entered_at: UtcDatetime
    updated_at: UtcDatetime
    answers: Mapping[QuestionId, Answer] = field(default_factory=dict)
    disposition: Disposition = "active"
    disposition_reason: str | None = None
    disposition_note: str | None = None
    assignee_id: MemberId | None = None
    assigned_at: UtcDatetime | None = None
    assigned_by: MemberId | None = None
    version: int = 1

    def applied(self) -> Change:
        """Return the first entry of the history."""
        return Change("applied", self.applied_at, None, self.stage_id, None, "active")

    def expect(self, version: int | None) -> None:
        """Raise ApplicationChanged unless `version` is the present one or None."""
        if version is not None and version != self.version:
            raise ApplicationChanged(
                "Somebody changed this application after you opened it. Load it again.",
                current_version=self.version,
            )

    def move(self, to: Stage, reason: str | None, now: UtcDatetime) -> Change:
        """Go to another stage; into the last one, of the kind hired, means to be hired.

        Raises IllegalDisposition unless it is active, and InvalidInput when it is there already.
        """
        self._need("move")
        if to.id == self.stage_id:
            raise InvalidInput(FieldError("to_stage_id", "The application is in this stage."))
        hired = to.kind == "hired"
        change = Change(
            "hired" if hired else "moved",
            now,
            self.stage_id,
            to.id,
            "active",
            "hired" if hired else "active",
            reason=reason,
        )
        return self._apply(change)

    def reject(self, reason: str, note: str | None, now: UtcDatetime) -> Change:
        """End as rejected. Raises IllegalDisposition unless it is active."""
        self._need("reject")
        return self._end("rejected", reason, note, now)

    def withdraw(self, reason: str, note: str | None, now: UtcDatetime) -> Change:
        """End as withdrawn. Raises IllegalDisposition unless it is active."""
        self._need("withdraw")
        return self._end("withdrawn", reason, note, now)

    def reopen(self, to: Stage, reason: str, now: UtcDatetime) -> Change:
        """Become active again in the stage `to`.

        Raises IllegalDisposition when it is active, and InvalidInput for the last stage.
        """
        self._need("reopen")
        if to.kind == "hired":
            message = "Name the stage to go back to; it can't be the one of the hired."
            raise InvalidInput(FieldError("to_stage_id", message))
        change = Change(
            "reopened", now, self.stage_id, to.id, self.disposition, "active", reason=reason
        )
        return self._apply(change)

    def assign(self, member: MemberId | None, by: MemberId | None, now: UtcDatetime) -> None:
        """Give it to `member` to look after."""
        self.assignee_id, self.assigned_by = member, by
        self.assigned_at = self.updated_at = now

    def _need(self, act: str) -> None:
        allowed = WHAT_MAY_FOLLOW[self.disposition]
        if act not in allowed:
            raise IllegalDisposition(
                f"The application is {self.disposition}. What can be done with it: "
                f"{', '.join(allowed)}.",
                disposition=self.disposition,
                allowed=list(allowed),
            )

    def _end(
        self, disposition: Disposition, reason: str, note: str | None, now: UtcDatetime
    ) -> Change:
        if reason == "other" and note is None:
            message = "Say in the note what the reason is."
            raise InvalidInput(FieldError("note", message, "required"))
        kind: ChangeKind = "rejected" if disposition == "rejected" else "withdrawn"
        change = Change(
            kind, now, self.stage_id, self.stage_id, self.disposition, disposition, reason, note
        )
        return self._apply(change)

    def _apply(self, change: Change) -> Change:
        if change.to_stage_id != self.stage_id or change.kind == "reopened":
            self.stage_entered_at = change.at
        self.stage_id, self.disposition = change.to_stage_id, change.to_disposition
        ended = change.to_disposition in {"rejected", "withdrawn"}
        self.disposition_reason = change.reason_code if ended else None
        self.disposition_note = change.reason if ended else None
        self.updated_at = change.at
        return change
