"""A source that reports statuses, and what a report does to an application."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, get_args
from uuid import UUID

import msgspec

from core.applications.contracts import (
    ApplicationId,
    Disposition,
    RejectionReason,
    WithdrawalReason,
)
from core.jobs.contracts import StageId
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import MemberId
from core.status.contracts.reports import Outcome, ReportedStatus
from core.status.contracts.sources import SourceId, Target
from core.status.errors import SourceChanged, SourceRevoked

REJECTION_REASONS: Final[tuple[str, ...]] = get_args(RejectionReason)
WITHDRAWAL_REASONS: Final[tuple[str, ...]] = get_args(WithdrawalReason)
_REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "reject": REJECTION_REASONS,
    "withdraw": WITHDRAWAL_REASONS,
}
_ENDED_BY: Final[Mapping[str, Disposition]] = {"reject": "rejected", "withdraw": "withdrawn"}


@dataclass
class Source:
    """Somebody who reports statuses, with sealed secrets."""

    id: SourceId
    name: str
    mapping: dict[str, Target]
    secret: str
    created_at: UtcDatetime
    created_by: MemberId | None
    previous_secret: str | None = None
    previous_until: UtcDatetime | None = None
    rotated_at: UtcDatetime | None = None
    revoked_at: UtcDatetime | None = None
    version: int = 1

    def expect(self, version: int | None) -> None:
        """Raise SourceChanged unless `version` is the present one or None."""
        if version is not None and version != self.version:
            raise SourceChanged(
                "Somebody changed this source after you opened it. Load it again.",
                current_version=self.version,
            )

    def require_active(self) -> None:
        """Raise SourceRevoked when it takes no reports any more."""
        if self.revoked_at is not None:
            raise SourceRevoked("This source was revoked. Make a new one.")

    def rotate(self, sealed: str, sealed_before: str, grace: timedelta, now: UtcDatetime) -> None:
        """Take a new secret; the one before stays good for a while, those before it end."""
        keeps = grace > timedelta(0)
        self.previous_secret = sealed_before if keeps else None
        self.previous_until = UtcDatetime(now + grace) if keeps else None
        self.secret, self.rotated_at = sealed, now

    def revoke(self, now: UtcDatetime) -> bool:
        """Take no more reports; return whether it did."""
        if self.revoked_at is not None:
            return False
        self.revoked_at, self.previous_secret, self.previous_until = now, None, None
        return True


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an application is, and where it could go."""

    application_id: ApplicationId
    stage_id: StageId
    stage: str
    disposition: Disposition
    version: int
    changed_at: UtcDatetime
    """When its stage or disposition changed last."""
    change_id: UUID | None
    """The entry of that change."""
    stages: Sequence[tuple[StageId, str]] = ()


class Decision(msgspec.Struct, frozen=True):
    """What a report does."""

    outcome: Outcome
    to_stage_id: StageId | None = None


def word_key(word: str) -> str:
    """Return what a source's word is compared by."""
    return " ".join(word.split()).casefold()


def clean_mapping(given: Mapping[str, Target]) -> dict[str, Target]:
    """Return a mapping that can be kept. Raises InvalidInput naming every wrong entry."""
    wrong: list[FieldError] = []
    kept: dict[str, Target] = {}
    for word, target in given.items():
        key, path = word_key(word), f"mapping.{word}"
        if not key:
            wrong.append(FieldError(path, "Write the status.", "required"))
        elif key in kept:
            wrong.append(FieldError(path, "This status is there twice.", "repeated"))
        wrong += _flaws(path, target)
        kept[key] = target
    if wrong:
        raise InvalidInput(*wrong)
    return kept


def _flaws(path: str, target: Target) -> list[FieldError]:
    if target.act == "move":
        found = [] if (target.stage or "").strip() else ["stage"]
        extra = target.reason is not None
    else:
        allowed = _REASONS.get(target.act)
        found = ["reason"] if allowed and target.reason not in allowed else []
        extra = target.stage is not None or (allowed is None and target.reason is not None)
    flaws = [
        FieldError(
            f"{path}.{name}",
            "Name the stage."
            if name == "stage"
            else f"Reasons are: {', '.join(_REASONS[target.act])}.",
            "required" if name == "stage" else "not_allowed",
        )
        for name in found
    ]
    if extra:
        message = "A move has a stage and no reason; an end has a reason and no stage."
        flaws.append(FieldError(path, message, "not_allowed"))
    return flaws


def decide(report: ReportedStatus, target: Target | None, place: Place) -> Decision:
    """Return what a report does to an application; nothing is ever overwritten by an old one."""
    if target is None or target.act == "note":
        return Decision("unmapped" if target is None else "noted")
    to = _stage_named(target.stage, place) if target.act == "move" else None
    unable = _reason_not_to(report, target, place, to)
    if unable is not None:
        return Decision(unable)
    if target.act == "move":
        return Decision("moved", to)
    return Decision("rejected" if target.act == "reject" else "withdrawn")


def _reason_not_to(
    report: ReportedStatus, target: Target, place: Place, to: StageId | None
) -> Outcome | None:
    is_there = to == place.stage_id and place.disposition in {"active", "hired"}
    if is_there or place.disposition == _ENDED_BY.get(target.act):
        return "unchanged"
    if place.disposition != "active":
        return "ended"
    if _is_late(report, place):
        return "conflict"
    return "no_such_stage" if target.act == "move" and to is None else None


def _is_late(report: ReportedStatus, place: Place) -> bool:
    if report.if_stage is not None and report.if_stage != place.stage_id:
        return True
    if report.if_version is not None and report.if_version != place.version:
        return True
    return report.occurred_at is not None and report.occurred_at < place.changed_at


def _stage_named(name: str | None, place: Place) -> StageId | None:
    key = word_key(name or "")
    return next((stage_id for stage_id, known in place.stages if word_key(known) == key), None)
