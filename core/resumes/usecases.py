"""What people can do with a file as a résumé."""

from core.candidates.events import CandidateUpdated
from core.ports.tasks import Tasks
from core.resumes.contracts.readings import (
    CorrectResume,
    GetResume,
    ParseAgain,
    ResumeView,
    TakenOver,
    TakeOverResume,
)
from core.resumes.correcting import corrections_of
from core.resumes.errors import ResumeChanged, ResumeNotRead
from core.resumes.events import ResumeCorrected, ResumeRequested
from core.resumes.model import NOTHING, comparable
from core.resumes.offering import offered_profile
from core.resumes.ports import CandidateProfiles, ReadingQueries, ReadingRepository
from core.resumes.reading import READ_RESUME
from core.shared.access import Access, limited_to
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(GetResume, action=Action.VIEW_CANDIDATES)
async def get_resume(
    query: GetResume, *, actor: Actor, access: Access, readings: ReadingQueries, clock: Clock
) -> ResumeView:
    """Return what is known of a file of a candidate that the actor may see."""
    only_for = limited_to(actor, access)
    reading = await readings.get(query.candidate_id, query.file_id, only_for)
    return reading.view(clock.now())


@handles(CorrectResume, action=Action.EDIT_CANDIDATE)
async def correct_resume(
    command: CorrectResume,
    *,
    actor: Actor,
    readings: ReadingRepository,
    clock: Clock,
    recorder: Recorder,
) -> ResumeView:
    """Put fields right; nothing happens when they are so already."""
    reading = await readings.get(command.candidate_id, command.file_id)
    if command.expected_version is not None and command.expected_version != reading.version:
        raise ResumeChanged(
            "This résumé was changed since you read it. Read it again and repeat your change.",
            version=reading.version,
        )
    if reading.finished_at is None:
        raise ResumeNotRead("It can be corrected as soon as it was read.")
    now = clock.now()
    corrections = corrections_of(command.changes(), actor, now)
    before = reading.view(now).resume or NOTHING
    changed = reading.correct(corrections)
    if changed:
        await readings.save(reading)
        recorder.record(
            ResumeCorrected(
                aggregate_id=reading.candidate_id, file_id=reading.file_id, fields=changed
            ),
            before={name: comparable(name, getattr(before, name)) for name in changed},
            after={name: corrections[name].value for name in changed},
        )
    return reading.view(now)


@handles(ParseAgain, action=Action.EDIT_CANDIDATE)
async def parse_again(
    command: ParseAgain,
    *,
    readings: ReadingRepository,
    tasks: Tasks,
    clock: Clock,
    recorder: Recorder,
) -> ResumeView:
    """Promise to read the file anew, unless that is promised already."""
    reading = await readings.get(command.candidate_id, command.file_id)
    now = clock.now()
    if reading.found.state == "pending":
        return reading.view(now)
    reading.ask(now)
    await readings.save(reading)
    await tasks.schedule(READ_RESUME, {"file_id": str(reading.file_id), "run": reading.run})
    recorder.record(ResumeRequested(aggregate_id=reading.candidate_id, file_id=reading.file_id))
    return reading.view(now)


@handles(TakeOverResume, action=Action.EDIT_CANDIDATE)
async def take_over_resume(
    command: TakeOverResume,
    *,
    readings: ReadingRepository,
    profiles: CandidateProfiles,
    clock: Clock,
    recorder: Recorder,
) -> TakenOver:
    """Fill what is empty in the profile; what is there stays."""
    reading = await readings.get(command.candidate_id, command.file_id)
    now = clock.now()
    view = reading.view(now)
    if view.resume is None:
        raise ResumeNotRead("There is nothing to take over: it wasn't read, or holds no text.")
    offered = offered_profile(view.resume, view.lines)
    filled = await profiles.fill_gaps(reading.candidate_id, offered, command.fields, now)
    if filled.fields:
        recorder.record(
            CandidateUpdated(aggregate_id=reading.candidate_id, fields=filled.fields),
            before={"version": filled.version_before},
            after={"version": filled.version, "fields": filled.fields},
            reason="Taken over from a résumé.",
        )
    return TakenOver(
        candidate_id=reading.candidate_id, fields=filled.fields, version=filled.version
    )
