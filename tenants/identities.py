"""Who is asking: hosts, API keys and sessions resolved to tenants and actors, cached for seconds.

The database says by NOTIFY when a tenant, member, session or key changed, and everything cached is
dropped at once. While that line is down nothing is answered from the cache, so a revoked credential
never outlives its revocation by more than the notification takes.
"""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog
from cachetools import TTLCache

from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.tenant import TenantContext
from plugins.postgres.credentials import Credentials, Holder
from plugins.postgres.database import CONNECTION_LOST, Database
from plugins.postgres.directory import TenantDirectory

CHANNEL: Final = "identity_changed"
CACHED_SECONDS: Final = 10
CACHED_ENTRIES: Final = 20_000
RECONNECT_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class Identified(msgspec.Struct, frozen=True):
    """A credential that holds: the tenant it is for and the actor it stands for."""

    tenant: TenantContext
    actor: Actor
    ends_at: UtcDatetime | None = None
    """When it ends by itself, unless it is used before; None when it doesn't."""


class Identities:
    """Answers from the cache where it may, from the database where it must."""

    def __init__(
        self,
        database: Database,
        directory: TenantDirectory,
        credentials: Credentials,
        clock: Clock,
    ) -> None:
        self._database = database
        self._clock = clock
        self._directory = directory
        self._credentials = credentials
        self._tenants: TTLCache[str, TenantContext] = TTLCache(CACHED_ENTRIES, CACHED_SECONDS)
        self._identified: TTLCache[bytes, Identified] = TTLCache(CACHED_ENTRIES, CACHED_SECONDS)
        self._listening = False
        self._changes = 0
        self._stopping = False
        self._listener: asyncio.Task[None] | None = None
        self._watchers: list[Callable[[], None]] = []

    async def start(self) -> None:
        """Begin to listen for changes."""
        self._listener = asyncio.create_task(self._listen(), name="identity-changes")

    async def stop(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._stopping = True
        while self._listener is not None and not self._listener.done():
            # Once may not do: a cancellation can be lost inside `wait_for` of Python 3.11.
            self._listener.cancel()
            await asyncio.wait((self._listener,), timeout=1.0)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` whenever what is known may be known no longer; return what ends that."""
        self._watchers.append(changed)
        return lambda: self._watchers.remove(changed)

    async def by_host(self, host: str) -> TenantContext | None:
        """Return the tenant that lives at `host` (a slug or a custom domain), or None."""
        if self._listening and (known := self._tenants.get(host)) is not None:
            return known
        changes = self._changes
        tenant = await self._directory.by_host(host)
        if tenant is not None and self._fresh(changes):
            self._tenants[host] = tenant
        return tenant

    async def by_api_key(self, key: str) -> Identified | None:
        """Return whom an API key stands for, or None when it doesn't hold."""
        digest = hashlib.sha256(b"key:" + key.encode()).digest()
        if (known := self._known(digest)) is not None:
            return known
        changes = self._changes
        return self._keep(digest, changes, await self._credentials.by_api_key(key))

    async def by_session(self, token: str) -> Identified | None:
        """Return whom a session token stands for, or None when it doesn't hold."""
        digest = hashlib.sha256(b"session:" + token.encode()).digest()
        if (known := self._known(digest)) is not None:
            return known
        changes = self._changes
        return self._keep(digest, changes, await self._credentials.by_session(token))

    def _known(self, digest: bytes) -> Identified | None:
        if not self._listening:
            return None
        known = self._identified.get(digest)
        if known is None or known.ends_at is None or known.ends_at > self._clock.now():
            return known
        return None

    def _keep(self, digest: bytes, changes: int, found: Holder | None) -> Identified | None:
        if found is None:
            return None
        identified = Identified(*found)
        if self._fresh(changes):
            self._identified[digest] = identified
        return identified

    def _fresh(self, changes: int) -> bool:
        """Whether nothing changed while the database was asked."""
        return self._listening and changes == self._changes

    def _forget(self, *_: Any) -> None:
        self._changes += 1
        self._tenants.clear()
        self._identified.clear()
        for changed in self._watchers:
            changed()

    async def _listen(self) -> None:
        while not self._stopping:
            try:
                async with self._database.listen(CHANNEL, self._forget) as lost:
                    self._forget()
                    self._listening = True
                    await lost.wait()
            except CONNECTION_LOST as error:
                log.warning("identity_changes_lost", error=type(error).__name__)
            finally:
                self._listening = False
                self._forget()
            await asyncio.sleep(RECONNECT_SECONDS)
