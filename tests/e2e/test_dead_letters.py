"""An admin looks at what was given up, lets it try again, or drops it with a reason."""

from typing import Any
from uuid import uuid4

import asyncpg
import sqlalchemy as sa
from playwright.async_api import expect

from core.ports.tasks import TaskId
from plugins.postgres.task_tables import tasks
from tenants.runtime import Runtime
from tests.fixtures.browsers import Visit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

ERROR = "ValueError: <img src=x onerror=alert(1)> " + "a long story " * 20


async def given_up(runtime: Runtime, world: World, kind: str, **values: Any) -> TaskId:
    task_id = TaskId(uuid4())
    async with runtime.database.unit(world.acme.id) as unit:
        await unit.execute(
            sa.insert(tasks).values(
                tenant_id=world.acme.id,
                id=task_id,
                kind=kind,
                queue="nobody_works_here",
                payload={"secret": "canary-in-a-payload"},
                created_at=sa.func.now(),
                run_at=sa.func.now(),
                attempts=3,
                dead_at=sa.func.now(),
                **{"dead_reason": "failed", "last_error": ERROR, **values},
            )
        )
    return task_id


async def state_of(database: TestDatabase, task_id: TaskId) -> tuple[bool, Any]:
    """Whether it is given up, and why."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        row = await connection.fetchrow("SELECT * FROM tasks WHERE id = $1", task_id)
    finally:
        await connection.close()
    assert row is not None
    return row["dead_at"] is not None, row["dead_reason"]


async def test_what_was_given_up_is_tried_again_or_dropped(
    visit: Visit, runtime: Runtime, world: World, database: TestDatabase, examined: Examined
) -> None:
    visit.expect("status of 422")
    retried = await given_up(runtime, world, "send_letter")
    dropped = await given_up(runtime, world, "poison", dead_reason="killed")
    page = await visit.page("/tasks", "admin")
    letter, poison = (
        page.locator(".list > li", has_text=kind) for kind in ("send_letter", "poison")
    )
    await expect(letter).to_contain_text("Failed")
    await expect(poison).to_contain_text("Quarantined")
    await letter.get_by_text("What went wrong").click()
    await expect(letter.get_by_text("<img src=x")).to_be_visible()
    assert "canary-in-a-payload" not in await page.content()
    await is_sound(page, "dead_letters", examined)

    await letter.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("It is tried again.")).to_be_visible()
    await expect(letter).to_have_count(0)
    assert await state_of(database, retried) == (False, None)

    await poison.get_by_role("button", name="Drop").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("poison is never done")
    await dialog.get_by_role("button", name="Drop it").click()
    assert (await state_of(database, dropped))[1] == "killed", "a reason is asked for"
    await dialog.get_by_label("Reason").fill("It kills workers.")
    await dialog.get_by_role("button", name="Drop it").click()
    await expect(page.get_by_text("Nothing was given up")).to_be_visible()
    assert (await state_of(database, dropped))[1] == "dropped"
    await page.get_by_role("link", name="Done").click()
    await expect(poison).to_contain_text("Dropped")
    await page.goto(visit.site.url("acme", "/audit"))
    await expect(page.get_by_text("It kills workers.").first).to_be_attached()


async def test_what_somebody_else_settled_is_said(
    visit: Visit, runtime: Runtime, world: World
) -> None:
    visit.expect("status of (404|409)")
    await given_up(runtime, world, "contested")
    mine = await visit.page("/tasks", "admin")
    theirs = await visit.page("/tasks", "admin")
    row = ".list > li:has-text('contested')"
    await theirs.locator(row).get_by_role("button", name="Try again").click()
    await expect(theirs.get_by_text("It is tried again.")).to_be_visible()
    await mine.locator(row).get_by_role("button", name="Try again").click()
    await expect(mine.locator(".toast")).to_be_visible()
    other = await visit.page("/tasks", "admin", slug="globex")
    await expect(other.get_by_text("Nothing was given up")).to_be_visible()


async def test_only_admins_see_background_work(visit: Visit) -> None:
    visit.expect("status of 403")
    page = await visit.page("/tasks", "recruiter")
    await expect(page.locator("h1")).not_to_have_text("Background work")
