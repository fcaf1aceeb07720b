"""Looks names up in the domain name system, with a deadline. Used when domains are checked.

Nothing is connected to what is found, so answers aren't checked as in `lookup`.
"""

from collections.abc import Sequence
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

from core.ports.dns import DnsType, DnsUnavailable

SECONDS: Final = 4.0
"""For one name, all servers together."""

_MOST_RECORDS: Final = 50
_NOT_THERE: Final = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)


class ResolvingDns:
    """Implements `core.ports.dns.Dns` by the machine's own servers, or by those that are named."""

    def __init__(
        self, servers: Sequence[str] = (), *, port: int = 53, seconds: float = SECONDS
    ) -> None:
        self._servers = servers
        self._port = port
        self._seconds = seconds
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def look_up(self, name: str, kind: DnsType) -> tuple[str, ...]:
        """Return what a name says. Raises DnsUnavailable."""
        try:
            wanted = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError):
            return ()  # nothing can be there
        try:
            answer = await self._ready().resolve(wanted, kind, lifetime=self._seconds, search=False)
        except _NOT_THERE:
            return ()
        except (dns.exception.DNSException, OSError) as error:
            raise DnsUnavailable(f"{name} could not be looked up") from error
        return tuple(_said(record, kind) for record in list(answer)[:_MOST_RECORDS])

    def _ready(self) -> dns.asyncresolver.Resolver:
        """Return the resolver; a machine without servers says so only when it is asked."""
        if self._resolver is None:
            resolver = dns.asyncresolver.Resolver(configure=not self._servers)
            if self._servers:
                resolver.nameservers = list(self._servers)
                resolver.port = self._port
            resolver.timeout = self._seconds / 2
            self._resolver = resolver
        return self._resolver


def _said(record: object, kind: DnsType) -> str:
    if kind == "TXT":
        strings: Sequence[bytes] = getattr(record, "strings", ())
        text = b"".join(strings).decode("utf-8", "replace")
        # Anybody may publish anything: what can't be shown is neither kept nor passed on.
        return "".join(mark if mark.isprintable() else "\ufffd" for mark in text)
    if kind == "CNAME":
        return _host(getattr(record, "target", None))
    return f"{getattr(record, 'preference', 0)} {_host(getattr(record, 'exchange', None))}"


def _host(name: object) -> str:
    return str(name).lower().rstrip(".")
