"""What plans limit: open jobs, bulk actions, own stages; and two editors of the same stages."""

import asyncio

import msgspec
import pytest

from core.applications.contracts import BulkMove, Move
from core.jobs.contracts import (
    ChangeJobStatus,
    CreateJob,
    DefaultStage,
    GetDefaultPipeline,
    SetDefaultPipeline,
)
from core.jobs.errors import PipelineChanged
from core.jobs.pipeline import STARTING_STAGES
from core.shared.errors import FeatureNotIncluded, QuotaExceeded
from core.tenancy.contracts import Quotas
from plugins.postgres.quotas import PostgresQuotas
from tenants.runtime import Runtime
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World


async def used(runtime: Runtime, hiring: Hiring) -> int:
    async with runtime.database.unit(hiring.tenant.id) as unit:
        quotas: Quotas = PostgresQuotas(unit, hiring.tenant.context)
        return (await quotas.used()).get("open_jobs", 0)


async def test_an_open_job_takes_a_place_until_it_is_held(runtime: Runtime, world: World) -> None:
    hiring = Hiring(runtime, world)
    free = msgspec.structs.replace(hiring.tenant.context, plan="free")
    scope = runtime.scope(free, hiring.tenant.actor("recruiter"), "test")
    jobs = [await scope.execute(CreateJob(title="Cook")) for _ in range(4)]
    opened = await asyncio.gather(
        *(scope.execute(ChangeJobStatus(job_id=job.id, status="open")) for job in jobs),
        return_exceptions=True,
    )
    assert sum(isinstance(each, QuotaExceeded) for each in opened) == 2
    assert await used(runtime, hiring) == 2
    first = next(each for each in opened if not isinstance(each, BaseException))
    await scope.execute(ChangeJobStatus(job_id=first.id, status="on_hold", reason="Budget"))
    await scope.execute(ChangeJobStatus(job_id=first.id, status="closed", reason="Budget"))
    assert await used(runtime, hiring) == 1


async def test_some_things_need_a_larger_plan(runtime: Runtime, world: World) -> None:
    hiring = Hiring(runtime, world)
    free = msgspec.structs.replace(hiring.tenant.context, plan="free")
    scope = runtime.scope(free, hiring.tenant.actor("admin"), "test")
    job = await scope.execute(CreateJob(title="Cook"))
    with pytest.raises(FeatureNotIncluded):
        await scope.execute(SetDefaultPipeline(stages=STARTING_STAGES))
    move = Move(job.id, job.stages[0].id)  # type: ignore[arg-type]
    with pytest.raises(FeatureNotIncluded):
        await scope.execute(BulkMove(moves=(move,), to_stage_id=job.stages[1].id))


async def test_new_jobs_start_with_the_tenants_own_stages(runtime: Runtime, world: World) -> None:
    hiring = Hiring(runtime, world)
    own = (
        DefaultStage("New", "applied"),
        DefaultStage("Trial day", "in_progress", 10),
        DefaultStage("Signed", "hired"),
    )
    admin = hiring.scope("admin")
    results = await asyncio.gather(
        *(admin.execute(SetDefaultPipeline(stages=own, expected_version=0)) for _ in range(2)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, PipelineChanged) for each in results) == 1
    assert (await hiring.scope().ask(GetDefaultPipeline())).version == 1
    job = await hiring.scope().execute(CreateJob(title="Cook"))
    assert [(stage.name, stage.target_days) for stage in job.stages] == [
        ("New", None),
        ("Trial day", 10),
        ("Signed", None),
    ]
    other = await Hiring(runtime, world, "globex").scope().execute(CreateJob(title="Cook"))
    assert [stage.name for stage in other.stages] == [stage.name for stage in STARTING_STAGES]
