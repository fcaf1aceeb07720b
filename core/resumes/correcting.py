"""What people put right, in its clean form; used by the use case of `CorrectResume`."""

from collections.abc import Mapping
from typing import Any

from core.resumes.contracts.readings import (
    CorrectedEducation,
    CorrectedExperience,
    Correction,
    ResumeField,
)
from core.resumes.model import comparable
from core.shared.actor import Actor
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput


def corrections_of(
    given: Mapping[ResumeField, Any], actor: Actor, now: UtcDatetime
) -> dict[ResumeField, Correction]:
    """Return the given fields as corrections of `actor`.

    Raises InvalidInput that names every wrong field, e.g. `experience.1.end`.
    """
    errors: list[FieldError] = []
    values = {name: _cleaned(name, value, errors) for name, value in given.items()}
    if errors:
        raise InvalidInput(*errors)
    return {
        name: Correction(name, value, actor.member_id, actor.name, now)
        for name, value in values.items()
    }


def _cleaned(name: ResumeField, value: Any, errors: list[FieldError]) -> Any:
    if name in ("experience", "education"):
        errors += _wrong_periods(name, value)
    if name == "skills":
        names = [_plain(each, f"skills.{place}", errors) for place, each in enumerate(value)]
        return _distinct([each for each in names if each])
    plain = comparable(name, value)
    if isinstance(plain, list):
        return [_tidied(each, f"{name}.{place}", errors) for place, each in enumerate(plain)]
    return _tidied(plain, name, errors)


def _tidied(value: Any, place: str, errors: list[FieldError]) -> Any:
    if isinstance(value, str):
        return _plain(value, place, errors)
    if isinstance(value, dict):
        return {name: _tidied(each, f"{place}.{name}", errors) for name, each in value.items()}
    if isinstance(value, list):
        return [_tidied(each, f"{place}.{number}", errors) for number, each in enumerate(value)]
    return value


def _plain(text: str, place: str, errors: list[FieldError]) -> str:
    plain = text.strip()
    if not plain:
        errors.append(FieldError(place, "Write something, or leave it out.", "required"))
    return plain


def _distinct(names: list[str]) -> list[str]:
    return list({name.casefold(): name for name in reversed(names)}.values())[::-1]


def _wrong_periods(
    name: str, entries: tuple[CorrectedExperience | CorrectedEducation, ...]
) -> list[FieldError]:
    found = []
    for place, entry in enumerate(entries):
        path = f"{name}.{place}.end"
        if entry.current and entry.end is not None:
            found.append(FieldError(path, "What still goes on has no end.", "contradiction"))
        elif entry.start and entry.end and entry.end < entry.start[: len(entry.end)]:
            text = f"{entry.end} is before the start, {entry.start}."
            found.append(FieldError(path, text, "out_of_range"))
        if isinstance(entry, CorrectedExperience):
            if not (entry.company or entry.title):
                text = "Name the company or the title."
                found.append(FieldError(f"{name}.{place}.company", text, "required"))
        elif not (entry.institution or entry.degree or entry.field):
            text = "Name the institution, the degree or the field."
            found.append(FieldError(f"{name}.{place}.institution", text, "required"))
    return found
