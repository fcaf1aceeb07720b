"""The SDK's version and the ranges in which plugins say which versions they work with.

Semantic Versioning 2.0.0 (semver.org): a plugin written for 1.2 works with every later 1.x.
"""

import re
from typing import Final

SDK_VERSION: Final = "1.11.0"
"""Of the public surface; `surface.json` beside this file holds what that was."""

Version = tuple[int, int, int]

_VERSION: Final = re.compile(r"(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?")
_CLAUSE: Final = re.compile(r"\s*(>=|<=|==|>|<)\s*([\d.]+)\s*")


def parse_version(text: str) -> Version:
    """Return `1.2.3` as numbers; missing ones are 0. Raises ValueError."""
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no version such as 1.2.3")
    major, minor, patch = (int(part or 0) for part in found.groups())
    return major, minor, patch


def in_range(version: str, versions: str) -> bool:
    """Whether `version` satisfies every clause of `versions`, such as `>=1.0,<2`.

    Raises ValueError when either can't be read.
    """
    have = parse_version(version)
    return all(_satisfies(have, clause) for clause in versions.split(","))


def _satisfies(have: Version, clause: str) -> bool:
    found = _CLAUSE.fullmatch(clause)
    if found is None:
        raise ValueError(f"{clause.strip()!r} is no clause such as >=1.0 or <2")
    operator, wanted = found.group(1), parse_version(found.group(2))
    return {
        ">=": have >= wanted,
        "<=": have <= wanted,
        "==": have == wanted,
        ">": have > wanted,
        "<": have < wanted,
    }[operator]
