"""The cards of a job's board in one compact answer, for `assets/board.js`.

No part of the API: integrators have `GET /api/v1/applications`. A board of two thousand cards comes
with one query and under a hundred kilobytes, and costs nothing when it is opened again unchanged.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.replies import JSON, Reply
from api.request_scope import Scoped
from api.web.compression import compressed
from api.web.frame import WEB
from core.applications.contracts import MAX_CARDS, ApplicationId, Card, ListCards
from core.candidates.contracts import CandidateId
from core.jobs.contracts import GetJob, JobId, StageId
from core.shared.ids import MemberId

# The browser keeps it and asks with its tag each time, so nobody sees what they no longer may.
_KEPT: Final = (
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"accept-encoding, cookie"),
)
_encode: Final = msgspec.json.Encoder().encode


class PackedCard(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A card without the names of its fields; stages and people by their place in the lists."""

    id: ApplicationId
    candidate_id: CandidateId
    name: str
    stage: int
    since: int
    """Milliseconds since 1970."""
    assignee: int
    """-1 for nobody."""
    source: str
    version: int


class PackedBoard(msgspec.Struct, frozen=True):
    """A board as its script reads it."""

    stages: list[StageId]
    people: list[tuple[MemberId, str]]
    cards: list[PackedCard]
    is_complete: bool


@get("/jobs/{job_id:uuid}/cards", **WEB)
async def board_cards(
    request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: FromPath[UUID]
) -> Reply[bytes]:
    """Return the cards that the reader may see. Raises JobNotFound."""
    known = JobId(job_id)
    _, cards = await asyncio.gather(
        tenant_scope.ask(GetJob(job_id=known)), tenant_scope.ask(ListCards(job_id=known))
    )
    body = _encode(packed(cards))
    tag = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    headers = [*_KEPT, (b"etag", tag.encode())]
    if request.headers.get("if-none-match") == tag:
        return Reply(b"", status=304, headers=headers)
    sent, encoding = compressed(request.scope, body)
    return Reply(sent, headers=[*headers, *encoding], content_type=JSON)


def packed(cards: Sequence[Card]) -> PackedBoard:
    """Return cards with what many of them share said once."""
    stages: dict[StageId, int] = {}
    people: dict[tuple[MemberId, str], int] = {}
    made = []
    for card in cards:
        assignee = -1
        if card.assignee_id is not None:
            person = (card.assignee_id, card.assignee_name or "")
            assignee = people.setdefault(person, len(people))
        made.append(
            PackedCard(
                card.id,
                card.candidate_id,
                card.candidate_name,
                stages.setdefault(card.stage_id, len(stages)),
                round(card.stage_entered_at.timestamp() * 1_000),
                assignee,
                card.source,
                card.version,
            )
        )
    return PackedBoard(list(stages), list(people), made, len(cards) < MAX_CARDS)


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (board_cards,)
