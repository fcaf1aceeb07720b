"""How a call to a plugin ends badly, in one error that every caller can act on."""

from typing import Literal

from core.shared.errors import Unavailable, UpstreamFailed

FailureKind = Literal["raised", "timed_out", "wrong_type", "too_large", "unavailable"]


class PluginFailed(UpstreamFailed):
    """A plugin didn't do what was asked; what it raised or answered is kept from the caller.

    The text names the plugin and what was asked. What the plugin itself said isn't in it: the text
    of a stranger's exception may hold a secret of the tenant's settings.
    """

    code = "plugin_failed"
    title = "A plugin could not do this"

    def __init__(
        self,
        plugin_id: str,
        what: str,
        kind: FailureKind,
        message: str,
        *,
        begun: bool = True,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, plugin=plugin_id, what=what, kind=kind)
        self.plugin_id = plugin_id
        self.what = what
        self.kind: FailureKind = kind
        self.begun = begun
        """Whether any of the plugin's code ran, so that something outside may have happened."""
        self.retry_after_seconds = retry_after_seconds


class PluginUnavailable(Unavailable, PluginFailed):
    """The plugin wasn't asked at all, or its call was lost through no fault of this caller."""

    code = "plugin_unavailable"
    title = "A plugin is out of service"


class PluginStopped(BaseException):
    """Raised within a plugin's code that neither ends nor gives way. No `Exception`, so that a
    plugin's `except Exception` doesn't hold it up.
    """
