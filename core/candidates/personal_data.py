"""Handing out everything that is kept about one person, here and by plugins."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.candidates.contracts import CandidateId, CandidateView
from core.candidates.ports import CandidateQueries, PersonQueries
from core.ports.personal_data import Disclosed, Disclosure
from core.shared.clock import Clock, UtcDatetime
from core.shared.permissions import Action
from core.shared.usecase import Query, handles


class LeftOut(msgspec.Struct, frozen=True):
    """Something that is kept and isn't in the answer."""

    what: str
    why: str


class PersonalData(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is kept about one candidate."""

    candidate_id: CandidateId
    also_known_as: tuple[CandidateId, ...]
    """Ids of candidates that were merged into this one."""
    addresses: tuple[str, ...]
    """Every e-mail address that is known of the person."""
    made_at: UtcDatetime
    profile: CandidateView
    records: Mapping[str, tuple[Mapping[str, Any], ...]]
    """Everything else by its kind: applications with their history, notes, messages, files, what
    was read from résumés, forms of the careers site, interviews, feedback, merges."""
    plugins: tuple[Disclosed, ...]
    """What each plugin keeps; one that fails is named as unavailable."""
    left_out: tuple[LeftOut, ...]


LEFT_OUT: Final = (
    LeftOut(
        "The contents of files",
        "Download each with GET /api/v1/candidates/{candidate_id}/files/{file_id}/content.",
    ),
    LeftOut(
        "The audit trail",
        "It is about who did what; admins read it with GET /api/v1/audit?subject_id={candidate_id}"
        " and the ids of the applications.",
    ),
    LeftOut(
        "What search and the finding of duplicates use",
        "It is made from what is here, and is deleted with the candidate.",
    ),
    LeftOut(
        "Answers kept for repeated requests, and files of imports that run",
        "They are deleted within days.",
    ),
)


class ExportPersonalData(Query[PersonalData], frozen=True, kw_only=True):
    """Everything about one candidate, asked of plugins too."""

    candidate_id: CandidateId


@handles(ExportPersonalData, action=Action.EXPORT_CANDIDATES)
async def export_personal_data(
    query: ExportPersonalData,
    *,
    candidates: CandidateQueries,
    persons: PersonQueries,
    disclosure: Disclosure,
    clock: Clock,
) -> PersonalData:
    """Return what is kept. Every plan has this: people have a right to it.

    Raises CandidateNotFound and CandidateMerged.
    """
    profile = await candidates.get(query.candidate_id)
    person = await persons.known(profile.id)
    return PersonalData(
        candidate_id=profile.id,
        also_known_as=tuple(CandidateId(each) for each in person.candidate_ids[1:]),
        addresses=person.addresses,
        made_at=clock.now(),
        profile=profile,
        records=await persons.records(profile.id),
        plugins=await disclosure.of(person),
        left_out=LEFT_OUT,
    )
