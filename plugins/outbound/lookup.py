"""Turns a host into addresses that were checked: the only place where names are resolved."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Final

import structlog

from core.ports.outbound import OutboundRefused
from plugins.outbound.addresses import Network, may_connect

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host; for what port is asked is only a hint."""

_THREADS: Final = 16
"""A lookup that hangs holds a thread for as long as the system tries, up to half a minute."""

log = structlog.get_logger(__name__)


class SystemLookup:
    """Asks the operating system, on threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="outbound-lookup")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return every address. Raises OSError when there is none."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, _addresses, host, port
        )
        return tuple(dict.fromkeys(found))

    def close(self) -> None:
        """Let running lookups end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Guard:
    """Resolves and checks. Every connection that is made passes `require_allowed` at last."""

    def __init__(self, lookup: Lookup, allowed: Sequence[Network]) -> None:
        self._lookup = lookup
        self._allowed = allowed

    async def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Return the addresses of `host`, which may be an address itself, each of them allowed.

        Raises OutboundRefused when one is not, or when there is none: what can't be looked up
        can't be checked.
        """
        addresses: Sequence[str]
        if _is_address(host):
            addresses = (host,)
        else:
            try:
                addresses = await self._lookup(host, port)
            except (OSError, UnicodeError) as error:
                raise _not_found(host) from error
        if not addresses:
            raise _not_found(host)
        for address in addresses:
            self.require_allowed(host, address)
        return tuple(addresses)

    def require_allowed_if_address(self, host: str) -> None:
        """Raise OutboundRefused when `host` is an address and not allowed; a name passes."""
        if _is_address(host):
            self.require_allowed(host, host)

    def require_allowed(self, host: str, address: str) -> None:
        """Raise OutboundRefused when `address` isn't public and not allowed by the operator."""
        if not may_connect(address, self._allowed):
            # The address stays with the operator: who configured the host isn't to learn from us
            # what names inside our network lead to.
            log.warning("outbound_refused", host=host, resolved=address)
            raise OutboundRefused(
                "address_not_public", f"{host} leads to an address that isn't public."
            )


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _not_found(host: str) -> OutboundRefused:
    return OutboundRefused("lookup_failed", f"{host} has no address.")


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A scope (fe80::1%eth0) makes an address one of this machine's links: never public.
    return [
        f"{place[0]}%{place[3]}" if len(place) == 4 and place[3] else str(place[0])
        for *_, place in found
    ]
