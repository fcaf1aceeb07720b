"""Wrapping a tenant's keys anew: in batches, past what others hold, and past what is damaged."""

import asyncio
import os
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from core.ports.secrets import MasterKeyMissing, SecretPlace
from core.shared.secret import Secret
from plugins.postgres.master_keys import MasterKeys
from plugins.postgres.rewrapping import BATCH, rewrap_tenant
from plugins.postgres.subject_keys import unwrap_subject_key, wrap_subject_key
from plugins.postgres.tenant_keys import TenantKeys
from tenants.key_rotation import KeysRefused, report, retire, rotate
from tenants.master_keys import first_master_key, keep_first_master_key, read_master_keys
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.worlds import World

PLACE = SecretPlace("plugin_settings", "smtp", "password")
NEW = os.urandom(32)


@pytest_asyncio.fixture(loop_scope="session")
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.execute("DELETE FROM subject_keys")
    await connection.close()


async def add_keys(
    admin: asyncpg.Connection, world: World, settings: Settings, count: int
) -> dict[UUID, bytes]:
    tenant, keys = world.acme, {uuid4(): os.urandom(32) for _ in range(count)}
    master = first_master_key(settings)
    await admin.executemany(
        "INSERT INTO subject_keys (tenant_id, id, member_id, wrapped_key, key_version, created_at) "
        "VALUES ($1, $2, $3, $4, 1, now())",
        [
            (
                tenant.id,
                subject,
                tenant.members["admin"].member_id,
                wrap_subject_key(master, tenant.id, subject, key),
            )
            for subject, key in keys.items()
        ],
    )
    return keys


def both(settings: Settings) -> MasterKeys:
    return MasterKeys(lambda: {1: first_master_key(settings), 2: NEW})


async def test_every_batch_is_wrapped_and_opens_to_the_same_keys(
    runtime: Runtime, world: World, settings: Settings, admin: asyncpg.Connection
) -> None:
    keys = await add_keys(admin, world, settings, 2 * BATCH + 7)
    sealed = await runtime.secrets(world.acme.id).seal(PLACE, Secret("word"))
    done = await rewrap_tenant(runtime.database, both(settings), world.acme.id, 2)
    assert (done.keys, done.damaged) == (len(keys) + 1, 0)
    rows = await admin.fetch("SELECT id, wrapped_key FROM subject_keys WHERE key_version = 2")
    assert {
        row["id"]: unwrap_subject_key(NEW, world.acme.id, row["id"], row["wrapped_key"])
        for row in rows
    } == keys
    opened = TenantKeys(runtime.database, both(settings)).secrets(world.acme.id)
    assert (await opened.open(PLACE, sealed)).reveal() == "word"
    again = await rewrap_tenant(runtime.database, both(settings), world.acme.id, 2)
    assert (again.keys, again.damaged) == (0, 0)
    assert (await rewrap_tenant(runtime.database, both(settings), world.globex.id, 2)).keys == 0
    await admin.execute("DELETE FROM tenant_keys")


async def test_a_key_that_somebody_holds_is_left_for_the_next_time(
    runtime: Runtime, world: World, settings: Settings, admin: asyncpg.Connection
) -> None:
    keys = await add_keys(admin, world, settings, 3)
    async with admin.transaction():
        await admin.execute("SELECT FROM subject_keys WHERE id = $1 FOR UPDATE", next(iter(keys)))
        async with asyncio.timeout(30):
            done = await rewrap_tenant(runtime.database, both(settings), world.acme.id, 2)
        assert done.keys == 2
    assert (await rewrap_tenant(runtime.database, both(settings), world.acme.id, 2)).keys == 1


async def test_a_master_key_that_is_missing_changes_nothing(
    runtime: Runtime, world: World, settings: Settings, admin: asyncpg.Connection
) -> None:
    await add_keys(admin, world, settings, 3)
    with pytest.raises(MasterKeyMissing, match="doesn't hold master key 1"):
        await rewrap_tenant(runtime.database, MasterKeys(lambda: {2: NEW}), world.acme.id, 2)
    assert await admin.fetchval("SELECT count(*) FROM subject_keys WHERE key_version = 2") == 0


async def test_damaged_keys_are_left_told_and_keep_their_master_key(
    runtime: Runtime, world: World, settings: Settings, admin: asyncpg.Connection
) -> None:
    keys = await add_keys(admin, world, settings, 5)
    damaged = next(iter(keys))
    await admin.execute(
        "UPDATE subject_keys SET wrapped_key = $2 WHERE id = $1", damaged, os.urandom(60)
    )
    keep_first_master_key(settings)
    done = await rotate(settings)
    assert (done.version, done.was_resumed, done.keys, done.damaged) == (2, False, 4, 1)
    assert [each.wraps for each in (await report(settings)).versions] == [4, 1]
    with pytest.raises(KeysRefused, match=r"still wraps 0 tenants' and 1 people's keys"):
        await retire(settings, 1)
    again = await rotate(settings)
    assert (again.version, again.was_resumed, again.keys, again.damaged) == (2, True, 0, 1)
    await admin.execute("DELETE FROM subject_keys WHERE id = $1", damaged)
    aside = await retire(settings, 1)
    assert aside is not None
    assert list(read_master_keys(settings)) == [2]
    for version, wrong in ((1, "was retired already"), (2, "the one in use"), (7, "There is no")):
        with pytest.raises(KeysRefused, match=wrong):
            await retire(settings, version)


async def test_without_the_owners_role_nothing_is_changed(settings: Settings) -> None:
    alone = msgspec.structs.replace(settings, owner_database_url=None)
    with pytest.raises(KeysRefused, match="INTELLIMATCH_OWNER_DATABASE_URL"):
        await rotate(alone)
