"""Confirmations to applicants while workers are killed and the broker is emptied: one to each, and
one note by a rule of the workspace's own.

Real processes; judged by a checker that reads PostgreSQL, and in it the mailbox, and nothing else.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from core.automations.contracts import CreateRule
from core.automations.definition import RuleDefinition, WhenApplied, WriteNote
from core.candidates.contracts import CreateCandidate
from core.shared.permissions import Action
from plugins.postgres.migrate import migrate
from tenants.catalogue import migrations_of
from tenants.plugins.installed import installed_plugins
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import enable
from tests.fixtures.workers_run import Broker, running_workers, until
from tests.fixtures.worlds import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

APPLICANTS = 60

CHECK = """
    SELECT count(*) AS applicants,
        count(*) FILTER (WHERE queued = 0) AS never_queued,
        count(*) FILTER (WHERE queued > 1) AS queued_twice,
        count(*) FILTER (WHERE sent = 0) AS missing,
        count(*) FILTER (WHERE sent > 1) AS double
    FROM (
        SELECT (SELECT count(*) FROM messages m WHERE m.tenant_id = a.tenant_id
                AND m.application_id = a.id) AS queued,
            (SELECT count(*) FROM messages m
                JOIN x_mailbox_messages b ON b.tenant_id = m.tenant_id AND b.id = m.id
                WHERE m.tenant_id = a.tenant_id AND m.application_id = a.id) AS sent
        FROM applications a
    ) of_each
"""
SPOILED = """
    UPDATE messages SET application_id = (SELECT max(application_id::text)::uuid FROM messages)
    WHERE id = (SELECT id FROM messages
        WHERE application_id <> (SELECT max(application_id::text)::uuid FROM messages) LIMIT 1)
"""
"""The planted defect: one applicant has the confirmation of another."""

ALL_DONE = """
    SELECT count(*) = 0 FROM tasks WHERE finished_at IS NULL AND dead_at IS NULL
        AND (kind = 'send_message' OR subscriber = 'automations.follow')
"""

RULE = RuleDefinition(
    name="Note", when=WhenApplied(), delay_minutes=60, action=WriteNote(text="Arrived.")
)
"""One of the workspace's own, beside the confirmation; its time is let come by hand."""

NOTES = "SELECT count(*) FROM candidate_notes"
NOW = """
    WITH due AS (UPDATE tasks SET run_at = now() WHERE kind = 'automation_step' RETURNING 1)
    SELECT pg_notify('tasks_promised', '') FROM due
"""
NOTED = """
    SELECT count(*) = 0 FROM tasks
    WHERE kind = 'automation_step' AND finished_at IS NULL AND dead_at IS NULL
"""
ONE_EACH = """
    SELECT count(*), count(DISTINCT candidate_id),
        (SELECT count(*) FROM automation_steps WHERE action IS NOT NULL AND state = 'done')
    FROM candidate_notes
"""


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    made.start()
    yield made
    made.kill()


async def test_each_applicant_has_one_confirmation(
    runtime: Runtime,
    settings: Settings,
    database: TestDatabase,
    tmp_path: Path,
    world: World,
    broker: Broker,
    examined: Examined,
) -> None:
    await migrate(database.owner_url, plugins=migrations_of(installed_plugins()))
    await enable(runtime, world.acme, "mailbox", [Action.MANAGE_MESSAGES.value])
    hiring = Hiring(runtime, world)
    job = await hiring.open_job()
    await hiring.scope("admin").execute(CreateRule(definition=RULE))
    admin = await asyncpg.connect(database.admin_url)
    kills = 0
    with running_workers(settings, database, tmp_path) as workers:
        both = [
            workers.start(supervised=True, INTELLIMATCH_BROKER_URL=broker.url) for _ in range(2)
        ]
        for each in both:
            await each.started()
        for number in range(APPLICANTS):
            candidate = await hiring.scope().execute(
                CreateCandidate(full_name=f"P {number}", emails=(f"p{number}@example.com",))
            )
            await hiring.apply_as(candidate.id, job, source="careers")
            if number % 15 == 10:
                kills += both[number % 2].kill_child()
            if number % 30 == 20:
                broker.kill()
                await asyncio.sleep(0.2)
                broker.start()
        events = "SELECT count(*) = $1 FROM tasks WHERE subscriber = 'automations.follow'"
        await until(admin, events.replace("$1", str(APPLICANTS)))
        await until(admin, ALL_DONE)
        assert await admin.fetchval(NOTES) == 0, "notes wait for their time"
        await admin.execute(NOW)
        for each in both:
            kills += each.kill_child()
        await until(admin, NOTED)
        found = await admin.fetchrow(CHECK)
        notes = tuple(await admin.fetchrow(ONE_EACH) or ())
        await admin.execute(SPOILED)
        spoiled = await admin.fetchrow(CHECK)
    await admin.close()
    assert notes == (APPLICANTS, APPLICANTS, APPLICANTS), "notes, candidates with one, steps done"
    assert found is not None
    assert dict(found) == {
        "applicants": APPLICANTS,
        "never_queued": 0,
        "queued_twice": 0,
        "missing": 0,
        "double": 0,
    }
    assert spoiled is not None
    assert tuple(spoiled)[1:] == (1, 1, 1, 1), "the checker doesn't see what is wrong"
    assert kills >= 2
    examined("confirmations", found["applicants"])
    examined("kills", kills)
