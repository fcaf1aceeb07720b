"""Tells what a plugin raises on purpose from what went wrong in it; the guard asks."""

from typing import Any

from core.ports.outbound import OutboundUnavailable
from core.shared.errors import DomainError, Unavailable
from plugins.sdk.errors import PluginError, TryLater

OURS = ("core.", "plugins.sdk.")


def on_purpose(error: BaseException, passes: tuple[type[Exception], ...]) -> Exception | None:
    """Return `error` as the caller may see it, or None when it isn't meant for one.

    A class that the plugin made below one of ours is given as ours, with its text.
    """
    allowed: tuple[type[Exception], ...] = (PluginError, DomainError, *passes)
    if not isinstance(error, Exception) or not isinstance(error, allowed):
        return None
    if type(error).__module__.startswith(OURS):
        return error.with_traceback(None)
    for kind in type(error).__mro__:
        if kind.__module__.startswith(OURS) and issubclass(kind, allowed):
            return _again(kind, error)
    return None


def is_unavailability(error: Exception) -> bool:
    """Whether what a plugin says means that it, or its vendor, is away."""
    if isinstance(error, TryLater | Unavailable | OutboundUnavailable):
        return True
    return type(error).__name__.endswith("Unavailable")


def _again(kind: type[Any], error: Exception) -> Exception | None:
    try:
        made = kind(str(error))
    except Exception:  # noqa: BLE001
        # Either the plugin's `__str__` or a kind that needs more than a text.
        return None
    return made if isinstance(made, Exception) else None
