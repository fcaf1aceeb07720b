"""Roles and rights are made, mended and examined, under names that only this test uses."""

import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from plugins.postgres.addresses import replace_database, role_url
from plugins.postgres.identity_check import UnsafeRole, assert_safe_app_role, examine_role
from plugins.postgres.roles import (
    RoleNames,
    RolePasswords,
    create_database,
    drop_database,
    hand_to_definer,
    prepare_database,
    quote_name,
)
from tests.fixtures.engines import TestEngines
from tests.fixtures.examined import Examined

PASSWORD = "odd / word @ 1"


class House:
    """A prepared database with roles of its own."""

    def __init__(self, admin_url: str) -> None:
        mark = secrets.token_hex(4)
        self.admin_url = admin_url
        self.name = f"roles_{mark}"
        self.names = RoleNames.with_prefix(f"t{mark} ")

    async def prepare(self) -> None:
        passwords = RolePasswords(owner=PASSWORD, app=PASSWORD, relay=PASSWORD)
        await prepare_database(self.admin_url, self.name, names=self.names, passwords=passwords)

    async def as_role(self, role: str) -> asyncpg.Connection:
        url = role_url(self.admin_url, role, database=self.name, password=PASSWORD)
        return await asyncpg.connect(url)

    async def run(self, role: str, *statements: str) -> None:
        connection = await self.as_role(role)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def as_admin(self, *statements: str) -> None:
        connection = await asyncpg.connect(replace_database(self.admin_url, self.name))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def findings(self, role: str) -> tuple[str, ...]:
        connection = await self.as_role(role)
        try:
            return (await examine_role(connection)).findings
        finally:
            await connection.close()


@pytest_asyncio.fixture
async def house(engines: TestEngines) -> AsyncIterator[House]:
    made = House(engines.admin_url)
    await made.prepare()
    yield made
    await drop_database(made.admin_url, made.name)
    connection = await asyncpg.connect(made.admin_url)
    names = (made.names.owner, made.names.app, made.names.relay, made.names.definer)
    for role in names:
        await connection.execute(f"DROP OWNED BY {quote_name(role)}")
    for role in names:
        await connection.execute(f"DROP ROLE {quote_name(role)}")
    await connection.close()


async def test_each_role_has_what_it_needs_and_the_app_is_safe(house: House) -> None:
    await house.prepare()
    assert await house.findings(house.names.app) == ()
    assert await house.findings(house.names.relay) == ()
    owner = "; ".join(await house.findings(house.names.owner))
    assert "owns database" in owner
    assert "superuser" not in owner
    assert "bypasses" not in owner
    with pytest.raises(asyncpg.PostgresError):
        await house.as_role(house.names.definer)


async def test_the_app_gets_nothing_by_itself(house: House) -> None:
    await house.run(
        house.names.owner,
        "CREATE EXTENSION pg_trgm",
        "CREATE TABLE things (id int)",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1",
    )
    refused = [
        "SELECT * FROM things",
        "SELECT one()",
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA mine",
        f"SET ROLE {quote_name(house.names.definer)}",
    ]
    for statement in refused:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await house.run(house.names.app, statement)


async def test_the_owner_hands_a_function_to_the_definer_and_can_still_replace_it(
    house: House,
) -> None:
    define = "CREATE OR REPLACE FUNCTION seen() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
    path = "SET search_path = pg_catalog, pg_temp AS 'SELECT count(*) FROM public.things'"
    await house.run(
        house.names.owner,
        "CREATE TABLE things (id int)",
        "INSERT INTO things VALUES (1)",
        "ALTER TABLE things ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE things FORCE ROW LEVEL SECURITY",
        f"GRANT SELECT ON things TO {quote_name(house.names.definer)}",
        f"{define} {path}",
        *hand_to_definer("seen()", house.names),
        f"{define} {path}",
        f"GRANT EXECUTE ON FUNCTION seen() TO {quote_name(house.names.app)}",
    )
    connection = await house.as_role(house.names.app)
    assert await connection.fetchval("SELECT seen()") == 1
    await connection.close()
    assert await house.findings(house.names.app) == ()


PLANTED = {
    "it is a superuser": "ALTER ROLE {app} SUPERUSER",
    "it bypasses row-level security": "ALTER ROLE {app} BYPASSRLS",
    "it may create roles": "ALTER ROLE {app} CREATEROLE",
    "it may create databases": "ALTER ROLE {app} CREATEDB",
    "it may replicate": "ALTER ROLE {app} REPLICATION",
    "it is a member of role": "GRANT {definer} TO {app}",
    "it owns database": "ALTER DATABASE {database} OWNER TO {app}",
    "it owns schema": "CREATE SCHEMA s AUTHORIZATION {app}",
    "it owns table": "CREATE TABLE t (); ALTER TABLE t OWNER TO {app}",
    "it owns function": (
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1; ALTER FUNCTION f() OWNER TO {app}"
    ),
    "it may truncate table": "CREATE TABLE t (); GRANT TRUNCATE ON t TO {app}",
    "it may create objects in schema public": "GRANT CREATE ON SCHEMA public TO PUBLIC",
}


async def test_every_way_to_escape_isolation_is_refused(house: House, examined: Examined) -> None:
    mend = "ALTER ROLE {app} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION"
    words = {
        "app": quote_name(house.names.app),
        "definer": quote_name(house.names.definer),
        "database": quote_name(house.name),
    }
    for reason, planted in PLANTED.items():
        await house.as_admin(planted.format_map(words))
        connection = await house.as_role(house.names.app)
        with pytest.raises(UnsafeRole, match=reason) as caught:
            await assert_safe_app_role(connection)
        assert "intellimatch migrate" in caught.value.remedy
        await connection.close()
        await house.as_admin(
            mend.format_map(words), "DROP TABLE IF EXISTS t", "DROP FUNCTION IF EXISTS f()"
        )
        await house.as_admin("DROP SCHEMA IF EXISTS s")
        await house.prepare()
        assert await house.findings(house.names.app) == ()
    examined("planted rights", len(PLANTED))


async def test_a_superuser_that_only_plays_the_app_is_refused(house: House) -> None:
    connection = await asyncpg.connect(replace_database(house.admin_url, house.name))
    await connection.execute(f"SET ROLE {quote_name(house.names.app)}")
    with pytest.raises(UnsafeRole, match="the session belongs to another role"):
        await assert_safe_app_role(connection)
    await connection.close()


async def test_a_copy_of_a_template_is_closed_as_well(house: House) -> None:
    copy = House(house.admin_url)
    copy.names = house.names
    await create_database(house.admin_url, copy.name, template=house.name, names=house.names)
    try:
        assert await copy.findings(house.names.app) == ()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await copy.run(house.names.app, "CREATE TEMPORARY TABLE mine (id int)")
    finally:
        await drop_database(house.admin_url, copy.name)
    await drop_database(house.admin_url, copy.name)
