"""Takes a tenant's secrets out of what a plugin writes for people: log lines and messages."""

from collections.abc import Mapping
from typing import Any, Final

from core.shared.secret import HIDDEN

SHORTEST: Final = 4
"""Shorter secrets are left: they would be found in every text."""


class Hider:
    """Knows the secrets of one installation."""

    def __init__(self, values: Mapping[str, Any], secret: frozenset[str]) -> None:
        found = (values.get(name) for name in secret)
        self._secrets = [each for each in found if isinstance(each, str) and len(each) >= SHORTEST]

    def hide(self, text: str) -> str:
        """Return `text` without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text
