"""Reads files as résumés: the outside work of the task `read_resume`.

No transaction is open while a stranger's file is opened. An answer to an earlier question, as when
somebody asked again meanwhile, is dropped.
"""

from datetime import date
from typing import Final

import msgspec

from core.candidates.contracts import FileId
from core.ports.documents import DocumentLine, DocumentState
from core.ports.files import FileStore
from core.ports.tasks import MAX_ATTEMPTS, Attempt, outside
from core.resumes.contracts.readings import ReadingState, ResumeLine, RunNumber
from core.resumes.contracts.structure import Resume, ResumeFacts
from core.resumes.events import ResumeParsed
from core.resumes.model import Found, Reading
from core.resumes.ports import ReadingRepository, ReadResume, ResumeReader
from core.shared.clock import Clock
from core.shared.events import Recorder

READ_RESUME: Final = "read_resume"
QUEUE: Final = "resumes"
LIMIT_SECONDS: Final = 120.0
"""A file is read within some ten seconds; the rest is waiting for those before it."""

GONE: Final = "The content of this file is gone."
GAVE_UP: Final = "Reading it was begun several times and never came to an end."
NOT_UNDERSTOOD: Final = "The text was read, but its structure couldn't be found."

_STATES: Final[dict[DocumentState, ReadingState]] = {
    "read": "parsed",
    "scanned": "scanned",
    "encrypted": "encrypted",
    "broken": "broken",
    "too_large": "too_large",
    "timed_out": "timed_out",
    "refused": "refused",
    "unsupported": "unsupported",
}


class ReadingWork(msgspec.Struct, frozen=True):
    """The payload: which file, and which of the times that it was asked for."""

    file_id: FileId
    run: RunNumber


class Ready(msgspec.Struct, frozen=True):
    """A file that is to be read now."""

    file_id: FileId
    run: RunNumber
    file_name: str
    today: date


@outside(READ_RESUME, queue=QUEUE, limit_seconds=LIMIT_SECONDS)
class ReadingFile:
    """One attempt."""

    async def prepare(
        self,
        work: ReadingWork,
        *,
        readings: ReadingRepository,
        attempt: Attempt,
        clock: Clock,
        recorder: Recorder,
    ) -> Ready | None:
        """Find out whether it is still to be read.

        Before the last attempt it is written down that the file can't be read: should that attempt
        take the worker with it as well, the file doesn't stay pending for ever.
        """
        reading = await readings.of_file(work.file_id)
        if reading is None or reading.run != work.run:
            return None
        now = clock.now()
        if attempt.number >= MAX_ATTEMPTS:
            reading.conclude(Found(state="failed", detail=GAVE_UP), now)
            await readings.save(reading)
            recorder.record(_ended(reading))
        return Ready(work.file_id, work.run, reading.file_name, now.date())

    async def perform(
        self, prepared: Ready, *, store: FileStore, reader: ResumeReader
    ) -> ReadResume | None:
        """Read the content; None when it is gone."""
        content = await store.get(prepared.file_id)
        if content is None:
            return None
        return await reader.read(content, prepared.file_name, prepared.today)

    async def conclude(
        self,
        prepared: Ready,
        outcome: ReadResume | None,
        *,
        readings: ReadingRepository,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        """Keep what was found."""
        reading = await readings.of_file(prepared.file_id)
        if reading is None or reading.run != prepared.run:
            return  # erased or asked for again meanwhile
        reading.conclude(found_in(outcome), clock.now())
        await readings.save(reading)
        recorder.record(_ended(reading))


def _ended(reading: Reading) -> ResumeParsed:
    return ResumeParsed(
        aggregate_id=reading.candidate_id, file_id=reading.file_id, state=reading.found.state
    )


def found_in(outcome: ReadResume | None) -> Found:
    """Return what a reading found, in the words of this slice."""
    if outcome is None:
        return Found(state="broken", detail=GONE)
    document = outcome.document
    state = _STATES[document.state]
    if state == "parsed" and outcome.parsed is None:
        state = "failed"
    lines = tuple(_line(each) for each in document.lines) if document.state == "read" else ()
    found = Found(
        state=state,
        detail=NOT_UNDERSTOOD if state == "failed" else document.detail,
        hidden_text=document.hidden_text,
        lines=lines,
        pages=document.pages,
        parser=outcome.parser,
        parser_version=outcome.parser_version,
    )
    if state != "parsed" or outcome.parsed is None:
        return found
    parsed = outcome.parsed
    return Found(
        state=state,
        detail=outcome.note,
        facts=_facts(parsed.resume),
        confidence=parsed.resume.confidence,
        sources=parsed.sources,
        language=parsed.language,
        hidden_text=document.hidden_text,
        lines=lines,
        pages=document.pages,
        parser=outcome.parser,
        parser_version=outcome.parser_version,
    )


def _facts(resume: Resume) -> ResumeFacts:
    return ResumeFacts(*(getattr(resume, name) for name in ResumeFacts.__struct_fields__))


def _line(line: DocumentLine) -> ResumeLine:
    if line.x0 is None or line.y0 is None or line.x1 is None or line.y1 is None:
        return ResumeLine(line.text, line.page)
    box = (round(line.x0, 1), round(line.y0, 1), round(line.x1, 1), round(line.y1, 1))
    return ResumeLine(line.text, line.page, box)
