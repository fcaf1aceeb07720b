"""Finding candidates that are one person, merging them, and undoing that."""

from core.candidates.contracts import CandidateId, MergeId
from core.candidates.duplicates import (
    Duplicate,
    DuplicateGroup,
    FindDuplicates,
    ListDuplicates,
    ListMerges,
    MergeCandidates,
    Merged,
    MergeView,
    UndoMerge,
    Unmerged,
)
from core.candidates.errors import CannotMergeWithItself
from core.candidates.events import CandidateMergeUndone, CandidatesMerged
from core.candidates.merging import Former, MergeRecord, merged_profile, unmerged_profile
from core.candidates.model import Candidate
from core.candidates.ports import (
    CandidateQueries,
    CandidateRepository,
    DuplicateQueries,
    MergeRepository,
)
from core.shared.access import Access, limited_to
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.paging import Page, PageRequest
from core.shared.permissions import Action
from core.shared.usecase import handles
from core.tenancy.contracts import Quotas


@handles(FindDuplicates, action=Action.EDIT_CANDIDATE)
async def find_duplicates(
    query: FindDuplicates, *, candidates: CandidateQueries, duplicates: DuplicateQueries
) -> Page[Duplicate]:
    """Return who may be the same person."""
    await candidates.get(query.candidate_id)
    return await duplicates.of(query.candidate_id)


@handles(ListDuplicates, action=Action.EDIT_CANDIDATE)
async def list_duplicates(
    query: ListDuplicates, *, duplicates: DuplicateQueries
) -> Page[DuplicateGroup]:
    """Return contacts that several candidates share."""
    return await duplicates.groups(PageRequest(query.limit, query.cursor))


@handles(ListMerges, action=Action.VIEW_CANDIDATES)
async def list_merges(
    query: ListMerges,
    *,
    actor: Actor,
    access: Access,
    candidates: CandidateQueries,
    duplicates: DuplicateQueries,
) -> Page[MergeView]:
    """Return the merges into a candidate."""
    await candidates.get(query.candidate_id, limited_to(actor, access))
    return await duplicates.merges(query.candidate_id, PageRequest(query.limit, query.cursor))


@handles(MergeCandidates, action=Action.EDIT_CANDIDATE)
async def merge_candidates(
    command: MergeCandidates,
    *,
    actor: Actor,
    candidates: CandidateRepository,
    merges: MergeRepository,
    quotas: Quotas,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> Merged:
    """Make one candidate of two."""
    survivor, other = await _both(candidates, command.candidate_id, command.other_id)
    now = clock.now()
    moved = await merges.move(other.id, survivor.id, now)
    before, seen = survivor.profile, survivor.version
    after = merged_profile(before, other.profile, command.choices)
    merge = MergeView(
        id=MergeId(ids.new()),
        survivor_id=survivor.id,
        merged_id=other.id,
        merged_at=now,
        merged_by=actor.member_id,
        undone_at=None,
    )
    record = MergeRecord(before=before, after=after, other=Former.of(other), moved=moved)
    await merges.add(merge, record)
    await candidates.remove(other.id, other.version)
    survivor.become(after, now)
    await candidates.save(survivor, seen)
    await quotas.release("candidates")
    recorder.record(
        CandidatesMerged(aggregate_id=survivor.id, merge_id=merge.id, merged_id=other.id)
    )
    return Merged(
        merge=merge,
        candidate=survivor.view(),
        moved_applications=len(moved.applications),
        withdrawn_applications=tuple(each.id for each in moved.withdrawn),
    )


@handles(UndoMerge, action=Action.EDIT_CANDIDATE)
async def undo_merge(
    command: UndoMerge,
    *,
    candidates: CandidateRepository,
    merges: MergeRepository,
    quotas: Quotas,
    clock: Clock,
    recorder: Recorder,
) -> Unmerged:
    """Take a merge apart; the merged candidate needs room in the plan's quota again."""
    merge, record = await merges.get(command.merge_id)
    survivor = await candidates.get(merge.survivor_id)
    await quotas.reserve("candidates")
    now = clock.now()
    restored = record.other.again()
    await candidates.add(restored)
    left = await merges.move_back(record.moved, restored.id, survivor.id, now)
    await candidates.refresh_search(restored)
    seen = survivor.version
    profile, kept = unmerged_profile(survivor.profile, record)
    survivor.become(profile, now)
    await candidates.save(survivor, seen)
    await merges.mark_undone(merge.id, now)
    recorder.record(
        CandidateMergeUndone(aggregate_id=survivor.id, merge_id=merge.id, merged_id=restored.id)
    )
    return Unmerged(
        merge=MergeView(
            id=merge.id,
            survivor_id=merge.survivor_id,
            merged_id=merge.merged_id,
            merged_at=merge.merged_at,
            merged_by=merge.merged_by,
            undone_at=now,
        ),
        survivor=survivor.view(),
        restored=restored.view(),
        kept_fields=kept,
        left_withdrawn=left,
    )


async def _both(
    candidates: CandidateRepository, survivor_id: CandidateId, other_id: CandidateId
) -> tuple[Candidate, Candidate]:
    """Return both, locked in the order of their ids: two merges never wait on each other."""
    if survivor_id == other_id:
        raise CannotMergeWithItself("Both ids name the same candidate.")
    found = {each: await candidates.get(each) for each in sorted((survivor_id, other_id))}
    return found[survivor_id], found[other_id]
