"""Brings a database to the schema of this release, safely beside a running application.

Called by `intellimatch migrate`, by the start on embedded engines and by the tests. Takes the
owner's address; roles and the database itself are made by `plugins.postgres.roles`.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import asyncpg
import msgspec
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.ext.asyncio import create_async_engine

from plugins.postgres.plugin_tables import (
    Migrations,
    PluginTablesRefused,
    apply_revisions,
    lacking,
)
from plugins.postgres.roles import DEFAULT_ROLES, RoleNames, hand_to_definer, quote_name
from plugins.postgres.sql_functions import SqlFile, definer_grants, sql_files
from plugins.postgres.tables import metadata

# One migration at a time in a database. The number is arbitrary but must be the same everywhere.
_LOCK_KEY: Final = 7_412_605_119
NO_PLUGINS: Final[Migrations] = MappingProxyType({})
_LOCK_TIMEOUT_MS: Final = 1_000
_POLL_SECONDS: Final = 0.05
_LOCK_NOT_AVAILABLE: Final = "55P03"
_REFUSED: Final = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)
_OUR_FUNCTIONS: Final = """
    SELECT p.proname AS name, p.oid::regprocedure::text AS signature
    FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proname = ANY($1::text[])
    ORDER BY 1, 2
"""


class MigrationError(Exception):
    """The database can't be migrated; `remedy` says what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class Migrated(msgspec.Struct, frozen=True):
    """What a migration found and left."""

    before: str | None
    """Revision that the database was at; None when it was empty."""
    after: str
    functions: int
    """How many SQL functions are in place."""
    plugins: tuple[str, ...] = ()
    """The revisions of plugins' tables that were applied: `codes: 2`."""
    refused: tuple[str, ...] = ()
    """Why the tables of some plugins are not as those need them; the rest is in place."""


async def migrate(
    owner_url: str,
    names: RoleNames = DEFAULT_ROLES,
    *,
    patience_seconds: float = 60.0,
    plugins: Migrations = NO_PLUGINS,
) -> Migrated:
    """Upgrade to the newest revision, place every SQL function, make plugins' tables; idempotent.

    Several at once wait for one another. A revision waits for other transactions' locks a second
    at a time, for `patience_seconds` in all, so that the application is never queued behind it.
    Raises `MigrationError`.
    """
    deadline = time.monotonic() + patience_seconds
    async with _migrator(owner_url, names) as connection:
        await _take_turn(connection, deadline)
        before = await _revision(connection)
        _refuse_unknown(before)
        if before != head():
            await _until(deadline, lambda: upgrade_schema(owner_url, names))
        functions = await _until(deadline, lambda: _place_functions(connection, names))
        after = await _revision(connection)
        missing = await _missing(connection)
        made, refused = await _make_plugin_tables(connection, names, plugins, deadline)
    if missing or after is None:
        raise MigrationError(
            f"The database lacks, after the migration: {', '.join(missing) or 'its revision'}.",
            "It was changed by hand; restore it, or add what is missing.",
        )
    return Migrated(before, after, functions, tuple(made), tuple(refused))


async def pending(
    owner_url: str, names: RoleNames = DEFAULT_ROLES, plugins: Migrations = NO_PLUGINS
) -> list[str]:
    """Say what a migration would do, each in a line; empty when there is nothing to do.

    Changes nothing. Raises as `migrate`.
    """
    async with _migrator(owner_url, names) as connection:
        before = await _revision(connection)
        _refuse_unknown(before)
        steps = [f"revision {revision}" for revision in _revisions_after(before)]
        steps = steps or [f"missing: {thing}" for thing in await _missing(connection)]
        return steps + await _pending_of_plugins(connection, plugins)


def head() -> str:
    """The newest revision of this release."""
    return str(_scripts().get_current_head())


def migration_config() -> Config:
    """Alembic's configuration, which lives in no file."""
    config = Config()
    # Alembic interpolates its options, in which % must be doubled.
    folder = str(resources.files("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(migration_config())


def _revisions_after(revision: str | None) -> list[str]:
    scripts = _scripts()
    found = scripts.iterate_revisions(head(), revision or "base")
    return [f"{script.revision}: {script.doc}" for script in found][::-1]


def _refuse_unknown(revision: str | None) -> None:
    if revision is None:
        return
    try:
        known = _scripts().get_revision(revision)
    except CommandError:
        known = None
    if known is None:
        raise MigrationError(
            f"The database is at revision {revision}, which this release doesn't know: a newer "
            "release has migrated it.",
            "Start that release or a later one.",
        )


@contextlib.asynccontextmanager
async def _migrator(owner_url: str, names: RoleNames) -> AsyncIterator[asyncpg.Connection]:
    connection = await _connect(owner_url)
    try:
        owner, superuser = await connection.fetchrow(
            "SELECT pg_get_userbyid(datdba), (SELECT rolsuper FROM pg_roles "
            "WHERE rolname = current_user) FROM pg_database WHERE datname = current_database()"
        )
        user = await connection.fetchval("SELECT current_user::text")
        if superuser or user != names.owner or owner != names.owner:
            raise MigrationError(
                f"Migrations run as {names.owner}, who owns the database; "
                f"this is {user}, and the owner is {owner}.",
                "Set INTELLIMATCH_OWNER_DATABASE_URL to the owner's address, and "
                "INTELLIMATCH_ADMIN_DATABASE_URL once, to have the roles made.",
            )
        yield connection
    finally:
        await connection.close()


async def _connect(owner_url: str) -> Any:
    try:
        return await asyncpg.connect(
            owner_url,
            server_settings={
                "application_name": "intellimatch-migrate",
                "lock_timeout": str(_LOCK_TIMEOUT_MS),
                "client_min_messages": "warning",
                "timezone": "UTC",
            },
        )
    except (OSError, *_REFUSED) as error:
        raise MigrationError(
            f"The database can't be reached as its owner: {error}.",
            "Is the server up, and are the roles made? Set INTELLIMATCH_OWNER_DATABASE_URL to the "
            "owner's address, and INTELLIMATCH_ADMIN_DATABASE_URL once, to have the roles made.",
        ) from error


async def _take_turn(connection: asyncpg.Connection, deadline: float) -> None:
    # Asked again and again rather than waited for: lock_timeout would end the wait with an error.
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK_KEY):
        if time.monotonic() > deadline:
            raise MigrationError(
                "Another migration of this database doesn't come to an end.",
                "Look for `intellimatch-migrate` in pg_stat_activity.",
            )
        await asyncio.sleep(_POLL_SECONDS)


async def _until(deadline: float, step: Any) -> Any:
    """Return what `step` does, tried again while another transaction holds what it needs."""
    while True:
        try:
            return await step()
        except (sa.exc.DBAPIError, asyncpg.LockNotAvailableError) as error:
            if getattr(getattr(error, "orig", error), "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            if time.monotonic() > deadline:
                raise MigrationError(
                    "Another transaction holds a lock on a table that is to be changed.",
                    "Try again when long-running work has ended; nothing is half done.",
                ) from error
        await asyncio.sleep(_POLL_SECONDS)


async def _revision(connection: asyncpg.Connection) -> str | None:
    if not await connection.fetchval("SELECT to_regclass('public.alembic_version') IS NOT NULL"):
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision


async def upgrade_schema(owner_url: str, names: RoleNames = DEFAULT_ROLES) -> None:
    """Run the revisions alone, without turn, patience or functions."""
    config = migration_config()
    config.attributes["roles"] = names
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: _connect(owner_url), poolclass=sa.NullPool
    )
    try:
        async with engine.connect() as connection:

            def upgrade(plain: sa.Connection) -> None:
                config.attributes["connection"] = plain
                command.upgrade(config, "head")

            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


async def _place_functions(connection: asyncpg.Connection, names: RoleNames) -> int:
    files = sql_files()
    async with connection.transaction():
        # Functions name one another across files, so bodies can't be checked in any order.
        await connection.execute("SET LOCAL check_function_bodies = off")
        for file in files:
            await _run(connection, file.text, file.name)
        for statement in definer_grants(names):
            await _run(connection, statement, "a header")
        # `/health/ready` compares it with the release's own.
        await connection.execute(f"GRANT SELECT ON alembic_version TO {quote_name(names.app)}")
        placed = 0
        for file in files:
            for row in await connection.fetch(_OUR_FUNCTIONS, list(file.functions)):
                for statement in _function_rights(file, row["signature"], names):
                    await connection.execute(statement)
                placed += 1
    return placed


async def _run(connection: asyncpg.Connection, statements: str, source: str) -> None:
    try:
        await connection.execute(statements)
    except asyncpg.SyntaxOrAccessError as error:
        raise MigrationError(
            f"The SQL functions can't be put in place ({source}): {error}.",
            "If the database was changed by hand, restore what is missing.",
        ) from error


def _function_rights(file: SqlFile, signature: str, names: RoleNames) -> Iterator[str]:
    if file.is_definer:
        yield from hand_to_definer(signature, names)
    yield f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC"
    for role in ("app", "relay"):
        verb, to = ("GRANT", "TO") if role in file.callers else ("REVOKE", "FROM")
        name = quote_name(getattr(names, role))
        yield f"{verb} EXECUTE ON FUNCTION {signature} {to} {name}"
    # Also where no header says so: PostgreSQL lets only those replace a function who may call it.
    yield f"GRANT EXECUTE ON FUNCTION {signature} TO {quote_name(names.owner)}"


async def _make_plugin_tables(
    connection: asyncpg.Connection, names: RoleNames, plugins: Migrations, deadline: float
) -> tuple[list[str], list[str]]:
    """Return which revisions were applied, and why others weren't: one plugin holds up no other."""
    made: list[str] = []
    refused: list[str] = []
    for plugin_id in sorted(plugins):
        step = partial(apply_revisions, connection, plugin_id, plugins[plugin_id], names)
        try:
            made += [f"{plugin_id}: {revision}" for revision in await _until(deadline, step)]
        except PluginTablesRefused as error:
            refused.append(str(error))
    return made, refused


async def _pending_of_plugins(connection: asyncpg.Connection, plugins: Migrations) -> list[str]:
    if not await connection.fetchval("SELECT to_regclass('public.plugin_revisions') IS NOT NULL"):
        return [f"tables of the plugin {plugin_id}" for plugin_id in sorted(plugins)]
    steps = []
    for plugin_id in sorted(plugins):
        try:
            missing = await lacking(connection, plugin_id, plugins[plugin_id])
        except PluginTablesRefused as error:
            steps.append(str(error))
        else:
            steps += [f"the plugin {plugin_id}: revision {each.revision}" for each in missing]
    return steps


async def _missing(connection: asyncpg.Connection) -> list[str]:
    """Return tables and functions of this release that the database lacks."""
    tables = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    )
    wanted = [name for file in sql_files() for name in file.functions]
    functions = await connection.fetch(_OUR_FUNCTIONS, wanted)
    lacking = set(metadata.tables) - {row["relname"] for row in tables}
    return sorted(lacking) + sorted(set(wanted) - {row["name"] for row in functions})
