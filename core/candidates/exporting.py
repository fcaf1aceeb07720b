"""Reading candidates for an export, page after page."""

from core.candidates.contracts import CandidateFilter, CandidateView
from core.candidates.ports import CandidateQueries
from core.shared.paging import MAX_LIMIT, Page, PageRequest
from core.shared.permissions import Action
from core.shared.usecase import Query, handles


class ExportCandidates(Query[Page[CandidateView]], frozen=True, kw_only=True):
    """The next candidates of an export, whole, in the order of the list."""

    where: CandidateFilter = CandidateFilter()
    cursor: str | None = None


@handles(ExportCandidates, action=Action.EXPORT_CANDIDATES, feature="csv_export")
async def export_candidates(
    query: ExportCandidates, *, candidates: CandidateQueries
) -> Page[CandidateView]:
    """Return a page of whole candidates; one that was deleted since is left out."""
    page = await candidates.page(query.where, PageRequest(MAX_LIMIT, query.cursor))
    return Page(await candidates.whole([row.id for row in page.items]), page.next_cursor)
