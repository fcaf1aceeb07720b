"""Thousands of messages while workers are killed and the first vendor fails by turns: one to each.

Real worker processes, the real plugins of SendGrid and Mailgun, and fakes behind HTTP servers. The
judge reads what the fakes took, and of the database only what it says of each message.
"""

import asyncio
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest

from core.installations.contracts import EnablePlugin
from core.messages.sender_views import OrderSenders
from core.shared.permissions import Action
from plugins.postgres.migrate import migrate
from plugins.system.ids import RandomIds
from tenants.catalogue import migrations_of
from tenants.plugins.installed import installed_plugins
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.mail_vendors.fakes import FakeMailgun, FakeSendGrid
from tests.fixtures.mail_vendors.harnesses import SETTINGS
from tests.fixtures.mail_vendors.redirected import CARELESS, VENDORS
from tests.fixtures.mail_vendors.served import Mood, ServedVendor, serving
from tests.fixtures.worker_process import PLANTED
from tests.fixtures.workers_run import Broker, running_workers, until
from tests.fixtures.worlds import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MESSAGES: Final = int(os.environ.get("STORM_MESSAGES", "1000"))
"""5,000 take some minutes beside other work; `STORM_MESSAGES=5000` asks for them."""

PLANTED_MESSAGES: Final = 400
SEED: Final = 20271121

TURNS: Final[tuple[Mood, ...]] = ("well", "down", "breaks_off", "well", "slow_down", "gone")

QUEUE: Final = """
    WITH made AS (
        INSERT INTO messages (tenant_id, id, purpose, application_id, to_address, to_name,
                              subject, text, state, created_at)
        SELECT $1, id, 'application_received', $2, 'p' || place || '@example.com', '',
               'Hello', 'Hello', 'queued', now()
        FROM unnest($3::uuid[]) WITH ORDINALITY AS of_all (id, place)
        RETURNING id
    )
    INSERT INTO tasks (tenant_id, id, kind, payload, created_at, run_at, queue, request_id)
    SELECT $1, id, 'send_message', jsonb_build_object('message_id', id), now(), now(), 'mail',
        'storm'
    FROM made
"""
OPEN: Final = """
    SELECT count(*) = 0 FROM tasks
    WHERE kind = 'send_message' AND finished_at IS NULL AND dead_at IS NULL
"""


class Verdict:
    """What became of each message, by the vendors' own records."""

    def __init__(self, wanted: list[UUID], taken: list[str], states: dict[UUID, str]) -> None:
        copies = Counter(taken)
        self.twice = [each for each in wanted if copies[str(each)] > 1]
        self.lost = [each for each in wanted if not copies[str(each)] and states[each] != "unknown"]
        self.claimed = [each for each in wanted if not copies[str(each)] and states[each] == "sent"]
        self.strange = copies.keys() - {str(each) for each in wanted}
        self.states = Counter(states.values())


class Storm:
    """One run: messages of one tenant, two vendors, workers."""

    def __init__(self, runtime: Runtime, world: World, admin: asyncpg.Connection) -> None:
        self.runtime = runtime
        self.tenant = world.acme
        self.hiring = Hiring(runtime, world)
        self.admin = admin
        self.random = random.Random(SEED)
        self.wanted: list[UUID] = []
        self.kills = 0

    async def prepare(self, amount: int) -> None:
        scope = self.hiring.scope("admin")
        for name in ("sendgrid", "mailgun"):
            await scope.execute(
                EnablePlugin(
                    plugin_id=name,
                    accept_permissions=(Action.MANAGE_MESSAGES.value,),
                    settings=SETTINGS[name],
                )
            )
        self.runtime.plugins.enabled.forget(self.tenant.id)
        await scope.execute(OrderSenders(plugins=("sendgrid", "mailgun")))
        application = await self.hiring.apply(await self.hiring.open_job(), source="sourced")
        ids = RandomIds()
        self.wanted = [ids.new() for _ in range(amount)]
        await self.admin.execute(QUEUE, self.tenant.id, application.id, self.wanted)

    async def run(self, workers: list[Any], first: ServedVendor) -> None:
        """Change the first vendor's mood and kill workers until all is done."""
        turn = 0
        while not await self.admin.fetchval(OPEN):
            first.mood = TURNS[turn % len(TURNS)]
            turn += 1
            await asyncio.sleep(self.random.uniform(0.3, 0.8))
            if turn % 6 == 0 and self.kills < 6:
                self.kills += self.random.choice(workers).kill_child()
        first.mood = "well"

    async def judge(self, *vendors: ServedVendor) -> Verdict:
        rows = await self.admin.fetch(
            "SELECT id, state FROM messages WHERE id = ANY($1)", self.wanted
        )
        # Recruiters are mailed of what failed, through the same vendors.
        to_members = {
            str(row["id"])
            for row in await self.admin.fetch("SELECT id FROM messages WHERE member_id IS NOT NULL")
        }
        taken = [each for vendor in vendors for each in vendor.taken() if each not in to_members]
        return Verdict(self.wanted, taken, {row["id"]: row["state"] for row in rows})


async def storm(
    amount: int,
    runtime: Runtime,
    settings: Settings,
    database: TestDatabase,
    folder: Path,
    world: World,
    **environment: str,
) -> tuple[Storm, Verdict, ServedVendor, ServedVendor]:
    await migrate(database.owner_url, plugins=migrations_of(installed_plugins()))
    admin, broker = await asyncpg.connect(database.admin_url), Broker()
    broker.start()
    made = Storm(runtime, world, admin)
    try:
        with serving(FakeSendGrid()) as sendgrid, serving(FakeMailgun()) as mailgun:
            await made.prepare(amount)
            given = {
                "INTELLIMATCH_BROKER_URL": broker.url,
                "INTELLIMATCH_OUTBOUND_ALLOWED_NETWORKS": "127.0.0.1/32",
                "INTELLIMATCH_OUTBOUND_ALLOWED_PORTS": ",".join(
                    each.url.rpartition(":")[2] for each in (sendgrid, mailgun)
                ),
                VENDORS: f"sendgrid={sendgrid.url},mailgun={mailgun.url}",
                **environment,
            }
            with running_workers(settings, database, folder) as workers:
                both = [workers.start(supervised=True, **given) for _ in range(2)]
                for each in both:
                    await each.started()
                await made.run(both, sendgrid)
                await until(admin, OPEN)
            return made, await made.judge(sendgrid, mailgun), sendgrid, mailgun
    finally:
        broker.kill()
        await admin.close()


async def test_each_receiver_has_one_message_or_one_that_says_unknown(
    runtime: Runtime,
    settings: Settings,
    database: TestDatabase,
    tmp_path: Path,
    world: World,
    examined: Examined,
) -> None:
    made, verdict, first, second = await storm(
        MESSAGES, runtime, settings, database, tmp_path, world
    )
    assert verdict.twice == []
    assert verdict.lost == []
    assert verdict.claimed == []
    assert verdict.strange == set()
    assert verdict.states.keys() <= {"sent", "unknown"}, verdict.states
    assert verdict.states["sent"] > MESSAGES * 0.5, verdict.states
    assert made.kills >= 2
    assert set(first.moods) == set(TURNS), "the first vendor didn't fail in every way"
    assert first.taken()
    assert second.taken()
    examined("messages", len(made.wanted))
    examined("kills", made.kills)
    examined("failures of the first vendor", first.moods.total() - first.moods["well"])
    examined("messages that say unknown", verdict.states["unknown"])


async def test_a_worker_that_takes_a_lost_answer_for_absence_is_found_out(
    runtime: Runtime,
    settings: Settings,
    database: TestDatabase,
    tmp_path: Path,
    world: World,
    examined: Examined,
) -> None:
    made, verdict, _, _ = await storm(
        PLANTED_MESSAGES,
        runtime,
        settings,
        database,
        tmp_path,
        world,
        **{PLANTED: CARELESS},
    )
    assert verdict.twice, "the judge doesn't see messages that were sent twice"
    examined("messages sent twice by the planted defect", len(verdict.twice))
    assert len(made.wanted) == PLANTED_MESSAGES
