"""Secrets open in their own place only, and stand nowhere in the clear."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from core.ports.secrets import MasterKeyMissing, SecretPlace, Secrets, SecretUnreadable
from core.shared.access import FULL
from core.shared.ids import TenantId
from core.shared.secret import Secret
from plugins.postgres import tenant_keys as vault
from plugins.postgres.tenant_keys import TenantKeys
from tenants.master_keys import first_master_key
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.wiring.secrets import PROVIDERS
from tests.fixtures.canaries import search_database
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

CANARY: Final = "canary-4f1c9a7e-smtp-password"
ROW: Final = uuid4()
PLACE: Final = SecretPlace("plugin_settings", ROW, "values.password")


@pytest_asyncio.fixture(loop_scope="session")
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


async def opens(secrets: Secrets, place: SecretPlace, sealed: str) -> bool:
    try:
        await secrets.open(place, sealed)
    except SecretUnreadable:
        return False
    return True


async def test_what_is_sealed_opens_in_its_place(runtime: Runtime, world: World) -> None:
    secrets = runtime.secrets(world.acme.id)
    sealed = await secrets.seal(PLACE, Secret(CANARY))
    assert sealed.startswith("sealed:1:")
    assert await secrets.seal(PLACE, Secret(CANARY)) != sealed
    assert (await secrets.open(PLACE, sealed)).reveal() == CANARY
    for text in ("", "ü 🔑\n\0", "x" * 100_000):
        again = await secrets.seal(PLACE, Secret(text))
        assert (await secrets.open(PLACE, again)).reveal() == text


async def misplaced(runtime: Runtime, world: World) -> tuple[list[str], int]:
    """Move a sealed text to each other place; return where it opens, and how many were tried.

    Both tenants hold the same key here, as if somebody had managed that too: the binding alone
    must refuse it.
    """
    keys = TenantKeys(runtime.database, runtime.master_keys)
    one_key = os.urandom(32)
    for tenant in (world.acme, world.globex):
        keys._known[tenant.id] = one_key
    acme, globex = keys.secrets(world.acme.id), keys.secrets(world.globex.id)
    sealed = await acme.seal(PLACE, Secret(CANARY))
    assert await opens(acme, PLACE, sealed)
    change = msgspec.structs.replace
    tried = {
        "another tenant": (globex, PLACE),
        "another table": (acme, change(PLACE, table="plugin_settings_old")),
        "another row": (acme, change(PLACE, row=uuid4())),
        "another field": (acme, change(PLACE, column="values.token")),
        "a field whose name begins alike": (acme, change(PLACE, column="values.password2")),
        "row and field exchanged": (
            acme,
            SecretPlace(PLACE.table, PLACE.column, str(PLACE.row)),
        ),
    }
    opened = [
        name for name, (secrets, place) in tried.items() if await opens(secrets, place, sealed)
    ]
    return opened, len(tried)


async def test_a_sealed_text_opens_nowhere_else(
    runtime: Runtime, world: World, examined: Examined
) -> None:
    opened, tried = await misplaced(runtime, world)
    assert opened == []
    examined("places", tried)


def without_tenant(_: TenantId, place: SecretPlace) -> bytes:
    return f"secret|{place.table}|{place.row}|{place.column}".encode()


def without_table(tenant_id: TenantId, place: SecretPlace) -> bytes:
    return f"secret|{tenant_id}|{place.row}|{place.column}".encode()


def without_row(tenant_id: TenantId, place: SecretPlace) -> bytes:
    return f"secret|{tenant_id}|{place.table}|{place.column}".encode()


def without_column(tenant_id: TenantId, place: SecretPlace) -> bytes:
    return f"secret|{tenant_id}|{place.table}|{place.row}".encode()


@pytest.mark.parametrize(
    ("planted", "place"),
    [
        (without_tenant, "another tenant"),
        (without_table, "another table"),
        (without_row, "another row"),
        (without_column, "another field"),
    ],
)
async def test_a_binding_that_lacks_a_part_is_found(
    runtime: Runtime,
    world: World,
    planted: object,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vault, "bound_to", planted)
    opened, _ = await misplaced(runtime, world)
    assert place in opened


async def test_another_tenants_own_key_does_not_open_it(runtime: Runtime, world: World) -> None:
    sealed = await runtime.secrets(world.acme.id).seal(PLACE, Secret(CANARY))
    globex = runtime.secrets(world.globex.id)
    await globex.seal(PLACE, Secret("theirs"))
    assert not await opens(globex, PLACE, sealed)


async def test_a_key_copied_to_another_tenant_is_no_key(
    runtime: Runtime, world: World, admin: asyncpg.Connection
) -> None:
    for tenant in (world.acme, world.globex):
        await runtime.secrets(tenant.id).seal(PLACE, Secret(CANARY))
    saved = await admin.fetchval(
        "SELECT wrapped_key FROM tenant_keys WHERE tenant_id = $1", world.globex.id
    )
    await admin.execute(
        "UPDATE tenant_keys SET wrapped_key = (SELECT wrapped_key FROM tenant_keys "
        "WHERE tenant_id = $1) WHERE tenant_id = $2",
        world.acme.id,
        world.globex.id,
    )
    fresh = TenantKeys(runtime.database, runtime.master_keys)
    try:
        with pytest.raises(SecretUnreadable, match="key was damaged or is another's"):
            await fresh.secrets(world.globex.id).seal(PLACE, Secret(CANARY))
    finally:
        await admin.execute(
            "UPDATE tenant_keys SET wrapped_key = $1 WHERE tenant_id = $2", saved, world.globex.id
        )


async def test_a_changed_text_is_refused(
    runtime: Runtime, world: World, examined: Examined
) -> None:
    secrets = runtime.secrets(world.acme.id)
    sealed = await secrets.seal(PLACE, Secret(CANARY))
    damaged = ["", "plain", "sealed:1:", "sealed:1:AAAA", "sealed:1:ä", "sealed:2:" + sealed[9:]]
    for place in range(len("sealed:1:"), len(sealed) - 2, 5):
        other = "A" if sealed[place] != "A" else "B"
        damaged.append(sealed[:place] + other + sealed[place + 1 :])
    assert [text for text in damaged if await opens(secrets, PLACE, text)] == []
    examined("damaged texts", len(damaged))


async def test_it_works_within_a_transaction_and_what_is_undone_is_forgotten(
    runtime: Runtime, world: World, admin: asyncpg.Connection
) -> None:
    keys = TenantKeys(runtime.database, runtime.master_keys)
    await admin.execute("DELETE FROM tenant_keys WHERE tenant_id = $1", world.acme.id)

    async def seal_and_fail() -> None:
        async with runtime.database.unit(world.acme.id) as unit:
            within = keys.secrets(world.acme.id, unit)
            sealed = await within.seal(PLACE, Secret(CANARY))
            assert (await within.open(PLACE, sealed)).reveal() == CANARY
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await seal_and_fail()
    assert (
        await admin.fetchval("SELECT count(*) FROM tenant_keys WHERE tenant_id = $1", world.acme.id)
        == 0
    )
    # A key that was remembered although it was undone would seal what nobody can open.
    sealed = await keys.secrets(world.acme.id).seal(PLACE, Secret(CANARY))
    fresh = TenantKeys(runtime.database, runtime.master_keys)
    assert (await fresh.secrets(world.acme.id).open(PLACE, sealed)).reveal() == CANARY
    async with runtime.database.unit(world.acme.id) as unit:
        assert (await fresh.secrets(world.acme.id, unit).open(PLACE, sealed)).reveal() == CANARY
    runtime.tenant_keys._known.clear()


async def test_processes_that_seal_at_once_agree_on_the_key(
    runtime: Runtime, world: World, admin: asyncpg.Connection
) -> None:
    await admin.execute("DELETE FROM tenant_keys WHERE tenant_id = $1", world.acme.id)
    processes = [
        TenantKeys(runtime.database, runtime.master_keys).secrets(world.acme.id) for _ in range(8)
    ]
    sealed = await asyncio.gather(*(each.seal(PLACE, Secret(CANARY)) for each in processes))
    for each in processes:
        for text in sealed:
            assert (await each.open(PLACE, text)).reveal() == CANARY
    runtime.tenant_keys._known.clear()


async def test_nothing_opens_for_a_tenant_without_a_key(runtime: Runtime) -> None:
    nobody = runtime.secrets(TenantId(uuid4()))
    assert not await opens(nobody, PLACE, "sealed:1:" + "A" * 60)


async def put_somewhere(admin: asyncpg.Connection, tenant_id: UUID, text: str) -> None:
    await admin.execute("UPDATE tenants SET name = $2 WHERE id = $1", tenant_id, text)


async def test_nothing_stands_in_the_clear_in_the_database(
    runtime: Runtime,
    world: World,
    admin: asyncpg.Connection,
    database: TestDatabase,
    settings: Settings,
    examined: Examined,
) -> None:
    await Hiring(runtime, world).open_job()
    sealed = await runtime.secrets(world.acme.id).seal(PLACE, Secret(CANARY))
    await put_somewhere(admin, world.acme.id, sealed)
    own_key = runtime.tenant_keys._known[world.acme.id]
    words: list[str | bytes] = [CANARY, own_key, first_master_key(settings)]
    searched = await search_database(database.admin_url, words)
    assert searched.found == ()
    examined("columns", searched.columns)
    examined("values", searched.values)


@pytest.mark.parametrize("column", ["name", "branding", "wrapped_key"])
async def test_what_stands_in_the_clear_is_found(
    world: World, admin: asyncpg.Connection, database: TestDatabase, column: str
) -> None:
    key = os.urandom(32)
    tenant = world.globex.id
    if column == "name":
        await put_somewhere(admin, tenant, f"smtp://u:{CANARY}@mail")
    elif column == "branding":
        await admin.execute(
            "UPDATE tenants SET branding = jsonb_build_object('a', encode(convert_to($2, 'UTF8'), "
            "'base64')) WHERE id = $1",
            tenant,
            f"u:{CANARY}",
        )
    else:
        await admin.execute(
            "INSERT INTO tenant_keys VALUES ($1, $2, 1, now()) ON CONFLICT (tenant_id) "
            "DO UPDATE SET wrapped_key = $2",
            tenant,
            b"x" + key,
        )
    try:
        searched = await search_database(database.admin_url, [CANARY, key])
    finally:
        await admin.execute(
            "UPDATE tenants SET name = 'Globex', branding = '{}' WHERE id = $1", tenant
        )
        await admin.execute("DELETE FROM tenant_keys WHERE tenant_id = $1", tenant)
    assert [each.partition(":")[0].partition(".")[2] for each in searched.found] == [column]


async def test_a_process_with_another_secret_key_does_not_start(
    runtime: Runtime, world: World, settings: Settings
) -> None:
    await Hiring(runtime, world).open_job()
    other = msgspec.structs.replace(settings, secret_key="another-" * 5)
    with pytest.raises(MasterKeyMissing, match=r"another key as master key 1 .*_MASTER_KEYS"):
        await Runtime.open(other)


async def test_every_use_case_may_ask_for_secrets(runtime: Runtime, world: World) -> None:
    session = runtime.scope(world.acme.context, world.acme.actor(), "request")._session(FULL)
    provide = PROVIDERS[Secrets]
    sealed = await provide(session).seal(PLACE, Secret(CANARY))
    async with runtime.database.unit(world.acme.id) as unit:
        session.unit = unit
        assert (await provide(session).open(PLACE, sealed)).reveal() == CANARY
