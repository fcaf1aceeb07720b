"""From settings to engines that are ready: started if ours, roles made, schema at head.

Called first by every process (`serve`, `worker`, `demo`). With an external database nothing
is changed but by `intellimatch migrate`; the embedded one is made and migrated by whoever starts.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import structlog

from plugins.embedded.engines import EMBEDDED_DATABASE, Engines, start_engines
from plugins.postgres.addresses import role_url
from plugins.postgres.migrate import migrate
from plugins.postgres.roles import DEFAULT_ROLES, prepare_database
from tenants.catalogue import migrations_of
from tenants.master_keys import keep_first_master_key
from tenants.plugins.installed import installed_plugins
from tenants.secret_key import resolve_secret_key
from tenants.settings import Settings

log = structlog.get_logger(__name__)


@asynccontextmanager
async def ready_engines(settings: Settings) -> AsyncIterator[Settings]:
    """Yield settings in which every address and the secret key are set; release engines at the end.

    Raises EngineError, RoleSetupError or SettingsError, each with what to do.
    """
    key = await asyncio.to_thread(resolve_secret_key, settings)
    settings = msgspec.structs.replace(settings, secret_key=key)
    if settings.uses_embedded_postgres:
        await asyncio.to_thread(keep_first_master_key, settings)
    if not (settings.uses_embedded_postgres or settings.uses_embedded_valkey):
        yield settings
        return
    engines = await asyncio.to_thread(
        start_engines,
        settings.data_dir,
        postgres=settings.uses_embedded_postgres,
        valkey=settings.uses_embedded_valkey,
    )
    try:
        yield await _with_addresses(settings, engines)
    finally:
        await asyncio.to_thread(engines.release)


async def _with_addresses(settings: Settings, engines: Engines) -> Settings:
    if engines.redis_url is not None:
        settings = msgspec.structs.replace(settings, redis_url=engines.redis_url)
    if engines.postgres_admin_url is None:
        return settings
    admin_url = engines.postgres_admin_url
    await prepare_database(admin_url, EMBEDDED_DATABASE)
    roles = DEFAULT_ROLES
    owner_url = role_url(admin_url, roles.owner, database=EMBEDDED_DATABASE)
    plugins = migrations_of(await asyncio.to_thread(installed_plugins))
    for reason in (await migrate(owner_url, plugins=plugins)).refused:
        log.warning("plugin_tables_refused", reason=reason)
    return msgspec.structs.replace(
        settings,
        admin_database_url=admin_url,
        owner_database_url=owner_url,
        database_url=role_url(admin_url, roles.app, database=EMBEDDED_DATABASE),
        relay_database_url=role_url(admin_url, roles.relay, database=EMBEDDED_DATABASE),
    )
