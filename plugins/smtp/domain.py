"""What a mail server of the tenant's needs in the domain name system."""

from plugins.sdk import PluginContext
from plugins.sdk.ports import DkimRecord, SendingDomain
from plugins.smtp.settings import SmtpSettings


class SmtpDomain:
    """Implements `MailDomain`. Which servers may send, the tenant's own SPF record says."""

    def __init__(self, context: PluginContext[SmtpSettings]) -> None:
        self._settings = context.settings

    async def sending_domain(self) -> SendingDomain:
        """Return where returned mail goes, and the key if its selector is known."""
        settings = self._settings
        address = settings.sender_address
        domain = None if address is None else address.rpartition("@")[2].lower()
        selector = settings.dkim_selector
        return SendingDomain(
            sender_address=address,
            envelope_domain=domain,
            dkim_domain=domain,
            dkim=()
            if domain is None or selector is None
            else (DkimRecord(host=f"{selector}._domainkey.{domain}", type="TXT"),),
        )
