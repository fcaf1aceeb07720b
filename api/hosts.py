"""Where a request came from and which host it names, seen through trusted proxies only."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec

_HOST: Final = re.compile(
    r"^(?P<name>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?)(?::\d{1,5})?$"
)


class Origin(msgspec.Struct, frozen=True):
    """The outer end of the connection."""

    client: str
    """Address of the caller; empty on a Unix socket."""
    host: str
    """Host name without port, lower case; empty when it is missing or malformed."""
    authority: str
    """Host with its port, as it was sent."""
    https: bool


@lru_cache(maxsize=4096)
def host_name(authority: bytes) -> str:
    """Return the name in a Host header without its port, or an empty text when it is none."""
    try:
        match = _HOST.match(authority.decode("ascii").lower())
    except UnicodeDecodeError:
        return ""
    return match["name"].rstrip(".") if match and len(match["name"]) <= 253 else ""


@lru_cache(maxsize=4096)
def is_address(name: str) -> bool:
    """Whether a host name is an IP address."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


class Proxies:
    """The networks whose forwarding headers are believed."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]
        self._known = lru_cache(maxsize=4096)(self._trusts)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def trusts(self, address: str) -> bool:
        """Whether what this peer says of others is believed."""
        return self._known(address)

    def _trusts(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def look_through(self, direct: Origin, headers: Mapping[bytes, bytes]) -> Origin:
        """Return the origin that a trusted peer reports; `direct` itself for any other peer.

        X-Forwarded-For is read from the right: the first address that no trusted proxy has is the
        caller, and what stands to the left of it is the caller's own claim.
        """
        if not self._networks or not self.trusts(direct.client):
            return direct
        client = direct.client
        hops = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        for hop in reversed([entry.strip() for entry in hops]):
            if not is_address(hop):
                break
            client = hop
            if not self.trusts(hop):
                break
        authority = _last(headers, b"x-forwarded-host") or direct.authority.encode("latin-1")
        scheme = _last(headers, b"x-forwarded-proto")
        return Origin(
            client=client,
            host=host_name(authority),
            authority=authority.decode("latin-1"),
            https=direct.https if not scheme else scheme == b"https",
        )


def _last(headers: Mapping[bytes, bytes], name: bytes) -> bytes:
    return headers.get(name, b"").rpartition(b",")[2].strip()
