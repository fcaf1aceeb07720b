"""Turns what a plugin raised into an exception of the host's own, on the plugin's thread.

The class of a plugin's exception, its text and its attributes may be code of the plugin. So nothing
of it reaches the host: what is raised on purpose is made anew from plain data, and of everything
else only the name and the line are told.
"""

import sys
import traceback
from typing import Any, Final

import msgspec

from core.ports.outbound import OutboundUnavailable
from core.shared.errors import DomainError, FieldError, Unavailable
from plugins.host.answers import AnswerMistyped, AnswerTooLarge, pack
from plugins.host.failures import PluginStopped
from plugins.sdk.errors import PluginError, TryLater

OURS: Final = ("core.", "plugins.sdk.")
LONGEST_TEXT: Final = 2_000
MAX_FACTS_BYTES: Final = 64 * 1024


class NotAwaitable(Exception):
    """A function that should have been async returned this type."""


class Raised(Exception):
    """The plugin raised something by itself: its name and where, never its text.

    The text of a stranger's exception may hold a secret of the tenant's settings.
    """


_OF_THE_HOST: Final = (NotAwaitable, AnswerTooLarge, AnswerMistyped, PluginStopped)


def as_told(error: BaseException, passes: tuple[type[Exception], ...]) -> BaseException:
    """Return what the host is told of `error`: made here, whatever the plugin raised."""
    try:
        if type(error) in _OF_THE_HOST:
            return type(error)(*(_text(each, LONGEST_TEXT) for each in error.args))
        meant = _meant(error, passes)
        if meant is not None:
            return meant
        return Raised(f"{_text(type(error).__name__, 100)}{_where(error)}")
    except BaseException:  # noqa: BLE001
        # Its own `__str__`, or a metaclass, or `PluginStopped` while one of them hung.
        return Raised("something that can't be shown")


def is_unavailability(error: Exception) -> bool:
    """Whether what a plugin says means that it, or its vendor, is away."""
    if isinstance(error, TryLater | Unavailable | OutboundUnavailable):
        return True
    return type(error).__name__.endswith("Unavailable")


def _meant(error: BaseException, passes: tuple[type[Exception], ...]) -> Exception | None:
    """Return `error` anew if it is meant for the caller.

    A class that the plugin made below one of ours is given as ours, with its text. `DomainError`
    itself is of no kind that anybody could act on.
    """
    allowed: tuple[type[Exception], ...] = (PluginError, DomainError, *passes)
    for kind in type.mro(type(error)):
        if kind is not DomainError and _is_ours(kind) and issubclass(kind, allowed):
            return _again(kind, error, has_facts=kind is type(error))
    return None


def _is_ours(kind: type) -> bool:
    """Whether the class is what our module has under that name; a name alone can be claimed."""
    module = sys.modules.get(kind.__module__)
    return kind.__module__.startswith(OURS) and getattr(module, kind.__qualname__, None) is kind


def _again(kind: type[Any], error: BaseException, *, has_facts: bool) -> Exception | None:
    text = _text(error.args[0] if error.args else str(error), LONGEST_TEXT)
    if not has_facts:
        try:
            return _exception(kind(text))
        except TypeError:
            return None  # this kind needs more than a text
    facts = msgspec.msgpack.decode(pack(dict(vars(error)), MAX_FACTS_BYTES))
    if "fields" in facts:
        facts["fields"] = msgspec.convert(facts["fields"], tuple[FieldError, ...])
    if "message" in facts:
        facts["message"] = _text(facts["message"], LONGEST_TEXT)
    made = kind.__new__(kind, text)
    for name, fact in facts.items():
        setattr(made, name, fact)
    return _exception(made)


def _exception(made: Any) -> Exception | None:
    return made if isinstance(made, Exception) else None


def _text(value: Any, longest: int) -> str:
    """Return a text as a plain `str`: a plugin's own kind of it may run code."""
    return str.__str__(value if isinstance(value, str) else str(value))[:longest]


def _where(error: BaseException) -> str:
    """Say in which line of the plugin."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    if not frames:
        return ""
    name = frames[-1].filename.rpartition("/")[2]
    return f" at {name}:{frames[-1].lineno}"
