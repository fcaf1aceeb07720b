"""Stores jobs with their teams and stages, and the stages that new jobs start with."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.jobs.contracts import (
    DefaultStage,
    JobId,
    PayRange,
    PipelineView,
    Question,
    Stage,
    StageId,
    TeamMember,
)
from core.jobs.errors import JobNotFound, PipelineChanged
from core.jobs.model import Job
from core.jobs.pipeline import STARTING_STAGES
from core.shared.clock import UtcDatetime
from core.shared.ids import Ids, MemberId
from core.shared.money import Cents
from plugins.postgres.application_tables import applications, stage_changes
from plugins.postgres.job_tables import default_pipelines, job_team, jobs, stages
from plugins.postgres.unit import Unit

PLAIN = (
    "id",
    "title",
    "department",
    "location",
    "remote",
    "employment_type",
    "seniority",
    "description",
    "openings",
    "status",
    "status_reason",
    "status_changed_at",
    "opened_at",
    "closed_at",
    "created_by",
    "created_at",
    "updated_at",
    "version",
)
"""Columns that are called and typed as the fields of a job."""


class PostgresJobs:
    """Implements `core.jobs.ports.JobRepository`."""

    def __init__(self, unit: Unit, ids: Ids) -> None:
        self._unit = unit
        self._ids = ids

    async def add(self, job: Job) -> None:
        """Insert the job, its team and its stages."""
        values = _values(job) | {"tenant_id": self._unit.tenant_id, "version": job.version}
        await self._unit.execute(sa.insert(jobs).values(values))
        await self._write_team(job)
        await self.write_stages(job)

    async def get_for_change(self, job_id: JobId) -> Job:
        """Return the job, locked."""
        row = await self._unit.one_or_none(
            sa.select(jobs).where(jobs.c.id == job_id).with_for_update()
        )
        if row is None:
            raise JobNotFound("There is no such job.")
        team = await self._unit.all(
            sa.select(job_team.c.member_id, job_team.c.part)
            .where(job_team.c.job_id == job_id)
            .order_by(job_team.c.part, job_team.c.member_id)
        )
        return Job(
            **{name: getattr(row, name) for name in PLAIN},
            pay_range=pay_range(row),
            skills=tuple(row.skills),
            questions=msgspec.convert(row.questions, tuple[Question, ...]),
            hiring_team=tuple(TeamMember(each.member_id, each.part) for each in team),
            stages=await stages_of(self._unit, job_id),
        )

    async def save(self, job: Job) -> None:
        """Update the job, its team and its stages; the row is locked since it was read."""
        job.version += 1
        values = _values(job) | {"version": job.version}
        await self._unit.execute(sa.update(jobs).where(jobs.c.id == job.id).values(values))
        await self._write_team(job)
        await self.write_stages(job)

    async def write_stages(self, job: Job) -> None:
        """Upsert the stages in order and delete those that are gone."""
        kept = [stage.id for stage in job.stages]
        await self._keep_public_names(job.id, kept)
        await self._unit.execute(
            sa.delete(stages).where(stages.c.job_id == job.id, stages.c.id.not_in(kept))
        )
        upsert = postgresql.insert(stages)
        changed = {name: upsert.excluded[name] for name in _STAGE_FIELDS}
        await self._unit.execute(
            upsert.on_conflict_do_update(index_elements=["tenant_id", "id"], set_=changed),
            [
                {
                    "tenant_id": self._unit.tenant_id,
                    "id": stage.id,
                    "job_id": job.id,
                    "position": position,
                    "name": stage.name,
                    "kind": stage.kind,
                    "target_days": stage.target_days,
                    "public_name": stage.public_name,
                }
                for position, stage in enumerate(job.stages)
            ],
        )

    async def _keep_public_names(self, job_id: JobId, kept: Sequence[StageId]) -> None:
        """Remember what applicants read of stages that go, so that they never read another name."""
        gone = await self._unit.all(
            sa.select(stages.c.id, stages.c.public_name).where(
                stages.c.job_id == job_id,
                stages.c.id.not_in(kept),
                stages.c.public_name.is_not(None),
            )
        )
        if gone:
            present = sa.func.coalesce(jobs.c.former_public_names, sa.literal({}, postgresql.JSONB))
            names = sa.literal({str(row.id): row.public_name for row in gone}, postgresql.JSONB)
            await self._unit.execute(
                sa.update(jobs)
                .where(jobs.c.id == job_id)
                .values(former_public_names=present.op("||")(names))
            )

    async def remove(self, job_id: JobId) -> None:
        """Delete the job; team and stages go with it."""
        await self._unit.execute(sa.delete(jobs).where(jobs.c.id == job_id))

    async def has_applications(self, job_id: JobId) -> bool:
        """Whether any application names the job."""
        found = sa.select(applications.c.id).where(applications.c.job_id == job_id).limit(1)
        return await self._unit.one_or_none(found) is not None

    async def occupied_stages(self, stages: Sequence[StageId]) -> set[StageId]:
        """Return those in which applications stand."""
        rows = await self._unit.all(
            sa.select(applications.c.stage_id).where(applications.c.stage_id.in_(stages)).distinct()
        )
        return {row.stage_id for row in rows}

    async def move_applications(
        self, moves: Mapping[StageId, StageId], by: MemberId | None, now: UtcDatetime
    ) -> Sequence[tuple[UUID, StageId, StageId]]:
        """Move applications stage by stage, each with its entry of history."""
        moved: list[tuple[UUID, StageId, StageId]] = []
        for source, target in moves.items():
            moved += await self._move_all(source, target, by, now)
        return moved

    async def _move_all(
        self, source: StageId, target: StageId, by: MemberId | None, now: UtcDatetime
    ) -> list[tuple[UUID, StageId, StageId]]:
        named = {
            row.id: row
            for row in await self._unit.all(
                sa.select(stages).where(stages.c.id.in_([source, target]))
            )
        }
        rows = await self._unit.all(
            sa.update(applications)
            .where(applications.c.stage_id == source)
            .values(
                stage_id=target,
                stage_entered_at=now,
                updated_at=now,
                version=applications.c.version + 1,
            )
            .returning(applications.c.id, applications.c.version, applications.c.disposition)
        )
        to = named[target]
        entries = [
            {
                "tenant_id": self._unit.tenant_id,
                "id": self._ids.new(),
                "application_id": row.id,
                "job_id": to.job_id,
                "sequence": row.version,
                "at": now,
                "kind": "moved",
                "by_member_id": by,
                "from_stage_id": source,
                "from_stage_name": named[source].name,
                "to_stage_id": target,
                "to_stage_name": to.name,
                "to_stage_kind": to.kind,
                "to_stage_position": to.position,
                "from_disposition": row.disposition,
                "to_disposition": row.disposition,
                "reason": "The stage was removed.",
            }
            for row in rows
        ]
        if entries:
            await self._unit.execute(sa.insert(stage_changes), entries)
        return [(row.id, source, target) for row in rows]

    async def _write_team(self, job: Job) -> None:
        await self._unit.execute(sa.delete(job_team).where(job_team.c.job_id == job.id))
        if job.hiring_team:
            await self._unit.execute(
                sa.insert(job_team),
                [
                    {
                        "tenant_id": self._unit.tenant_id,
                        "job_id": job.id,
                        "member_id": each.member_id,
                        "part": each.part,
                    }
                    for each in job.hiring_team
                ],
            )


class PostgresPipelines:
    """Implements `core.jobs.ports.PipelineRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def get(self) -> PipelineView:
        """Return the tenant's own stages, or those that everybody starts with."""
        return pipeline_view(await self._unit.one_or_none(sa.select(default_pipelines)))

    async def save(
        self, stages: Sequence[DefaultStage], expected: int, now: UtcDatetime
    ) -> PipelineView:
        """Insert the first version or update the one that is expected."""
        values = {
            "stages": msgspec.to_builtins(stages),
            "updated_at": now,
            "version": expected + 1,
        }
        upsert = postgresql.insert(default_pipelines).values(
            tenant_id=self._unit.tenant_id, **values
        )
        row = await self._unit.one_or_none(
            upsert.on_conflict_do_update(
                index_elements=["tenant_id"],
                set_=values,
                where=default_pipelines.c.version == expected,
            ).returning(default_pipelines)
        )
        if row is None:
            raise PipelineChanged(
                "Somebody changed these stages after you opened them. Load them again."
            )
        return pipeline_view(row)


def pipeline_view(row: Any) -> PipelineView:
    """Return the default stages in a row; None stands for those that everybody starts with."""
    if row is None:
        return PipelineView(STARTING_STAGES, 0)
    return PipelineView(msgspec.convert(row.stages, tuple[DefaultStage, ...]), row.version)


def pay_range(row: Any) -> PayRange | None:
    """Return the pay in a row of `jobs`."""
    if row.pay_currency is None:
        return None
    return PayRange(
        Cents(row.pay_minimum_cents), Cents(row.pay_maximum_cents), row.pay_currency, row.pay_period
    )


async def stages_of(unit: Unit, job_id: JobId) -> tuple[Stage, ...]:
    """Return the stages of a job in their order."""
    rows = await unit.all(
        sa.select(stages).where(stages.c.job_id == job_id).order_by(stages.c.position)
    )
    return tuple(
        Stage(row.id, row.name, row.kind, row.target_days, row.public_name) for row in rows
    )


_STAGE_FIELDS = ("position", "name", "kind", "target_days", "public_name")


def _values(job: Job) -> dict[str, Any]:
    pay = job.pay_range
    values = {name: getattr(job, name) for name in PLAIN}
    return values | {
        "skills": list(job.skills),
        "questions": msgspec.to_builtins(job.questions),
        "pay_minimum_cents": pay and pay.minimum_cents,
        "pay_maximum_cents": pay and pay.maximum_cents,
        "pay_currency": pay and pay.currency,
        "pay_period": pay and pay.period,
    }
