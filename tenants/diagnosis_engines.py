"""The part of the diagnosis that asks PostgreSQL and Redis or Valkey. Called by `diagnosis`."""

from collections.abc import Iterator

import asyncpg
from redis.exceptions import RedisError

from plugins.embedded.engines import EMBEDDED_DATABASE, EngineState
from plugins.postgres.addresses import role_url
from plugins.postgres.inspection import PostgresFacts, inspect_postgres
from plugins.postgres.migrate import head
from plugins.postgres.roles import DEFAULT_ROLES, OLDEST_VERSION
from plugins.valkey.inspection import RedisFacts, inspect_redis
from tenants.findings import Finding, in_megabytes, ok, problem, warning
from tenants.settings import Settings

_POSTGRES, _ROLE, _MIGRATIONS, _REDIS = "postgresql", "database role", "migrations", "redis"
_FULL = 0.8
_OLDEST = {"Redis": 7, "Valkey": 8}
_UNREACHABLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def examine_database(settings: Settings, embedded: EngineState | None) -> list[Finding]:
    """Ask the database as the application role, and as the owner where it must be the owner."""
    if settings.database_url is not None:
        return await _ask(settings.database_url, settings.owner_database_url, "external")
    if embedded is None or embedded.pid is None:
        return [_not_running(_POSTGRES, embedded)]
    app, owner = (
        role_url(embedded.url, role, database=EMBEDDED_DATABASE)
        for role in (DEFAULT_ROLES.app, DEFAULT_ROLES.owner)
    )
    return await _ask(app, owner, f"embedded, process {embedded.pid}")


async def examine_redis(settings: Settings, embedded: EngineState | None) -> list[Finding]:
    """Ask the server that carries work and live messages."""
    where, url = "external", settings.redis_url
    if url is None:
        if embedded is None or embedded.pid is None:
            return [_not_running(_REDIS, embedded)]
        where, url = f"embedded, process {embedded.pid}", embedded.url
    try:
        facts = await inspect_redis(url)
    except (OSError, RedisError, ValueError) as error:
        return [
            problem(
                _REDIS,
                f"{where}, doesn't answer: {_reason(error)}",
                "Start it, or correct INTELLIMATCH_REDIS_URL.",
            )
        ]
    return list(_judge_redis(facts, where))


def _not_running(name: str, embedded: EngineState | None) -> Finding:
    if embedded is not None and embedded.in_use:
        return problem(
            name,
            "embedded, has ended although the app runs",
            f"Read {embedded.folder / 'server.log'}, then start the app again: it brings it back.",
        )
    return ok(name, "embedded, not running; it starts and stops with the app")


async def _ask(app_url: str, owner_url: str | None, where: str) -> list[Finding]:
    try:
        facts = await inspect_postgres(app_url)
    except (
        asyncpg.InvalidCatalogNameError,
        asyncpg.InvalidAuthorizationSpecificationError,
    ) as error:
        return [
            problem(
                _POSTGRES,
                f"{where}, runs, but lets the application not in: {_reason(error)}",
                "Run `intellimatch migrate`, or correct INTELLIMATCH_DATABASE_URL.",
            )
        ]
    except _UNREACHABLE as error:
        return [
            problem(
                _POSTGRES,
                f"{where}, doesn't answer: {_reason(error)}",
                "Start it, or correct INTELLIMATCH_DATABASE_URL.",
            )
        ]
    return [
        *_judge_server(facts, where),
        _judge_role(facts),
        _judge_migrations(facts, await _revision(facts, owner_url)),
    ]


async def _revision(facts: PostgresFacts, owner_url: str | None) -> str | None:
    if facts.revision is not None or not facts.migrated or owner_url is None:
        return facts.revision
    try:
        return (await inspect_postgres(owner_url)).revision
    except _UNREACHABLE:
        return None


def _judge_server(facts: PostgresFacts, where: str) -> Iterator[Finding]:
    said = (
        f"{where}, version {facts.version}, {in_megabytes(facts.database_bytes)}, "
        f"{facts.connections} of {facts.max_connections} connections"
    )
    if facts.major_version < OLDEST_VERSION:
        yield problem(_POSTGRES, said, f"Upgrade it to PostgreSQL {OLDEST_VERSION} or later.")
    elif facts.connections > _FULL * facts.max_connections:
        yield warning(_POSTGRES, said, "Lower the pool sizes, or raise its max_connections.")
    else:
        yield ok(_POSTGRES, said)
    if not facts.durable:
        yield problem(
            _POSTGRES,
            "fsync or full_page_writes is off: a crash may destroy the data",
            "Turn both on, unless this is a test.",
        )


def _judge_role(facts: PostgresFacts) -> Finding:
    if facts.role_findings:
        return problem(
            _ROLE,
            f"{facts.role} is not safe for the application: {'; '.join(facts.role_findings)}",
            "Set INTELLIMATCH_DATABASE_URL to the role that `intellimatch migrate` makes.",
        )
    return ok(_ROLE, f"{facts.role} owns nothing and can't bypass row-level security")


def _judge_migrations(facts: PostgresFacts, revision: str | None) -> Finding:
    wanted = head()
    if not facts.migrated:
        return problem(_MIGRATIONS, "none has run", "Run `intellimatch migrate`.")
    if revision is None:
        return warning(
            _MIGRATIONS, "this role may not see which ran", "Set INTELLIMATCH_OWNER_DATABASE_URL."
        )
    if wanted != revision:
        return problem(
            _MIGRATIONS,
            f"at {revision}, the program expects {wanted}",
            "Run `intellimatch migrate`.",
        )
    return ok(_MIGRATIONS, f"at {revision}")


def _judge_redis(facts: RedisFacts, where: str) -> Iterator[Finding]:
    said = (
        f"{where}, {facts.product} {facts.version}, {in_megabytes(facts.memory_bytes)}, "
        f"{facts.clients} clients"
    )
    oldest = _OLDEST[facts.product]
    if facts.major_version < oldest:
        yield problem(_REDIS, said, f"Upgrade it to {facts.product} {oldest} or later.")
    else:
        yield ok(_REDIS, said)
    if facts.eviction_policy not in {None, "noeviction"}:
        yield problem(
            _REDIS,
            f"maxmemory-policy is {facts.eviction_policy}: it throws work away when it is full",
            "Set its maxmemory-policy to noeviction.",
        )
    if not facts.persistent:
        yield warning(
            _REDIS,
            "it keeps nothing on disk: after its restart work waits until the relay finds it",
            "Set its appendonly to yes.",
        )


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
