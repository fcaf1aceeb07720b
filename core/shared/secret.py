"""A text that must not be seen: passwords, tokens and keys travel through the program in one.

Whoever prints, logs, formats, encodes or pickles it shows nothing; only `reveal` gives it away.
"""

import hmac
from typing import Final, NoReturn

HIDDEN: Final = "<hidden>"


class Secret:
    """Hides the text it holds; equal to another one that holds the same."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text. Call it where it is used, and keep what it returns nowhere."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, format_spec: str) -> str:
        return HIDDEN

    def __rich_repr__(self) -> list[str]:
        return [HIDDEN]

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret can't be pickled: seal it with core.ports.secrets.Secrets")
