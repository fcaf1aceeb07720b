"""The secrets of one tenant: made of the system's randomness, kept as hashes, put into links."""

from urllib.parse import urlencode

from core.identity.tokens import Pepper, make_api_key, make_session_token
from core.shared.ids import Ids
from core.shared.tenant import TenantContext
from tenants.addresses import tenant_url
from tenants.settings import Settings


class TenantTokens:
    """Implements `core.identity.ports.Tokens`."""

    def __init__(self, settings: Settings, tenant: TenantContext, ids: Ids) -> None:
        if settings.secret_key is None:
            raise ValueError("settings must hold the secret key; see tenants.bootstrap")
        self._pepper = Pepper(settings.secret_key)
        self._address = tenant_url(settings, tenant)
        self._tenant_id = tenant.id
        self._ids = ids

    def session(self) -> str:
        """Return a new session token."""
        return make_session_token(self._tenant_id, self._ids.token)

    def api_key(self) -> str:
        """Return a new API key."""
        return make_api_key(self._tenant_id, self._ids.token)

    def link(self) -> str:
        """Return a new token for a link."""
        return self._ids.token(32)

    def session_digest(self, token: str) -> bytes:
        """Return what is kept of a session token."""
        return self._pepper.digest("session", token)

    def api_key_digest(self, key: str) -> bytes:
        """Return what is kept of an API key."""
        return self._pepper.digest("api_key", key)

    def invitation_digest(self, token: str) -> bytes:
        """Return what is kept of an invitation's token."""
        return self._pepper.digest("invitation", token)

    def reset_digest(self, token: str) -> bytes:
        """Return what is kept of a password reset's token."""
        return self._pepper.digest("password_reset", token)

    def sign_in_digest(self, token: str) -> bytes:
        """Return what is kept of a sign-in link's token."""
        return self._pepper.digest("sign_in_link", token)

    def browser_digest(self, browser: str) -> bytes:
        """Return what is kept of a browser's secret."""
        return self._pepper.digest("sign_in_browser", browser)

    def code_digest(self, code: str, browser_digest: bytes) -> bytes:
        """Return what is kept of a code: without the key, six digits are guessed at once."""
        return self._pepper.digest("sign_in_code", f"{browser_digest.hex()}:{code}")

    def sign_in_link(self, token: str, following: str) -> str:
        """Return the address at which one signs in."""
        rest = f"&{urlencode({'next': following})}" if following else ""
        return f"{self._address}/sign-in/link?token={token}{rest}"

    def invitation_link(self, token: str) -> str:
        """Return the address that an invited person opens."""
        return f"{self._address}/invitation?token={token}"

    def reset_link(self, token: str) -> str:
        """Return the address at which a new password is chosen."""
        return f"{self._address}/new-password?token={token}"
