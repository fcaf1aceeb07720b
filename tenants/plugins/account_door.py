"""The door of a context to the account at the plugin's vendor, used on the plugin's thread."""

from core.shared.tenant import TenantContext
from tenants.plugins.enabled import EnabledPlugin
from tenants.plugins.hiding import Hider
from tenants.plugins.marshalling import Marshal
from tenants.plugins.renewing import AccountTokens


class AccountDoor:
    """Implements `plugins.sdk.context.Account`."""

    def __init__(
        self,
        tokens: AccountTokens,
        tenant: TenantContext,
        enabled: EnabledPlugin,
        marshal: Marshal,
        hider: Hider,
    ) -> None:
        self._tokens = tokens
        self._tenant = tenant
        self._enabled = enabled
        self._marshal = marshal
        self._hider = hider

    async def access_token(self, *, refused: str | None = None) -> str:
        """Return a valid token, which is hidden from then on in what the plugin says."""

        async def work() -> str:
            return await self._tokens.current(self._tenant, self._enabled, refused)

        token = await self._marshal.on_host(work)
        self._hider.learn(token)
        return token
