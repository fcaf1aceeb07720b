"""The search uses its GIN index, which row-level security alone doesn't let it (facts part 1)."""

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from plugins.postgres.roles import DEFAULT_ROLES
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import World

INNER = """
    SELECT count(*) FROM candidate_search cs
    WHERE cs.tenant_id = '{tenant}' AND cs.document @@ '''zanzibar'''::tsquery
"""
FILL = """
    WITH made AS (
        INSERT INTO candidates (tenant_id, id, full_name, emails, phones, links, skills, experience,
                                education, tags, version, created_at, updated_at)
        SELECT $1, gen_random_uuid(), 'Person ' || n, '{}', '{}', '[]', '{}', '[]', '[]', '{}', 1,
               now(), now()
        FROM generate_series(1, 20000) n
        RETURNING id, created_at, full_name
    )
    INSERT INTO candidate_search (tenant_id, candidate_id, created_at, document, ranking)
    SELECT $1, id, created_at,
           array_to_tsvector(ARRAY['person', 'common', md5(id::text)]
                             || CASE full_name WHEN 'Person 77' THEN '{zanzibar}'::text[]
                                ELSE '{}' END),
           ''
    FROM made
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(database: TestDatabase, world: World) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    for tenant in (world.acme, world.globex):
        await connection.execute(FILL, tenant.id)
    await connection.execute("VACUUM (ANALYZE) candidate_search")
    yield connection
    await connection.close()


async def plan(connection: asyncpg.Connection, role: str, tenant: object) -> str:
    """The plan of the search's inner statement as `role`."""
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.tenant', $1, true)", str(tenant))
        await connection.execute(f'SET LOCAL ROLE "{role}"')
        rows = await connection.fetch("EXPLAIN (ANALYZE, BUFFERS) " + INNER.format(tenant=tenant))
    return "\n".join(row[0] for row in rows)


async def test_the_definer_uses_the_index(
    filled: asyncpg.Connection, world: World, examined: Examined
) -> None:
    found = await plan(filled, DEFAULT_ROLES.definer, world.acme.id)
    assert re.search(r"Index Cond: .*document @@", found), found
    examined("plans", 1)


async def test_row_level_security_alone_does_not(filled: asyncpg.Connection, world: World) -> None:
    """The control: the same statement as the application has to look at every row."""
    found = await plan(filled, DEFAULT_ROLES.app, world.acme.id)
    assert not re.search(r"Index Cond: .*document @@", found), found
    assert sum(map(int, re.findall(r"Rows Removed by Filter: (\d+)", found))) >= 19_000, found


async def test_only_the_tenant_that_is_set_is_searched(
    filled: asyncpg.Connection, database: TestDatabase, world: World
) -> None:
    app = await asyncpg.connect(database.app_url)
    call = (
        "SELECT candidate_id FROM search_candidates_v1('{zanzibar}', '{}', NULL, NULL, NULL, NULL, "
        "NULL, NULL, NULL, NULL, NULL, 50)"
    )
    try:
        assert await app.fetch(call) == []
        for tenant in (world.acme, world.globex):
            async with app.transaction():
                await app.execute("SELECT set_config('app.tenant', $1, true)", str(tenant.id))
                found = [row[0] for row in await app.fetch(call)]
            owners = await filled.fetch(
                "SELECT tenant_id FROM candidates WHERE id = ANY ($1)", found
            )
            assert [row[0] for row in owners] == [tenant.id]
    finally:
        await app.close()
