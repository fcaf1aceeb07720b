"""Which adapter stands behind tenants' secrets: in the command's transaction if there is one."""

from core.ports.secrets import Secrets
from tenants.injection import Providers

PROVIDERS: Providers = {
    Secrets: lambda session: session.tenant_keys.secrets(session.tenant.id, session.unit),
}
"""Which adapter stands behind `Secrets`."""
