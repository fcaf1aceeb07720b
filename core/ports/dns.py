"""What the domain name system says: the port that domains are checked through."""

from typing import Literal, Protocol

DnsType = Literal["TXT", "CNAME", "MX"]


class DnsUnavailable(Exception):
    """Nobody answered in time, or the servers of the name failed: nothing is known."""


class Dns(Protocol):
    """Looks names up."""

    async def look_up(self, name: str, kind: DnsType) -> tuple[str, ...]:
        """Return what a name says: a TXT record's strings joined, a CNAME's target, MX `10 host`.

        Hosts in lower case without a dot at the end. Empty when the name or the type isn't there,
        or when it can't be a name at all. Raises DnsUnavailable.
        """
        ...
