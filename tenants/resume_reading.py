"""Reads and parses résumés in processes apart: what workers, the command line and the bench use."""

from datetime import date
from types import TracebackType
from typing import Final, Self

import msgspec
import structlog

from core.resumes.contracts.structure import ParsedResume
from core.resumes.ports import ReadResume
from plugins.document_reader.frames import Answer
from plugins.document_reader.limits import Limits
from plugins.document_reader.sandbox import SandboxedReader
from plugins.resume_parser.version import NAME, VERSION

_PROGRAM: Final = "tenants.resume_process"
PROCESSES: Final = 2
"""A file that takes all its time leaves the other process to those behind it."""

log = structlog.get_logger(__name__)


class ResumeSandbox:
    """Implements `core.resumes.ports.ResumeReader` with our own parser, for whichever tenant.

    Processes start when they are first needed.
    """

    def __init__(
        self,
        *,
        processes: int = PROCESSES,
        limits: Limits | None = None,
        ocr_languages: str = "",
    ) -> None:
        """See `SandboxedReader`."""
        self.processes = SandboxedReader(
            processes=processes, limits=limits, ocr_languages=ocr_languages, program=_PROGRAM
        )

    async def read(self, content: bytes, file_name: str, today: date) -> ReadResume:
        """Read and parse one file. Raises Unavailable when no process can be started."""
        return _read(await self.processes.answer_async(content, file_name, today.isoformat()))

    def read_now(self, content: bytes, file_name: str, today: date) -> ReadResume:
        """Do the same, for who has no event loop."""
        return _read(self.processes.answer(content, file_name, today.isoformat()))

    def close(self) -> None:
        """End all processes."""
        self.processes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _read(answer: Answer) -> ReadResume:
    document, parsed = answer.document, _parsed(answer.made)
    if document.state == "read" and parsed is None:
        log.warning("resume_not_understood", kind=document.kind, lines=len(document.lines))
    return ReadResume(document, parsed, NAME, VERSION)


def _parsed(made: bytes) -> ParsedResume | None:
    """What isn't as it should be, from a process that a stranger's file may have taken, is none."""
    try:
        return msgspec.msgpack.decode(made, type=ParsedResume) if made else None
    except msgspec.DecodeError:
        return None
