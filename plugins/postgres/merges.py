"""Merges of candidates: what changes hands, and the record that undoing needs."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from core.candidates.contracts import CandidateId, MergeId
from core.candidates.duplicates import MergedApplication, MergeView
from core.candidates.errors import MergeBuriedByLater, MergeNotFound, MergeUndone
from core.candidates.merging import MergeRecord, Moved
from core.shared.actor import Actor
from core.shared.clock import UtcDatetime
from core.shared.ids import Ids
from plugins.postgres.application_tables import applications, stage_changes
from plugins.postgres.candidate_tables import (
    candidate_files,
    candidate_merges,
    candidate_notes,
)
from plugins.postgres.job_tables import stages
from plugins.postgres.status_tables import glances
from plugins.postgres.subject_keys import subject_keys
from plugins.postgres.unit import Unit

_WITHDRAWN: Final = "The candidate was merged with another who had applied for the job before."
_REOPENED: Final = "The merge of the candidate was undone."


class PostgresMerges:
    """Implements `core.candidates.ports.MergeRepository`."""

    def __init__(self, unit: Unit, actor: Actor, ids: Ids) -> None:
        self._unit = unit
        self._actor = actor
        self._ids = ids

    async def move(self, other: CandidateId, survivor: CandidateId, now: UtcDatetime) -> Moved:
        """Move everything that hangs on `other`."""
        withdrawn = await self._withdraw_younger(other, survivor, now)
        # What the trail says of the other stays readable until the survivor is deleted.
        await self._hand_over(subject_keys, other, survivor)
        await self._hand_over_glances(other, survivor)
        return Moved(
            applications=await self._hand_over(applications, other, survivor),
            withdrawn=withdrawn,
            notes=await self._hand_over(candidate_notes, other, survivor),
            files=await self._hand_over(candidate_files, other, survivor),
            merges=await self._hand_over(candidate_merges, other, survivor, column="holder_id"),
        )

    async def move_back(
        self, moved: Moved, other: CandidateId, survivor: CandidateId, now: UtcDatetime
    ) -> tuple[UUID, ...]:
        """Move back what is still with the survivor."""
        for table, ids, column in (
            (applications, moved.applications, "candidate_id"),
            (candidate_notes, moved.notes, "candidate_id"),
            (candidate_files, moved.files, "candidate_id"),
            (candidate_merges, moved.merges, "holder_id"),
        ):
            await self._unit.execute(
                sa.update(table)
                .where(table.c.id.in_(ids), table.c[column] == survivor)
                .values({column: other})
            )
        await self._unit.execute(
            sa.update(subject_keys)
            .where(subject_keys.c.id == other, subject_keys.c.candidate_id == survivor)
            .values(candidate_id=other)
        )
        left = [each.id for each in moved.withdrawn if not await self._reopen(each, now)]
        return tuple(left)

    async def add(self, merge: MergeView, record: MergeRecord) -> None:
        """Keep a merge."""
        await self._unit.execute(
            sa.insert(candidate_merges).values(
                tenant_id=self._unit.tenant_id,
                holder_id=merge.survivor_id,
                record=msgspec.to_builtins(record),
                **msgspec.structs.asdict(merge),
            )
        )

    async def get(self, merge_id: MergeId) -> tuple[MergeView, MergeRecord]:
        """Return a merge that can be undone, locked."""
        row = await self._unit.one_or_none(
            sa.select(candidate_merges).where(candidate_merges.c.id == merge_id).with_for_update()
        )
        if row is None:
            raise MergeNotFound("There is no such merge, or its candidate was deleted.")
        if row.undone_at is not None:
            raise MergeUndone("This merge was undone already.", undone_at=row.undone_at.isoformat())
        if row.holder_id != row.survivor_id:
            raise MergeBuriedByLater(
                "Its survivor was merged into another candidate later. Undo that merge first.",
                merged_into=str(row.holder_id),
            )
        return merge_from(row), msgspec.convert(row.record, MergeRecord)

    async def mark_undone(self, merge_id: MergeId, at: UtcDatetime) -> None:
        """Say that it was undone and forget the record."""
        await self._unit.execute(
            sa.update(candidate_merges)
            .where(candidate_merges.c.id == merge_id)
            .values(undone_at=at, record={})
        )

    async def _hand_over_glances(self, other: CandidateId, survivor: CandidateId) -> None:
        """Hand over who looked at `other`, unless they looked at both within the hour."""
        same = glances.alias()
        both = sa.select(same.c.id).where(
            same.c.candidate_id == survivor,
            same.c.member_id == glances.c.member_id,
            same.c.kind == glances.c.kind,
            same.c.hour == glances.c.hour,
        )
        await self._unit.execute(
            sa.update(glances)
            .where(glances.c.candidate_id == other, ~both.exists())
            .values(candidate_id=survivor)
        )

    async def _hand_over(
        self,
        table: sa.Table,
        other: CandidateId,
        survivor: CandidateId,
        column: str = "candidate_id",
    ) -> tuple[UUID, ...]:
        result = await self._unit.execute(
            sa.update(table)
            .where(table.c[column] == other)
            .values({column: survivor})
            .returning(table.c.id)
        )
        return tuple(result.scalars())

    async def _withdraw_younger(
        self, other: CandidateId, survivor: CandidateId, now: UtcDatetime
    ) -> tuple[MergedApplication, ...]:
        """Withdraw, of two active applications for one job, the one that came later."""
        rows = await self._unit.all(
            sa.select(applications)
            .where(
                applications.c.candidate_id.in_((other, survivor)),
                applications.c.disposition == "active",
            )
            .order_by(applications.c.applied_at, applications.c.id)
            .with_for_update()
        )
        first: set[UUID] = set()
        withdrawn: list[MergedApplication] = []
        for row in rows:
            if row.job_id not in first:
                first.add(row.job_id)
                continue
            await self._change(row, "withdrawn", now)
            withdrawn.append(MergedApplication(row.id, row.job_id, "active", row.version + 1, now))
        return tuple(withdrawn)

    async def _reopen(self, withdrawn: MergedApplication, now: UtcDatetime) -> bool:
        """Make a withdrawn application active again, unless it or its place was changed since."""
        row = await self._unit.one_or_none(
            sa.select(applications).where(applications.c.id == withdrawn.id).with_for_update()
        )
        if row is None:
            return True
        taken = await self._unit.one_or_none(
            sa.select(applications.c.id).where(
                applications.c.candidate_id == row.candidate_id,
                applications.c.job_id == row.job_id,
                applications.c.disposition == "active",
            )
        )
        if row.version != withdrawn.withdrawn_version or taken is not None:
            return False
        await self._change(row, "active", now)
        return True

    async def _change(self, row: sa.Row[Any], disposition: str, at: datetime) -> None:
        """Set the disposition and write it into the history."""
        withdraws = disposition == "withdrawn"
        await self._unit.execute(
            sa.update(applications)
            .where(applications.c.id == row.id)
            .values(
                disposition=disposition,
                disposition_reason="other" if withdraws else None,
                disposition_note=_WITHDRAWN if withdraws else None,
                version=row.version + 1,
                updated_at=at,
            )
        )
        stage = await self._unit.one_or_none(sa.select(stages).where(stages.c.id == row.stage_id))
        if stage is None:
            raise LookupError(f"stage {row.stage_id} of application {row.id}")
        await self._unit.execute(
            sa.insert(stage_changes).values(
                tenant_id=self._unit.tenant_id,
                id=self._ids.new(),
                application_id=row.id,
                job_id=row.job_id,
                sequence=row.version + 1,
                at=at,
                kind="withdrawn" if withdraws else "reopened",
                by_member_id=self._actor.member_id,
                from_stage_id=stage.id,
                from_stage_name=stage.name,
                to_stage_id=stage.id,
                to_stage_name=stage.name,
                to_stage_kind=stage.kind,
                to_stage_position=stage.position,
                from_disposition=row.disposition,
                to_disposition=disposition,
                reason_code="other" if withdraws else None,
                reason=_WITHDRAWN if withdraws else _REOPENED,
            )
        )


def merge_from(row: sa.Row[Any]) -> MergeView:
    """Return the view of a row of `candidate_merges`."""
    return MergeView(
        id=row.id,
        survivor_id=row.survivor_id,
        merged_id=row.merged_id,
        merged_at=row.merged_at,
        merged_by=row.merged_by,
        undone_at=row.undone_at,
    )
