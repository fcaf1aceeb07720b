"""What Amazon SES needs in the domain name system ("Easy DKIM" and a custom MAIL FROM domain)."""

from typing import Final

from plugins.sdk import PluginContext
from plugins.sdk.ports import DkimRecord, DnsRecord, SendingDomain
from plugins.ses.settings import SesSettings

SPF: Final = "amazonses.com"


class SesDomain:
    """Implements `MailDomain`.

    Without a MAIL FROM domain of the tenant's, mail that comes back goes to amazonses.com, and SPF
    vouches for that only.
    """

    def __init__(self, context: PluginContext[SesSettings]) -> None:
        self._settings = context.settings

    async def sending_domain(self) -> SendingDomain:
        """Return the keys whose tokens are known, and what the MAIL FROM domain needs."""
        settings = self._settings
        domain = settings.sender_address.rpartition("@")[2].lower()
        returned, replies = settings.mail_from_domain, settings.reply_domain
        return SendingDomain(
            sender_address=settings.sender_address,
            envelope_domain=returned,
            spf_include=None if returned is None else SPF,
            dkim_domain=domain,
            dkim=tuple(
                DkimRecord(
                    host=f"{token}._domainkey.{domain}",
                    type="CNAME",
                    value=f"{token}.dkim.amazonses.com",
                )
                for token in (settings.dkim_tokens or "").split()
            ),
            inbound=()
            if replies is None
            else (DnsRecord(replies, "MX", f"10 inbound-smtp.{settings.region}.amazonaws.com"),),
            records=()
            if returned is None
            else (DnsRecord(returned, "MX", f"10 feedback-smtp.{settings.region}.amazonses.com"),),
        )
