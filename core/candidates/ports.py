"""What this slice needs from outside: storage for candidates, and lists of them."""

from typing import Protocol

from core.candidates.contracts import (
    CandidateFilter,
    CandidateId,
    CandidateRow,
    CandidateView,
)
from core.candidates.model import Candidate
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest


class CandidateRepository(Protocol):
    """Loads and keeps candidates; whatever it changes, search follows in the same transaction."""

    async def get(self, candidate_id: CandidateId) -> Candidate:
        """Return the candidate.

        Raises CandidateNotFound, or CandidateMerged when it lives on as another.
        """
        ...

    async def add(self, candidate: Candidate) -> None:
        """Keep a new candidate."""
        ...

    async def save(self, candidate: Candidate, seen_version: int) -> None:
        """Keep a changed candidate. Raises CandidateChanged when `seen_version` is no more."""
        ...

    async def remove(self, candidate_id: CandidateId, seen_version: int) -> None:
        """Delete the candidate with all that hangs on it. Raises CandidateChanged."""
        ...


class CandidateQueries(Protocol):
    """Reads views straight from rows.

    `only_for` is the member to whom the answer is limited: what is assigned to them.
    """

    async def get(
        self, candidate_id: CandidateId, only_for: MemberId | None = None
    ) -> CandidateView:
        """Return one candidate. Raises CandidateNotFound or CandidateMerged."""
        ...

    async def page(
        self,
        where: CandidateFilter,
        request: PageRequest,
        only_for: MemberId | None = None,
    ) -> Page[CandidateRow]:
        """Return a page of candidates. Raises InvalidInput for a cursor that isn't ours."""
        ...
