"""What can be done with a candidate, save notes, files and merges."""

import msgspec

from core.candidates.contracts import (
    CandidateId,
    CandidateRow,
    CandidateView,
    CreateCandidate,
    DeleteCandidate,
    GetCandidate,
    ListCandidates,
    UpdateCandidate,
)
from core.candidates.errors import CandidateChanged
from core.candidates.events import CandidateCreated, CandidateDeleted, CandidateUpdated
from core.candidates.model import Candidate, PhoneNumbers, clean_profile, clean_values
from core.candidates.ports import (
    CandidateQueries,
    CandidateRepository,
    FileRepository,
    KnownPersons,
)
from core.ports.personal_data import Erasure
from core.ports.tasks import Tasks
from core.shared.access import Access, limited_to
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.paging import Page, PageRequest
from core.shared.permissions import Action
from core.shared.usecase import handles
from core.tenancy.contracts import Quotas


@handles(CreateCandidate, action=Action.EDIT_CANDIDATE)
async def create_candidate(
    command: CreateCandidate,
    *,
    actor: Actor,
    candidates: CandidateRepository,
    phones: PhoneNumbers,
    quotas: Quotas,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> CandidateView:
    """Add a candidate within the plan's quota."""
    profile = clean_profile(msgspec.structs.asdict(command), phones)
    await quotas.reserve("candidates")
    now = clock.now()
    candidate = Candidate(
        id=CandidateId(ids.new()),
        profile=profile,
        version=1,
        created_at=now,
        updated_at=now,
        created_by=actor.member_id,
    )
    await candidates.add(candidate)
    recorder.record(CandidateCreated(aggregate_id=candidate.id))
    return candidate.view()


@handles(UpdateCandidate, action=Action.EDIT_CANDIDATE)
async def update_candidate(
    command: UpdateCandidate,
    *,
    candidates: CandidateRepository,
    phones: PhoneNumbers,
    clock: Clock,
    recorder: Recorder,
) -> CandidateView:
    """Change the given fields; nothing happens when they are as they were."""
    candidate = await candidates.get(command.candidate_id)
    require_version(candidate, command.expected_version)
    values = clean_values(command.changes(), phones)
    seen = candidate.version
    changed = candidate.change(values, clock.now())
    if changed:
        await candidates.save(candidate, seen)
        recorder.record(
            CandidateUpdated(aggregate_id=candidate.id, fields=changed),
            before={"version": seen},
            after={"version": candidate.version, "fields": changed},
        )
    return candidate.view()


@handles(DeleteCandidate, action=Action.DELETE_CANDIDATE)
async def delete_candidate(
    command: DeleteCandidate,
    *,
    candidates: CandidateRepository,
    files: FileRepository,
    persons: KnownPersons,
    erasure: Erasure,
    quotas: Quotas,
    tasks: Tasks,
    recorder: Recorder,
) -> None:
    """Remove the candidate; only its id remains, in the audit trail and the outbox.

    Plugins that may know the person are asked to forget them, by background work.
    """
    candidate = await candidates.get(command.candidate_id)
    require_version(candidate, command.expected_version)
    file_ids = await files.ids(candidate.id)
    await erasure.promise(await persons.known(candidate.id))
    await candidates.remove(candidate.id, candidate.version)
    if file_ids:
        await tasks.schedule("remove_files", {"file_ids": file_ids})
    await quotas.release("candidates")
    recorder.record(CandidateDeleted(aggregate_id=candidate.id))


@handles(GetCandidate, action=Action.VIEW_CANDIDATES)
async def get_candidate(
    query: GetCandidate, *, actor: Actor, access: Access, candidates: CandidateQueries
) -> CandidateView:
    """Return one candidate that the actor may see."""
    return await candidates.get(query.candidate_id, limited_to(actor, access))


@handles(ListCandidates, action=Action.VIEW_CANDIDATES)
async def list_candidates(
    query: ListCandidates, *, actor: Actor, access: Access, candidates: CandidateQueries
) -> Page[CandidateRow]:
    """Return a page of the candidates that the actor may see."""
    request = PageRequest(query.limit, query.cursor)
    return await candidates.page(query.where, request, limited_to(actor, access))


def require_version(candidate: Candidate, expected: int | None) -> None:
    """Return when the candidate is as the caller saw it. Raises CandidateChanged otherwise."""
    if expected is not None and candidate.version != expected:
        raise CandidateChanged(
            "This candidate was changed since you read it. Read it again and repeat your change.",
            version=candidate.version,
        )
