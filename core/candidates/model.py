"""The candidate: a person with contacts and a history, changed as one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from core.candidates.contracts import (
    CandidateId,
    CandidateView,
    Education,
    Experience,
    ProfileLink,
)
from core.candidates.normalisation import (
    Key,
    clean_email,
    clean_line,
    clean_link,
    clean_name,
    clean_text,
    distinct,
    keys_of,
)
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import MemberId

T = TypeVar("T")


class PhoneNumbers(Protocol):
    """Reads phone numbers the way the tenant's country writes them."""

    def to_e164(self, text: str) -> str:
        """Return the number in the form E.164. Raises ValueError when it can't be one."""
        ...


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What is known of a person, in its clean form; make it with `clean_profile`."""

    full_name: str
    preferred_name: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    links: tuple[ProfileLink, ...] = ()
    headline: str | None = None
    location: str | None = None
    skills: tuple[str, ...] = ()
    experience: tuple[Experience, ...] = ()
    education: tuple[Education, ...] = ()
    source: str | None = None
    tags: tuple[str, ...] = ()
    resume_text: str | None = None

    @property
    def keys(self) -> tuple[Key, ...]:
        """What duplicates are found by."""
        return keys_of(self.emails, self.phones, self.links)


@dataclass(kw_only=True)
class Candidate:
    """The aggregate. `version` grows with each change of the profile."""

    id: CandidateId
    profile: Profile
    version: int
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: MemberId | None

    def change(self, values: Mapping[str, Any], now: UtcDatetime) -> tuple[str, ...]:
        """Set the clean `values` and return the names of the fields that differ from before."""
        changed = tuple(
            name for name, value in values.items() if getattr(self.profile, name) != value
        )
        if changed:
            self.profile = replace(self.profile, **{name: values[name] for name in changed})
            self.version += 1
            self.updated_at = now
        return changed

    def become(self, profile: Profile, now: UtcDatetime) -> None:
        """Take over a whole profile."""
        self.profile = profile
        self.version += 1
        self.updated_at = now

    def view(self) -> CandidateView:
        """Return the candidate as others see it."""
        profile = self.profile
        return CandidateView(
            id=self.id,
            full_name=profile.full_name,
            preferred_name=profile.preferred_name,
            emails=profile.emails,
            phones=profile.phones,
            links=profile.links,
            headline=profile.headline,
            location=profile.location,
            skills=profile.skills,
            experience=profile.experience,
            education=profile.education,
            source=profile.source,
            tags=profile.tags,
            resume_text=profile.resume_text,
            version=self.version,
            created_at=self.created_at,
            updated_at=self.updated_at,
            created_by=self.created_by,
        )


def clean_values(given: Mapping[str, Any], phones: PhoneNumbers) -> dict[str, Any]:
    """Return the given fields of a profile in their clean form.

    Raises InvalidInput that names every wrong field, e.g. `emails[1]`.
    """
    errors: list[FieldError] = []
    cleaned: dict[str, Any] = {}
    for name, value in given.items():
        if name in _EACH:
            parse: Callable[[str], Any] = phones.to_e164 if name == "phones" else _EACH[name]
            cleaned[name] = _each(name, value, parse, errors)
        elif name in _PERIODS:
            cleaned[name] = tuple(value)
            errors += _wrong_periods(name, value)
        else:
            cleaned[name] = _single(name, value, errors)
    if errors:
        raise InvalidInput(*errors)
    return cleaned


def clean_profile(given: Mapping[str, Any], phones: PhoneNumbers) -> Profile:
    """Return a whole profile. Raises InvalidInput that names every wrong field."""
    return Profile(**clean_values(given, phones))


_EACH: dict[str, Callable[[str], Any]] = {
    "emails": clean_email,
    "phones": clean_line,
    "links": clean_link,
}
_PERIODS = ("experience", "education")


def _each(
    name: str, values: tuple[str, ...], parse: Callable[[str], Any], errors: list[FieldError]
) -> tuple[Any, ...]:
    kept: dict[Any, Any] = {}
    for place, value in enumerate(values):
        try:
            parsed = parse(value)
        except ValueError as error:
            errors.append(FieldError(f"{name}[{place}]", str(error)))
        else:
            kept.setdefault(parsed.casefold() if isinstance(parsed, str) else parsed, parsed)
    return tuple(kept.values())


def _single(name: str, value: Any, errors: list[FieldError]) -> Any:
    if isinstance(value, tuple):
        return distinct(value)
    if value is None:
        return None
    if name == "full_name":
        try:
            return clean_name(value)
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
            return value
    return (clean_text(value) if name == "resume_text" else clean_line(value)) or None


def _wrong_periods(name: str, entries: tuple[Experience | Education, ...]) -> list[FieldError]:
    return [
        FieldError(f"{name}[{place}].end", f"{entry.end} is before the start, {entry.start}.")
        for place, entry in enumerate(entries)
        if entry.start and entry.end and entry.end < entry.start[: len(entry.end)]
    ]
