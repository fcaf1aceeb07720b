"""Moving many applications, and rejecting many after a delay in which it can be recalled."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from core.applications.contracts import (
    MAX_BULK,
    ApplicationId,
    ApplyBulkRejection,
    BulkItem,
    BulkMove,
    BulkMoveView,
    BulkRejectionId,
    BulkRejectionView,
    CreateBulkRejection,
    Move,
    RecallBulkRejection,
    RejectionItem,
)
from core.applications.errors import TooLateToRecall
from core.applications.events import (
    BulkRejectionCreated,
    BulkRejectionFinished,
    BulkRejectionRecalled,
)
from core.applications.model import Application, Change
from core.applications.ports import (
    ApplicationRepository,
    BulkRejection,
    BulkRejectionRepository,
    LastChange,
    Opening,
    Openings,
)
from core.applications.usecases import moved_already, record_change
from core.jobs.contracts import JobId
from core.ports.tasks import Tasks
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.errors import DomainError, FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.usecase import handles

MAX_DELAY_MINUTES = 7 * 24 * 60


@handles(BulkMove, action=Action.MOVE_APPLICATION, feature="bulk_actions")
async def bulk_move(
    command: BulkMove,
    *,
    actor: Actor,
    applications: ApplicationRepository,
    openings: Openings,
    clock: Clock,
    recorder: Recorder,
) -> BulkMoveView:
    """Move each application that is where the caller saw it; say of the others why not."""
    _check_ids([move.application_id for move in command.moves], "moves")
    opening = await openings.opening_with(command.to_stage_id)
    if opening is None:
        raise InvalidInput(FieldError("to_stage_id", "There is no such stage."))
    ids = [move.application_id for move in command.moves]
    found = await applications.many_for_change(ids)
    last = await applications.last_changes(
        [
            move.application_id
            for move in command.moves
            if move.application_id in found
            and found[move.application_id].stage_id != move.from_stage_id
        ]
    )
    items, changed = [], []
    for move in command.moves:
        item, change = _move(
            move, command, found.get(move.application_id), opening, last, clock.now()
        )
        items.append(item)
        if change is not None:
            changed.append((found[move.application_id], change))
    if changed:
        await applications.keep(changed, opening, actor.member_id)
    for application, change in changed:
        record_change(recorder, application, change)
    return BulkMoveView(tuple(items), len(changed))


def _move(
    move: Move,
    command: BulkMove,
    application: Application | None,
    opening: Opening,
    last: dict[ApplicationId, LastChange],
    now: UtcDatetime,
) -> tuple[BulkItem, Change | None]:
    """Move one application, or say why not."""
    if application is None:
        return BulkItem(move.application_id, "not_found"), None
    to = opening.stage(command.to_stage_id)
    try:
        if to is None or application.job_id != opening.job_id:
            raise InvalidInput(FieldError("to_stage_id", "The stage is of another job."))
        if application.stage_id != move.from_stage_id:
            raise moved_already(application, last[application.id])
        change = application.move(to, command.reason, now)
    except InvalidInput as error:
        item = BulkItem(application.id, "conflict", error.code, error.fields[0].message)
        return item, None
    except DomainError as error:
        return BulkItem(application.id, "conflict", error.code, error.message), None
    return BulkItem(application.id, "moved"), change


@handles(CreateBulkRejection, action=Action.MOVE_APPLICATION, feature="bulk_actions")
async def create_bulk_rejection(
    command: CreateBulkRejection,
    *,
    actor: Actor,
    applications: ApplicationRepository,
    bulk_rejections: BulkRejectionRepository,
    tasks: Tasks,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> BulkRejectionView:
    """Promise to reject active applications when the delay is over."""
    _check_ids(command.application_ids, "application_ids")
    wrong = []
    if not 0 <= command.delay_minutes <= MAX_DELAY_MINUTES:
        message = f"Give a number from 0 to {MAX_DELAY_MINUTES}."
        wrong.append(FieldError("delay_minutes", message))
    if command.reason == "other" and command.note is None:
        wrong.append(FieldError("note", "Say in the note what the reason is.", "required"))
    found = await applications.many_for_change(command.application_ids)
    for place, application_id in enumerate(command.application_ids):
        field = f"application_ids[{place}]"
        if application_id not in found:
            wrong.append(FieldError(field, "There is no such application.", "not_found"))
        elif found[application_id].disposition != "active":
            message = f"The application is {found[application_id].disposition}."
            wrong.append(FieldError(field, message, "illegal_disposition"))
    if wrong:
        raise InvalidInput(*wrong)
    now = clock.now()
    bulk = BulkRejection(
        id=BulkRejectionId(ids.new()),
        reason=command.reason,
        note=command.note,
        created_by=actor.member_id,
        created_at=now,
        effective_at=UtcDatetime(now + timedelta(minutes=command.delay_minutes)),
        items={each: found[each].stage_id for each in command.application_ids},
    )
    await bulk_rejections.add(bulk)
    await tasks.schedule("bulk_rejection", {"bulk_rejection_id": bulk.id}, run_at=bulk.effective_at)
    recorder.record(
        BulkRejectionCreated(aggregate_id=bulk.id, applications=len(bulk.items)),
        after={"application_ids": list(bulk.items), "effective_at": bulk.effective_at},
        reason=bulk.reason,
    )
    return await bulk_rejections.view(bulk.id)


@handles(RecallBulkRejection, action=Action.MOVE_APPLICATION)
async def recall_bulk_rejection(
    command: RecallBulkRejection,
    *,
    bulk_rejections: BulkRejectionRepository,
    clock: Clock,
    recorder: Recorder,
) -> BulkRejectionView:
    """Take back all of it, or one application, while it has not taken effect.

    Needs no feature: what was promised under a larger plan still takes effect after a change of
    plan, so it can still be taken back.
    """
    bulk = await bulk_rejections.get_for_change(command.bulk_rejection_id)
    if bulk.status != "pending":
        was = "was recalled already" if bulk.status == "recalled" else "has taken effect"
        raise TooLateToRecall(f"This bulk rejection {was}.", status=bulk.status)
    if command.application_id is None:
        recalled = list(bulk.items)
    elif command.application_id in bulk.items:
        recalled = [command.application_id]
    else:
        message = "It isn't part of this bulk rejection, or was recalled already."
        raise InvalidInput(FieldError("application_id", message))
    finished = len(recalled) == len(bulk.items)
    if finished:
        bulk.status = "recalled"
    await bulk_rejections.settle(
        bulk,
        [RejectionItem(each, "recalled") for each in recalled],
        clock.now() if finished else None,
    )
    recorder.record(
        BulkRejectionRecalled(aggregate_id=bulk.id, application_ids=tuple(recalled)),
        after={"status": bulk.status},
    )
    return await bulk_rejections.view(bulk.id)


@handles(ApplyBulkRejection, action=Action.MOVE_APPLICATION)
async def apply_bulk_rejection(
    command: ApplyBulkRejection,
    *,
    applications: ApplicationRepository,
    bulk_rejections: BulkRejectionRepository,
    openings: Openings,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Reject what is still as it was when it was asked for; skip the rest and say why."""
    bulk = await bulk_rejections.get_for_change(command.bulk_rejection_id)
    now = clock.now()
    if bulk.status != "pending":
        return
    found = await applications.many_for_change(list(bulk.items))
    items: list[RejectionItem] = []
    changed: dict[JobId, list[tuple[Application, Change]]] = defaultdict(list)
    for application_id, stage_id in bulk.items.items():
        application = found[application_id]
        if application.disposition != "active":
            items.append(RejectionItem(application_id, "skipped", application.disposition))
        elif application.stage_id != stage_id:
            items.append(RejectionItem(application_id, "skipped", "moved"))
        else:
            change = application.reject(bulk.reason, bulk.note, now)
            changed[application.job_id].append((application, change))
            items.append(RejectionItem(application_id, "rejected"))
    for job_id, of_job in changed.items():
        opening = await openings.opening(job_id)
        if opening is None:
            raise LookupError(f"an application without its job {job_id}")
        await applications.keep(of_job, opening, bulk.created_by)
        for application, change in of_job:
            record_change(recorder, application, change)
    bulk.status = "done"
    await bulk_rejections.settle(bulk, items, now)
    rejected = sum(1 for item in items if item.status == "rejected")
    recorder.record(
        BulkRejectionFinished(
            aggregate_id=bulk.id, rejected=rejected, skipped=len(items) - rejected
        ),
        after={"status": "done"},
    )


def _check_ids(application_ids: Sequence[ApplicationId], field: str) -> None:
    if not 1 <= len(application_ids) <= MAX_BULK:
        raise InvalidInput(FieldError(field, f"Name from 1 to {MAX_BULK} applications."))
    if len(set(application_ids)) < len(application_ids):
        raise InvalidInput(FieldError(field, "An application is named twice."))
