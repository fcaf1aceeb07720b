"""Readings of files as résumés, and the profiles that they may fill."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.candidates.contracts import CandidateId, FileId
from core.candidates.model import PhoneNumbers, clean_values
from core.resumes.contracts.readings import Correction, ProfileField, ResumeLine, RunNumber
from core.resumes.contracts.structure import ResumeFacts, SourceSpan
from core.resumes.errors import ResumeFileNotFound
from core.resumes.model import Found, Reading
from core.resumes.ports import Filled, OfferedProfile
from core.shared.clock import UtcDatetime
from core.shared.errors import InvalidInput
from core.shared.ids import MemberId
from plugins.postgres.candidate_tables import candidate_files
from plugins.postgres.candidates import PostgresCandidateQueries, PostgresCandidates
from plugins.postgres.database import TenantReader
from plugins.postgres.resume_tables import resume_readings
from plugins.postgres.unit import Unit

_FILE: Final = (
    candidate_files.c.id.label("of_file"),
    candidate_files.c.candidate_id,
    candidate_files.c.name.label("file_name"),
    candidate_files.c.uploaded_at,
)
_WITH_FILE: Final = candidate_files.outerjoin(
    resume_readings,
    sa.and_(
        resume_readings.c.tenant_id == candidate_files.c.tenant_id,
        resume_readings.c.file_id == candidate_files.c.id,
    ),
)
_FACTS: Final = tuple(column for column in resume_readings.c if column.name != "tenant_id")


def _selected() -> sa.Select[Any]:
    return sa.select(*_FILE, *_FACTS).select_from(_WITH_FILE)


class PostgresReadings:
    """Implements `core.resumes.ports.ReadingRepository`.

    Each use locks the reading before it touches the candidate.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def begin(self, file_id: FileId, now: UtcDatetime) -> RunNumber | None:
        """Insert a reading for a file that has none."""
        if await self.of_file(file_id) is not None:
            return None
        file = await self._unit.one_or_none(
            sa.select(*_FILE).where(candidate_files.c.id == file_id).with_for_update(key_share=True)
        )
        if file is None:
            return None
        reading = _reading(file)
        reading.ask(now)
        statement = postgresql.insert(resume_readings).values(self._values(reading))
        result = await self._unit.execute(statement.on_conflict_do_nothing())
        return reading.run if result.rowcount == 1 else None

    async def of_file(self, file_id: FileId) -> Reading | None:
        """Return the reading of a file, locked."""
        if not await self._lock(file_id):
            return None
        row = await self._unit.one_or_none(_selected().where(candidate_files.c.id == file_id))
        return None if row is None else _reading(row)

    async def get(self, candidate_id: CandidateId, file_id: FileId) -> Reading:
        """Return the reading of a candidate's file, locked."""
        await self._lock(file_id)
        row = await self._unit.one_or_none(
            _selected()
            .where(candidate_files.c.id == file_id, candidate_files.c.candidate_id == candidate_id)
            .with_for_update(of=candidate_files, key_share=True)
        )
        if row is None:
            await PostgresCandidates(self._unit).get(candidate_id)
            raise _no_file()
        return _reading(row)

    async def save(self, reading: Reading) -> None:
        """Insert or update a reading."""
        values = self._values(reading)
        changing = values.keys() - {"tenant_id", "file_id"}
        await self._unit.execute(
            postgresql.insert(resume_readings)
            .values(values)
            .on_conflict_do_update(
                index_elements=["tenant_id", "file_id"],
                set_={name: values[name] for name in changing},
            )
        )

    async def _lock(self, file_id: FileId) -> bool:
        row = await self._unit.one_or_none(
            sa.select(resume_readings.c.run)
            .where(resume_readings.c.file_id == file_id)
            .with_for_update()
        )
        return row is not None

    def _values(self, reading: Reading) -> dict[str, Any]:
        found = reading.found
        return {
            "tenant_id": self._unit.tenant_id,
            "file_id": reading.file_id,
            "run": reading.run,
            "state": found.state,
            "detail": found.detail,
            "facts": None if found.facts is None else msgspec.to_builtins(found.facts),
            "confidence": found.confidence,
            "sources": msgspec.to_builtins(found.sources),
            "language": found.language,
            "hidden_text": list(found.hidden_text),
            "lines": msgspec.to_builtins(found.lines),
            "pages": found.pages,
            "parser": found.parser,
            "parser_version": found.parser_version,
            "corrections": msgspec.to_builtins(reading.corrections),
            "requested_at": reading.requested_at,
            "finished_at": reading.finished_at,
            "version": reading.version,
        }


class PostgresReadingQueries:
    """Implements `core.resumes.ports.ReadingQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader
        self._candidates = PostgresCandidateQueries(reader)

    async def get(
        self, candidate_id: CandidateId, file_id: FileId, only_for: MemberId | None = None
    ) -> Reading:
        """Return the reading of a file of a candidate that the member may see."""
        await self._candidates.get(candidate_id, only_for)
        rows = await self._reader.select(
            _selected().where(
                candidate_files.c.tenant_id == self._reader.tenant_id,
                candidate_files.c.id == file_id,
                candidate_files.c.candidate_id == candidate_id,
            )
        )
        if not rows:
            raise _no_file()
        return _reading(rows[0])


class PostgresProfiles:
    """Implements `core.resumes.ports.CandidateProfiles`."""

    def __init__(self, unit: Unit, phones: PhoneNumbers) -> None:
        self._candidates = PostgresCandidates(unit)
        self._phones = phones

    async def fill_gaps(
        self,
        candidate_id: CandidateId,
        offered: OfferedProfile,
        fields: tuple[ProfileField, ...],
        now: UtcDatetime,
    ) -> Filled:
        """Set what is empty, and let search follow."""
        candidate = await self._candidates.get(candidate_id)
        seen = candidate.version
        values: dict[str, Any] = {}
        for name in fields:
            if not getattr(candidate.profile, name):
                values |= _fitting(name, getattr(offered, name), self._clean)
        changed = candidate.change({name: each for name, each in values.items() if each}, now)
        if changed:
            await self._candidates.save(candidate, seen)
        return Filled(tuple(name for name in fields if name in changed), seen, candidate.version)

    def _clean(self, given: dict[str, Any]) -> dict[str, Any]:
        return clean_values(given, self._phones)


def _fitting(
    name: ProfileField, offer: Any, clean: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Return what of an offer the profile takes; of a list, each entry by itself."""
    kept: list[Any] = []
    for each in offer if isinstance(offer, tuple) else (offer,):
        try:
            value = clean({name: (each,) if isinstance(offer, tuple) else each})[name]
        except InvalidInput:
            continue
        kept += value if isinstance(offer, tuple) else [value]
    if isinstance(offer, tuple):
        return {name: tuple(dict.fromkeys(kept))}
    return {name: kept[0] if kept else None}


def _reading(row: sa.Row[Any]) -> Reading:
    """Return the aggregate of a file's row, with or without its reading."""
    reading = Reading(
        file_id=FileId(row.of_file),
        candidate_id=CandidateId(row.candidate_id),
        file_name=row.file_name,
        uploaded_at=row.uploaded_at,
    )
    if getattr(row, "version", None) is None:
        return reading
    reading.run = RunNumber(row.run)
    reading.found = Found(
        state=row.state,
        detail=row.detail,
        facts=None if row.facts is None else msgspec.convert(row.facts, ResumeFacts),
        confidence=row.confidence,
        sources=msgspec.convert(row.sources, dict[str, SourceSpan]),
        language=row.language,
        hidden_text=tuple(row.hidden_text),
        lines=msgspec.convert(row.lines, tuple[ResumeLine, ...]),
        pages=row.pages,
        parser=row.parser,
        parser_version=row.parser_version,
    )
    reading.corrections = msgspec.convert(row.corrections, tuple[Correction, ...])
    reading.requested_at = row.requested_at
    reading.finished_at = row.finished_at
    reading.version = row.version
    return reading


def _no_file() -> ResumeFileNotFound:
    return ResumeFileNotFound("There is no such file on this candidate.")
