"""What a plugin raises, and what it meets when the platform refuses it something."""


class PluginError(Exception):
    """Base of what a plugin raises on purpose; its text is shown to admins, so no secrets in it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refused(PluginError):
    """It can't be done and won't be by trying again: wrong credentials, an unknown address."""


class TryLater(PluginError):
    """It can't be done now: the vendor is away or asks to slow down."""

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds
        """What the vendor asked for; None leaves it to the platform."""


class NotConnected(PluginError):
    """No account at the vendor is connected, or the vendor takes the connection no longer.

    An admin connects it, again if need be, on the plugin's page; the text says which of both.
    """


class OutcomeUnknown(PluginError):
    """Asked of the vendor, and no answer came: done or not done, nobody can say."""


class RecordConflict(PluginError):
    """A record of that key is there already, or isn't as expected; nothing was changed."""


class RecordMissing(PluginError):
    """There is no record of that key; nothing was changed."""
