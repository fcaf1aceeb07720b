"""What the gate leaves in the ASGI scope for those behind it."""

from typing import Final

from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.types import Scope

from core.shared.errors import Unauthenticated
from tenants.scope import TenantScope

REQUEST_ID: Final = "intellimatch.request_id"
TENANT_SCOPE: Final = "intellimatch.tenant_scope"
CLIENT_ADDRESS: Final = "intellimatch.client_address"
HTTPS: Final = "intellimatch.https"
HEAD: Final = "intellimatch.head"


def request_id_of(scope: Scope) -> str:
    """Return the id under which this request is logged."""
    return str(scope.get(REQUEST_ID, ""))


def client_address_of(scope: Scope) -> str:
    """Return the address the request came from, looking through trusted proxies only."""
    return str(scope.get(CLIENT_ADDRESS, ""))


def is_https(scope: Scope) -> bool:
    """Whether the caller's end of the connection is encrypted, looking through trusted proxies."""
    return bool(scope.get(HTTPS, False))


def is_head(scope: Scope) -> bool:
    """Whether only the headers of the answer were asked for."""
    return bool(scope.get(HEAD, False))


def provide_tenant_scope(scope: Scope) -> TenantScope:
    """Give a controller the door to the core (the dependency `tenant_scope`).

    Raises Unauthenticated where neither the host nor a credential named a tenant.
    """
    found = scope.get(TENANT_SCOPE)
    if not isinstance(found, TenantScope):
        raise Unauthenticated(
            "Use the address of your workspace, or send an API key in the Authorization header."
        )
    return found


Scoped = NamedDependency[SkipValidation[TenantScope]]
"""Annotates a controller's parameter `tenant_scope`."""
