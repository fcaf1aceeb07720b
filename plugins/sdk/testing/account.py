"""The account at a vendor as a test sets it: what `context.account` gives. Held by the harness."""

from plugins.sdk.errors import NotConnected, TryLater

NOT_CONNECTED = "No account is connected yet. An admin connects one on the plugin's page."
"""What a plugin meets until a test calls `connect`."""


class FakeAccount:
    """Implements `plugins.sdk.context.Account`; a test sets it by `plugin.account.connect()`."""

    def __init__(self) -> None:
        self.asked = 0
        """How often the plugin asked for a token."""
        self._answer: str | Exception = NotConnected(NOT_CONNECTED)
        self._next: str | None = None

    def connect(
        self,
        access_token: str = "access-token",  # noqa: S107 - a test's
        *,
        renewed: str | None = None,
    ) -> None:
        """Let the plugin be given this token; and `renewed` once it says that it was refused."""
        self._answer, self._next = access_token, renewed

    def disconnect(self, why: str = NOT_CONNECTED) -> None:
        """Let the plugin meet NotConnected, as when the vendor takes the connection no longer."""
        self._answer = NotConnected(why)

    def be_away(self, after_seconds: float | None = None) -> None:
        """Let the plugin meet TryLater, as while the vendor can't renew the token."""
        self._answer = TryLater("The vendor can't be reached.", after_seconds=after_seconds)

    async def access_token(self, *, refused: str | None = None) -> str:
        """Return the token. Raises what the test set."""
        self.asked += 1
        if refused is not None and refused == self._answer:
            self._answer = NotConnected(NOT_CONNECTED) if self._next is None else self._next
            self._next = None
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer
