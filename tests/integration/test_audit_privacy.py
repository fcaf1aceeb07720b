"""What the audit trail says about people is unreadable in the database, and gone when they are."""

from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import pytest
import sqlalchemy as sa

from core.applications.contracts import ApplicationView, WithdrawApplication
from core.audit.contracts import AuditEntry, AuditFilter, ListAudit
from core.candidates.contracts import CreateCandidate, DeleteCandidate, UpdateCandidate
from core.candidates.duplicates import MergeCandidates, UndoMerge
from plugins.postgres.subject_keys import SubjectVault
from tenants.auditing import AuditedTenant, AuditSealer, verify
from tenants.runtime import Runtime
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined as Counted
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

REASON: Final = "timing"
KEYS_OF = sa.text("SELECT id FROM subject_keys WHERE id = :id")


def entry_about(application: ApplicationView) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "subject": "application",
        "subject_id": application.id,
        "before": None,
        "after": {"home": "Lisbon"},
        "reason": None,
    }


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


async def withdrawn(hiring: Hiring) -> ApplicationView:
    application = await hiring.apply(await hiring.open_job())
    return await hiring.scope().execute(
        WithdrawApplication(application_id=application.id, reason=REASON)
    )


async def trail(hiring: Hiring, subject_id: UUID) -> list[AuditEntry]:
    where = AuditFilter(subject_id=subject_id)
    return list((await hiring.scope("admin").ask(ListAudit(where=where))).items)


async def test_what_is_said_about_people_is_nowhere_in_the_clear(
    hiring: Hiring, database: TestDatabase, examined: Counted
) -> None:
    application = await withdrawn(hiring)
    connection = await asyncpg.connect(database.admin_url)
    try:
        rows = await connection.fetch(
            "SELECT before::text, after::text, reason FROM audit_entries "
            "WHERE subject IN ('application', 'candidate', 'interview', 'member')"
        )
    finally:
        await connection.close()
    said = [text for row in rows for text in row if text is not None]
    assert all("encrypted:1:" in text for text in said)
    assert not any(REASON in text for text in said)
    examined("texts", len(said))
    entry = (await trail(hiring, application.id))[0]
    assert (entry.content, entry.reason) == ("shown", REASON)
    assert entry.before["disposition"] == "active"
    assert entry.after["disposition"] == "withdrawn"


async def test_deleting_a_candidate_erases_and_the_chain_still_verifies(
    hiring: Hiring, runtime: Runtime, database: TestDatabase
) -> None:
    application = await withdrawn(hiring)
    sealer = AuditSealer(runtime)
    await sealer.seal(hiring.tenant.id)
    await hiring.scope("admin").execute(DeleteCandidate(candidate_id=application.candidate_id))
    for entry in await trail(hiring, application.id):
        assert (entry.content, entry.before, entry.after, entry.reason) == (
            "erased",
            None,
            None,
            None,
        )
        assert entry.actor.name is not None
    connection = await asyncpg.connect(database.admin_url)
    try:
        left = await connection.fetchval(
            "SELECT count(*) FROM subject_keys WHERE id = ANY($1)",
            [application.id, application.candidate_id],
        )
    finally:
        await connection.close()
    assert left == 0
    await sealer.seal(hiring.tenant.id)
    found = await verify(runtime, [AuditedTenant(hiring.tenant.id, "acme")])
    assert found.is_clean
    assert found.tenants[0].sealed > 0


async def test_a_remembered_key_does_not_bring_back_what_was_erased(
    hiring: Hiring, runtime: Runtime
) -> None:
    application = await withdrawn(hiring)
    vault: SubjectVault = runtime._machinery.vault
    async with runtime.database.unit(hiring.tenant.id) as unit:
        await vault.protect(unit, [entry_about(application)])
    await hiring.scope("admin").execute(DeleteCandidate(candidate_id=application.candidate_id))
    async with runtime.database.unit(hiring.tenant.id) as unit:
        await vault.protect(unit, [entry_about(application)])
        keys = await unit.all(KEYS_OF, {"id": application.id})
    assert keys == []


async def test_a_key_is_not_remembered_before_it_is_committed(
    hiring: Hiring, runtime: Runtime
) -> None:
    application = await hiring.apply(await hiring.open_job())
    vault = SubjectVault(runtime.master_keys)
    # Forget the key, as if the application's first entry were still to be written.
    async with runtime.database.unit(hiring.tenant.id) as unit:
        await unit.execute(sa.text("DELETE FROM subject_keys"))

    async def write_and_fail() -> None:
        async with runtime.database.unit(hiring.tenant.id) as unit:
            await vault.protect(unit, [entry_about(application)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await write_and_fail()
    async with runtime.database.unit(hiring.tenant.id) as unit:
        await vault.protect(unit, [entry_about(application)])
        assert len(await unit.all(KEYS_OF, {"id": application.id})) == 1


async def test_a_merge_erases_nothing_until_the_survivor_goes(hiring: Hiring) -> None:
    scope = hiring.scope("admin")
    one = await scope.execute(CreateCandidate(full_name="Twin One"))
    other = await scope.execute(CreateCandidate(full_name="Twin Two"))
    await scope.execute(
        UpdateCandidate(candidate_id=other.id, headline="Changed", expected_version=other.version)
    )
    done = await scope.execute(MergeCandidates(candidate_id=one.id, other_id=other.id))
    assert {each.content for each in await trail(hiring, other.id)} == {"shown"}
    await scope.execute(UndoMerge(merge_id=done.merge.id))
    await scope.execute(DeleteCandidate(candidate_id=one.id))
    assert {each.content for each in await trail(hiring, other.id)} == {"shown"}
    await scope.execute(DeleteCandidate(candidate_id=other.id))
    assert "erased" in {each.content for each in await trail(hiring, other.id)}


async def test_a_text_moved_to_another_entry_cant_be_read(
    hiring: Hiring, database: TestDatabase
) -> None:
    first, second = await withdrawn(hiring), await withdrawn(hiring)
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(
            "UPDATE audit_entries e SET reason = f.reason FROM audit_entries f "
            "WHERE e.subject_id = $1 AND f.subject_id = $2 "
            "AND e.reason IS NOT NULL AND f.reason IS NOT NULL",
            first.id,
            second.id,
        )
    finally:
        await connection.close()
    entries = await trail(hiring, first.id)
    assert entries[0].content == "unreadable"
    assert entries[0].reason is None
    assert (await trail(hiring, second.id))[0].content == "shown"
