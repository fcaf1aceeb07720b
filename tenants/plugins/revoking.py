"""The background work that gives a disconnected account's tokens back to their vendor.

The tokens travel sealed in the task, with the client that may revoke them: by the time a worker
takes it, settings and account are forgotten here.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import structlog

from core.ports.secrets import SecretPlace
from core.ports.tasks import Tasks, outside
from core.shared.errors import InvalidInput, Unavailable
from core.shared.reactions import PLUGIN_QUEUE
from core.shared.secret import Secret
from plugins.host.catalogue import Catalogue, LoadedPlugin
from tenants.injection import Session
from tenants.plugins.vendor import Tokens, Vendor, VendorAway, VendorRefused, client_of

TASK: Final = "plugin_revocation"

log = structlog.get_logger(__name__)


class RevokeTokens(msgspec.Struct, frozen=True):
    """The payload of the task."""

    plugin_id: str
    sealed: str


class _Sealed(msgspec.Struct, frozen=True):
    tokens: Tokens
    values: dict[str, str]
    """The two settings that name the client."""


class HostRevocations:
    """Implements `core.installations.ports.Revocations` within one command."""

    def __init__(self, session: Session, tasks: Tasks) -> None:
        self._session = session
        self._tasks = tasks

    async def promise(self, plugin_id: str, values: Mapping[str, Any], tokens: Secret) -> None:
        """Schedule the task, unless nobody takes the tokens or the client isn't known."""
        plugin = _catalogue(self._session).plugins.get(plugin_id)
        provider = None if plugin is None else plugin.oauth_provider
        if provider is None or provider.revoke_url is None:
            return
        try:
            client = client_of(provider, values)
        except InvalidInput:
            return
        names = {
            provider.client_id_setting: client.id,
            provider.client_secret_setting: client.secret.reveal(),
        }
        text = Secret(msgspec.json.encode(_Sealed(Tokens.unsealed(tokens), names)).decode())
        session = self._session
        secrets = session.tenant_keys.secrets(session.tenant.id, session.unit)
        sealed = await secrets.seal(_place(plugin_id), text)
        await self._tasks.schedule(TASK, {"plugin_id": plugin_id, "sealed": sealed})


class RevocationDesk:
    """What the task needs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def has(self, plugin_id: str) -> bool:
        """Whether the plugin is still installed."""
        return plugin_id in _catalogue(self._session).plugins

    async def revoke(self, work: RevokeTokens) -> None:
        """Ask the vendor. Raises Unavailable when it can't be asked now."""
        session = self._session
        plugin: LoadedPlugin = _catalogue(session).plugins[work.plugin_id]
        secrets = session.tenant_keys.secrets(session.tenant.id)
        opened = await secrets.open(_place(work.plugin_id), work.sealed)
        kept = msgspec.json.decode(opened.reveal(), type=_Sealed)
        try:
            vendor = Vendor(session.plugins.network, plugin, kept.values)
            await vendor.revoke(kept.tokens)
        except VendorAway as error:
            raise Unavailable(str(error)) from error
        except (VendorRefused, InvalidInput) as error:
            # Another plugin version, or tokens that ended long ago: asking again helps nobody.
            log.warning("tokens_not_revoked", plugin=plugin.id, error=type(error).__name__)


@outside(TASK, queue=PLUGIN_QUEUE)
class RevocationWork:
    """One attempt."""

    async def prepare(self, work: RevokeTokens, *, desk: RevocationDesk) -> RevokeTokens | None:
        """Nothing is to be done once the package is gone."""
        return work if desk.has(work.plugin_id) else None

    async def perform(self, prepared: RevokeTokens, *, desk: RevocationDesk) -> None:
        """Ask the vendor."""
        await desk.revoke(prepared)

    async def conclude(self, prepared: RevokeTokens, outcome: Any) -> None:
        """Nothing is to be noted but that it is done, which the runner does."""


def _catalogue(session: Session) -> Catalogue:
    return session.plugins.catalogue


def _place(plugin_id: str) -> SecretPlace:
    return SecretPlace("tasks", plugin_id, "tokens")
