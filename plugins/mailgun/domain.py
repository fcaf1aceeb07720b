"""What Mailgun needs in the domain name system."""

from typing import Final

from plugins.mailgun.settings import MailgunSettings
from plugins.sdk import PluginContext
from plugins.sdk.ports import DkimRecord, DnsRecord, SendingDomain

INBOUND: Final = {
    "us": ("mxa.mailgun.org", "mxb.mailgun.org"),
    "eu": ("mxa.eu.mailgun.org", "mxb.eu.mailgun.org"),
}
SPF: Final = "mailgun.org"


class MailgunDomain:
    """Implements `MailDomain`: Mailgun signs as the sending domain; returned mail goes there."""

    def __init__(self, context: PluginContext[MailgunSettings]) -> None:
        self._settings = context.settings

    async def sending_domain(self) -> SendingDomain:
        """Return the SPF record, the key if its selector is known, and the MX records."""
        settings = self._settings
        domain = settings.domain.lower()
        replies = settings.reply_domain
        return SendingDomain(
            sender_address=settings.sender_address or f"no-reply@{domain}",
            envelope_domain=domain,
            spf_include=SPF,
            dkim_domain=domain,
            dkim=tuple(
                DkimRecord(host=f"{selector}._domainkey.{domain}", type="TXT")
                for selector in (settings.dkim_selector,)
                if selector
            ),
            inbound=()
            if replies is None
            else tuple(DnsRecord(replies, "MX", f"10 {host}") for host in INBOUND[settings.region]),
        )
