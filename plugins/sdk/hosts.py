"""The hosts that a plugin may name: in its manifest, and in the addresses it gives."""

import re
from typing import Final

ANY: Final = "*"

_LABEL: Final = r"[a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?"
_PATTERN: Final = re.compile(rf"(\*\.)?({_LABEL}\.)+{_LABEL}")


def is_host_pattern(pattern: str) -> bool:
    """Whether `pattern` is `*`, a host's full name, or `*.` and one."""
    return pattern == ANY or (len(pattern) <= 253 and _PATTERN.fullmatch(pattern) is not None)


def covers(patterns: tuple[str, ...], host: str) -> bool:
    """Whether one of `patterns` stands for `host`; `*.vendor.com` doesn't for `vendor.com`."""
    name = host.lower().rstrip(".")
    return any(
        pattern in {ANY, name} or (pattern.startswith("*.") and name.endswith(pattern[1:]))
        for pattern in patterns
    )
