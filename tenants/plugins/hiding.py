"""Takes a tenant's secrets out of what a plugin writes for people: log lines, messages, errors."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.shared.errors import FieldError
from core.shared.secret import HIDDEN

SHORTEST: Final = 4
"""Shorter secrets are left: they would be found in every text."""


class Hider:
    """Knows the secrets of one installation."""

    def __init__(self, values: Mapping[str, Any], secret: frozenset[str]) -> None:
        found = (values.get(name) for name in secret)
        self._secrets = [each for each in found if isinstance(each, str) and len(each) >= SHORTEST]

    def learn(self, secret: str) -> None:
        """Hide this one too, from now on."""
        if len(secret) >= SHORTEST and secret not in self._secrets:
            self._secrets.append(secret)

    def hide(self, text: str) -> str:
        """Return `text` without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def hide_in(self, error: Exception) -> None:
        """Take the secrets out of an error that the host made of what a plugin raised.

        Its text goes to callers, into logs and beside tasks that failed.
        """
        error.args = tuple(self._without(each) for each in error.args)
        for name, value in list(vars(error).items()):
            setattr(error, name, self._without(value))

    def _without(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, list | tuple):
            return type(value)(self._without(each) for each in value)
        if isinstance(value, dict):
            return {self._without(key): self._without(each) for key, each in value.items()}
        if isinstance(value, FieldError):
            return msgspec.structs.replace(
                value, field=self.hide(value.field), message=self.hide(value.message)
            )
        return value
