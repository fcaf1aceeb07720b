"""What slices need to know of the tenant's members: whether those they name can be given work."""

from collections.abc import Iterable
from typing import Protocol

from core.shared.ids import MemberId


class Team(Protocol):
    """The active members of the tenant."""

    async def missing(self, members_named: Iterable[MemberId]) -> set[MemberId]:
        """Return those of `members_named` that are no active members of the tenant."""
        ...
