"""An address that isn't written to, and why."""

from typing import Final

import msgspec

from core.messages.contracts import MessageId, SuppressionId, SuppressionReason
from core.shared.clock import UtcDatetime

_WEIGHT: Final[dict[SuppressionReason, int]] = {"unsubscribed": 0, "bounced": 1, "complained": 2}
_SAYS: Final[dict[SuppressionReason, str]] = {
    "unsubscribed": "Its owner wants no such mail",
    "bounced": "Mail to it came back for good",
    "complained": "Its owner called a message spam",
}


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """One address."""

    id: SuppressionId
    address: str
    """In lower case."""
    reason: SuppressionReason
    detail: str
    plugin: str | None
    message_id: MessageId | None
    created_at: UtcDatetime

    def stops(self, *, transactional: bool) -> bool:
        """Whether a message isn't sent for it: who unsubscribed still gets answers."""
        return self.reason != "unsubscribed" or not transactional

    def explained(self) -> str:
        """Say why the address isn't written to, and who can change that."""
        day = self.created_at.date().isoformat()
        return (
            f"This address isn't written to. {_SAYS[self.reason]} ({day}). "
            "An admin can take it off the list."
        )

    def outweighs(self, other: "Suppression | None") -> bool:
        """Whether this is to stand in the place of `other`."""
        return other is None or _WEIGHT[self.reason] > _WEIGHT[other.reason]


def canonical(address: str) -> str:
    """Return the form in which addresses are compared: capitals make no difference in practice."""
    return address.strip().lower()
