"""What a service that sends e-mail needs in the domain name system: for plugins to say."""

from typing import Literal, Protocol

import msgspec

RecordType = Literal["TXT", "CNAME", "MX"]


class DnsRecord(msgspec.Struct, frozen=True):
    """A record to be made."""

    host: str
    """The whole name, such as `s1._domainkey.example.com`."""
    type: RecordType
    value: str
    """As it is typed in; of an MX record with its preference in front."""


class DkimRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that leads to a key which the service signs with."""

    host: str
    type: Literal["TXT", "CNAME"]
    value: str | None = None
    """What it must say; None when only the service's own pages tell."""
    ends_with: str | None = None
    """How the target of a CNAME ends, where `value` isn't known: `.keys.mailer.example`."""


class SendingDomain(msgspec.Struct, frozen=True, kw_only=True):
    """What a service that sends needs so that its mail is believed."""

    sender_address: str | None
    """Where messages come from; None: from the workspace's own address."""
    envelope_domain: str | None = None
    """Where returned mail goes, which is what SPF is about. None: to the service's own domain."""
    spf_include: str | None = None
    """What the SPF record of the envelope's domain must include, such as `spf.mailer.example`."""
    dkim_domain: str | None = None
    """As whom the service signs (`d=`). None: it isn't known whether it does."""
    dkim: tuple[DkimRecord, ...] = ()
    records: tuple[DnsRecord, ...] = ()
    """Further records that must be there, such as the MX of the envelope's domain."""
    inbound: tuple[DnsRecord, ...] = ()
    """MX records by which replies come in through the service, if that is set up."""


class MailDomainUnavailable(Exception):
    """The plugin can't say what it needs."""


class MailDomain(Protocol):
    """For services that send: what they need, as the tenant has set them up."""

    async def sending_domain(self) -> SendingDomain:
        """Return it, from the settings alone."""
        ...
