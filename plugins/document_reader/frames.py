"""What parent and reading process say to each other: a length of four bytes, then MessagePack.

A document goes as it is, behind its name, so that the parent never holds it twice.
"""

import os
import select
import time
from typing import Final

import msgspec

from core.ports.documents import ReadDocument
from plugins.document_reader.limits import Limits

HEADER: Final = 4
_CHUNK = 1 << 18


class Request(msgspec.Struct, array_like=True):
    """Read what follows, so many bytes."""

    size: int
    file_name: str
    context: str = ""
    """For what is made of the document in the same process."""


class Answer(msgspec.Struct, array_like=True):
    """The document, and what was made of it."""

    document: ReadDocument
    made: bytes = b""
    """MessagePack; empty when nothing was to be made of it, or that failed."""


class Order(msgspec.Struct, array_like=True):
    """The first frame: how to read all that follow."""

    limits: Limits
    ocr_languages: str
    """For tesseract, like `eng+deu`; empty: scanned pages aren't recognised."""


def framed(message: object) -> bytes:
    """Return the message as a frame."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(HEADER, "big") + body


def read_exactly(descriptor: int, count: int) -> bytes | None:
    """Block until `count` bytes are there; None at the end. For the reading process."""
    parts = []
    while count:
        part = os.read(descriptor, min(count, _CHUNK))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


class Late(Exception):
    """The deadline passed."""


class Gone(Exception):
    """The other side closed its end."""


class TooLong(Exception):
    """The other side announces more than is taken."""


def send(descriptor: int, frame: bytes, deadline: float) -> None:
    """Write to a non-blocking pipe until `deadline` of the monotonic clock."""
    left = memoryview(frame)
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    while left:
        _wait(poll, deadline)
        try:
            left = left[os.write(descriptor, left[:_CHUNK]) :]
        except BlockingIOError:
            continue
        except OSError as error:
            raise Gone from error


def receive(descriptor: int, deadline: float, largest: int) -> bytes:
    """Read one frame from a non-blocking pipe until `deadline` of the monotonic clock."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    length = int.from_bytes(_read(descriptor, HEADER, poll, deadline), "big")
    if length > largest:
        raise TooLong
    return _read(descriptor, length, poll, deadline)


def _read(descriptor: int, count: int, poll: select.poll, deadline: float) -> bytes:
    parts = []
    while count:
        _wait(poll, deadline)
        try:
            part = os.read(descriptor, min(count, _CHUNK))
        except BlockingIOError:
            continue
        if not part:
            raise Gone
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _wait(poll: select.poll, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise Late
