"""What each plugin that sends says it needs in the domain name system, from its settings alone."""

from types import SimpleNamespace
from typing import Any, Final

import pytest

from core.ports.mail_domain import DkimRecord, DnsRecord, MailDomain, SendingDomain
from plugins.mailgun.domain import MailgunDomain
from plugins.mailgun.settings import MailgunSettings
from plugins.sendgrid.domain import SendGridDomain
from plugins.sendgrid.settings import SendGridSettings
from plugins.ses.domain import SesDomain
from plugins.ses.settings import SesSettings
from plugins.smtp.domain import SmtpDomain
from plugins.smtp.settings import SmtpSettings

SES: Final[dict[str, Any]] = {
    "region": "eu-central-1",
    "access_key_id": "A" * 20,
    "secret_access_key": "s",
    "sender_address": "jobs@Example.com",
}


def _of(adapter: Any, settings: Any) -> MailDomain:
    made: MailDomain = adapter(SimpleNamespace(settings=settings))
    return made


CASES: Final[dict[str, tuple[MailDomain, SendingDomain]]] = {
    "smtp from the workspace's address": (
        _of(SmtpDomain, SmtpSettings(host="mail.example.com")),
        SendingDomain(sender_address=None),
    ),
    "smtp with a key": (
        _of(
            SmtpDomain,
            SmtpSettings(host="m.example", sender_address="jobs@Example.com", dkim_selector="k1"),
        ),
        SendingDomain(
            sender_address="jobs@Example.com",
            envelope_domain="example.com",
            dkim_domain="example.com",
            dkim=(DkimRecord(host="k1._domainkey.example.com", type="TXT"),),
        ),
    ),
    "sendgrid with replies": (
        _of(
            SendGridDomain,
            SendGridSettings(
                api_key="SG.x", sender_address="jobs@example.com", reply_domain="re.example.com"
            ),
        ),
        SendingDomain(
            sender_address="jobs@example.com",
            dkim_domain="example.com",
            dkim=tuple(
                DkimRecord(
                    host=f"{each}._domainkey.example.com", type="CNAME", ends_with=".sendgrid.net"
                )
                for each in ("s1", "s2")
            ),
            inbound=(DnsRecord("re.example.com", "MX", "10 mx.sendgrid.net"),),
        ),
    ),
    "mailgun in the EU": (
        _of(
            MailgunDomain,
            MailgunSettings(
                domain="MG.example.com",
                api_key="k",
                region="eu",
                dkim_selector="pic",
                reply_domain="re.example.com",
            ),
        ),
        SendingDomain(
            sender_address="no-reply@mg.example.com",
            envelope_domain="mg.example.com",
            spf_include="mailgun.org",
            dkim_domain="mg.example.com",
            dkim=(DkimRecord(host="pic._domainkey.mg.example.com", type="TXT"),),
            inbound=(
                DnsRecord("re.example.com", "MX", "10 mxa.eu.mailgun.org"),
                DnsRecord("re.example.com", "MX", "10 mxb.eu.mailgun.org"),
            ),
        ),
    ),
    "ses without more": (
        _of(SesDomain, SesSettings(**SES)),
        SendingDomain(sender_address="jobs@Example.com", dkim_domain="example.com"),
    ),
    "ses with everything": (
        _of(
            SesDomain,
            SesSettings(
                **SES,
                dkim_tokens="aaa bbb",
                mail_from_domain="bounce.example.com",
                reply_domain="re.example.com",
            ),
        ),
        SendingDomain(
            sender_address="jobs@Example.com",
            envelope_domain="bounce.example.com",
            spf_include="amazonses.com",
            dkim_domain="example.com",
            dkim=tuple(
                DkimRecord(
                    host=f"{each}._domainkey.example.com",
                    type="CNAME",
                    value=f"{each}.dkim.amazonses.com",
                )
                for each in ("aaa", "bbb")
            ),
            records=(
                DnsRecord(
                    "bounce.example.com", "MX", "10 feedback-smtp.eu-central-1.amazonses.com"
                ),
            ),
            inbound=(
                DnsRecord("re.example.com", "MX", "10 inbound-smtp.eu-central-1.amazonaws.com"),
            ),
        ),
    ),
}


@pytest.mark.parametrize("case", sorted(CASES))
async def test_a_plugin_says_what_it_needs(case: str) -> None:
    adapter, wanted = CASES[case]
    assert await adapter.sending_domain() == wanted
