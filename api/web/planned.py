"""What automations do for a candidate's applications, as pieces of the candidate's page."""

import asyncio
from typing import Any, Final
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import automation_words as words
from api.web.candidate_timeline import MOST_SHOWN, rows_of
from api.web.frame import WEB, may, partial
from core.automations.contracts import ListPlanned
from core.candidates.contracts import CandidateId, GetCandidate
from core.shared.permissions import Action


@get("/candidates/{candidate_id:uuid}/planned", **WEB)
async def planned(
    request: Request[Any, Any, Any], tenant_scope: Scoped, candidate_id: FromPath[UUID]
) -> Reply[bytes]:
    """Show what will be sent, which can be taken back, and what was, beside each application."""
    known = CandidateId(candidate_id)
    _, rows = await asyncio.gather(
        tenant_scope.ask(GetCandidate(candidate_id=known)), rows_of(tenant_scope, known)
    )
    shown = rows[:MOST_SHOWN]
    found = await asyncio.gather(
        *(tenant_scope.ask(ListPlanned(application_id=row.id)) for row in shown)
    )
    return partial(
        request,
        "pieces/planned.html",
        applications=[
            (
                row.id,
                [step for step in each.items if step.state == "planned"],
                [step for step in each.items if step.state != "planned"],
            )
            for row, each in zip(shown, found, strict=True)
            if each.items
        ],
        words=words,
        may_take_back=may(tenant_scope.actor, Action.MOVE_APPLICATION),
    )


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (planned,)
