"""The cards that a board's script reads: whose they are, who may have them, and what is kept."""

import gzip
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from api.web.board_cards import packed
from core.applications.contracts import (
    ApplicationId,
    ApplicationView,
    AssignApplication,
    Card,
    RejectApplication,
)
from core.candidates.contracts import CandidateId
from core.jobs.contracts import JobView, StageId
from core.shared.actor import ROLES
from core.shared.ids import MemberId
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

NOBODY = -1


class Told:
    """A board as it was answered, with the names of its fields."""

    def __init__(self, body: dict[str, Any]) -> None:
        names = ("id", "candidate", "name", "stage", "since", "assignee", "source", "version")
        self.cards = [dict(zip(names, card, strict=True)) for card in body["cards"]]
        for card in self.cards:
            card["stage"] = body["stages"][card["stage"]]
            given = card["assignee"]
            card["assignee"] = None if given == NOBODY else body["people"][given]
        self.is_complete: bool = body["is_complete"]


class Desk:
    """A job with three applications: the second one moved on, the third assigned."""

    def __init__(self, hiring: Hiring, job: JobView, made: list[ApplicationView]) -> None:
        self.hiring = hiring
        self.job = job
        self.made = made
        self.path = f"/jobs/{job.id}/cards"


@pytest_asyncio.fixture
async def desk(runtime: Runtime, world: World) -> Desk:
    hiring = Hiring(runtime, world)
    job = await hiring.open_job()
    made = [await hiring.apply(job, source="careers") for _ in range(3)]
    made[1] = await hiring.move(made[1], 1, job)
    member = hiring.tenant.members["interviewer"]
    made[2] = await hiring.scope().execute(
        AssignApplication(application_id=made[2].id, assignee_id=member.member_id)
    )
    return Desk(hiring, job, made)


async def test_every_active_application_has_a_card(client_for: ClientFor, desk: Desk) -> None:
    gone = await desk.hiring.apply(desk.job)
    await desk.hiring.scope().execute(RejectApplication(application_id=gone.id, reason="skills"))
    answer = await client_for("acme", "recruiter").get(desk.path)
    told = Told(answer.json())
    # The longest in their stage first: the one that moved came last.
    order = [desk.made[0], desk.made[2], desk.made[1]]
    member = desk.hiring.tenant.members["interviewer"]
    assert told.cards == [
        {
            "id": str(each.id),
            "candidate": str(each.candidate_id),
            "name": each.candidate_name,
            "stage": str(each.stage_id),
            "since": round(each.stage_entered_at.timestamp() * 1000),
            "assignee": [str(member.member_id), member.name] if each is desk.made[2] else None,
            "source": "careers",
            "version": each.version,
        }
        for each in order
    ]
    assert told.is_complete


async def test_another_tenant_and_strangers_have_none(
    client_for: ClientFor, desk: Desk, examined: Examined
) -> None:
    for role in ROLES:
        foreign = await client_for("globex", role).get(desk.path)
        assert foreign.status_code == 404
        assert desk.made[0].candidate_name not in foreign.text
        examined("foreign roles", 1)
    stranger = await client_for("acme", None).get(desk.path)
    assert stranger.status_code == 303
    assert stranger.headers["location"].startswith("/sign-in?next=")


async def test_interviewers_have_the_cards_that_they_may_see(
    client_for: ClientFor, desk: Desk
) -> None:
    told = Told((await client_for("acme", "interviewer").get(desk.path)).json())
    assert [card["id"] for card in told.cards] == [str(desk.made[2].id)]
    everything = Told((await client_for("acme", "viewer").get(desk.path)).json())
    assert len(everything.cards) == len(desk.made)


async def test_an_unchanged_board_is_not_sent_again(client_for: ClientFor, desk: Desk) -> None:
    client = client_for("acme", "recruiter")
    first = await client.get(desk.path)
    assert first.headers["cache-control"] == "private, no-cache"
    assert "cookie" in first.headers["vary"]
    known = {"If-None-Match": first.headers["etag"]}
    again = await client.get(desk.path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    # Who may see less has another board, whatever the browser kept of somebody else's.
    narrow = await client_for("acme", "interviewer").get(desk.path, headers=known)
    assert narrow.status_code == 200
    await desk.hiring.move(desk.made[0], 1, desk.job)
    changed = await client.get(desk.path, headers=known)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_a_board_is_compressed(client_for: ClientFor, desk: Desk) -> None:
    for _ in range(12):
        await desk.hiring.apply(desk.job)
    client = client_for("acme", "recruiter")
    async with client.stream("GET", desk.path, headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    plain = await client.get(desk.path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content


@pytest.mark.parametrize("assignee", [None, "Ada"])
def test_what_cards_share_is_said_once(runtime: Runtime, assignee: str | None) -> None:
    ids = runtime.ids
    stage, member = StageId(ids.new()), MemberId(ids.new())
    cards = [
        Card(
            id=ApplicationId(ids.new()),
            candidate_id=CandidateId(ids.new()),
            candidate_name="Somebody",
            stage_id=stage,
            stage_entered_at=runtime.clock.now(),
            assignee_id=member if assignee else None,
            assignee_name=assignee,
            source="careers",
            version=1,
        )
        for _ in range(3)
    ]
    board = packed(cards)
    assert board.stages == [stage]
    assert board.people == ([(member, "Ada")] if assignee else [])
    assert {card.assignee for card in board.cards} == {0 if assignee else NOBODY}
    assert msgspec.to_builtins(board)["is_complete"]
