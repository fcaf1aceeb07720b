"""Turns rows of an import into candidates and applications, in few statements."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from core.applications.contracts import ApplicationId
from core.applications.events import ApplicationCreated
from core.applications.model import Application
from core.applications.ports import Opening
from core.candidates.contracts import CandidateId, CreateCandidate
from core.candidates.events import CandidateCreated, CandidateUpdated
from core.candidates.model import Candidate, PhoneNumbers, Profile, clean_profile
from core.candidates.normalisation import clean_email, email_key
from core.imports.columns import Parsed
from core.imports.contracts import ImportRow, ImportView
from core.jobs.contracts import JobId, Stage
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Event
from core.shared.ids import Ids
from plugins.postgres.application_tables import applications
from plugins.postgres.applications import PostgresApplications, PostgresOpenings
from plugins.postgres.candidate_tables import candidate_keys
from plugins.postgres.candidates import PostgresCandidates
from plugins.postgres.job_tables import jobs
from plugins.postgres.unit import Unit

_CHUNK: Final = 5_000
"""Values of one IN list."""


class _Person(msgspec.Struct):
    """Whom a row speaks of: a candidate that is there, or a new one."""

    id: CandidateId
    profile: Profile
    line: int
    is_new: bool


class PostgresCandidateIntake:
    """Implements `core.imports.ports.CandidateIntake`."""

    def __init__(self, unit: Unit, phones: PhoneNumbers, clock: Clock, ids: Ids) -> None:
        self._unit = unit
        self._candidates = PostgresCandidates(unit)
        self._phones = phones
        self._clock = clock
        self._ids = ids
        self._known: dict[str, UUID] = {}
        self._seen: dict[str, _Person] = {}
        self._people: dict[int, _Person] = {}
        self._updates = False

    async def begin(self, view: ImportView, rows: Sequence[Parsed]) -> None:
        """Look up which of the rows' addresses candidates have."""
        self._updates = view.options.on_duplicate == "update"
        addresses = {key for row in rows if row.candidate for key in _email_keys(row.candidate)}
        for chunk in _chunks(sorted(addresses)):
            found = await self._unit.all(
                sa.select(candidate_keys.c.value, candidate_keys.c.candidate_id).where(
                    candidate_keys.c.kind == "email", candidate_keys.c.value.in_(chunk)
                )
            )
            for row in found:
                self._known.setdefault(row.value, row.candidate_id)

    def check(self, row: Parsed) -> ImportRow:
        """Return what a row would become."""
        person, refused = self.person_of(row)
        if person is None:
            return refused
        if person.line != row.line:
            repeated = FieldError("emails", f"Line {person.line} has the same address.", "repeated")
            return ImportRow(row.line, "skipped", None, (repeated,))
        if person.is_new:
            return ImportRow(row.line, "created", person.id)
        return ImportRow(row.line, "updated" if self._updates else "skipped", person.id)

    @property
    def new_candidates(self) -> int:
        """How many new people the checked rows name."""
        return sum(person.is_new for person in self._people.values())

    async def write(self, rows: Sequence[ImportRow]) -> Sequence[Event]:
        """Insert the new and change the known."""
        events = await self.add_new([row.line for row in rows if row.outcome == "created"])
        for row in rows:
            if row.outcome == "updated":
                events += await self._update(self._people[row.line])
        return events

    def person_of(self, row: Parsed) -> tuple[_Person | None, ImportRow]:
        """Return whom the row speaks of, or None and what is wrong with the row."""
        refused = ImportRow(row.line, "error", None, row.errors)
        if row.candidate is None:
            return None, refused
        try:
            profile = clean_profile(msgspec.structs.asdict(row.candidate), self._phones)
        except InvalidInput as error:
            return None, ImportRow(row.line, "error", None, tuple(error.fields))
        keys = [email_key(email).value for email in profile.emails]
        person = next((self._seen[key] for key in keys if key in self._seen), None)
        if person is None:
            known = next((self._known[key] for key in keys if key in self._known), None)
            new_id = CandidateId(self._ids.new() if known is None else known)
            person = _Person(new_id, profile, row.line, known is None)
            self._people[row.line] = person
        for key in keys:
            self._seen.setdefault(key, person)
        return person, refused

    async def add_new(self, lines: Sequence[int]) -> list[Event]:
        """Insert the new people of these lines."""
        now = self._clock.now()
        added = [
            Candidate(
                id=person.id,
                profile=person.profile,
                version=1,
                created_at=now,
                updated_at=now,
                created_by=None,
            )
            for line in lines
            if (person := self._people.get(line)) is not None and person.is_new
        ]
        if added:
            await self._candidates.add_all(added)
        return [CandidateCreated(aggregate_id=each.id) for each in added]

    async def _update(self, person: _Person) -> list[Event]:
        """Set what the file says of a candidate; an empty cell changes nothing."""
        candidate = await self._candidates.get(person.id)
        given = {
            name: value
            for name in person.profile.__dataclass_fields__
            if (value := getattr(person.profile, name))
        }
        for name in ("emails", "phones", "links", "skills", "tags"):
            if name in given:
                present = getattr(candidate.profile, name)
                given[name] = present + tuple(each for each in given[name] if each not in present)
        seen = candidate.version
        changed = candidate.change(given, self._clock.now())
        if not changed:
            return []
        await self._candidates.save(candidate, seen)
        return [CandidateUpdated(aggregate_id=candidate.id, fields=changed)]


class PostgresApplicationIntake:
    """Implements `core.imports.ports.ApplicationIntake`."""

    def __init__(
        self,
        unit: Unit,
        make_people: Callable[[], PostgresCandidateIntake],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._unit = unit
        self._people = make_people()
        self._applications = PostgresApplications(unit, ids)
        self._clock = clock
        self._ids = ids
        self._job_id: UUID | None = None
        self._openings: dict[str, list[Opening]] = {}
        self._active: set[tuple[UUID, UUID]] = set()
        self._planned: dict[int, tuple[UUID, CandidateId, Opening, Stage]] = {}

    async def begin(self, view: ImportView, rows: Sequence[Parsed]) -> None:
        """Look up people, jobs and who has applied for them."""
        await self._people.begin(view, rows)
        self._job_id = view.options.job_id
        named = {_folded(row.job) for row in rows if row.job}
        if self._job_id is not None:
            named.add(str(self._job_id))
        openings = PostgresOpenings(self._unit)
        rows_of_jobs = await self._unit.all(
            sa.select(jobs.c.id, jobs.c.title).where(jobs.c.status == "open").order_by(jobs.c.id)
        )
        for row in rows_of_jobs:
            names = {str(row.id), _folded(row.title)} & named
            opening = await openings.opening(JobId(row.id)) if names else None
            if opening is not None:
                for name in names:
                    self._openings.setdefault(name, []).append(opening)
        wanted = {opening.job_id for each in self._openings.values() for opening in each}
        for chunk in _chunks(sorted(wanted)):
            found = await self._unit.all(
                sa.select(applications.c.job_id, applications.c.candidate_id).where(
                    applications.c.job_id.in_(chunk), applications.c.disposition == "active"
                )
            )
            self._active |= {(row.job_id, row.candidate_id) for row in found}

    def check(self, row: Parsed) -> ImportRow:
        """Return what a row would become."""
        opening, stage, errors = self._place(row)
        if errors and row.candidate is not None:
            return ImportRow(row.line, "error", None, errors)
        person, refused = self._people.person_of(row)
        if person is None or opening is None or stage is None:
            return refused
        if (opening.job_id, person.id) in self._active:
            applied = FieldError("job", "Has an active application for this job.", "repeated")
            return ImportRow(row.line, "skipped", None, (applied,))
        self._active.add((opening.job_id, person.id))
        application_id = self._ids.new()
        self._planned[row.line] = (application_id, person.id, opening, stage)
        return ImportRow(row.line, "created", application_id)

    @property
    def new_candidates(self) -> int:
        """How many new people the checked rows name."""
        return self._people.new_candidates

    async def write(self, rows: Sequence[ImportRow]) -> Sequence[Event]:
        """Insert new candidates, then every application with the first entry of its history."""
        events: list[Event] = list(await self._people.add_new([row.line for row in rows]))
        now = self._clock.now()
        for row in rows:
            if row.outcome != "created":
                continue
            application_id, candidate_id, opening, stage = self._planned[row.line]
            application = Application(
                id=ApplicationId(application_id),
                candidate_id=candidate_id,
                job_id=opening.job_id,
                stage_id=stage.id,
                source="import",
                applied_at=now,
                stage_entered_at=now,
                updated_at=now,
            )
            await self._applications.add(application, application.applied(), opening, None)
            events.append(
                ApplicationCreated(
                    aggregate_id=application.id,
                    job_id=opening.job_id,
                    candidate_id=candidate_id,
                    stage_id=stage.id,
                    source="import",
                )
            )
        return events

    def _place(self, row: Parsed) -> tuple[Opening | None, Stage | None, tuple[FieldError, ...]]:
        name = _folded(row.job) if row.job else str(self._job_id or "")
        found = self._openings.get(name, [])
        if len(found) != 1:
            message = (
                "Several open jobs have this title." if found else "There is no such open job."
            )
            return None, None, (FieldError("job", message),)
        opening = found[0]
        if row.stage is None:
            return opening, opening.stages[0], ()
        stage = next((s for s in opening.stages if _folded(s.name) == _folded(row.stage)), None)
        if stage is None or stage.kind == "hired":
            places = ", ".join(each.name for each in opening.stages if each.kind != "hired")
            message = f"Not a stage that one can be imported into: {places}."
            return opening, None, (FieldError("stage", message),)
        return opening, stage, ()


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _email_keys(candidate: CreateCandidate) -> Iterable[str]:
    for email in candidate.emails:
        try:
            yield email_key(clean_email(email)).value
        except ValueError:
            continue


def _chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
