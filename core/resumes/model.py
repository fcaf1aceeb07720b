"""One file read as a résumé: what the parser found, and what people put right."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from core.candidates.contracts import CandidateId, FileId
from core.resumes.contracts.readings import (
    Correction,
    ReadingState,
    ResumeField,
    ResumeLine,
    ResumeView,
    RunNumber,
)
from core.resumes.contracts.structure import Experience, ResumeFacts, Skill, SourceSpan
from core.resumes.contracts.tenure import years_of_experience
from core.shared.clock import UtcDatetime

FIRST_RUN: Final = RunNumber(0)
NOTHING: Final = ResumeFacts()
_TAKEN_UP_WITHIN: Final = timedelta(minutes=1)
_YEARS: Final = "years_of_experience"


@dataclass(frozen=True, kw_only=True)
class Found:
    """How one reading ended."""

    state: ReadingState
    detail: str = ""
    facts: ResumeFacts | None = None
    confidence: dict[str, float] = field(default_factory=dict)
    sources: dict[str, SourceSpan] = field(default_factory=dict)
    language: str | None = None
    hidden_text: tuple[str, ...] = ()
    lines: tuple[ResumeLine, ...] = ()
    pages: int = 0
    parser: str | None = None
    parser_version: str | None = None


UNREAD: Final = Found(state="unread")


@dataclass(kw_only=True)
class Reading:
    """The aggregate. `version` is 0 while nobody has asked for the file to be read."""

    file_id: FileId
    candidate_id: CandidateId
    file_name: str
    uploaded_at: UtcDatetime
    run: RunNumber = FIRST_RUN
    found: Found = UNREAD
    corrections: tuple[Correction, ...] = ()
    requested_at: UtcDatetime | None = None
    finished_at: UtcDatetime | None = None
    version: int = 0

    def ask(self, now: UtcDatetime) -> None:
        """Note that it is to be read; what an earlier reading found stays until this one ends."""
        self.run = RunNumber(self.run + 1)
        self.found = replace(self.found, state="pending", detail="")
        self.requested_at = now
        self.version += 1

    def conclude(self, found: Found, now: UtcDatetime) -> None:
        """Keep what the reading found; corrections stay."""
        self.found = found
        self.finished_at = now
        self.version += 1

    def correct(self, corrections: dict[ResumeField, Correction]) -> tuple[ResumeField, ...]:
        """Take over corrections and return the fields whose value is another now.

        One that equals what the parser found takes an earlier one back.
        """
        kept = {each.field: each for each in self.corrections}
        changed: list[ResumeField] = []
        for name, correction in corrections.items():
            parsed = comparable(name, getattr(self.found.facts or NOTHING, name))
            if correction.value == (kept[name].value if name in kept else parsed):
                continue
            changed.append(name)
            if correction.value == parsed:
                del kept[name]
            else:
                kept[name] = correction
        if changed:
            self.corrections = tuple(kept.values())
            self.version += 1
        return tuple(changed)

    def view(self, now: UtcDatetime) -> ResumeView:
        """Return what others see of it.

        A file that was uploaded this minute will be read, though its turn may not have come yet.
        """
        found = self.found
        is_new = found.state == "unread" and now - self.uploaded_at < _TAKEN_UP_WITHIN
        facts = corrected(found.facts, self.corrections)
        standing = _standing(found, facts, self.corrections)
        return ResumeView(
            file_id=self.file_id,
            candidate_id=self.candidate_id,
            file_name=self.file_name,
            state="pending" if is_new else found.state,
            detail=found.detail,
            resume=facts,
            original=found.facts,
            confidence={
                path: found.confidence[path] for path in standing if path in found.confidence
            },
            sources={path: found.sources[path] for path in standing if path in found.sources},
            corrections=self.corrections,
            hidden_text=found.hidden_text,
            lines=found.lines,
            language=found.language,
            pages=found.pages,
            parser=found.parser,
            parser_version=found.parser_version,
            requested_at=self.requested_at,
            finished_at=self.finished_at,
            version=self.version,
        )


def comparable(name: ResumeField, value: Any) -> Any:
    """Return a field's value as corrections hold it: as JSON has it, and skills by their names."""
    if name == "skills":
        return [skill.name for skill in value]
    return msgspec.json.decode(msgspec.json.encode(value))


def corrected(facts: ResumeFacts | None, corrections: tuple[Correction, ...]) -> ResumeFacts | None:
    """Return what the résumé says with what people put right.

    The years follow corrected positions, as of the day of the correction, unless somebody put them
    right as well.
    """
    if not corrections:
        return facts
    parsed = facts or NOTHING
    values = {name: getattr(parsed, name) for name in ResumeFacts.__struct_fields__}
    by_field = {each.field: each for each in corrections}
    for name, each in by_field.items():
        values[name] = _skills(each.value, parsed.skills) if name == "skills" else each.value
    made = msgspec.convert(values, ResumeFacts, from_attributes=True)
    positions = by_field.get("experience")
    if positions is not None and _YEARS not in by_field:
        years = _years(made.experience, positions.at.date())
        made = msgspec.structs.replace(made, years_of_experience=years)
    return made


def _years(experience: tuple[Experience, ...], today: date) -> float | None:
    return years_of_experience(experience, today)


def _skills(names: list[str], parsed: tuple[Skill, ...]) -> tuple[Skill, ...]:
    """A skill that the parser found as well keeps the words that show it."""
    evidence = {skill.name.casefold(): skill.evidence for skill in parsed}
    return tuple(Skill(name, evidence.get(name.casefold(), "")) for name in names)


def _standing(
    found: Found, facts: ResumeFacts | None, corrections: tuple[Correction, ...]
) -> list[str]:
    """Return the paths at which still stands what the parser found."""
    paths = [*dict.fromkeys((*found.confidence, *found.sources))]
    touched = {each.field for each in corrections}
    if not touched or found.facts is None or facts is None:
        return paths
    before, after = msgspec.to_builtins(found.facts), msgspec.to_builtins(facts)
    return [
        path
        for path in paths
        if path.partition(".")[0] not in touched or _at(before, path) == _at(after, path)
    ]


def _at(document: Any, path: str) -> Any:
    """Return what stands at `experience.0.company`; None where nothing does."""
    for part in path.split("."):
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list | tuple) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document
