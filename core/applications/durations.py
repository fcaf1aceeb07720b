"""How long an application stood in each stage, worked out from its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.applications.contracts import StageChange, StageDuration, StageDurationsView
from core.jobs.contracts import StageId


@dataclass
class _Stay:
    name: str
    seconds: float = 0.0
    visits: int = 0
    is_current: bool = False


def stage_durations(changes: Sequence[StageChange], now: datetime) -> StageDurationsView:
    """Return the time in each stage from the history, oldest change first, up to `now`.

    A rejection, withdrawal or hire stops the clock; reopening starts it again.
    """
    stays: dict[StageId, _Stay] = {}
    for change, following in zip(changes, [*changes[1:], None], strict=True):
        if change.to_disposition != "active":
            continue
        stay = stays.setdefault(change.to_stage_id, _Stay(change.to_stage))
        stay.name = change.to_stage
        until = now if following is None else following.at
        stay.seconds += max(0.0, (until - change.at).total_seconds())
        if change.from_stage_id != change.to_stage_id or change.kind == "applied":
            stay.visits += 1
        stay.is_current = following is None
    stages = tuple(
        StageDuration(stage_id, stay.name, round(stay.seconds), stay.visits, stay.is_current)
        for stage_id, stay in stays.items()
    )
    return StageDurationsView(stages, sum(stage.seconds for stage in stages))
