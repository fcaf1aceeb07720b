"""The reading process: reads one document after the other until its input ends.

Started by `process.py` as `python -m plugins.document_reader.child`; frames come on standard
input and go to standard output. Another program may call `serve` to make something of each document
within the same limits: that text is a stranger's too.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import TypeVar

import msgspec

from core.ports.documents import ReadDocument
from plugins.document_reader.confinement import allow_cpu, confine
from plugins.document_reader.frames import (
    HEADER,
    Answer,
    Order,
    Request,
    framed,
    read_exactly,
)
from plugins.document_reader.reading import read_document, unread

_Frame = TypeVar("_Frame", Order, Request)
Make = Callable[[ReadDocument, str], msgspec.Struct]
"""Makes something of a document and the request's context."""
READY = b"ready"
_MOST_CALLS = 3_000
"""Of Python functions in one another; the limits on depth keep honest documents far below."""
FAILED = "The file is damaged in a way that it couldn't be read."
MEMORY = "Reading it needs more memory than a document may take."


def serve(make: Make | None = None) -> None:
    """Read documents, and `make` something of each, until the parent closes the pipe."""
    source, sink = os.dup(0), os.dup(1)
    # A library that prints must not disturb the frames.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1, 2):
        os.dup2(nowhere, each)
    order = _next(source, Order)
    if order is None:
        return
    # Whoever stops a whole service in order tells every process; the parent ends this one in time.
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    sys.setrecursionlimit(_MOST_CALLS)
    confine(order.limits)
    gc.collect()
    gc.freeze()
    _write(sink, framed(READY))
    while (request := _next(source, Request)) is not None:
        allow_cpu(order.limits.cpu_seconds)
        content = read_exactly(source, request.size)
        if content is None:
            return
        document, is_sound = _read(content, request.file_name, order)
        made = b""
        if make is not None and is_sound:
            made, is_sound = _make(make, document, request.context)
        _write(sink, framed(Answer(document, made)))
        if not is_sound:
            return
        del content, document, made


def _next(descriptor: int, kind: type[_Frame]) -> _Frame | None:
    header = read_exactly(descriptor, HEADER)
    body = read_exactly(descriptor, int.from_bytes(header, "big")) if header else None
    return None if body is None else msgspec.msgpack.decode(body, type=kind)


def _read(content: bytes, file_name: str, order: Order) -> tuple[ReadDocument, bool]:
    """The document, and whether this process is fit for another."""
    try:
        document = read_document(content, file_name, order.limits, order.ocr_languages)
    except MemoryError:
        return unread("unknown", "refused", MEMORY), False
    except RecursionError:
        return unread("unknown", "refused", "It is nested deeper than any document."), False
    except Exception:  # noqa: BLE001 - whatever a stranger's file breaks, the answer is a state
        return unread("unknown", "broken", FAILED), True
    return document, True


def _make(make: Make, document: ReadDocument, context: str) -> tuple[bytes, bool]:
    try:
        return msgspec.msgpack.encode(make(document, context)), True
    except MemoryError:
        return b"", False
    except Exception:  # noqa: BLE001 - what it can't cope with is one document's, not the next one's
        return b"", True


def _write(descriptor: int, frame: bytes) -> None:
    left = memoryview(frame)
    while left:
        left = left[os.write(descriptor, left) :]


if __name__ == "__main__":
    serve()
