"""Who asks: the host and the credential of a request resolved to a tenant and an actor."""

from collections.abc import Mapping
from typing import Final

import msgspec

from api.forgery import SAFE_METHODS, refuse_forgery
from api.hosts import Origin, is_address
from api.session_cookie import read_session_cookie, session_cookie_name
from core.shared.actor import Actor, anonymous
from core.shared.clock import UtcDatetime
from core.shared.errors import DomainError, Unauthenticated
from core.shared.tenant import TenantContext
from tenants.identities import Identified
from tenants.runtime import Runtime

_LONGEST_CREDENTIAL: Final = 512


class UnknownHost(DomainError):
    """No workspace lives here. Answered without a word about what would."""

    code = "unknown_host"


class InvalidCredential(Unauthenticated):
    """The API key or session isn't one, has ended, or is for another workspace."""

    code = "invalid_credential"
    title = "The credential is not valid"


class Caller(msgspec.Struct, frozen=True):
    """Who asks. Neither tenant nor actor: somebody at the bare domain without a credential."""

    tenant: TenantContext | None
    actor: Actor | None
    by_cookie: bool = False
    ends_at: UtcDatetime | None = None
    """When the credential ends by itself, unless it is used before; None when it doesn't."""


class Door:
    """Decides who a request is from."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._base_domain = runtime.settings.base_domain.lower()
        https = runtime.settings.public_scheme == "https"
        self._cookie = session_cookie_name(https=https).encode()

    async def tenant_at(self, host: str, own_address: str) -> TenantContext | None:
        """Return the tenant of a host; None for the bare domain and for the server's own address.

        Raises UnknownHost for any other.
        """
        if not host:
            raise UnknownHost("No such host.")
        if host == self._base_domain:
            return None
        if is_address(host):
            if host.strip("[]") == own_address:
                return None
            raise UnknownHost("No such host.")
        tenant = await self._runtime.resolve_host(host)
        if tenant is None:
            raise UnknownHost("No such host.")
        return tenant

    async def admit(
        self,
        tenant: TenantContext | None,
        headers: Mapping[bytes, bytes],
        origin: Origin,
        method: str,
        *,
        lenient: bool = False,
        form: bool = False,
    ) -> Caller:
        """Return who asks.

        With `lenient`, a session that has ended, or is another tenant's, is as good as none: where
        one gets a new credential, or the browser that still has its cookie could never sign in
        again, and on public pages. `form` is passed on to `refuse_forgery`.

        Raises InvalidCredential, in the same words whether a credential is wrong, has ended or is
        for another tenant than the host's; and CrossSiteRefused.
        """
        authorization = headers.get(b"authorization")
        if authorization is not None:
            return _matching(tenant, await self._by_key(authorization))
        cookies = headers.get(b"cookie")
        token = read_session_cookie(cookies, self._cookie) if cookies else None
        if method not in SAFE_METHODS:
            refuse_forgery(headers, origin, cookie=token is not None, form=form)
        if token is not None and len(token) <= _LONGEST_CREDENTIAL:
            found = await self._runtime.identify_session(token)
            if not lenient or _is_at_home(tenant, found):
                return _matching(tenant, found, by_cookie=True)
        if tenant is None:
            return Caller(None, None)
        return Caller(tenant, anonymous(tenant.id))

    async def _by_key(self, authorization: bytes) -> Identified | None:
        scheme, _, key = authorization.partition(b" ")
        key = key.strip()
        if scheme.lower() != b"bearer" or not key.isascii() or len(key) > _LONGEST_CREDENTIAL:
            return None
        return await self._runtime.identify_key(key.decode("ascii"))


def _matching(
    tenant: TenantContext | None, found: Identified | None, *, by_cookie: bool = False
) -> Caller:
    if found is None or not _is_at_home(tenant, found):
        raise InvalidCredential(
            "This API key or session is not valid here. It may have expired or been revoked."
        )
    return Caller(found.tenant, found.actor, by_cookie, found.ends_at)


def _is_at_home(tenant: TenantContext | None, found: Identified | None) -> bool:
    """Whether a credential is one, and for the tenant of the host where the host names one."""
    return found is not None and (tenant is None or tenant.id == found.tenant.id)
