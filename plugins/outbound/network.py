"""The process's guarded way out, narrowed for each caller. Held by `tenants.runtime`."""

import ssl
from collections.abc import Collection, Iterable

from core.ports.dns import Dns
from core.ports.outbound import OutboundConnections, OutboundHttp
from plugins.outbound.addresses import read_networks
from plugins.outbound.connections import MAIL_PORTS, GuardedConnections
from plugins.outbound.http import GuardedHttp, GuardedSession
from plugins.outbound.lookup import Guard, Lookup, SystemLookup
from plugins.outbound.names import ResolvingDns


class OutboundNetwork:
    """Make one for each process; `close` it at the end.

    `networks` are the operator's, allowed though they aren't public, `ports` allowed besides those
    of HTTP and mail. `lookup` and `trust` (certificates believed) are the system's unless given.
    """

    def __init__(
        self,
        *,
        networks: Iterable[str] = (),
        ports: Collection[int] = (),
        lookup: Lookup | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._own_lookup = SystemLookup() if lookup is None else None
        self._guard = Guard(lookup or self._own_lookup or SystemLookup(), read_networks(networks))
        self._session = GuardedSession(self._guard, ports, trust)
        self._ports = MAIL_PORTS.union(ports)
        self._trust = trust
        self.names: Dns = ResolvingDns()
        """Says what names say, for who checks domains; nothing is connected to."""

    def http(self, hosts: Collection[str]) -> OutboundHttp:
        """Return HTTP to `hosts`; `*` is any, `*.example.com` whatever lies below it."""
        return GuardedHttp(self._session, _lowered(hosts))

    def connections(self, hosts: Collection[str]) -> OutboundConnections:
        """Return plain connections to mail ports of `hosts`."""
        return GuardedConnections(self._guard, self._ports, _lowered(hosts), self._trust)

    async def close(self) -> None:
        """Close every connection that is kept open."""
        await self._session.close()
        if self._own_lookup is not None:
            self._own_lookup.close()


def _lowered(hosts: Collection[str]) -> frozenset[str]:
    return frozenset(host.lower().removesuffix(".") for host in hosts)
