"""Where a tenant lives: the addresses in links that people are given."""

from core.shared.tenant import TenantContext
from tenants.settings import Settings

_USUAL_PORTS = {"http": 80, "https": 443}


def tenant_host(settings: Settings, slug: str) -> str:
    """Return the host, with its port where it isn't the usual one, that a tenant lives at.

    Over https a proxy stands in front, and answers at the usual port.
    """
    host = f"{slug}.{settings.base_domain}"
    if settings.public_scheme == "https" or settings.port == _USUAL_PORTS["http"]:
        return host
    return f"{host}:{settings.port}"


def tenant_url(settings: Settings, tenant: TenantContext) -> str:
    """Return the address of a tenant without a slash at its end."""
    return f"{settings.public_scheme}://{tenant_host(settings, tenant.slug)}"
