"""RabbitMQ as the broker, by its address alone: killed and wiped, it loses and doubles nothing.

Debian's server and real workers; judged by a checker that reads PostgreSQL and nothing else.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pika
import pytest

from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.effects import make_effects_table, want_effects
from tests.fixtures.examined import Examined
from tests.fixtures.rabbitmq import RabbitNode
from tests.fixtures.workers_run import running_workers, settled, until
from tests.fixtures.worlds import World

pytestmark = [pytest.mark.external, pytest.mark.timeout(600)]

EVENTS = 300
WIPES = 2


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RabbitNode]:
    made = RabbitNode(tmp_path / "rabbitmq")
    made.start()
    yield made
    made.kill()


async def test_rabbitmq_that_is_killed_and_wiped_loses_and_doubles_nothing(
    settings: Settings,
    database: TestDatabase,
    tmp_path: Path,
    broker: RabbitNode,
    world: World,
    examined: Examined,
) -> None:
    await make_effects_table(database.admin_url)
    admin = await asyncpg.connect(database.admin_url)
    groups = [uuid4() for _ in range(10)]
    share = EVENTS // (WIPES + 1) // len(groups)
    with running_workers(settings, database, tmp_path) as workers:
        both = [workers.start(INTELLIMATCH_BROKER_URL=broker.url) for _ in range(2)]
        for each in both:
            await each.started()
        for turn in range(WIPES + 1):
            for group in groups:
                numbers = range(turn * share, (turn + 1) * share)
                await want_effects(admin, world.acme.id, group, numbers)
            done = turn * len(groups) * share + 20
            await until(
                admin,
                f"SELECT count(*) > {done} FROM tasks "
                "WHERE subscriber = 'effects.add' AND finished_at IS NOT NULL",
            )
            if turn < WIPES:
                broker.kill()
                await asyncio.to_thread(broker.start)
        plain = await settled(admin, "effects.add", EVENTS, 120)
        in_order = await settled(admin, "effects.add_in_order", EVENTS, 120)
        waiting = queues_of(broker)
    await admin.close()
    assert (plain.missing, plain.double, plain.given_up) == (0, 0, 0)
    assert (in_order.missing, in_order.double, in_order.given_up) == (0, 0, 0)
    assert in_order.out_of_order == 0
    assert waiting == {"default", "events", "mail", "plugins", "resumes"}
    examined("effects", plain.wanted + in_order.wanted)


def queues_of(broker: RabbitNode) -> set[str]:
    """Those of ours that are on the server: the work did go through it."""
    found = set()
    connection = pika.BlockingConnection(pika.URLParameters(broker.url))
    for queue in ("default", "events", "mail", "plugins", "resumes", "events.DQ", "events.XQ"):
        channel = connection.channel()
        try:
            channel.queue_declare(queue, passive=True)
            found.add(queue)
        except pika.exceptions.ChannelClosedByBroker:
            continue
    connection.close()
    return found
