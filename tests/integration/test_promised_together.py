"""What follows of what is told in a rush, by mail, push message and chat, and when: the same as of
what is told one by one, with all that members and workspaces decided. The clock stands still.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from core.notifications import handlers
from core.notifications.contracts import (
    ChangeDefaults,
    ChangeSettings,
    DigestTime,
    NotificationType,
    QuietHours,
    TypeChoice,
    TypeDefault,
)
from core.notifications.deliveries import GATHER, promises_of
from core.notifications.ports import Promise, Recipient, Told
from core.ports.chat import Chat, ChatMessage
from core.shared.clock import UtcDatetime
from plugins.sdk import PortAdapter
from tenants.attempts import make_attempt, make_together
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.rushes import a_rush, begun
from tests.fixtures.worlds import World

Filed = Sequence[tuple[Recipient, Told]]

NOW: Final = datetime.now(UTC).replace(hour=22, minute=30, second=1, microsecond=0) + timedelta(1)


class StandingClock:
    """Says the same time always."""

    def now(self) -> UtcDatetime:
        return UtcDatetime(NOW)


class Nowhere:
    """Takes posts."""

    async def send_chat(self, message: ChatMessage) -> None:
        """Forget it."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(
    settings: Settings, database: TestDatabase, world: World
) -> AsyncIterator[Runtime]:
    entry = made_plugin(manifest_of("talk"), ports=[PortAdapter(Chat, lambda _context: Nowhere())])
    async with runtime_with(
        settings, database, catalogue_of(entry), clock=StandingClock()
    ) as runtime:
        for tenant in (world.acme, world.globex):
            await enable(runtime, tenant, "talk")
        yield runtime


async def decide(hiring: Hiring, admin: asyncpg.Connection) -> None:
    """Let everybody want something else, and the workspace decide over some of it."""
    await hiring.scope("recruiter").execute(
        ChangeSettings(
            types=(
                TypeChoice("assignment", email="off"),
                TypeChoice("new_application", email="weekly", push=False),
            ),
            quiet_hours=QuietHours(starts="22:00", ends="07:00", zone="UTC"),
            digest=DigestTime(hour=9, weekday="fri"),
            escalate_after_hours=0,
        )
    )
    await hiring.scope("admin").execute(
        ChangeSettings(
            types=(TypeChoice("stage_change", in_app=False), TypeChoice("mention", email="off")),
            escalate_after_hours=2,
        )
    )
    await hiring.scope("admin").execute(
        ChangeDefaults(
            types=(
                TypeDefault("assignment", email="at_once", chat=True, escalates=True, locked=True),
                TypeDefault("stage_change", email="hourly", chat=True),
                TypeDefault("mention", push=False, locked=True),
            ),
            escalate_after_hours=4,
            chat_quiet_hours=QuietHours(starts="22:00", ends="06:00", zone="UTC"),
        )
    )
    for role in ("admin", "recruiter", "interviewer"):
        await admin.execute(
            "INSERT INTO push_browsers (tenant_id, id, member_id, endpoint, sealed, label, "
            "added_at) VALUES ($1, $2, $3, $4, '', '', now())",
            hiring.tenant.context.id,
            uuid4(),
            hiring.tenant.members[role].member_id,
            uuid4().bytes,
        )


_MAILS: Final = """
    SELECT m.role, n.type, n.times, d.cadence, d.due_at, d.state, d.round
    FROM notification_deliveries d
    JOIN notifications n ON n.tenant_id = d.tenant_id AND n.id = d.notification_id
    JOIN members m ON m.tenant_id = d.tenant_id AND m.id = d.member_id
    WHERE d.tenant_id = $1"""
_TASKS: Final = """
    SELECT m.role, t.kind, n.type, t.payload->>'channel', t.unique_key IS NULL, t.request_id,
        t.run_at
    FROM tasks t
    JOIN members m ON m.tenant_id = t.tenant_id AND m.id::text = t.payload->>'member_id'
    LEFT JOIN notifications n
        ON n.tenant_id = t.tenant_id AND n.id::text = t.payload->>'notification_id'
    WHERE t.tenant_id = $1 AND t.kind <> 'mail_notifications'"""
_WOKEN: Final = """
    SELECT DISTINCT m.role, t.run_at FROM tasks t
    JOIN members m ON m.tenant_id = t.tenant_id AND m.id::text = t.payload->>'member_id'
    WHERE t.tenant_id = $1 AND t.kind = 'mail_notifications'"""
_POSTS: Final = """
    SELECT notice, times, jsonb_array_length(members), due_at, state FROM chat_posts
    WHERE tenant_id = $1"""


async def followed(hiring: Hiring, admin: asyncpg.Connection) -> dict[str, list[Any]]:
    """What was promised, without what differs between any two runs."""
    found = {}
    for name, question in (
        ("mails", _MAILS),
        ("tasks", _TASKS),
        ("woken", _WOKEN),
        ("posts", _POSTS),
    ):
        rows = await admin.fetch(question, hiring.tenant.context.id)
        found[name] = sorted(
            {_plain(tuple(row)) for row in rows}
            if name == "woken"
            else [_plain(tuple(row)) for row in rows],
            key=str,
        )
    return found


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """What is due at once is due by the database's clock, or gathered with others."""
    soon = NOW + GATHER
    return tuple("at once" if isinstance(each, datetime) and each <= soon else each for each in row)


def _forgetful(kind: NotificationType, filed: Filed, zone: str, now: UtcDatetime) -> list[Promise]:
    """The planted defect: what one person is told decides for all who are told of it."""
    return promises_of(kind, filed[:1], zone, now)


@pytest.mark.parametrize("planted", [False, True])
async def test_what_follows_together_is_what_follows_one_by_one(
    plugged: Runtime,
    world: World,
    database: TestDatabase,
    monkeypatch: pytest.MonkeyPatch,
    planted: bool,
    examined: Examined,
) -> None:
    admin, runner = await asyncpg.connect(database.admin_url), TaskRunner(plugged)
    await DueWork(runner, database.relay_url).run_due()
    await admin.execute("DELETE FROM notifications; DELETE FROM tasks; DELETE FROM chat_posts")
    one_by_one, together = Hiring(plugged, world, "globex"), Hiring(plugged, world, "acme")
    for hiring in (one_by_one, together):
        await decide(hiring, admin)
    await a_rush(one_by_one)
    claims = await begun(runner, database.relay_url, one_by_one)
    places = await admin.fetch("SELECT id, event_position FROM tasks WHERE event_id IS NOT NULL")
    order = {row["id"]: row["event_position"] for row in places}
    for claim in sorted(claims, key=lambda each: order[each.task_id]):
        assert await make_attempt(runner, claim)
    await a_rush(together)
    if planted:
        monkeypatch.setattr(handlers, "promises_of", _forgetful)
    assert await make_together(runner, await begun(runner, database.relay_url, together))
    expected, found = await followed(one_by_one, admin), await followed(together, admin)
    assert (found != expected) == planted, found
    for name, rows in found.items():
        assert len(rows) > 1, name
        examined(name, len(rows))
    for table in ("notification_preferences", "notification_defaults", "push_browsers"):
        await admin.execute(f"DELETE FROM {table}")
    await admin.close()
