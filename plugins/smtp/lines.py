"""Lines to mail servers that stay open for a while for the next message; `client` takes them.

A line belongs to one tenant, to its settings as they are, and to the event loop that it was opened
on. It is given back only after a message was taken whole, so nothing is half said on it.
"""

import asyncio
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from aiosmtplib import SMTP

from plugins.smtp.settings import SmtpSettings

IDLE_SECONDS: Final = 5.0
"""Servers let go of silent clients after some minutes (RFC 5321 4.5.3.2.7); bursts are shorter."""
MOST_MESSAGES: Final = 100
"""On one line; many servers end it somewhere above."""
_MOST_LINES: Final = 16
"""Open at once for one tenant, unused."""


class Place(msgspec.Struct, frozen=True):
    """Whose line it is, and how it was opened."""

    tenant_id: UUID
    settings: SmtpSettings


class Line:
    """An open line, signed in."""

    def __init__(self, place: Place, client: SMTP) -> None:
        self.place = place
        self.client = client
        self.messages = 0

    def close(self) -> None:
        """Let go at once. What was taken was confirmed before, so no goodbye is owed."""
        self.client.close()


class Lines:
    """The open lines of one event loop that nobody is using."""

    def __init__(self) -> None:
        self._open: dict[Place, list[Line]] = {}

    def take(self, place: Place) -> Line | None:
        """Return the line that was used last, which is the likeliest to be still there."""
        lines = self._open.get(place, [])
        while lines:
            line = lines.pop()
            if not lines:
                del self._open[place]
            if line.client.is_connected:
                return line
            line.close()
        return None

    def give_back(self, line: Line) -> None:
        """Keep a line for `IDLE_SECONDS`, unless it has done its share."""
        line.messages += 1
        lines = self._open.get(line.place, [])
        if line.messages >= MOST_MESSAGES or len(lines) >= _MOST_LINES:
            line.close()
            return
        self._open.setdefault(line.place, []).append(line)
        asyncio.get_running_loop().call_later(IDLE_SECONDS, self._tire, line, line.messages)

    def close(self) -> None:
        """Let go of all."""
        for lines in self._open.values():
            for line in lines:
                line.close()
        self._open.clear()

    def _tire(self, line: Line, messages: int) -> None:
        lines = self._open.get(line.place, [])
        if line.messages == messages and line in lines:
            lines.remove(line)
            if not lines:
                del self._open[line.place]
            line.close()


_lines: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, Lines]] = WeakKeyDictionary()


def lines() -> Lines:
    """Return those of the running event loop."""
    return _lines.setdefault(asyncio.get_running_loop(), Lines())
