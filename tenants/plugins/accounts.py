"""Connects a plugin's account: leads to the vendor's page, and makes tokens of what comes back."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec

from core.installations.contracts import ClaimConsent, KeepConnection
from core.installations.ports import VendorPage
from core.shared.errors import InvalidInput
from core.shared.ids import Ids
from core.shared.secret import Secret
from core.shared.tenant import TenantContext
from core.shared.usecase import Command
from plugins.host.catalogue import Catalogue
from plugins.sdk.contributions import OAuthProvider
from tenants.addresses import tenant_url
from tenants.plugins.enabled import EnabledPlugin, EnabledPlugins
from tenants.plugins.renewing import expiry
from tenants.plugins.seams import Process
from tenants.plugins.vendor import (
    Granted,
    Vendor,
    VendorAway,
    VendorRefused,
    client_of,
    consent_address,
    is_from,
)
from tenants.settings import Settings

CALLBACK_PATH: Final = "/oauth/callback"
STATE_BYTES: Final = 32
VERIFIER_BYTES: Final = 48
"""Makes 64 characters, of at least 43 and at most 128 (RFC 7636, 4.1)."""
MAX_CODE: Final = 8_192


_FAILURES_TOLD: Final[Mapping[type[Exception], str]] = {
    VendorRefused: "exchange_refused",
    VendorAway: "vendor_away",
    InvalidInput: "settings_missing",
}
_FAILURES: Final = tuple(_FAILURES_TOLD)


class Asking(Protocol):
    """The scope of the member whose browser came back: `tenants.scope.TenantScope`."""

    @property
    def tenant(self) -> TenantContext:
        """For whom."""
        ...

    async def execute(self, command: Command[Any]) -> Any:
        """Run a command."""
        ...


class Answered(msgspec.Struct, frozen=True):
    """What came of a vendor's answer."""

    plugin_id: str
    outcome: str
    """`connected`; what the vendor said (`access_denied`, ...: RFC 6749, 4.1.2.1); or `no_code`,
    `wrong_issuer`, `exchange_refused`, `vendor_away`, `settings_missing`.
    """


class HostVendors:
    """Implements `core.installations.ports.Vendors` for one tenant."""

    def __init__(
        self, catalogue: Catalogue, settings: Settings, tenant: TenantContext, ids: Ids
    ) -> None:
        self._catalogue = catalogue
        self._ids = ids
        self.callback_url = callback_url(settings, tenant)

    def page(self, plugin_id: str, values: Mapping[str, Any]) -> VendorPage:
        """Return the vendor's page, with a new state and verifier."""
        provider = self._catalogue.plugins[plugin_id].oauth_provider
        if provider is None:
            raise ValueError(f"the plugin {plugin_id} has no oauth_provider")
        client = client_of(provider, values)
        state = Secret(self._ids.token(STATE_BYTES))
        verifier = Secret(self._ids.token(VERIFIER_BYTES))
        address = consent_address(provider, client.id, self.callback_url, state, verifier)
        return VendorPage(address, state, verifier)


class PluginAccounts:
    """Takes vendors' answers. Of one process."""

    def __init__(self, process: Process, enabled: EnabledPlugins) -> None:
        self._process = process
        self._enabled = enabled

    async def answer(self, scope: Asking, query: Mapping[str, str]) -> Answered:
        """Make a connection of what a vendor's page sent back with the browser.

        Raises ConsentUnknown, Forbidden and Unauthenticated when it isn't this session that waits
        for it, and what `KeepConnection` raises when the plugin changed meanwhile.
        """
        state = query.get("state", "")
        claimed = await scope.execute(ClaimConsent(state=Secret(state[:MAX_CODE])))
        plugin_id: str = claimed.plugin_id
        outcome = await self._outcome(scope, plugin_id, claimed.verifier, query)
        return Answered(plugin_id, outcome)

    async def _outcome(
        self, scope: Asking, plugin_id: str, verifier: Secret, query: Mapping[str, str]
    ) -> str:
        enabled = await self._enabled.find(scope.tenant.id, plugin_id)
        if enabled is None or enabled.plugin.oauth_provider is None:
            return "settings_missing"
        if not is_from(enabled.plugin.oauth_provider, query.get("iss")):
            return "wrong_issuer"
        if "error" in query:
            return query["error"][:100] or "no_code"
        code = query.get("code", "")
        if not 0 < len(code) <= MAX_CODE:
            return "no_code"
        try:
            granted = await self._granted(scope.tenant, enabled, Secret(code), verifier)
        except _FAILURES as error:
            return _FAILURES_TOLD[type(error)]
        await self._keep(scope, enabled.plugin.oauth_provider, plugin_id, granted)
        return "connected"

    async def _granted(
        self, tenant: TenantContext, enabled: EnabledPlugin, code: Secret, verifier: Secret
    ) -> Granted:
        vendor = Vendor(self._process.network, enabled.plugin, enabled.values)
        return await vendor.exchange(code, verifier, callback_url(self._process.settings, tenant))

    async def _keep(
        self, scope: Asking, provider: OAuthProvider, plugin_id: str, granted: Granted
    ) -> None:
        await scope.execute(
            KeepConnection(
                plugin_id=plugin_id,
                tokens=granted.tokens.sealable(),
                scopes=provider.scopes if granted.scopes is None else granted.scopes,
                account=granted.account,
                expires_at=expiry(self._process.clock.now(), granted.seconds),
                is_renewable=granted.tokens.refresh_token is not None,
            )
        )


def callback_url(settings: Settings, tenant: TenantContext) -> str:
    """Return where vendors lead browsers back to, at the tenant's own address."""
    return tenant_url(settings, tenant) + CALLBACK_PATH
