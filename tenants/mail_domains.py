"""Asks a tenant's plugins that send e-mail from which domain they do, and what they need there."""

from collections.abc import Sequence

from core.deliverability.ports import Need
from core.ports.mail_domain import MailDomain, MailDomainUnavailable
from tenants.injection import Session


class TenantMailDomains:
    """Implements `core.deliverability.ports.MailDomains`."""

    def __init__(self, session: Session) -> None:
        self._plugins = session.plugins
        self._tenant = session.tenant
        self._own = f"{session.tenant.slug}.{session.settings.base_domain}"

    async def needs(self) -> Sequence[Need]:
        """Return what each needs that says so; one that fails is left out."""
        found: list[Need] = []
        for each in await self._plugins.adapters(self._tenant, MailDomain):
            try:
                setup = await each.port.sending_domain()
            except MailDomainUnavailable:
                continue
            domain = _ascii((setup.sender_address or f"no-reply@{self._own}").rpartition("@")[2])
            found.append(Need(each.plugin_id, domain, setup.sender_address is None, setup))
        return found


def _ascii(domain: str) -> str:
    """Return a domain as it is looked up (RFC 5891)."""
    try:
        return domain.lower().rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        return domain.lower()
