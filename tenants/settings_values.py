"""Reading one setting's text into its value, and the error that names what is wrong with it.

Used by `tenants.settings` alone.
"""

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec

from tenants.master_key_text import parse_master_keys

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_MAX_DOMAIN_LENGTH = 253
_MOST_AT_ONCE = 500
_HIGHEST_PORT = 65_535


class SettingsProblem(msgspec.Struct, frozen=True):
    """One thing wrong with the environment."""

    variable: str
    wrong: str
    expected: str

    @classmethod
    def unknown(cls, variable: str, near: list[str]) -> "SettingsProblem":
        """A variable with our prefix that is no setting, with the names it may have meant."""
        hint = f"did you mean {' or '.join(near)}?" if near else "see docs/operators/settings.md"
        return cls(variable, "is not a setting", hint)

    def __str__(self) -> str:
        if self.wrong.startswith("is "):
            return f"{self.variable} {self.wrong} ({self.expected})"
        return f"{self.variable}: {self.wrong}; expected {self.expected}"


class SettingsError(Exception):
    """The environment can't be used; `problems` holds each reason, at least one."""

    def __init__(self, problems: tuple[SettingsProblem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def nearest_names(variable: str, known: Iterable[str]) -> list[str]:
    """At most two known names that a typing slip away could have produced `variable`."""
    return difflib.get_close_matches(variable, list(known), n=2, cutoff=0.8)


def read_value(kind: str, value_type: object, text: str) -> object:
    """Turn `text` into a value of `value_type`; `ValueError` says what is wrong with it."""
    parsed = _READERS[kind](text)
    try:
        value: object = msgspec.convert(parsed, cast("Any", value_type), strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error).removesuffix(".")) from None
    return value


def _read_database_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError(f"the scheme is {parts.scheme or 'missing'!r}")
    _ = parts.port  # raises ValueError when it is no number
    if not parts.path.strip("/"):
        raise ValueError("the database's name is missing")
    if not parts.hostname and "host=" not in parts.query:
        raise ValueError("the host is missing")
    return text


def _read_redis_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ValueError(f"the scheme is {parts.scheme or 'missing'!r}")
    _ = parts.port
    if parts.scheme == "unix" and not parts.path.strip("/"):
        raise ValueError("the socket's path is missing")
    if parts.scheme != "unix" and not parts.hostname:
        raise ValueError("the host is missing")
    return text


def _read_broker_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"amqp", "amqps"}:
        return _read_redis_url(text)
    _ = parts.port
    if not parts.hostname:
        raise ValueError("the host is missing")
    return text


def _read_queues(text: str) -> str:
    read_queues(text)
    return text


def read_queues(text: str) -> dict[str, int]:
    """Return how many tasks of each queue run at once. Raises ValueError."""
    queues: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = (each.strip() for each in part.partition("="))
        if not _LABEL.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a queue")
        if name in queues:
            raise ValueError(f"{name} stands twice")
        if not number.isdecimal() or not 1 <= int(number) <= _MOST_AT_ONCE:
            raise ValueError(f"{name} needs a number from 1 to {_MOST_AT_ONCE}")
        queues[name] = int(number)
    return queues


def _read_path(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ValueError("it exists and is not a folder")
    return path


def _read_files_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("it takes no more than a place; rights are settings of their own")
    if parts.scheme == "file":
        if parts.netloc or not parts.path.strip("/"):
            raise ValueError("the folder's whole path must follow file://")
    elif parts.scheme != "s3":
        raise ValueError(f"the scheme is {parts.scheme or 'missing'!r}")
    elif not _BUCKET.fullmatch(parts.netloc):
        raise ValueError("that is no name of a bucket")
    elif any(part in {"", ".", ".."} for part in parts.path.strip("/").split("/")[1:]):
        raise ValueError("the prefix has a part without a name")
    return text


def _read_endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it is no address with http:// or https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("it takes no more than an address; rights are settings of their own")
    _ = parts.port
    return text.rstrip("/")


def _read_host(text: str) -> str:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return _read_domain(text)
    return text.strip("[]")


def _read_domain(text: str) -> str:
    name = text.lower()
    if len(name) > _MAX_DOMAIN_LENGTH or not all(
        _LABEL.fullmatch(label) for label in name.split(".")
    ):
        raise ValueError("it is no domain name")
    return name


def _read_networks(text: str) -> tuple[str, ...]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    # A network with host bits set (10.0.0.1/8) is refused: it is a slip that would trust more
    # addresses than its author meant.
    return tuple(str(ipaddress.ip_network(name)) for name in names)


def _read_ports(text: str) -> tuple[int, ...]:
    ports = tuple(int(part) for part in text.split(",") if part.strip())
    if not all(1 <= port <= _HIGHEST_PORT for port in ports):
        raise ValueError("a port is out of range")
    return ports


def _read_master_keys(text: str) -> str:
    parse_master_keys(text)
    return text


_READERS: dict[str, Callable[[str], object]] = {
    "plain": str,
    "database_url": _read_database_url,
    "redis_url": _read_redis_url,
    "broker_url": _read_broker_url,
    "queues": _read_queues,
    "path": _read_path,
    "host": _read_host,
    "domain": _read_domain,
    "networks": _read_networks,
    "ports": _read_ports,
    "files_url": _read_files_url,
    "endpoint": _read_endpoint,
    "master_keys": _read_master_keys,
}
