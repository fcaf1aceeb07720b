"""What slices need to reach a browser that isn't open: push messages (RFC 8030)."""

from typing import Any, Literal, Protocol

import msgspec

from core.shared.errors import Unavailable
from core.shared.secret import HIDDEN

PushResult = Literal["taken", "gone", "refused"]
"""`taken`: the browser's push service has it. `gone`: the browser subscribed no longer, forget it.
`refused`: this message won't be taken, however often it is sent."""


class PushTarget(msgspec.Struct, frozen=True):
    """Where a browser takes messages, and with which keys. Shows nothing of it when printed."""

    endpoint: str
    p256dh: str
    """Its public key, base64url."""
    auth: str
    """What it shares with us alone, base64url."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({HIDDEN})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("target", HIDDEN)]


class PushUnavailable(Unavailable):
    """The push service can't be reached or asks to come later; another attempt may succeed."""

    code = "push_unavailable"
    title = "The push service can't be reached"


class PushService(Protocol):
    """Sends push messages of one tenant."""

    @property
    def public_key(self) -> str:
        """Whose messages browsers are to take: the `applicationServerKey` of a subscription."""
        ...

    def check(self, target: PushTarget) -> None:
        """Return when messages could be sent there. Raises InvalidInput naming what is wrong."""
        ...

    async def push(
        self, target: PushTarget, message: bytes, *, topic: str, lasts_seconds: int
    ) -> PushResult:
        """Send a message that only the browser can read.

        Of those with the same `topic` (up to 32 characters of base64url) that wait for a browser,
        the latest is kept. One that waits longer than `lasts_seconds` is forgotten.
        Raises PushUnavailable.
        """
        ...
