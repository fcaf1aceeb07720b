"""One reading process as its parent sees it: started, given a document, killed on overrun."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from plugins.document_reader.frames import (
    Answer,
    Gone,
    Late,
    Order,
    Request,
    TooLong,
    framed,
    receive,
    send,
)
from plugins.document_reader.limits import Limits
from plugins.document_reader.reading import unread

_ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 30.0
_LONGEST_NAME = 300
_DYING_SECONDS = 0.5
"""Its pipes close a moment before the reason of its end is known."""
_MOST_DOCUMENTS = 400
"""After so many, a fresh process takes over: libraries in C leak a little."""
PROGRAM = "plugins.document_reader.child"
SLOW = "Reading it takes longer than {seconds:.0f} seconds."
ENDED = "Reading it took too much memory, or broke the reader: the file is damaged or a trick."


class NotStarted(Exception):
    """The reading process didn't come up; the machine lacks memory or the installation a part."""


class ReadingProcess:
    """Not for two threads at once."""

    def __init__(self, limits: Limits, ocr_languages: str = "", program: str = PROGRAM) -> None:
        """Start it without waiting until it is ready.

        `program` is a module that calls `child.serve`.
        """
        self._limits = limits
        self._left = _MOST_DOCUMENTS
        self._is_ready = False
        self._process = subprocess.Popen(  # noqa: S603 - a module of our own
            [sys.executable, "-E", "-s", "-m", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            start_new_session=True,
            bufsize=0,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise NotStarted
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        self._order = framed(Order(limits, ocr_languages))

    @property
    def pid(self) -> int:
        """Of the operating system."""
        return self._process.pid

    @property
    def is_usable(self) -> bool:
        """Whether it can be given another document."""
        return self._left > 0 and self._process.poll() is None

    def read(self, content: bytes, file_name: str, context: str = "") -> Answer:
        """Have one document read. Whatever happens to the process is a state of the document."""
        self._await_ready()
        self._left -= 1
        deadline = time.monotonic() + self._limits.wall_seconds
        try:
            request = Request(len(content), file_name[-_LONGEST_NAME:], context)
            send(self._to, framed(request), deadline)
            send(self._to, content, deadline)
            answer = receive(self._from, deadline, self._limits.answer_bytes)
            return msgspec.msgpack.decode(answer, type=Answer)
        except Late:
            self.kill()
            detail = SLOW.format(seconds=self._limits.wall_seconds)
            return Answer(unread("unknown", "timed_out", detail))
        except Gone:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_DYING_SECONDS)
            self.kill()
            is_slow = self._process.returncode == -signal.SIGXCPU
            if is_slow:
                detail = SLOW.format(seconds=self._limits.cpu_seconds)
                return Answer(unread("unknown", "timed_out", detail))
            return Answer(unread("unknown", "refused", ENDED))
        except TooLong:
            self.kill()
            return Answer(unread("unknown", "too_large", "It has more text than is read."))
        except msgspec.DecodeError:
            self.kill()
            return Answer(unread("unknown", "refused", ENDED))

    def _await_ready(self) -> None:
        if self._is_ready:
            return
        deadline = time.monotonic() + _START_SECONDS
        try:
            send(self._to, self._order, deadline)
            receive(self._from, deadline, 100)
        except (Gone, Late, TooLong) as error:
            self.kill()
            raise NotStarted from error
        self._is_ready = True

    def kill(self) -> None:
        """End it and what it started."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for end in (self._process.stdin, self._process.stdout):
            if end is not None:
                end.close()
        self._left = 0
