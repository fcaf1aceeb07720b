"""Keeps the promise that plugins forget a deleted candidate: background work for each plugin alone.

The deletion's own transaction promises to look who may know the person. That work promises, for
each plugin and each id of the person, a task that calls it: so each fails and is tried again alone.
The addresses travel encrypted in the tasks' payloads, and go when a task is done or dropped.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from core.ports.personal_data import KnownPerson
from core.ports.secrets import SecretPlace, Secrets
from core.ports.tasks import Attempt, outside
from core.shared.clock import UtcDatetime
from core.shared.reactions import PLUGIN_QUEUE
from core.shared.secret import Secret
from plugins.postgres.departures import Departure, PostgresDepartures
from plugins.postgres.replies import forget_unmatched
from plugins.postgres.tasks import LeasedTasks, PostgresTasks
from plugins.sdk.contributions import Subject
from tenants.injection import Session
from tenants.plugins.subjects import ERASE_SECONDS

FIND_TASK: Final = "plugins.find_who_knows"
ERASE_TASK: Final = "plugins.erase"
LONGEST_WAIT: Final = timedelta(minutes=1)
"""Between two looks at whether what happened before the deletion was told; they begin at 2 s."""

MARGIN_SECONDS: Final = 15.0
"""For ending a call that is over its time, and for reading and noting."""

log = structlog.get_logger(__name__)


class Forgetting(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of the first task: somebody is to be forgotten."""

    promise_id: UUID
    candidate_id: UUID
    """Who was deleted."""
    sealed: str
    """The person, encrypted; see `plugins.postgres.tasks.SEALED`."""
    looks: int = 0
    """How often it was found too early for it."""

    @property
    def wait(self) -> timedelta:
        """How long to wait for the next look."""
        return min(timedelta(seconds=2 ** min(self.looks + 1, 10)), LONGEST_WAIT)


class ErasureAt(Forgetting, frozen=True, kw_only=True):
    """The payload of a task for one plugin."""

    plugin_id: str
    known_as: UUID
    """The id under which the plugin may know the person."""


class PluginErasure:
    """Implements `core.ports.personal_data.Erasure`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def promise(self, person: KnownPerson) -> None:
        """Promise it, with the addresses encrypted for this promise alone.

        What came in from those addresses and belongs to nobody is forgotten at once.
        """
        session = self._session
        await forget_unmatched(session.writer, person.addresses)
        promise_id = session.ids.new()
        text = Secret(msgspec.json.encode(person).decode())
        forgetting = Forgetting(
            promise_id=promise_id,
            candidate_id=person.candidate_ids[0],
            sealed=await _secrets(session).seal(_place(promise_id), text),
        )
        await _tasks(session).schedule(FIND_TASK, msgspec.structs.asdict(forgetting))


class ErasureDesk:
    """What this background work needs, within one step of it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def departure(self, forgetting: Forgetting) -> Departure:
        """Return where the deletion stands among the events."""
        return await PostgresDepartures(self._session.writer).of(forgetting.candidate_id)

    async def is_awaited(self, work: ErasureAt) -> bool:
        """Whether the plugin is still to hear of something from before the deletion."""
        departures = PostgresDepartures(self._session.writer)
        departure = await departures.of(work.candidate_id)
        return await departures.is_awaited_by(work.plugin_id, departure)

    async def hand_on(self, forgetting: Forgetting, person: KnownPerson) -> None:
        """Promise a task for each plugin that may know the person, and each of their ids."""
        session = self._session
        for plugin_id in await session.plugins.subjects.to_be_erased_at(session.writer):
            for known_as in person.candidate_ids:
                work = ErasureAt(
                    promise_id=forgetting.promise_id,
                    candidate_id=forgetting.candidate_id,
                    sealed=forgetting.sealed,
                    plugin_id=plugin_id,
                    known_as=known_as,
                )
                await _tasks(session).schedule(ERASE_TASK, msgspec.structs.asdict(work))

    async def look_again(self, kind: str, work: Forgetting) -> None:
        """Promise the same for a moment from now."""
        run_at = UtcDatetime(self._session.clock.now() + work.wait)
        payload = msgspec.structs.asdict(work) | {"looks": work.looks + 1}
        await _tasks(self._session).schedule(kind, payload, run_at=run_at)

    async def person(self, forgetting: Forgetting) -> KnownPerson:
        """Return who is to be forgotten. Raises SecretUnreadable and MasterKeyMissing."""
        place = _place(forgetting.promise_id)
        opened = await _secrets(self._session).open(place, forgetting.sealed)
        return msgspec.json.decode(opened.reveal(), type=KnownPerson)

    async def call(self, work: ErasureAt, person: KnownPerson, attempt: Attempt) -> None:
        """Let the plugin forget the person."""
        await self._session.plugins.subjects.erase(
            self._session.tenant,
            work.plugin_id,
            Subject(candidate_id=work.known_as, addresses=person.addresses),
            f"erase-{attempt.task_id}",
            attempt.request_id,
        )

    async def forget(self, attempt: Attempt) -> None:
        """Take the person out of the task's payload."""
        await LeasedTasks(self._session.writer).forget_sealed(attempt.task_id)

    async def drop_given_up(self, work: ErasureAt) -> None:
        """Drop what the plugin failed to handle about the person."""
        departures = PostgresDepartures(self._session.writer)
        departure = await departures.of(work.candidate_id)
        dropped = await departures.drop_given_up(work.plugin_id, work.known_as, departure)
        log.info(
            "plugin_forgot_person",
            plugin=work.plugin_id,
            tenant=str(self._session.tenant.id),
            candidate_id=str(work.known_as),
            deliveries_dropped=dropped,
        )


@outside(FIND_TASK, queue=PLUGIN_QUEUE)
class FindWhoKnows:
    """One look at who may know the person: after the deletion, so that nobody learns of it later.

    It looks again while events from before aren't with their subscribers yet.
    """

    async def prepare(self, work: Forgetting) -> Forgetting:
        """All is read in the end, in the transaction that hands it on."""
        return work

    async def perform(self, prepared: Forgetting, *, desk: ErasureDesk) -> KnownPerson:
        """Open what is sealed; nobody is called."""
        return await desk.person(prepared)

    async def conclude(
        self, prepared: Forgetting, outcome: KnownPerson, *, desk: ErasureDesk, attempt: Attempt
    ) -> None:
        """Hand it on, or look again soon."""
        if (await desk.departure(prepared)).is_dispatched:
            await desk.hand_on(prepared, outcome)
        else:
            await desk.look_again(FIND_TASK, prepared)
        await desk.forget(attempt)


@outside(ERASE_TASK, queue=PLUGIN_QUEUE, limit_seconds=ERASE_SECONDS + MARGIN_SECONDS)
class EraseAtPlugin:
    """One attempt to let one plugin forget the person."""

    async def prepare(self, work: ErasureAt, *, desk: ErasureDesk) -> tuple[ErasureAt, bool]:
        """Say whether it is time: what the plugin is still to hear might bring the person back."""
        return work, not await desk.is_awaited(work)

    async def perform(
        self, prepared: tuple[ErasureAt, bool], *, desk: ErasureDesk, attempt: Attempt
    ) -> None:
        """Call it."""
        work, is_time = prepared
        if is_time:
            await desk.call(work, await desk.person(work), attempt)

    async def conclude(
        self,
        prepared: tuple[ErasureAt, bool],
        outcome: Any,  # noqa: ARG002 - there is none
        *,
        desk: ErasureDesk,
        attempt: Attempt,
    ) -> None:
        """Forget the person here too, as the last; or look again later."""
        work, is_time = prepared
        if is_time:
            await desk.drop_given_up(work)
        else:
            await desk.look_again(ERASE_TASK, work)
        await desk.forget(attempt)


def _place(promise_id: UUID) -> SecretPlace:
    return SecretPlace("tasks", promise_id, "payload.sealed")


def _secrets(session: Session) -> Secrets:
    return session.tenant_keys.secrets(session.tenant.id, session.unit)


def _tasks(session: Session) -> PostgresTasks:
    return PostgresTasks(session.writer, session.ids, session.request_id)
