"""The database's roles, and databases in which each of them has just what it needs.

`prepare_database` is called by `intellimatch migrate`, by the embedded start and by the tests,
each time; it is idempotent and mends what was changed by hand. Works on PostgreSQL 15 to 18.

| role | signs in | what it may |
|---|---|---|
| owner | yes | owns database, schema and tables; runs migrations; bound by row-level security |
| app | yes | what migrations grant it; owns nothing, is a member of nothing |
| relay | yes | what migrations grant it on the outbox |
| definer | no | bypasses row-level security; owns the few functions that need to |
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import msgspec

from plugins.postgres.addresses import replace_database
from plugins.postgres.scram import scram_verifier

OLDEST_VERSION = 15
# Roles belong to the whole server: one process at a time changes them. The number is arbitrary
# but must be the same everywhere.
_LOCK_KEY = 7_412_605_118
_REVOKE_MEMBERSHIPS = """
    SELECT format('REVOKE %I FROM %I', granted.rolname, holder.rolname)
    FROM pg_auth_members
    JOIN pg_roles AS granted ON granted.oid = pg_auth_members.roleid
    JOIN pg_roles AS holder ON holder.oid = pg_auth_members.member
    WHERE holder.rolname = $1
"""


class RoleNames(msgspec.Struct, frozen=True):
    """What the roles are called on this server."""

    owner: str = "intellimatch_owner"
    app: str = "intellimatch_app"
    relay: str = "intellimatch_relay"
    definer: str = "intellimatch_definer"

    @classmethod
    def with_prefix(cls, prefix: str) -> "RoleNames":
        """Names for one of several installations on a server: `<prefix>owner` and so on."""
        return cls(
            owner=f"{prefix}owner",
            app=f"{prefix}app",
            relay=f"{prefix}relay",
            definer=f"{prefix}definer",
        )


class RolePasswords(msgspec.Struct, frozen=True):
    """Passwords of the roles that sign in; None leaves a role's password as it is."""

    owner: str | None = None
    app: str | None = None
    relay: str | None = None

    def __repr__(self) -> str:
        return "RolePasswords(<hidden>)"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        return []


class RoleSetupError(Exception):
    """The roles or the database can't be prepared; `remedy` says what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


DEFAULT_ROLES = RoleNames()
NO_PASSWORDS = RolePasswords()


async def prepare_database(
    admin_url: str,
    database: str,
    *,
    names: RoleNames = DEFAULT_ROLES,
    passwords: RolePasswords = NO_PASSWORDS,
) -> None:
    """Make the roles and `database` if they are missing and set every right as it should be.

    `admin_url` is a superuser's. Raises `RoleSetupError`, and asyncpg's and the system's
    connection errors as they are.
    """
    async with _administrator(admin_url) as admin:
        await _ensure_roles(admin, names, passwords)
        if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            await _create(admin, database, names, template=None)
        await _run(admin, _database_statements(database, names))
    async with _administrator(replace_database(admin_url, database)) as admin:
        await _run(admin, _schema_statements(names))


async def create_database(
    admin_url: str, name: str, *, template: str | None = None, names: RoleNames = DEFAULT_ROLES
) -> None:
    """Make a database, as a copy of `template` if given; the roles must exist.

    A copy keeps the rights inside the template; those on the database itself are set anew, as
    PostgreSQL doesn't copy them. Nobody may be connected to the template.
    """
    async with _administrator(admin_url) as admin:
        await _create(admin, name, names, template=template)
        await _run(admin, _database_statements(name, names))
    if template is None:
        async with _administrator(replace_database(admin_url, name)) as admin:
            await _run(admin, _schema_statements(names))


async def drop_database(admin_url: str, name: str) -> None:
    """Remove a database and disconnect everybody from it; none of that name is no error."""
    async with _administrator(admin_url) as admin:
        await admin.execute(f"DROP DATABASE IF EXISTS {quote_name(name)} WITH (FORCE)")


def hand_to_definer(function: str, names: RoleNames = DEFAULT_ROLES) -> Iterator[str]:
    """Statements, for a migration, that make the definer own `function`, e.g. `f(uuid, text)`.

    PostgreSQL wants the new owner to have CREATE on the schema at that moment only.
    """
    definer = quote_name(names.definer)
    yield f"GRANT CREATE ON SCHEMA public TO {definer}"
    yield f"ALTER FUNCTION {function} OWNER TO {definer}"
    yield f"REVOKE CREATE ON SCHEMA public FROM {definer}"
    yield f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"


def quote_name(name: str) -> str:
    """A name as an SQL identifier."""
    if not name or "\0" in name:
        raise ValueError(f"{name!r} can't be a name in SQL")
    return '"' + name.replace('"', '""') + '"'


async def _ensure_roles(
    admin: asyncpg.Connection, names: RoleNames, passwords: RolePasswords
) -> None:
    async with admin.transaction():
        await admin.execute("SELECT pg_advisory_xact_lock($1)", _LOCK_KEY)
        present = {
            row["rolname"]
            for row in await admin.fetch(
                "SELECT rolname FROM pg_roles WHERE rolname = ANY($1::text[])",
                list(msgspec.structs.astuple(names)),
            )
        }
        for role, rights in (
            (names.owner, "LOGIN NOBYPASSRLS"),
            (names.app, "LOGIN NOBYPASSRLS"),
            (names.relay, "LOGIN NOBYPASSRLS"),
            (names.definer, "NOLOGIN BYPASSRLS"),
        ):
            verb = "ALTER" if role in present else "CREATE"
            modest = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION INHERIT"
            await admin.execute(f"{verb} ROLE {quote_name(role)} {modest} {rights}")
        for role in (names.app, names.relay, names.definer):
            for row in await admin.fetch(_REVOKE_MEMBERSHIPS, role):
                await admin.execute(row[0])
        # So that migrations, run as the owner, can make and replace the definer's functions.
        await admin.execute(f"GRANT {quote_name(names.definer)} TO {quote_name(names.owner)}")
        for role, password in (
            (names.owner, passwords.owner),
            (names.app, passwords.app),
            (names.relay, passwords.relay),
        ):
            if password is not None:
                await _set_password(admin, role, password)


async def _set_password(admin: asyncpg.Connection, role: str, password: str) -> None:
    try:
        verifier = scram_verifier(password)
    except ValueError as error:
        raise RoleSetupError(
            f"The password of {role} can't be used: {error}.", "Choose another one."
        ) from None
    await admin.execute(f"ALTER ROLE {quote_name(role)} PASSWORD '{verifier}'")


async def _create(
    admin: asyncpg.Connection, name: str, names: RoleNames, *, template: str | None
) -> None:
    source = "" if template is None else f" TEMPLATE {quote_name(template)}"
    try:
        await admin.execute(
            f"CREATE DATABASE {quote_name(name)} OWNER {quote_name(names.owner)}{source}"
        )
    except asyncpg.UniqueViolationError:
        return  # another process made it at the same moment
    except asyncpg.DuplicateDatabaseError:
        if template is not None:
            raise


def _database_statements(database: str, names: RoleNames) -> Iterator[str]:
    name = quote_name(database)
    yield f"ALTER DATABASE {name} OWNER TO {quote_name(names.owner)}"
    yield f"REVOKE ALL ON DATABASE {name} FROM PUBLIC"
    for role in (names.app, names.relay):
        yield f"REVOKE ALL ON DATABASE {name} FROM {quote_name(role)}"
        yield f"GRANT CONNECT ON DATABASE {name} TO {quote_name(role)}"


def _schema_statements(names: RoleNames) -> Iterator[str]:
    owner = quote_name(names.owner)
    yield f"ALTER SCHEMA public OWNER TO {owner}"
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    for role in (names.app, names.relay, names.definer):
        yield f"REVOKE CREATE ON SCHEMA public FROM {quote_name(role)}"
        yield f"GRANT USAGE ON SCHEMA public TO {quote_name(role)}"
    # A function is open to everybody unless this is said; a grant is then part of its migration.
    for role in (owner, quote_name(names.definer)):
        yield f"ALTER DEFAULT PRIVILEGES FOR ROLE {role} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"


async def _run(admin: asyncpg.Connection, statements: Iterator[str]) -> None:
    async with admin.transaction():
        await admin.execute("SELECT pg_advisory_xact_lock($1)", _LOCK_KEY)
        for statement in statements:
            await admin.execute(statement)


@asynccontextmanager
async def _administrator(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, server_settings={"client_min_messages": "warning"})
    try:
        version = connection.get_server_version()
        if version.major < OLDEST_VERSION:
            raise RoleSetupError(
                f"This server is PostgreSQL {version.major}.",
                f"IntelliMatch needs PostgreSQL {OLDEST_VERSION} or later.",
            )
        yield connection
    except asyncpg.InsufficientPrivilegeError as error:
        raise RoleSetupError(
            f"The administrator's role may not prepare the database: {error}.",
            "Set INTELLIMATCH_ADMIN_DATABASE_URL to a superuser's address.",
        ) from error
    finally:
        await connection.close()
