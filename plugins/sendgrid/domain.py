"""What SendGrid needs in the domain name system (its "Automated Security")."""

from typing import Final

from plugins.sdk import PluginContext
from plugins.sdk.ports import DkimRecord, DnsRecord, SendingDomain
from plugins.sendgrid.settings import SendGridSettings

SELECTORS: Final = ("s1", "s2")
INBOUND: Final = "mx.sendgrid.net"


class SendGridDomain:
    """Implements `MailDomain`.

    Where the two keys lead holds the number of the account, which only SendGrid's own page shows.
    Mail that comes back goes to a name below the domain that SendGrid chooses, with an SPF record
    of SendGrid's.
    """

    def __init__(self, context: PluginContext[SendGridSettings]) -> None:
        self._settings = context.settings

    async def sending_domain(self) -> SendingDomain:
        """Return the two keys, and the MX record of replies where they are set up."""
        settings = self._settings
        domain = (settings.sender_address or "").rpartition("@")[2].lower()
        replies = settings.reply_domain
        return SendingDomain(
            sender_address=settings.sender_address,
            dkim_domain=domain or None,
            dkim=tuple(
                DkimRecord(
                    host=f"{selector}._domainkey.{domain}", type="CNAME", ends_with=".sendgrid.net"
                )
                for selector in SELECTORS
                if domain
            ),
            inbound=() if replies is None else (DnsRecord(replies, "MX", f"10 {INBOUND}"),),
        )
