"""Whatever is done to the audit trail in the database, behind the application's back, is named."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from core.audit.chain import StoredEntry
from core.audit.verification import Examined
from core.shared.actor import system
from core.shared.ids import TenantId
from core.tenancy.contracts import UpdateTenant
from plugins.local_files.head_log import HeadLog
from tenants.auditing import AuditedTenant, AuditSealer, keys_of, verify
from tenants.runtime import Runtime
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined as Counted
from tests.fixtures.worlds import World
from workers.sealing import SealingLoop

ENTRIES = 40
"""How many entries each chain of these tests has."""

INSERT = """
    INSERT INTO audit_entries (tenant_id, id, at, actor_kind, actor_id, action, subject, subject_id,
                               request_id)
    SELECT $1, gen_random_uuid(), now(), 'system', $1, 'tenant.updated', 'tenant', $1, 'test-' || n
    FROM generate_series(1, $2::integer) n
"""
COLUMNS = """
    e.id, e.at, e.actor_kind, e.actor_id, e.member_id, e.action, e.subject, e.subject_id,
    e.before::text, e.after::text, e.reason, e.request_id
"""
IN_ORDER = f"""
    SELECT s.position, {COLUMNS}
    FROM audit_seals s JOIN audit_entries e ON e.tenant_id = s.tenant_id AND e.id = s.entry_id
    WHERE s.tenant_id = $1 ORDER BY s.position
"""
TABLES = ("audit_entries", "audit_seals", "audit_heads", "audit_queue")


class Chain:
    """A tenant's chain as a superuser can change it."""

    def __init__(
        self, runtime: Runtime, database: TestDatabase, connection: Any, tenant: AuditedTenant
    ) -> None:
        self.runtime = runtime
        self.connection = connection
        self.tenant = tenant
        self._database = database

    async def write(self, amount: int) -> None:
        await self.connection.execute(INSERT, self.tenant.id, amount)

    async def seal(self) -> None:
        loop = SealingLoop(AuditSealer(self.runtime), str(self._database.relay_url))
        await loop.run_due()

    async def do(self, sql: str, *arguments: Any) -> None:
        await self.connection.execute(sql, self.tenant.id, *arguments)

    async def verify(self) -> Examined:
        return (await verify(self.runtime, [self.tenant])).tenants[0]

    async def names(self) -> set[tuple[str, int | None, int | None]]:
        found = await self.verify()
        return {(finding.what, finding.first, finding.last) for finding in found.findings}


@pytest_asyncio.fixture(loop_scope="session")
async def chain(runtime: Runtime, world: World, database: TestDatabase) -> AsyncIterator[Chain]:
    """A sealed chain of `ENTRIES` entries, signed three times on the way."""
    connection = await asyncpg.connect(database.admin_url)
    tenant = AuditedTenant(world.acme.id, world.acme.slug)
    try:
        for table in TABLES:
            await connection.execute(f"DELETE FROM {table}")
        HeadLog(runtime.settings.data_dir).path.unlink(missing_ok=True)
        made = Chain(runtime, database, connection, tenant)
        for amount in (15, 15, ENTRIES - 30):
            await made.write(amount)
            await made.seal()
        yield made
    finally:
        await connection.close()


async def test_an_untouched_chain_is_clean(chain: Chain, world: World, examined: Counted) -> None:
    found = await chain.verify()
    assert found.findings == ()
    assert (found.sealed, found.heads, found.unsealed) == (ENTRIES, 3, 0)
    other = await verify(chain.runtime, [AuditedTenant(world.globex.id, "globex")])
    assert other.is_clean
    examined("entries", found.sealed)


async def test_positions_are_gapless_and_only_for_what_committed(chain: Chain) -> None:
    # A transaction that began first commits last: the order of ids is not the order of commits.
    transaction = chain.connection.transaction()
    await transaction.start()
    await chain.write(3)
    await chain.seal()
    assert (await chain.verify()).sealed == ENTRIES
    await transaction.commit()
    before = await chain.verify()
    assert (before.sealed, before.unsealed, before.findings) == (ENTRIES, 3, ())
    assert before.unsealed_since is not None
    await chain.seal()
    rows = await chain.connection.fetch(
        "SELECT position FROM audit_seals WHERE tenant_id = $1 ORDER BY 1", chain.tenant.id
    )
    assert [row[0] for row in rows] == list(range(1, ENTRIES + 4))
    assert (await chain.verify()).findings == ()


def at(position: int) -> str:
    """The condition that finds the entry of a position."""
    return (
        "WHERE tenant_id = $1 AND id = (SELECT s.entry_id FROM audit_seals s "
        f"WHERE s.tenant_id = $1 AND s.position = {position})"
    )


async def shift(chain: Chain, first: int, by: int) -> None:
    await chain.do(
        "UPDATE audit_seals SET position = position + 1000 WHERE tenant_id = $1 AND position >= $2",
        first,
    )
    await chain.do(
        "UPDATE audit_seals SET position = position - 1000 + $2 "
        "WHERE tenant_id = $1 AND position >= 1000",
        by,
    )


async def exchange(chain: Chain, one: int, other: int) -> None:
    statement = "UPDATE audit_seals SET position = $3 WHERE tenant_id = $1 AND position = $2"
    for source, target in ((one, 1000), (other, one), (1000, other)):
        await chain.do(statement, source, target)


async def cut(chain: Chain) -> None:
    """Remove entries and seals behind position 35."""
    await chain.do(
        "DELETE FROM audit_entries WHERE tenant_id = $1 AND id IN (SELECT entry_id "
        "FROM audit_seals WHERE tenant_id = $1 AND position > 35)"
    )
    await chain.do("DELETE FROM audit_seals WHERE tenant_id = $1 AND position > 35")


async def plant(chain: Chain, position: int) -> None:
    """Add an entry with a seal whose hash is right; the mark needs a key that is out of reach."""
    known = {row["id"] for row in await chain.connection.fetch(IN_ORDER, chain.tenant.id)}
    await chain.write(1)
    await chain.do("DELETE FROM audit_queue WHERE tenant_id = $1")
    row = await chain.connection.fetchrow(
        f"SELECT {COLUMNS} FROM audit_entries e WHERE tenant_id = $1 AND NOT id = ANY($2)",
        chain.tenant.id,
        list(known),
    )
    keys = keys_of(chain.runtime.settings, chain.tenant.id)
    previous = await chain.connection.fetchval(
        "SELECT hash FROM audit_seals WHERE tenant_id = $1 AND position = $2",
        chain.tenant.id,
        position - 1,
    )
    entry = StoredEntry(*row)
    await chain.do(
        "INSERT INTO audit_seals VALUES ($1, $2, $3, $4, sha256($4), now())",
        position,
        entry.id,
        keys.hash(previous, position, keys.canonical(entry)),
    )


Deed = Callable[[Chain], Awaitable[None]]


async def edit_entry(chain: Chain) -> None:
    await chain.do(f"UPDATE audit_entries SET action = 'nothing' {at(7)}")


async def edit_text(chain: Chain) -> None:
    await chain.do(f"UPDATE audit_entries SET request_id = 'another' {at(7)}")


async def edit_last(chain: Chain) -> None:
    await chain.do(f"UPDATE audit_entries SET at = at - interval '1 microsecond' {at(ENTRIES)}")


async def edit_seal(chain: Chain) -> None:
    await chain.do(
        "UPDATE audit_seals SET hash = sha256(hash) WHERE tenant_id = $1 AND position = 7"
    )


async def edit_and_seal_again(chain: Chain) -> None:
    """As one who has read the source: every hash behind it is right again, unkeyed as it is."""
    await edit_entry(chain)
    keys = keys_of(chain.runtime.settings, chain.tenant.id)
    rows = await chain.connection.fetch(IN_ORDER, chain.tenant.id)
    previous = keys.genesis
    for row in rows:
        entry = StoredEntry(*tuple(row)[1:])
        previous = keys.hash(previous, row["position"], keys.canonical(entry))
        await chain.do(
            "UPDATE audit_seals SET hash = $2 WHERE tenant_id = $1 AND position = $3",
            previous,
            row["position"],
        )


async def delete_entry(chain: Chain) -> None:
    await chain.do(f"DELETE FROM audit_entries {at(7)}")


async def delete_with_seal(chain: Chain) -> None:
    await delete_entry(chain)
    await chain.do("DELETE FROM audit_seals WHERE tenant_id = $1 AND position = 7")


async def delete_and_close_the_gap(chain: Chain) -> None:
    await delete_with_seal(chain)
    await shift(chain, 7, -1)


async def swap(chain: Chain) -> None:
    await exchange(chain, 7, 21)


async def swap_neighbours(chain: Chain) -> None:
    await exchange(chain, 7, 8)


async def swap_the_last(chain: Chain) -> None:
    await exchange(chain, ENTRIES - 1, ENTRIES)


async def swap_what_is_sealed(chain: Chain) -> None:
    ids = [
        await chain.connection.fetchval(
            "SELECT entry_id FROM audit_seals WHERE tenant_id = $1 AND position = $2",
            chain.tenant.id,
            position,
        )
        for position in (7, 21)
    ]
    statement = "UPDATE audit_seals SET entry_id = $2 WHERE tenant_id = $1 AND position = $3"
    await chain.do(
        "UPDATE audit_seals SET entry_id = gen_random_uuid() "
        "WHERE tenant_id = $1 AND position IN (7, 21)"
    )
    await chain.do(statement, ids[1], 7)
    await chain.do(statement, ids[0], 21)


async def insert_between(chain: Chain) -> None:
    await shift(chain, 7, 1)
    await plant(chain, 7)


async def insert_at_the_end(chain: Chain) -> None:
    await plant(chain, ENTRIES + 1)


async def insert_unseen(chain: Chain) -> None:
    await chain.connection.execute("SET session_replication_role = replica")
    await chain.write(1)
    await chain.connection.execute("SET session_replication_role = origin")


async def cut_off(chain: Chain) -> None:
    await cut(chain)


async def cut_off_with_heads(chain: Chain) -> None:
    await cut(chain)
    await chain.do("DELETE FROM audit_heads WHERE tenant_id = $1 AND position > 30")


async def cut_off_and_write_on(chain: Chain) -> None:
    await cut_off_with_heads(chain)
    await chain.write(5)
    await chain.seal()


async def forge_head(chain: Chain) -> None:
    await chain.do(
        "UPDATE audit_heads SET signature = sha256(signature) "
        "WHERE tenant_id = $1 AND position = 30"
    )


async def forge_head_after_cut(chain: Chain) -> None:
    await cut(chain)
    await chain.do(
        "UPDATE audit_heads SET position = 35, hash = (SELECT s.hash FROM audit_seals s "
        "WHERE s.tenant_id = $1 AND s.position = 35) WHERE tenant_id = $1 AND position = 40"
    )


async def forge_head_in_file(chain: Chain) -> None:
    log = HeadLog(chain.runtime.settings.data_dir)
    heads, _ = log.read()
    log.append(msgspec.structs.replace(heads[-1], position=99))


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        (edit_entry, {("edited", 7, 7)}),
        (edit_text, {("edited", 7, 7)}),
        (edit_last, {("edited", ENTRIES, ENTRIES)}),
        (edit_seal, {("edited", 7, 7)}),
        (edit_and_seal_again, {("edited", 7, 7)}),
        (delete_entry, {("deleted", 7, 7)}),
        (delete_with_seal, {("deleted", 7, 7)}),
        (delete_and_close_the_gap, {("deleted", 7, 7)}),
        (swap, {("reordered", 7, 7), ("reordered", 21, 21)}),
        (swap_neighbours, {("reordered", 7, 7), ("reordered", 8, 8)}),
        (swap_the_last, {("reordered", 39, 39), ("reordered", 40, 40)}),
        (swap_what_is_sealed, {("reordered", 7, 7), ("reordered", 21, 21)}),
        (insert_between, {("inserted", 7, 7)}),
        (insert_at_the_end, {("inserted", 41, 41)}),
        (insert_unseen, {("inserted", None, None)}),
        (cut_off, {("cut_off", 36, 40)}),
        (cut_off_with_heads, {("cut_off", 36, 40)}),
        (cut_off_and_write_on, {("deleted", 36, 40)}),
        (forge_head, {("head_forged", 30, 30)}),
        (forge_head_after_cut, {("head_forged", 35, 35), ("cut_off", 36, 40)}),
        (forge_head_in_file, {("head_forged", 99, 99)}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_what_was_done_is_named(
    chain: Chain, deed: Deed, expected: set[tuple[str, int | None, int | None]]
) -> None:
    await deed(chain)
    assert await chain.names() == expected


async def test_what_vanishes_before_its_seal_is_named(chain: Chain) -> None:
    await chain.write(2)
    await chain.do(
        "DELETE FROM audit_entries WHERE tenant_id = $1 AND request_id = 'test-1' "
        "AND id IN (SELECT entry_id FROM audit_queue)"
    )
    assert await chain.names() == {("deleted", None, None)}


async def test_a_long_chain_is_sealed_and_verified_whole(chain: Chain, examined: Counted) -> None:
    await chain.write(5_000)
    await chain.seal()
    found = await chain.verify()
    assert (found.sealed, found.findings, found.unsealed) == (ENTRIES + 5_000, (), 0)
    examined("entries", found.sealed)


async def test_two_sealers_at_once_make_one_chain(chain: Chain) -> None:
    await chain.write(1_500)
    await asyncio.gather(chain.seal(), chain.seal(), chain.seal())
    await chain.seal()
    found = await chain.verify()
    assert (found.sealed, found.findings, found.unsealed) == (ENTRIES + 1_500, (), 0)


async def test_what_commands_record_is_sealed_and_only_in_their_tenant(
    chain: Chain, world: World
) -> None:
    tenant = world.globex.context
    scope = chain.runtime.scope(tenant, system(tenant.id), "globex-request")
    await scope.execute(UpdateTenant(name="Globex Two"))
    await chain.seal()
    globex = await verify(chain.runtime, [AuditedTenant(TenantId(tenant.id), "globex")])
    assert (globex.tenants[0].sealed, globex.tenants[0].findings) == (1, ())
    assert (await chain.verify()).sealed == ENTRIES


def test_the_file_of_heads_is_for_its_owner_only(chain: Chain) -> None:
    path: Path = HeadLog(chain.runtime.settings.data_dir).path
    assert path.stat().st_mode & 0o777 == 0o600
