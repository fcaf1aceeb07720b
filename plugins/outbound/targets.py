"""What a caller wants to reach: a URL or host is read once, and all later work uses what was read.

Two readers that differ about one text are how checks are got around; there is one reader here.
"""

import re
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final

from yarl import URL

from core.ports.outbound import OutboundRefused

_LONGEST_URL: Final = 8_192
_LONGEST_HOST: Final = 253
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_CONTROLS: Final = re.compile(r"[\x00-\x20\x7f\\]")


def read_url(text: str) -> URL:
    """Return the address of an HTTP request, its host in lower case and without a last dot.

    Raises OutboundRefused.
    """
    if len(text) > _LONGEST_URL or _CONTROLS.search(text):
        raise _invalid("An address has no spaces, control characters or backslashes.")
    try:
        url = URL(text)
        scheme, raw_host, has_user = url.scheme, url.raw_host, url.raw_user or url.raw_password
    except ValueError as error:
        raise _invalid("This is no address of a web page.") from error
    if scheme not in {"http", "https"}:
        raise OutboundRefused("scheme_not_allowed", "Only http and https may be called.")
    if raw_host is None:
        raise _invalid("The address names no host.")
    if has_user:
        raise _invalid("Put no user name and password into the address.")
    return url.with_host(read_host(raw_host)).with_fragment(None)


def read_host(text: str) -> str:
    """Return a host's name in ASCII, or an IP address in its one canonical form.

    Raises OutboundRefused: `127.1`, `0x7f.1` and `2130706433` aren't names and not canonical.
    """
    try:
        host = URL.build(scheme="http", host=text.removesuffix(".")).raw_host or ""
    except ValueError as error:
        raise _invalid("This is no host.") from error
    host = host.lower()
    if "%" in host:
        raise _invalid("A host has no scope and no escapes.")
    if ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            address = ip_address(host)
        except ValueError as error:
            raise _invalid("This is neither a host's name nor an IP address.") from error
        return str(address)
    if len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(each) for each in host.split(".")):
        raise _invalid("This is no host.")
    return host


def is_declared(host: str, declared: Collection[str]) -> bool:
    """Return whether `host` is one of `declared`: `*` is any, `*.x` whatever lies below x."""
    if "*" in declared or host in declared:
        return True
    above = host
    while "." in above:
        above = above.partition(".")[2]
        if f"*.{above}" in declared:
            return True
    return False


def require_declared(host: str, declared: Collection[str]) -> None:
    """Raise OutboundRefused when the caller didn't declare `host`."""
    if not is_declared(host, declared):
        raise OutboundRefused("host_not_declared", f"{host} isn't among the declared hosts.")


def _invalid(message: str) -> OutboundRefused:
    return OutboundRefused("invalid_url", message)
