"""`intellimatch keys` while a real server answers, and when it is killed in the middle."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Self
from uuid import UUID, uuid4

import asyncpg
import httpx
import msgspec
import pytest
import pytest_asyncio

from core.ports.secrets import MasterKeyMissing, SecretPlace
from core.shared.secret import Secret
from plugins.embedded.engines import EngineState
from plugins.postgres.master_keys import MasterKeys
from plugins.postgres.subject_keys import unwrap_subject_key, wrap_subject_key
from plugins.postgres.tenant_keys import TenantKeys
from tenants.diagnosis_keys import examine_master_keys
from tenants.findings import Finding
from tenants.key_rotation import TURN
from tenants.master_keys import (
    add_master_key,
    keep_first_master_key,
    master_keys_path,
    read_master_keys,
)
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.canaries import search_files
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.repository import ROOT
from tests.fixtures.served import ServedProduct
from tests.fixtures.worlds import World

pytestmark = pytest.mark.slow

CANARY: Final = "canary-of-a-rotated-secret-77"
PLACE: Final = SecretPlace("plugin_settings", "smtp", "values.password")
PEOPLE: Final = 12_000
"""Keys of people beside those that requests make: enough that a rotation takes a while."""


PAUSE_SECONDS: Final = 0.03
"""Between the requests of each of eight clients: commands are there to be done as well."""


class Command:
    """`intellimatch keys ...` in a process of its own."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._log = log
        self._environment = {
            **os.environ,
            "INTELLIMATCH_DATABASE_URL": str(settings.database_url),
            "INTELLIMATCH_OWNER_DATABASE_URL": str(settings.owner_database_url),
            "INTELLIMATCH_REDIS_URL": str(settings.redis_url),
            "INTELLIMATCH_DATA_DIR": str(settings.data_dir),
            "INTELLIMATCH_SECRET_KEY": str(settings.secret_key),
        }
        if settings.master_keys is not None:
            self._environment["INTELLIMATCH_MASTER_KEYS"] = settings.master_keys

    def start(self, *words: str) -> "subprocess.Popen[str]":
        with self._log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "api.cli.main", "keys", *words],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    async def run(self, *words: str) -> tuple[int, str]:
        process = self.start(*words)
        said, _ = await asyncio.to_thread(process.communicate)
        return process.returncode, said + self._log.read_text()


class Traffic:
    """Requests all the time: new people with audit entries, the trail, and secrets."""

    def __init__(self, product: ServedProduct, world: World, runtime: Runtime) -> None:
        self._product = product
        self._world = world
        self._runtime = runtime
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()
        self.failed: list[str] = []
        self.answered = 0
        self.created: list[tuple[str, UUID]] = []

    async def __aenter__(self) -> Self:
        for slug in ("acme", "globex"):
            sealed = await self._runtime.secrets(self._world[slug].id).seal(PLACE, Secret(CANARY))
            self._tasks += [asyncio.create_task(self._people(slug)) for _ in range(2)]
            self._tasks.append(asyncio.create_task(self._trail(slug)))
            self._tasks.append(asyncio.create_task(self._secrets(slug, sealed)))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended.set()
        await asyncio.gather(*self._tasks)

    def _count(self, answer: httpx.Response) -> None:
        self.answered += 1
        if not answer.is_success:
            self.failed.append(f"{answer.request.method} {answer.status_code} {answer.text}")

    async def _people(self, slug: str) -> None:
        tenant = self._world[slug]
        async with self._product.client(tenant, tenant.members["admin"].api_key) as client:
            while not self._ended.is_set():
                await asyncio.sleep(PAUSE_SECONDS)
                answer = await client.post(
                    "/candidates",
                    json={"full_name": "Ada"},
                    headers={"Idempotency-Key": str(uuid4())},
                )
                self._count(answer)
                if answer.is_success:
                    made = answer.json()
                    self.created.append((slug, UUID(made["id"])))
                    changed = await client.patch(
                        f"/candidates/{made['id']}",
                        json={"headline": "Changed"},
                        headers={
                            "Idempotency-Key": str(uuid4()),
                            "If-Match": answer.headers["etag"],
                        },
                    )
                    self._count(changed)

    async def _trail(self, slug: str) -> None:
        tenant = self._world[slug]
        async with self._product.client(tenant, tenant.members["admin"].api_key) as client:
            while not self._ended.is_set():
                await asyncio.sleep(PAUSE_SECONDS)
                answer = await client.get("/audit", params={"limit": 50})
                self._count(answer)
                if answer.is_success and any(
                    each["content"] == "unreadable" for each in answer.json()["items"]
                ):
                    self.failed.append("an audit entry is unreadable")

    async def _secrets(self, slug: str, sealed: str) -> None:
        tenant_id = self._world[slug].id
        while not self._ended.is_set():
            # As a process that has just started: it has to unwrap the tenant's key each time.
            self._runtime.tenant_keys._known.clear()
            secrets = self._runtime.secrets(tenant_id)
            if (await secrets.open(PLACE, sealed)).reveal() != CANARY:
                self.failed.append("a secret is another")
            sealed = await secrets.seal(PLACE, Secret(CANARY))
            self.answered += 1
            await asyncio.sleep(0.01)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(runtime: Runtime, settings: Settings) -> AsyncIterator[ServedProduct]:
    log = settings.data_dir / "server.log"
    product = ServedProduct(settings, log)
    keep_first_master_key(settings)
    await product.start()
    yield product
    product.kill()


async def add_people(
    admin: asyncpg.Connection, world: World, settings: Settings
) -> dict[UUID, bytes]:
    """Put many subjects' keys into the database, wrapped with version 1; return them."""
    master = read_master_keys(settings)[1]
    tenant = world.acme
    keys = {uuid4(): os.urandom(32) for _ in range(PEOPLE)}
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


async def versions_in_use(admin: asyncpg.Connection) -> dict[int, int]:
    rows = await admin.fetch(
        "SELECT key_version, count(*) AS keys FROM (SELECT key_version FROM subject_keys "
        "UNION ALL SELECT key_version FROM tenant_keys) k GROUP BY key_version"
    )
    return {row["key_version"]: row["keys"] for row in rows}


async def wrong_keys(
    admin: asyncpg.Connection, settings: Settings, keys: dict[UUID, bytes]
) -> list[UUID]:
    """Return the subjects whose key isn't the one it was, found by unwrapping each row."""
    masters = read_master_keys(settings)
    rows = await admin.fetch(
        "SELECT tenant_id, id, wrapped_key, key_version FROM subject_keys WHERE id = ANY($1)",
        list(keys),
    )
    assert len(rows) == len(keys)
    return [
        row["id"]
        for row in rows
        if unwrap_subject_key(
            masters[row["key_version"]], row["tenant_id"], row["id"], row["wrapped_key"]
        )
        != keys[row["id"]]
    ]


async def diagnosed(settings: Settings) -> list[Finding]:
    state: EngineState | None = None
    return await examine_master_keys(settings, state)


async def kill_in_the_middle(command: Command, admin: asyncpg.Connection) -> dict[int, int]:
    """Start a rotation and kill it when some keys are wrapped anew and others aren't."""
    process = command.start("rotate")
    try:
        while process.poll() is None:
            found = await versions_in_use(admin)
            if len(found) > 1 and found[max(found)] > 500:
                os.kill(process.pid, signal.SIGKILL)
                break
            await asyncio.sleep(0.005)
        await asyncio.to_thread(process.communicate)
    finally:
        process.kill()
    assert process.returncode == -signal.SIGKILL, "the rotation ended before it was killed"
    return await versions_in_use(admin)


async def test_the_master_key_changes_while_requests_run(
    runtime: Runtime,
    world: World,
    settings: Settings,
    served: ServedProduct,
    database: TestDatabase,
    tmp_path: Path,
    examined: Examined,
) -> None:
    command = Command(settings, tmp_path / "command.log")
    admin = await asyncpg.connect(database.admin_url)
    try:
        keys = await add_people(admin, world, settings)
        async with Traffic(served, world, runtime) as traffic:
            await asyncio.sleep(0.5)
            code, said = await command.run("list")
            assert code == 0, said
            assert "in use" in said
            refused, said = await command.run("retire", "1")
            assert (refused, "the one in use" in said) == (2, True), said

            cut = await kill_in_the_middle(command, admin)
            assert set(cut) == {1, 2}
            examined("keys wrapped anew before the kill", cut[2])
            examined("keys left by the kill", cut[1])
            assert await wrong_keys(admin, settings, keys) == []
            assert "still wraps" in str(await diagnosed(settings))
            refused, said = await command.run("retire", "1")
            assert (refused, "still wraps" in said) == (2, True), said
            await asyncio.sleep(0.5)

            code, said = await command.run("rotate")
            assert code == 0, said
            assert "Finished the rotation to master key 2" in said
            assert list(await versions_in_use(admin)) == [2]
            code, said = await command.run("rotate")
            assert code == 0, said
            assert "Now in use: master key 3" in said
            await asyncio.sleep(0.5)
            assert list(await versions_in_use(admin)) == [3]
            code, said = await command.run("retire", "1")
            assert code == 0, said
            await asyncio.sleep(1.0)
        assert traffic.failed == []
        examined("requests during two rotations", traffic.answered)
        assert await wrong_keys(admin, settings, keys) == []
        examined("people's keys", len(keys))
        held = read_master_keys(settings)
        assert list(held) == [3, 2]
        assert "Master key 1 was retired already" in (await command.run("retire", "1"))[1]
        logs = [settings.data_dir / "server.log", tmp_path / "command.log"]
        assert list(search_files(logs, [CANARY, *held.values()])) == []
        examined("bytes of logs", sum(log.stat().st_size for log in logs))
    finally:
        await admin.close()


async def test_a_missing_master_key_is_named_wherever_it_is_missed(
    runtime: Runtime,
    world: World,
    settings: Settings,
    database: TestDatabase,
    tmp_path: Path,
) -> None:
    path = master_keys_path(settings)
    command = Command(settings, tmp_path / "command.log")
    content = path.read_text()
    path.write_text("".join(line for line in content.splitlines(True) if line[0] != "3"))
    try:
        code, said = await command.run("list")
        assert (code, "NOT HELD by this machine" in said) == (1, True), said
        code, said = await command.run("rotate")
        assert code == 2
        assert "holds no master key 3" in said
        assert "INTELLIMATCH_MASTER_KEYS" in said
        findings = [each for each in await diagnosed(settings) if each.status == "problem"]
        assert ["this machine lacks version 3" in each.message for each in findings] == [True]
    finally:
        path.write_text(content)


async def test_a_rotation_killed_after_the_file_was_written_makes_no_second_key(
    runtime: Runtime, world: World, settings: Settings, database: TestDatabase, tmp_path: Path
) -> None:
    sealed = await runtime.secrets(world.acme.id).seal(PLACE, Secret(CANARY))
    before = read_master_keys(settings)
    version = add_master_key(settings)
    command = Command(settings, tmp_path / "command.log")
    owner = await asyncpg.connect(str(settings.owner_database_url))
    try:
        await owner.execute("SELECT pg_advisory_lock($1)", TURN)
        code, said = await command.run("rotate")
        assert (code, "Somebody else is changing the master keys" in said) == (2, True), said
    finally:
        await owner.close()
    code, said = await command.run("rotate")
    assert code == 0, said
    assert f"Now in use: master key {version}" in said
    assert max(read_master_keys(settings)) == version
    # A process that never read its keys again would fail now, and one that does doesn't.
    stale = TenantKeys(runtime.database, MasterKeys(lambda: before))
    with pytest.raises(MasterKeyMissing, match=f"doesn't hold master key {version}"):
        await stale.secrets(world.acme.id).open(PLACE, sealed)
    fresh = TenantKeys(runtime.database, runtime.master_keys)
    assert (await fresh.secrets(world.acme.id).open(PLACE, sealed)).reveal() == CANARY


async def test_keys_from_the_setting_are_taken_when_they_are_configured(
    runtime: Runtime, world: World, settings: Settings, database: TestDatabase, tmp_path: Path
) -> None:
    held = ",".join(master_keys_path(settings).read_text().split())
    newest = max(read_master_keys(settings))
    configured = msgspec.structs.replace(settings, master_keys=held)
    code, said = await Command(configured, tmp_path / "a.log").run("rotate")
    assert code == 2
    assert f"No newer key than version {newest} is configured. Put `{newest + 1}:KEY`" in said
    newer = f"{newest + 1}:{'QUJD' * 10}QUI=,{held}"
    configured = msgspec.structs.replace(settings, master_keys=newer)
    code, said = await Command(configured, tmp_path / "b.log").run("rotate")
    assert code == 0, said
    assert f"Now in use: master key {newest + 1}" in said
    admin = await asyncpg.connect(database.admin_url)
    try:
        assert list(await versions_in_use(admin)) == [newest + 1]
    finally:
        await admin.close()
    other = await Runtime.open(configured)
    try:
        sealed = await other.secrets(world.acme.id).seal(PLACE, Secret(CANARY))
        assert (await other.secrets(world.acme.id).open(PLACE, sealed)).reveal() == CANARY
    finally:
        await other.close()


async def test_a_retired_version_wraps_nothing_any_more(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    connection = await asyncpg.connect(database.app_url)
    try:
        for version in (1, 99):
            with pytest.raises(asyncpg.SerializationError, match="is not in use"):
                await connection.fetch(
                    "SELECT * FROM tenant_key_v1($1, $2, $3)", world.acme.id, b"x", version
                )
    finally:
        await connection.close()
