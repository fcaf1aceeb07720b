"""What one process holds: opened by the API, the workers and the command line."""

from collections.abc import Callable

import redis.asyncio as redis

from core.ports.secrets import Secrets
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.ids import Ids, TenantId
from core.shared.tenant import TenantContext
from plugins.host.catalogue import Catalogue
from plugins.outbound.network import OutboundNetwork
from plugins.postgres.credentials import Credentials
from plugins.postgres.database import Database, DatabaseSettings
from plugins.postgres.directory import TenantDirectory
from plugins.postgres.master_keys import MasterKeys
from plugins.postgres.subject_keys import SubjectVault
from plugins.postgres.tenant_keys import TenantKeys
from plugins.system.clock import SystemClock
from plugins.system.ids import RandomIds
from tenants.catalogue import HostCatalogue
from tenants.file_stores import FileStores, open_file_stores
from tenants.file_turns import FileTurns
from tenants.identities import Identified, Identities
from tenants.master_keys import check_master_keys, master_key_loader
from tenants.plugins.call_log import CallLog
from tenants.plugins.facade import Plugins
from tenants.plugins.installed import installed_plugins
from tenants.plugins.seams import Process
from tenants.resume_reading import ResumeSandbox
from tenants.scope import Machinery, TenantScope
from tenants.settings import Settings
from tenants.wiring.all import wire


class Runtime:
    """The database, Valkey, the clock and every use case with its ports."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        valkey: redis.Redis,
        clock: Clock,
        ids: Ids,
        files: FileStores,
        catalogue: Catalogue | None = None,
    ) -> None:
        self.settings = settings
        self.database = database
        self.redis = valkey
        self.clock = clock
        self.ids = ids
        if settings.secret_key is None:
            raise ValueError("settings must hold the secret key; see tenants.bootstrap.prepare")
        self.master_keys = MasterKeys(master_key_loader(settings))
        self.tenant_keys = TenantKeys(database, self.master_keys)
        self.outbound = OutboundNetwork(
            networks=settings.outbound_allowed_networks, ports=settings.outbound_allowed_ports
        )
        self.plugin_calls = CallLog(database, clock, ids)
        self.catalogue = installed_plugins() if catalogue is None else catalogue
        self.plugins = Plugins(
            Process(
                settings,
                database,
                clock,
                ids,
                self.outbound,
                self.secrets,
                self.scope,
                self.plugin_calls,
            ),
            self.catalogue,
        )
        self.resumes = ResumeSandbox(ocr_languages=settings.ocr_languages or "")
        use_cases = wire()
        self._machinery = Machinery(
            database,
            clock,
            ids,
            settings,
            valkey,
            SubjectVault(self.master_keys),
            self.tenant_keys,
            HostCatalogue(self.catalogue),
            self.plugins,
            files,
            FileTurns(use_cases, max(1, settings.write_pool_size // 2)),
            self.resumes,
            self.outbound,
            use_cases,
        )
        self._credentials = Credentials(database, settings.secret_key, clock)
        self._identities = Identities(database, TenantDirectory(database), self._credentials, clock)

    @classmethod
    async def open(
        cls,
        settings: Settings,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        catalogue: Catalogue | None = None,
    ) -> "Runtime":
        """Connect to the engines that `settings` names: its URLs and secret key must be set.

        `clock` and `ids` are the machine's unless given; the demo plays a year with its own.
        `catalogue` holds the installed plugins unless a test brings its own.
        `tenants.bootstrap.prepare` fills them in for embedded engines. Raises Unavailable when the
        database is away, UnsafeRole when it would let tenants see each other, MasterKeyMissing when
        what is encrypted in it can't be read, and SettingsError when files can't be kept where
        the settings say.
        """
        if settings.database_url is None or settings.redis_url is None:
            raise ValueError("settings must name both engines; see tenants.bootstrap.prepare")
        files = await open_file_stores(settings)
        database = await Database.open(
            DatabaseSettings(
                url=settings.database_url,
                write_connections=settings.write_pool_size,
                read_connections=settings.read_pool_size,
                pool_timeout_ms=settings.pool_timeout_ms,
                statement_timeout_ms=settings.statement_timeout_ms,
                lock_timeout_ms=settings.lock_timeout_ms,
            )
        )
        valkey = redis.Redis.from_url(
            settings.redis_url, socket_timeout=2, socket_connect_timeout=2
        )
        runtime = cls(
            settings, database, valkey, clock or SystemClock(), ids or RandomIds(), files, catalogue
        )
        try:
            await database.assert_safe()
            await check_master_keys(runtime.master_keys, database)
            await runtime._identities.start()
            await runtime.plugins.start()
        except BaseException:
            await runtime.close()
            raise
        return runtime

    async def close(self) -> None:
        """Let go of every connection and process."""
        self.resumes.close()
        await self.plugins.stop()
        await self.plugin_calls.stop()
        await self._identities.stop()
        await self._credentials.close()
        await self.outbound.close()
        await self.redis.aclose()
        await self.database.close()

    def secrets(self, tenant_id: TenantId) -> Secrets:
        """Return the tenant's secrets, outside of any command."""
        return self.tenant_keys.secrets(tenant_id)

    async def resolve_host(self, host: str) -> TenantContext | None:
        """Return the tenant that lives at `host` (without port), or None.

        A name below the base domain is a slug, any other a custom domain.
        """
        name = host.lower().rstrip(".")
        slug = name.removesuffix("." + self.settings.base_domain)
        if slug == name:
            return await self._identities.by_host(name)
        return None if "." in slug else await self._identities.by_host(slug)

    async def identify_key(self, api_key: str) -> Identified | None:
        """Return the tenant and actor of an API key, or None when it doesn't hold."""
        return await self._identities.by_api_key(api_key)

    async def identify_session(self, token: str) -> Identified | None:
        """Return the tenant and actor of a session token, or None when it doesn't hold."""
        return await self._identities.by_session(token)

    def on_identity_change(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` when any credential may hold no longer; return what ends that."""
        return self._identities.watch(changed)

    def scope(self, tenant: TenantContext, actor: Actor, request_id: str) -> TenantScope:
        """Return the door to the core for one request."""
        return TenantScope(self._machinery, tenant, actor, request_id)
