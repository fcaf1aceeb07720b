"""Which adapters stand behind the ports of sending domains."""

from core.deliverability import usecases
from core.deliverability.ports import DomainCheckQueries, DomainChecks, MailDomains
from core.ports.dns import Dns
from plugins.postgres.sending_domains import PostgresDomainCheckQueries, PostgresDomainChecks
from tenants.injection import Providers
from tenants.mail_domains import TenantMailDomains

USE_CASES = (usecases,)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    Dns: lambda session: session.outbound.names,
    MailDomains: TenantMailDomains,
    DomainCheckQueries: lambda session: PostgresDomainCheckQueries(session.reader),
    DomainChecks: lambda session: PostgresDomainChecks(session.writer),
}
"""What stands behind each port."""
