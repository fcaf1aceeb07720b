"""The walls between tenants stand in the database itself, and the audit of them sees each hole."""

from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from plugins.postgres.roles import _LOCK_KEY, DEFAULT_ROLES
from plugins.postgres.schema import APPEND_ONLY
from plugins.postgres.tables import metadata
from tests.fixtures.catalogue import MAY_BE_EMPTY, RULES, VacuousAudit, audit
from tests.fixtures.catalogue_lists import APPEND_ONLY_TABLES, expected
from tests.fixtures.catalogue_mutants import MUTANTS, SOUND_ADDITIONS
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined


@pytest_asyncio.fixture(loop_scope="session")
async def connection(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection; what a test does to the catalogue is undone."""
    opened = await asyncpg.connect(database.admin_url)
    undo = opened.transaction()
    await undo.start()
    # Some tests change roles, which belong to the whole server and so to other tests as well.
    await opened.execute(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})")
    yield opened
    await undo.rollback()
    await opened.close()


async def test_the_walls_stand(connection: asyncpg.Connection, examined: Examined) -> None:
    found = await audit(connection, expected())
    assert [str(finding) for finding in found.findings] == []
    for rule, count in found.examined.items():
        if rule not in MAY_BE_EMPTY:
            examined(f"things for: {rule}", count)


@pytest.mark.parametrize("rule", RULES)
async def test_each_rule_finds_what_it_forbids(connection: asyncpg.Connection, rule: str) -> None:
    mutants = MUTANTS[rule]
    assert mutants, "a rule without a planted breach proves nothing"
    for mutant in mutants:
        undo = connection.transaction()
        await undo.start()
        await connection.execute(mutant)
        found = await audit(connection, expected())
        assert rule in {finding.rule for finding in found.findings}, mutant
        await undo.rollback()


@pytest.mark.parametrize("rule", SOUND_ADDITIONS)
async def test_a_rule_that_found_nothing_to_look_at_here_would_pass_what_is_sound(
    connection: asyncpg.Connection, rule: str
) -> None:
    await connection.execute(SOUND_ADDITIONS[rule])
    found = await audit(connection, expected())
    assert found.examined[rule] > 0
    assert [finding for finding in found.findings if finding.rule == rule] == []


@pytest.mark.parametrize("role", ["app", "owner", "relay", "definer"])
async def test_a_mistyped_role_is_no_clean_bill(connection: asyncpg.Connection, role: str) -> None:
    mistyped = msgspec.structs.replace(DEFAULT_ROLES, **{role: "intellimatch_ap"})
    with pytest.raises(VacuousAudit, match="intellimatch_ap"):
        await audit(connection, msgspec.structs.replace(expected(), roles=mistyped))


async def test_an_empty_database_is_no_clean_bill(connection: asyncpg.Connection) -> None:
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    with pytest.raises(VacuousAudit, match="nothing to look at"):
        await audit(
            connection,
            msgspec.structs.replace(
                expected(), globals={}, indexes={}, definer_functions={}, definer_grants=()
            ),
        )


async def test_history_can_only_grow() -> None:
    for name in APPEND_ONLY_TABLES:
        assert metadata.tables[name].info["privileges"] == APPEND_ONLY, name


async def test_every_function_compiles(connection: asyncpg.Connection, examined: Examined) -> None:
    # They are placed unchecked, as they name one another across files; so check each one now.
    await connection.execute("SET check_function_bodies = on")
    functions = await connection.fetch(
        "SELECT p.oid, p.oid::regprocedure::text AS signature, v.proname AS validator "
        "FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN pg_proc v "
        "ON v.oid = l.lanvalidator WHERE p.proname = ANY($1::text[]) "
        "AND p.pronamespace = 'public'::regnamespace",
        list(expected().callers),
    )
    for function in functions:
        await connection.execute(f"SELECT {function['validator']}({function['oid']})")
    examined("functions", len(functions))
