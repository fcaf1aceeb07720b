"""Promising answers, seeing who waits for one, and reminding before it is late."""

from typing import Final

from core.promises.contracts import (
    DropPromise,
    ListPromises,
    ListWaiting,
    Promises,
    PromiseView,
    RemindOfAnswers,
    SetPromise,
    ShowPromisedDays,
    Waiting,
)
from core.promises.errors import PromiseChanged, PromiseNotFound
from core.promises.events import AnswerNear, PromiseDropped, PromiseSet
from core.promises.ports import PromiseBook, PromiseQueries
from core.shared.access import Access, limited_to, own_assignments
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.schedules import schedule
from core.shared.usecase import handles

MOST_AT_ONCE: Final = 500
"""Reminders of one run: those who are left are reminded in the next, an hour later."""

schedule("answer_reminders", task="remind_of_answers", cron="13 * * * *")


@handles(ListPromises, action=Action.VIEW_TENANT)
async def list_promises(
    query: ListPromises,  # noqa: ARG001 - asks nothing
    *,
    promises: PromiseQueries,
) -> Promises:
    """Return them; the workspace's is there even if it was never set."""
    found = tuple(await promises.all())
    if found and found[0].job_id is None:
        return Promises(found)
    return Promises((_UNSET, *found))


@handles(SetPromise, action=Action.MANAGE_TENANT)
async def set_promise(
    command: SetPromise, *, actor: Actor, promises: PromiseBook, clock: Clock, recorder: Recorder
) -> PromiseView:
    """Keep the promise. It holds for silences that have begun, too."""
    if command.days is not None and command.remind_hours >= command.days * 24:
        message = "Remind later than that: the promise itself is no longer."
        raise InvalidInput(FieldError("remind_hours", message, "out_of_range"))
    kept = await promises.hold(command.job_id)
    version = 0 if kept is None else kept.version
    if command.expected_version not in {None, version}:
        raise PromiseChanged(
            "Somebody changed this promise after you opened it. Load it again.",
            current_version=version,
        )
    after = PromiseView(
        job_id=command.job_id,
        job_title=None if kept is None else kept.job_title,
        days=command.days,
        remind_hours=command.remind_hours,
        on_status_page=command.on_status_page,
        in_mail=command.in_mail,
        version=version,
    )
    if kept is not None and after == kept:
        return kept
    after = await promises.keep(after, actor.member_id, clock.now())
    recorder.record(
        PromiseSet(aggregate_id=actor.tenant_id, job_id=command.job_id),
        before=kept,
        after=after,
    )
    return after


@handles(DropPromise, action=Action.MANAGE_TENANT)
async def drop_promise(
    command: DropPromise, *, actor: Actor, promises: PromiseBook, recorder: Recorder
) -> None:
    """Forget it."""
    kept = await promises.hold(command.job_id)
    if kept is None:
        raise PromiseNotFound(PromiseNotFound.TEXT)
    await promises.remove(command.job_id)
    recorder.record(
        PromiseDropped(aggregate_id=actor.tenant_id, job_id=command.job_id), before=kept
    )


@handles(ShowPromisedDays, action=None)
async def show_promised_days(query: ShowPromisedDays, *, promises: PromiseQueries) -> int | None:
    """Return what candidates may read."""
    return await promises.shown_days(query.job_id)


@handles(ListWaiting, action=Action.VIEW_CANDIDATES)
async def list_waiting(
    query: ListWaiting, *, actor: Actor, access: Access, clock: Clock, promises: PromiseQueries
) -> Waiting:
    """Return who waits, of those that the actor may see."""
    found = await promises.waiting(
        clock.now(),
        query.limit + 1,
        of=own_assignments(actor) if query.mine else None,
        visible_to=limited_to(actor, access),
    )
    return Waiting(found[: query.limit], len(found) > query.limit)


@handles(RemindOfAnswers, action=Action.MANAGE_TENANT)
async def remind_of_answers(
    command: RemindOfAnswers,  # noqa: ARG001 - the command has no fields
    *,
    promises: PromiseBook,
    clock: Clock,
    recorder: Recorder,
) -> int:
    """Tell of each answer that comes near, once for each silence."""
    near = await promises.remind(clock.now(), MOST_AT_ONCE)
    for each in near:
        recorder.record(
            AnswerNear(aggregate_id=each.application_id, job_id=each.job_id, due_at=each.due_at)
        )
    return len(near)


_UNSET: Final = PromiseView(
    job_id=None,
    job_title=None,
    days=None,
    remind_hours=24,
    on_status_page=False,
    in_mail=False,
    version=0,
)
"""Where nobody ever promised anything."""
