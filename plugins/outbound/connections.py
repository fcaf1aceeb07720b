"""Plain TCP and TLS through the guard. Made by `network`."""

import asyncio
import socket
import ssl
from collections.abc import Collection
from typing import Final

from core.ports.outbound import (
    DEFAULT_TIMEOUT_SECONDS,
    OutboundRefused,
    OutboundSocket,
    OutboundStreams,
    OutboundTimeout,
    OutboundUnavailable,
)
from plugins.outbound.lookup import Guard
from plugins.outbound.targets import read_host, require_declared

MAIL_PORTS: Final = frozenset({25, 465, 587, 2525})
"""Where mail servers take mail; the last is what those use whose provider blocks the first."""


class GuardedConnections:
    """Implements `core.ports.outbound.OutboundConnections` for a caller that declared `hosts`."""

    def __init__(
        self,
        guard: Guard,
        ports: Collection[int],
        hosts: Collection[str],
        trust: ssl.SSLContext | None,
    ) -> None:
        self._guard = guard
        self._ports = ports
        self._hosts = hosts
        self._trust = trust

    async def open_socket(
        self, host: str, port: int, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> OutboundSocket:
        """Connect to a checked address of `host`."""
        name = read_host(host)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._connect(name, port)
        except TimeoutError as error:
            raise _too_slow(name, timeout_seconds) from error

    async def open_connection(
        self,
        host: str,
        port: int,
        *,
        tls: bool | ssl.SSLContext = False,
        server_hostname: str | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> OutboundStreams:
        """Connect to a checked address of `host`, with TLS from the start if asked for."""
        name = read_host(host)
        context = (self._trust or ssl.create_default_context()) if tls is True else tls or None
        try:
            async with asyncio.timeout(timeout_seconds):
                opened = await self._connect(name, port)
                try:
                    reader, writer = await asyncio.open_connection(
                        sock=opened.socket,
                        ssl=context,
                        server_hostname=(server_hostname or name) if context else None,
                    )
                except BaseException:
                    opened.socket.close()
                    raise
        except TimeoutError as error:
            raise _too_slow(name, timeout_seconds) from error
        except (OSError, EOFError) as error:
            what = "has no valid certificate" if _is_about_trust(error) else "speaks no TLS with us"
            raise OutboundUnavailable(f"{name} {what}.") from error
        return OutboundStreams(reader, writer, opened.address, opened.port)

    async def _connect(self, host: str, port: int) -> OutboundSocket:
        require_declared(host, self._hosts)
        if port not in self._ports:
            raise OutboundRefused("port_not_allowed", f"Port {port} may not be connected to.")
        last: OSError | None = None
        for address in await self._guard.resolve(host, port):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            line = socket.socket(family, socket.SOCK_STREAM)
            try:
                line.setblocking(False)  # noqa: FBT003 - the socket's own signature
                await asyncio.get_running_loop().sock_connect(line, (address, port))
            except OSError as error:
                line.close()
                last = error
            except BaseException:
                line.close()
                raise
            else:
                return OutboundSocket(line, address, port)
        raise OutboundUnavailable(f"{host} can't be reached.") from last


def _is_about_trust(error: Exception) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError)


def _too_slow(host: str, seconds: float) -> OutboundTimeout:
    return OutboundTimeout(f"{host} didn't answer within {seconds:g} seconds.")
