"""What this slice needs from outside: who sends from which domain, and what was found before."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from core.deliverability.contracts import DomainCheck
from core.ports.mail_domain import SendingDomain


class Need(msgspec.Struct, frozen=True):
    """What one plugin needs of the domain that it sends from."""

    plugin: str
    domain: str
    """Of the address in `From`, in lower case."""
    is_own: bool
    """Whether it is the workspace's own address."""
    setup: SendingDomain


class MailDomains(Protocol):
    """The tenant's enabled plugins that send e-mail. Never to be asked in a transaction."""

    async def needs(self) -> Sequence[Need]:
        """Return what each that says so needs, in the order in which they were enabled."""
        ...


class DomainCheckQueries(Protocol):
    """Reads what was found."""

    async def all(self) -> Sequence[DomainCheck]:
        """Return the last check of each domain."""
        ...


class DomainChecks(Protocol):
    """Keeps what was found."""

    async def last(self, domain: str) -> DomainCheck | None:
        """Return the last check, locked; None before the first."""
        ...

    async def put(self, check: DomainCheck) -> None:
        """Keep it in the place of the last one."""
        ...
