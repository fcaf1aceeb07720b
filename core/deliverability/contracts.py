"""What others may know of sending domains: how they stand, and commands to look again."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from core.ports.mail_domain import DnsRecord
from core.shared.usecase import Command, Query

CHECK_DOMAINS: Literal["check_sending_domains"] = "check_sending_domains"

Subject = Literal["spf", "dkim", "dmarc", "alignment", "mx"]
"""`alignment`: whether what SPF and DKIM vouch for is the domain that receivers see."""

FindingState = Literal["found", "missing", "wrong", "unknown"]
"""`unknown`: it could not be looked up, or it isn't known what should be there."""

DomainName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=253, description="Without a dot at its end.")
]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    about: Subject
    state: FindingState
    host: str
    """The name that was looked up."""
    said: str
    """What was found, in a sentence."""
    seen: tuple[str, ...] = ()
    """What the domain name system says there."""
    record: DnsRecord | None = None
    """What to publish; null when nothing is to be done, or only the service's own pages tell."""
    plugin: str | None = None
    """Which plugin needs it; null: the domain itself does."""


class DomainCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What was found when a domain was looked at."""

    domain: str
    checked_at: datetime
    state: FindingState
    """The worst of the findings: `wrong`, `missing`, `unknown`, `found`."""
    findings: tuple[Finding, ...]


class DomainView(msgspec.Struct, frozen=True, kw_only=True):
    """A domain that messages come from."""

    domain: str
    plugins: tuple[str, ...]
    """The enabled plugins that send from it."""
    is_own: bool
    """Whether it is the workspace's own address, whose records the operator of the server sets."""
    check: DomainCheck | None
    """Null: it wasn't looked at yet."""


class SendingDomains(msgspec.Struct, frozen=True):
    """Every domain that messages come from."""

    items: tuple[DomainView, ...]


class ListDomains(Query[SendingDomains], frozen=True, kw_only=True):
    """List the domains that messages come from, as they were when they were last looked at."""


class LookUpDomain(Query[DomainCheck], frozen=True, kw_only=True):
    """Look at a domain now. Awaits the network."""

    domain: DomainName


class NoteDomainCheck(Command[DomainCheck], frozen=True, kw_only=True):
    """Keep what was found."""

    check: DomainCheck


class CheckDomains(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of the task that looks at every domain of a tenant."""
