"""Reads documents in processes of their own, several at once: what the service and the CLI use."""

import asyncio
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from core.ports.documents import ReadDocument
from core.shared.errors import Unavailable
from plugins.document_reader.frames import Answer
from plugins.document_reader.limits import Limits
from plugins.document_reader.process import PROGRAM, NotStarted, ReadingProcess
from plugins.document_reader.reading import unread

_CLOSED = "Documents aren't read any more: this process is ending."


class SandboxedReader:
    """Implements `core.ports.documents.DocumentReader`; every document gets a clear state.

    Processes start when they are first needed and are kept warm; one that hit a limit is replaced.
    """

    def __init__(
        self,
        *,
        processes: int = 1,
        limits: Limits | None = None,
        ocr_languages: str = "",
        program: str = PROGRAM,
    ) -> None:
        """Read up to `processes` documents at once; more wait.

        `ocr_languages` as tesseract takes them (`eng+deu`) has scanned pages recognised where
        tesseract is installed; empty: they are only recognised as scanned. `program` is the module
        that the processes run; it may make more of a document than its lines.
        """
        self._limits = limits or Limits()
        self._ocr_languages = ocr_languages
        self._program = program
        self._free: queue.LifoQueue[ReadingProcess | None] = queue.LifoQueue()
        for _ in range(processes):
            self._free.put(None)
        self._all: set[ReadingProcess] = set()
        self._lock = threading.Lock()
        self._is_closed = False
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="document-reader")

    def read(self, content: bytes, file_name: str) -> ReadDocument:
        """Read the file. Raises Unavailable when no reading process can be started."""
        return self.answer(content, file_name).document

    def answer(self, content: bytes, file_name: str, context: str = "") -> Answer:
        """Read the file and have made of it what the processes' program makes, with `context`.

        Raises Unavailable when no reading process can be started.
        """
        if len(content) > self._limits.bytes:
            detail = f"It has {len(content)} bytes; up to {self._limits.bytes} are read."
            return Answer(unread("unknown", "too_large", detail))
        process = self._free.get()
        try:
            if self._is_closed:
                raise Unavailable(_CLOSED)
            if process is None or not process.is_usable:
                process = self._replaced(process)
            answer = process.read(content, file_name, context)
        except (NotStarted, OSError) as error:
            process = None
            raise Unavailable("Documents can't be read at the moment.") from error
        else:
            if self._is_closed:
                # What ended it may have been the closing: that says nothing of the document.
                raise Unavailable(_CLOSED)
            return answer
        finally:
            # The next one starts while nobody waits for it.
            if process is not None and not process.is_usable and not self._is_closed:
                process = self._replaced(process)
            self._free.put(process)

    async def answer_async(self, content: bytes, file_name: str, context: str = "") -> Answer:
        """Do the same on a thread of the pool, so that the event loop goes on."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.answer, content, file_name, context)

    def start(self) -> None:
        """Start every process now, so that the first document doesn't wait."""
        waiting = [self._free.get() for _ in range(self._free.qsize())]
        for process in waiting:
            self._free.put(process or self._replaced(None))

    def close(self) -> None:
        """End all processes; who waits for a document is told Unavailable."""
        self._is_closed = True
        with self._lock:
            processes, self._all = self._all, set()
        for process in processes:
            process.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def pids(self) -> frozenset[int]:
        """Of the reading processes that run."""
        with self._lock:
            return frozenset(each.pid for each in self._all)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _replaced(self, process: ReadingProcess | None) -> ReadingProcess:
        if process is not None:
            process.kill()
        made = ReadingProcess(self._limits, self._ocr_languages, self._program)
        with self._lock:
            if process is not None:
                self._all.discard(process)
            self._all.add(made)
        return made
