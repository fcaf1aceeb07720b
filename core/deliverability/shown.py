"""What every finding shows. Used by `senders`, `keys`, `policies` and `receiving`."""

from collections.abc import Sequence
from typing import Final

NOT_LOOKED_UP: Final = "It could not be looked up: no name server answered in time."
MOST_SEEN: Final = 5
_LONGEST_SEEN: Final = 500


def seen_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Return what is kept of what the domain name system said."""
    return tuple(each[:_LONGEST_SEEN] for each in texts[:MOST_SEEN])
