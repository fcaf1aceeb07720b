"""What others keep about a person as ports: plugins, here in their tables and outside at vendors.

Deleting a candidate asks for `Erasure`, and handing out what is known of one asks for `Disclosure`.
"""

from collections.abc import Mapping
from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec

from core.shared.secret import HIDDEN

DisclosureStatus = Literal["answered", "unavailable", "not_offered"]
"""`unavailable`: it failed or can't be asked, so something may be missing. `not_offered`: it keeps
something and has no way of saying what."""


class KnownPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate as others may know them. Shows nothing of it when printed."""

    candidate_ids: tuple[UUID, ...]
    """The candidate's own id, and behind it those of candidates that were merged into it."""
    addresses: tuple[str, ...]
    """Every e-mail address that is known of the person, in lower case, in order."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({HIDDEN})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("person", HIDDEN)]


class Disclosed(msgspec.Struct, frozen=True, kw_only=True):
    """What one plugin says that it keeps about a person, or why it says nothing."""

    plugin: str
    """The plugin's id."""
    name: str
    """Its name for people; its id when the package is gone."""
    candidate_id: UUID
    """As whom it was asked about the person."""
    status: DisclosureStatus
    data: Mapping[str, Any] = {}
    message: str = ""
    """Why there is no answer."""


class Erasure(Protocol):
    """Lets the person be forgotten elsewhere."""

    async def promise(self, person: KnownPerson) -> None:
        """Promise within the open transaction that everybody who may know the person forgets them.

        Kept by background work once the transaction is committed; the addresses are stored
        unreadable until then, and not at all afterwards.
        """
        ...


class Disclosure(Protocol):
    """Asks elsewhere. Not to be used within a transaction."""

    async def of(self, person: KnownPerson) -> tuple[Disclosed, ...]:
        """Return an entry for each that keeps something about people, also for those that fail."""
        ...
