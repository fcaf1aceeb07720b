"""The board: moves with mouse and keys, what others do, conflicts, many at once, thousands."""

import re
import time

import asyncpg
import pytest
from playwright.async_api import expect

from core.applications.contracts import ApplicationView, AssignApplication
from core.jobs.contracts import JobView
from tenants.runtime import Runtime
from tests.fixtures.boards import Board
from tests.fixtures.browsers import PHONE, Visit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("background")

MANY = 2_000


class Desk:
    """A job with cards in its first stage."""

    def __init__(self, hiring: Hiring, job: JobView, cards: list[ApplicationView]) -> None:
        self.hiring = hiring
        self.job = job
        self.cards = cards
        self.names = [card.candidate_name for card in cards]
        self.stages = [stage.name for stage in job.stages]
        self.path = f"/jobs/{job.id}"


@pytest.fixture
async def desk(runtime: Runtime, world: World) -> Desk:
    hiring = Hiring(runtime, world)
    job = await hiring.open_job()
    return Desk(hiring, job, [await hiring.apply(job) for _ in range(4)])


async def test_a_drag_is_on_the_colleagues_screen(visit: Visit, desk: Desk) -> None:
    mine = await Board(await visit.page(desk.path)).loaded()
    theirs = await Board(await visit.page(desk.path, "admin")).loaded()
    await expect(mine.page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(theirs.page.get_by_text("Live", exact=True)).to_be_visible()
    name = desk.names[1]
    await mine.drag(name, desk.stages[2])
    await expect(mine.card(name, desk.stages[2])).to_be_visible()
    await expect(theirs.card(name, desk.stages[2])).to_be_visible()
    await expect(theirs.card(name, desk.stages[0])).to_have_count(0)
    await mine.page.get_by_role("button", name="Undo").click()
    await expect(theirs.card(name, desk.stages[0])).to_be_visible()


async def test_an_application_and_an_assignment_arrive_by_themselves(
    visit: Visit, desk: Desk
) -> None:
    board = await Board(await visit.page(desk.path)).loaded()
    await expect(board.page.get_by_text("Live", exact=True)).to_be_visible()
    new = await desk.hiring.apply(desk.job)
    await expect(board.card(new.candidate_name, desk.stages[0])).to_be_visible()
    member = desk.hiring.tenant.members["interviewer"]
    await desk.hiring.scope().execute(
        AssignApplication(application_id=new.id, assignee_id=member.member_id)
    )
    owner = board.card(new.candidate_name).locator(".card-owner")
    await expect(owner).to_have_attribute("title", member.name)


async def test_a_move_that_lost_is_shown_and_overwrites_nothing(visit: Visit, desk: Desk) -> None:
    visit.expect("stream|status of 409")
    page = await visit.page("/jobs")
    # This window hears of nothing: it shows what was.
    await page.route("**/api/v1/stream*", lambda route: route.abort())
    await page.goto(visit.site.url("acme", desk.path))
    board = await Board(page).loaded()
    card = desk.cards[0]
    await desk.hiring.move(card, 1, desk.job, role="admin")
    await board.drag(card.candidate_name, desk.stages[3])
    await expect(board.card(card.candidate_name, desk.stages[1])).to_be_visible()
    await expect(board.page.locator(".toast.error")).to_contain_text("Admin of Acme")
    await expect(board.card(card.candidate_name, desk.stages[3])).to_have_count(0)


async def test_cards_move_by_keyboard(visit: Visit, desk: Desk) -> None:
    board = await Board(await visit.page(desk.path)).loaded()
    keyboard = board.page.keyboard
    await board.card(desk.names[0]).focus()
    await keyboard.press("ArrowDown")
    await expect(board.card(desk.names[1])).to_be_focused()
    await keyboard.press("Space")
    await keyboard.press("ArrowRight")
    await keyboard.press("Escape")
    await expect(board.card(desk.names[1], desk.stages[0])).to_be_focused()
    await keyboard.press("Space")
    await keyboard.press("ArrowRight")
    await expect(board.page.locator("#board-said")).to_contain_text(desk.stages[1])
    await keyboard.press("Space")
    await expect(board.toast(f"is now in {desk.stages[1]}")).to_be_visible()
    await expect(board.card(desk.names[1], desk.stages[1])).to_be_focused()


async def test_many_are_moved_assigned_and_rejected_at_once(visit: Visit, desk: Desk) -> None:
    board = await Board(await visit.page(desk.path)).loaded()
    page = board.page
    await board.card(desk.names[0]).click(position={"x": 40, "y": 48})
    await board.card(desk.names[2]).click(modifiers=["Shift"], position={"x": 40, "y": 48})
    await expect(page.locator("#bulk-count")).to_have_text("3 selected")
    await page.get_by_label("Move the selected to").select_option(label=desk.stages[1])
    await expect(board.toast("3 moved to")).to_be_visible()
    assert sorted(await board.names(desk.stages[1])) == sorted(desk.names[:3])
    await board.card(desk.names[0]).focus()
    await page.keyboard.press("x")
    member = desk.hiring.tenant.members["viewer"].name
    await page.get_by_label("Assign the selected to").select_option(label=member)
    await expect(board.card(desk.names[0]).locator(".card-owner")).to_have_attribute(
        "title", member
    )
    await board.card(desk.names[3]).focus()
    await page.keyboard.press("x")
    await page.get_by_role("button", name="Reject…").click()
    dialog = page.get_by_role("dialog", name="Reject the selected?")
    await dialog.get_by_label("Reason").select_option("skills")
    await page.get_by_role("button", name="Reject", exact=True).click()
    await expect(board.card(desk.names[3])).to_contain_text("To be rejected")
    await board.toast("are rejected in 30 minutes").get_by_role("button", name="Undo").click()
    await expect(board.toast("Taken back.")).to_be_visible()
    await expect(board.card(desk.names[3])).not_to_contain_text("To be rejected")


async def test_nobody_is_selected_who_is_not_shown(visit: Visit, desk: Desk) -> None:
    board = await Board(await visit.page(desk.path)).loaded()
    page = board.page
    for name in desk.names[:2]:
        await board.card(name).focus()
        await page.keyboard.press("x")
    await expect(page.locator("#bulk-count")).to_have_text("2 selected")
    await page.get_by_label("Find on this board").fill(desk.names[1])
    await expect(page.locator("#bulk-count")).to_have_text("1 selected")
    await page.get_by_label("Find on this board").fill("")
    await expect(board.card(desk.names[0])).not_to_have_class(re.compile("selected"))
    await expect(board.card(desk.names[1])).to_have_class(re.compile("selected"))


async def test_what_others_do_during_a_move_is_not_missed(visit: Visit, desk: Desk) -> None:
    card, member = desk.cards[0], desk.hiring.tenant.members["viewer"]

    async def assign() -> None:
        await desk.hiring.scope("admin").execute(
            AssignApplication(application_id=card.id, assignee_id=member.member_id)
        )

    page = await visit.page("/jobs")
    await page.expose_function("assign", assign)
    # The answer to the move comes after the news of what was done since. The board's own listener
    # was there first, so that it has heard by then.
    await page.add_init_script(
        """const { fetch: send, EventSource: Source } = window;
        const streams = [];
        window.EventSource = class extends Source {
          constructor(...given) { super(...given); streams.push(this); }
        };
        window.fetch = async (address, options) => {
          const answer = await send(address, options);
          if (String(address).endsWith("/move")) {
            const heard = new Promise((done) => streams.forEach((each) =>
              each.addEventListener("application.assigned", done)));
            await assign();
            await heard;
          }
          return answer;
        };"""
    )
    await page.goto(visit.site.url("acme", desk.path))
    board = await Board(page).loaded()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await board.drag(card.candidate_name, desk.stages[2])
    owner = board.card(card.candidate_name, desk.stages[2]).locator(".card-owner")
    await expect(owner).to_have_attribute("title", member.name)


async def test_a_card_is_assigned_on_the_board_and_the_filters_stay_in_the_address(
    visit: Visit, desk: Desk
) -> None:
    board = await Board(await visit.page(desk.path)).loaded()
    page = board.page
    me = desk.hiring.tenant.members["recruiter"].name
    await board.card(desk.names[1]).locator(".card-owner").click()
    await page.get_by_label("Member").select_option(label=me)
    await page.get_by_role("button", name="Assign", exact=True).last.click()
    await expect(board.card(desk.names[1]).locator(".card-owner")).to_have_attribute("title", me)
    await page.get_by_role("button", name="Mine").click()
    await expect(page.locator(".board-card")).to_have_count(1)
    assert re.search(r"\?assignee=[0-9a-f-]{36}$", page.url)
    await page.reload()
    await expect(page.locator(".board-card")).to_have_count(1)
    await page.get_by_role("button", name="Nobody's").click()
    await expect(page.locator(".board-card")).to_have_count(3)
    await page.get_by_label("Find on this board").fill(desk.names[3])
    await expect(page.locator(".board-card")).to_have_count(1)


async def test_who_may_not_move_is_offered_nothing(visit: Visit, desk: Desk) -> None:
    board = await Board(await visit.page(desk.path, "viewer")).loaded()
    await board.drag(desk.names[0], desk.stages[1])
    await expect(board.card(desk.names[0], desk.stages[0])).to_be_visible()
    await expect(board.page.locator("#bulk")).to_have_count(0)


async def test_a_finger_moves_a_card(visit: Visit, desk: Desk) -> None:
    page = await visit.page(desk.path, size=PHONE, has_touch=True, is_mobile=True)
    board = await Board(page).loaded()
    box = await board.card(desk.names[0]).bounding_box()
    assert box is not None
    session = await page.context.new_cdp_session(page)
    x, y = box["x"] + 60, box["y"] + 50

    async def touch(kind: str, *points: tuple[float, float]) -> None:
        given = [{"x": at, "y": down} for at, down in points]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

    await touch("touchStart", (x, y))
    await page.wait_for_timeout(400)
    for step in range(1, 8):
        await touch("touchMove", (x + step * 38, y))
    await touch("touchEnd")
    await expect(board.card(desk.names[0], desk.stages[1])).to_have_count(1)


async def test_two_thousand_cards_stay_light(
    visit: Visit, desk: Desk, database: TestDatabase, examined: Examined
) -> None:
    await _crowd(database, desk.cards[0], MANY - len(desk.cards))
    page = await visit.page("/jobs")
    started = time.perf_counter()
    await page.goto(visit.site.url("acme", desk.path))
    board = await Board(page).loaded()
    seconds = time.perf_counter() - started
    lane = board.lane(desk.stages[0])
    await expect(lane.locator("[data-count]")).to_have_text(str(MANY))
    drawn = await page.locator(".board-card").count()
    assert drawn < 60, "only what is seen is in the page"
    await lane.locator(".lane-cards").evaluate("each => { each.scrollTop = each.scrollHeight }")
    await expect(board.card("Crowd 1996")).to_be_visible()
    assert await page.locator(".board-card").count() < 60
    assert seconds < 10
    examined("cards", MANY)


async def _crowd(database: TestDatabase, like: ApplicationView, count: int) -> None:
    """Put as many more applications beside one, by copying its rows."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        for table, changes in (
            ("candidates", {"id": "md5('c' || n)::uuid", "full_name": "'Crowd ' || n"}),
            (
                "applications",
                {"id": "md5('a' || n)::uuid", "candidate_id": "md5('c' || n)::uuid"},
            ),
        ):
            row = like.candidate_id if table == "candidates" else like.id
            columns = [
                record["column_name"]
                for record in await connection.fetch(
                    "SELECT column_name FROM information_schema.columns "
                    "WHERE table_name = $1 AND is_generated = 'NEVER'",
                    table,
                )
            ]
            if table == "applications":
                changes["stage_entered_at"] = "now() + n * interval '1 millisecond'"
            picked = ", ".join(changes.get(name, f"t.{name}") for name in columns)
            await connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {picked} "
                f"FROM {table} t, generate_series(1, {count}) n WHERE t.id = $1",
                row,
            )
    finally:
        await connection.close()
