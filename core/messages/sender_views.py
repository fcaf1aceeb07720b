"""What others may know of the plugins that send: in which order they are tried, and how they do."""

from datetime import datetime

import msgspec

from core.shared.usecase import Command, Query


class SenderView(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin that sends messages."""

    plugin: str
    repeatable: bool
    """Whether it notices a message that it was given before."""
    away: bool
    """Whether it failed so often that the process that answers doesn't try it just now."""
    failed_at: datetime | None
    """When it last took a message of the last day neither then nor since; None: it does well, or
    had nothing to send. Whichever process sends."""
    failure: str | None
    """What was said then."""


class Senders(msgspec.Struct, frozen=True):
    """Who sends, in the order in which they are tried."""

    items: tuple[SenderView, ...]


class SenderFailure(msgspec.Struct, frozen=True):
    """That a plugin put off the last message that it was given."""

    at: datetime
    said: str


class ListSenders(Query[Senders], frozen=True, kw_only=True):
    """List the plugins that send messages, in the order in which they are tried."""


class OrderSenders(Command[Senders], frozen=True, kw_only=True):
    """Say in which order plugins that send are tried; those left out come last."""

    plugins: tuple[str, ...]
