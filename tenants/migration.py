"""`intellimatch migrate` without the command line: which roles, which database, then the schema.

With the embedded engine everything is made. With an external server the roles and the database
are made when an administrator's address is set, and taken as they are otherwise.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import msgspec

from plugins.embedded.engines import EMBEDDED_DATABASE, start_engines
from plugins.postgres.addresses import role_url
from plugins.postgres.migrate import Migrated, MigrationError, migrate, pending
from plugins.postgres.roles import DEFAULT_ROLES, RoleNames, RolePasswords, prepare_database
from tenants.catalogue import migrations_of
from tenants.plugins.installed import installed_plugins
from tenants.settings import Settings


class _Target(msgspec.Struct, frozen=True):
    """The database to migrate."""

    owner_url: str
    database: str
    names: RoleNames
    admin_url: str | None
    passwords: RolePasswords


async def migrate_database(settings: Settings) -> Migrated:
    """Make what is missing and migrate. Raises MigrationError, RoleSetupError or EngineError."""
    async with _target(settings) as target:
        if target.admin_url is not None:
            await prepare_database(
                target.admin_url,
                target.database,
                names=target.names,
                passwords=target.passwords,
            )
        plugins = migrations_of(await asyncio.to_thread(installed_plugins))
        return await migrate(target.owner_url, target.names, plugins=plugins)


async def pending_migrations(settings: Settings) -> list[str]:
    """Say what `migrate_database` would do to the schema; changes nothing. Raises as it does."""
    async with _target(settings) as target:
        plugins = migrations_of(await asyncio.to_thread(installed_plugins))
        return await pending(target.owner_url, target.names, plugins)


@asynccontextmanager
async def _target(settings: Settings) -> AsyncIterator[_Target]:
    if settings.database_url is not None:
        yield _external(settings, settings.database_url)
        return
    engines = await asyncio.to_thread(start_engines, settings.data_dir, postgres=True, valkey=False)
    try:
        admin_url = str(engines.postgres_admin_url)
        yield _Target(
            owner_url=role_url(admin_url, DEFAULT_ROLES.owner, database=EMBEDDED_DATABASE),
            database=EMBEDDED_DATABASE,
            names=DEFAULT_ROLES,
            admin_url=admin_url,
            passwords=RolePasswords(),
        )
    finally:
        await asyncio.to_thread(engines.release)


def _external(settings: Settings, app_url: str) -> _Target:
    owner_url, relay_url = settings.owner_database_url, settings.relay_database_url
    if owner_url is None:
        raise MigrationError(
            "INTELLIMATCH_OWNER_DATABASE_URL is not set.",
            "Set it to the database's address as the owner role, which migrations run as.",
        )
    database = _name(urlsplit(owner_url).path)
    if database != _name(urlsplit(app_url).path):
        raise MigrationError(
            "INTELLIMATCH_OWNER_DATABASE_URL and INTELLIMATCH_DATABASE_URL name two databases.",
            "Make them name the same one.",
        )
    return _Target(
        owner_url=owner_url,
        database=database,
        names=RoleNames(
            owner=_user(owner_url) or DEFAULT_ROLES.owner,
            app=_user(app_url) or DEFAULT_ROLES.app,
            relay=_user(relay_url) or DEFAULT_ROLES.relay,
        ),
        admin_url=settings.admin_database_url,
        passwords=RolePasswords(
            owner=_password(owner_url), app=_password(app_url), relay=_password(relay_url)
        ),
    )


def _name(path: str) -> str:
    return unquote(path.lstrip("/"))


def _user(url: str | None) -> str | None:
    user = urlsplit(url or "").username
    return unquote(user) if user else None


def _password(url: str | None) -> str | None:
    password = urlsplit(url or "").password
    return unquote(password) if password else None
