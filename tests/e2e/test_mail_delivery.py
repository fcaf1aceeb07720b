"""The page of e-mail delivery: who sends in which order, how they do, and whom nobody writes to."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import pytest
from playwright.async_api import expect

from core.messages.contracts import SuppressionId
from core.messages.suppression import Suppression
from core.shared.clock import UtcDatetime
from plugins.postgres.suppressions import PostgresSuppressions
from tenants.runtime import Runtime
from tests.fixtures.browsers import Visit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import enable
from tests.fixtures.sound_pages import is_sound
from tests.fixtures.worlds import World

REFUSED: Final = "SES refuses the credentials or the sender: The key is gone."
POSTPONED: Final = """
    WITH made AS (
        INSERT INTO messages (tenant_id, id, purpose, application_id, to_address, to_name,
                              subject, text, state, created_at)
        VALUES ($1, $2, 'application_received', $3, 'ada@example.com', '', 'Hi', 'Hi', 'queued',
                now())
        RETURNING id
    )
    INSERT INTO message_events (tenant_id, message_id, event_id, kind, at, recorded_at, plugin,
                                detail)
    SELECT $1, id, 'first', 'postponed', now(), now(), 'ses', $4 FROM made
"""


@pytest.fixture
async def post(runtime: Runtime, world: World, database: TestDatabase) -> UUID:
    """Two plugins that send, of which the first fails, and two addresses that came back."""
    await enable(
        runtime,
        world.acme,
        "ses",
        ("messages:manage",),
        region="eu-central-1",
        access_key_id="A" * 20,
        secret_access_key="secret",
        sender_address="jobs@example.com",
    )
    await enable(runtime, world.acme, "smtp", host="mail.invalid")
    hiring = Hiring(runtime, world)
    application = await hiring.apply(await hiring.open_job())
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(POSTPONED, world.acme.id, uuid4(), application.id, REFUSED)
    await connection.close()
    async with runtime.database.unit(world.acme.id) as unit:
        for name in ("gone", "moved"):
            await PostgresSuppressions(unit).put(
                Suppression(
                    id=SuppressionId(runtime.ids.new()),
                    address=f"{name}@example.com",
                    reason="bounced",
                    detail="550 no such user",
                    plugin="ses",
                    message_id=None,
                    created_at=UtcDatetime(datetime.now(UTC)),
                )
            )
    return application.id


@pytest.mark.usefixtures("post")
async def test_who_sends_is_ordered_and_an_address_written_to_again(
    visit: Visit, examined: Examined
) -> None:
    page = await visit.page("/settings/email", "admin")
    senders = page.locator(".senders li")
    await expect(senders).to_have_count(2)
    await expect(senders.first).to_contain_text("ses")
    await expect(senders.first).to_contain_text(REFUSED)
    await expect(senders.last).not_to_contain_text("Failed")
    await is_sound(page, "mail_delivery", examined)
    await page.get_by_role("button", name="Move up: smtp").click()
    await expect(page.get_by_text("The order holds from the next e-mail on.")).to_be_visible()
    await expect(senders.first).to_contain_text("smtp")

    await page.get_by_label("E-mail address").fill("Gone@example.com")
    await page.get_by_role("button", name="Find").click()
    await expect(page.get_by_text("gone@example.com", exact=True)).to_be_visible()
    await expect(page.get_by_text("moved@example.com")).to_have_count(0)
    await page.evaluate("window.confirm = () => true")
    await page.get_by_role("button", name="Write to it again: gone@example.com").click()
    await expect(page.get_by_text("This address is written to.")).to_be_visible()
    await page.get_by_role("link", name="Show all").click()
    await expect(page.get_by_text("moved@example.com")).to_be_visible()
