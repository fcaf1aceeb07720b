"""Changing the stages of one job while applications stand in them."""

from collections.abc import Mapping, Sequence

from core.applications.events import ApplicationMoved
from core.jobs.contracts import JobView, SetJobStages, Stage, StageId, StageSpec
from core.jobs.errors import StageOccupied
from core.jobs.events import JobStagesChanged
from core.jobs.pipeline import check_stages, public_name_of
from core.jobs.ports import JobRepository
from core.jobs.usecases import view_of
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(SetJobStages, action=Action.EDIT_JOB, feature="custom_pipeline")
async def set_job_stages(
    command: SetJobStages,
    *,
    actor: Actor,
    jobs: JobRepository,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> JobView:
    """Replace the stages; applications of a removed one go where the command says."""
    job = await jobs.get_for_change(command.job_id)
    job.expect(command.expected_version)
    check_stages(command.stages)
    _check_ids(command.stages, job.stages)
    stages = tuple(
        Stage(
            spec.id or StageId(ids.new()),
            spec.name.strip(),
            spec.kind,
            spec.target_days,
            public_name_of(spec),
        )
        for spec in command.stages
    )
    removed = [stage for stage in job.stages if stage.id not in {kept.id for kept in stages}]
    occupied = await jobs.occupied_stages([stage.id for stage in removed])
    moves = _moves(command, removed, occupied, stages)
    before, now = view_of(job), clock.now()
    # The old stages stay until their applications have left: new ones first, then the moves.
    job.stages = (*stages, *removed)
    await jobs.write_stages(job)
    for application_id, from_stage, to_stage in await jobs.move_applications(
        moves, actor.member_id, now
    ):
        recorder.record(
            ApplicationMoved(
                aggregate_id=application_id,
                job_id=job.id,
                from_stage_id=from_stage,
                to_stage_id=to_stage,
            ),
            before={"stage_id": from_stage},
            after={"stage_id": to_stage},
            reason="The stage was removed.",
        )
    job.stages, job.updated_at = stages, now
    await jobs.save(job)
    after = view_of(job)
    recorder.record(
        JobStagesChanged(aggregate_id=job.id),
        before={"stages": before.stages},
        after={"stages": after.stages},
    )
    return after


def _check_ids(specs: Sequence[StageSpec], known: Sequence[Stage]) -> None:
    ids = {stage.id for stage in known}
    wrong = []
    for place, spec in enumerate(specs):
        if spec.id is not None and spec.id not in ids:
            message = "No stage of this job, or used twice. Leave the id out for a new stage."
            wrong.append(FieldError(f"stages[{place}].id", message))
        elif spec.id is not None:
            ids.remove(spec.id)
    if wrong:
        raise InvalidInput(*wrong)


def _moves(
    command: SetJobStages,
    removed: Sequence[Stage],
    occupied: set[StageId],
    stages: Sequence[Stage],
) -> Mapping[StageId, StageId]:
    """Return where the applications of each occupied removed stage go."""
    targets = {stage.id: stage for stage in stages}
    kinds = {stage.id: stage.kind for stage in removed}
    wrong = []
    for source, target in command.move_to.items():
        field = f"move_to.{source}"
        if source not in kinds:
            wrong.append(FieldError(field, "This stage isn't being removed."))
        elif target not in targets:
            wrong.append(FieldError(field, "Name a stage of this job that stays."))
        elif (targets[target].kind == "hired") != (kinds[source] == "hired"):
            wrong.append(FieldError(field, "Only the hired can be moved to the last stage."))
    if wrong:
        raise InvalidInput(*wrong)
    homeless = [stage for stage in removed if stage.id in occupied - command.move_to.keys()]
    if homeless:
        raise StageOccupied(
            "Applications stand in "
            + ", ".join(stage.name for stage in homeless)
            + ". Name the stage they move to in `move_to`.",
            stage_ids=[str(stage.id) for stage in homeless],
        )
    return {source: target for source, target in command.move_to.items() if source in occupied}
