"""What the sample tenants are made of, read from the TOML files in `data/`.

A wrong or unknown field in a file stops the seeding with the field's name.
"""

import tomllib
from importlib import resources
from random import Random
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from core.applications.contracts import ApplicationSource
from core.jobs.contracts import EmploymentType, PayPeriod, QuestionSpec, Remote, Seniority
from core.shared.actor import Role
from core.shared.tenant import PlanId

T = TypeVar("T")

TENANTS = ("acme", "globex")
"""Slugs of the sample tenants; each has a file."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class MemberPlan(_Strict, frozen=True):
    """Someone of the team."""

    name: str
    email: str
    role: Role


class SourcePlan(_Strict, frozen=True):
    """Where candidates come from, and how often."""

    name: str
    kind: ApplicationSource
    weight: int


class Pay(_Strict, frozen=True):
    """Pay in whole units of the currency."""

    minimum: int
    maximum: int
    currency: str
    period: PayPeriod


class JobPlan(_Strict, frozen=True, kw_only=True):
    """A job and its life. Days count back from the day of seeding."""

    family: str
    title: str
    department: str
    location: str
    remote: Remote
    employment_type: EmploymentType = "full_time"
    seniority: Seniority
    pay: Pay
    skills: tuple[str, ...]
    openings: int
    applications: int
    created_days_ago: float
    opened_days_ago: float | None = None
    held_days_ago: float | None = None
    held_because: str = ""
    closed_days_ago: float | None = None
    closed_because: str = ""
    recruiter: str
    hiring_manager: str
    interviewers: tuple[str, ...]
    description: str
    questions: tuple[QuestionSpec, ...] = ()

    @property
    def last_application_days_ago(self) -> float:
        """When it stopped taking applications; 0 when it still does."""
        ended = self.held_days_ago or self.closed_days_ago or 0.0
        return ended + (10 if self.closed_days_ago else 0)


class TenantPlan(_Strict, frozen=True):
    """A sample tenant."""

    slug: str
    name: str
    plan: PlanId
    time_zone: str
    locale: str
    candidates: int
    duplicates: int
    email_domain: str
    primary_color: str
    accent_color: str
    footer_lines: tuple[str, ...]
    tagline: str
    privacy_url: str
    contact_email: str
    country: Literal["DE", "US"]
    names: dict[str, int]
    """Faker's locales."""
    cities: dict[str, int]
    sources: Annotated[tuple[SourcePlan, ...], msgspec.Meta(min_length=1)]
    members: Annotated[tuple[MemberPlan, ...], msgspec.Meta(min_length=1)]
    jobs: tuple[JobPlan, ...]

    @property
    def admin(self) -> MemberPlan:
        """The one who founds the tenant."""
        return next(member for member in self.members if member.role == "admin")


class Family(_Strict, frozen=True):
    """A line of work."""

    titles: tuple[str, ...]
    skills: tuple[str, ...]
    subjects: tuple[str, ...]
    degrees: tuple[str, ...]
    sentences: tuple[str, ...]
    headlines: tuple[str, ...]
    pace: float = 1.0
    """How long hiring takes; 1 is the pace of office work."""
    selectivity: float = 1.0
    """How few get on; 1 is that of office work."""


class Texts(_Strict, frozen=True):
    """What people write while they hire."""

    notes: tuple[str, ...]
    comments_yes: tuple[str, ...]
    comments_mixed: tuple[str, ...]
    comments_no: tuple[str, ...]
    withdrawals: tuple[str, ...]
    tags: tuple[str, ...]
    odd_names: tuple[str, ...]
    answers: tuple[str, ...]


def load_tenant(slug: str) -> TenantPlan:
    """Return the sample tenant `slug`."""
    return msgspec.convert(_read(slug), TenantPlan)


def load_families() -> dict[str, Family]:
    """Return every line of work by name."""
    return msgspec.convert(_read("families"), dict[str, Family])


def load_texts() -> Texts:
    """Return what people write."""
    return msgspec.convert(_read("texts"), Texts)


def seeded(name: str) -> Random:
    """Return a source of chance that gives the same for the same `name` every time."""
    return Random(name)  # noqa: S311 - sample data, nothing secret


def weighted(chance: Random, weights: dict[T, int]) -> T:
    """Return one of the keys, as often as its weight says."""
    return chance.choices(list(weights), list(weights.values()))[0]


def _read(name: str) -> dict[str, Any]:
    file = resources.files("tenants.demo").joinpath("data", f"{name}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
