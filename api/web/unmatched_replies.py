"""The page of unmatched replies, which belong to no conversation: an admin says whose they are."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import letters_shown
from api.web.frame import WEB, page, require
from core.applications.contracts import ApplicationRow, ListApplications
from core.candidates.contracts import CandidateFilter, CandidateId, ListCandidates
from core.messages.replies import ListUnmatchedReplies
from core.shared.paging import PageRequest
from core.shared.permissions import Action
from tenants.scope import TenantScope

_SHOWN: Final = 20
_FOUND: Final = 20

Search = Annotated[str | None, QueryParameter(name="q", max_length=200)]
Cursor = Annotated[str | None, QueryParameter(max_length=2_000)]


@get("/unmatched-replies", **WEB)
async def unmatched_replies(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    words: Search = None,
    cursor: Cursor = None,
) -> Reply[bytes]:
    """List what came in and belongs to nobody, with the applications that a search finds."""
    require(tenant_scope, Action.MANAGE_MESSAGES)
    found, applications = await asyncio.gather(
        tenant_scope.ask(ListUnmatchedReplies(page=PageRequest(_SHOWN, cursor))),
        _applications(tenant_scope, (words or "").strip()),
    )
    return page(
        request,
        "unmatched_replies.html",
        found=found,
        words=words or "",
        applications=applications,
        shown_text=letters_shown.shown_text,
        safe_letter=letters_shown.safe_letter,
    )


async def _applications(scope: TenantScope, words: str) -> Sequence[ApplicationRow]:
    """Return applications of candidates whom the words find."""
    if not words:
        return ()
    people = await scope.ask(ListCandidates(where=CandidateFilter(text=words), limit=_FOUND))
    pages = await asyncio.gather(
        *(
            scope.ask(
                ListApplications(page=PageRequest(limit=5), candidate_id=CandidateId(each.id))
            )
            for each in people.items
        )
    )
    return [row for each in pages for row in each.items][:_FOUND]


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (unmatched_replies,)
