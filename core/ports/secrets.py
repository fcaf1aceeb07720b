"""Sealing a tenant's secrets, so that what is stored can be read only in its own place.

A use case or the plugin host asks for `Secrets`, which is bound to the tenant it works for. What
`seal` returns is text for a column or a JSON field; it opens in the place it was sealed for and
nowhere else: not in another row or field, and not for another tenant.
"""

from typing import Protocol
from uuid import UUID

import msgspec

from core.shared.errors import Conflict, Unavailable
from core.shared.secret import Secret


class SecretPlace(msgspec.Struct, frozen=True):
    """Where a sealed text is kept, below the tenant; each part without `|`, and not empty."""

    table: str
    """The table, e.g. `plugin_settings`."""
    row: UUID | str
    """What identifies the row within the tenant, e.g. its id or the id of the plugin."""
    column: str
    """The column, or the path of the field within it, e.g. `values.smtp_password`."""

    def __post_init__(self) -> None:
        for part in (self.table, str(self.row), self.column):
            if not part or "|" in part:
                raise ValueError(f"no part of a secret's place: {part!r}")


class SecretUnreadable(Conflict):
    """A sealed text is damaged, or stands where it wasn't sealed for."""

    code = "secret_unreadable"
    title = "A stored secret can't be read"
    TEXT = "The stored secret can't be read: it was damaged or moved. Enter it again."


class MasterKeyMissing(Unavailable):
    """This process doesn't hold the master key that a tenant's key is wrapped with, or a wrong one.

    `details` give the version and the setting that should hold it.
    """

    code = "master_key_missing"
    title = "The server lacks a master key"


class Secrets(Protocol):
    """The secrets of one tenant. Works in a command, a query and outside of both."""

    async def seal(self, place: SecretPlace, plaintext: Secret) -> str:
        """Return the sealed text for `place`; each call returns another one.

        Raises MasterKeyMissing and Unavailable.
        """
        ...

    async def open(self, place: SecretPlace, sealed: str) -> Secret:
        """Return what was sealed for `place`.

        Raises SecretUnreadable when `sealed` isn't from this place of this tenant or was changed,
        MasterKeyMissing and Unavailable.
        """
        ...
