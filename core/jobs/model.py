"""The job: its states, what may follow each, and what makes its fields valid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from core.jobs.contracts import (
    EmploymentType,
    JobId,
    JobStatus,
    PayRange,
    Question,
    QuestionId,
    QuestionSpec,
    Remote,
    Seniority,
    Stage,
    TeamMember,
)
from core.jobs.errors import IllegalJobStatus, JobChanged, JobInUse
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import MemberId

TRANSITIONS: Final[dict[JobStatus, tuple[JobStatus, ...]]] = {
    "draft": ("open",),
    "open": ("on_hold", "closed"),
    "on_hold": ("open", "closed"),
    "closed": ("open",),
}

MAX_OPENINGS: Final = 10_000
MAX_QUESTIONS: Final = 50
MAX_SKILLS: Final = 100
MAX_TEAM: Final = 100
MAX_DESCRIPTION: Final = 50_000


@dataclass
class Job:
    """A position to fill."""

    id: JobId
    title: str
    created_at: UtcDatetime
    updated_at: UtcDatetime
    status_changed_at: UtcDatetime
    created_by: MemberId | None = None
    department: str = ""
    location: str = ""
    remote: Remote = "onsite"
    employment_type: EmploymentType = "full_time"
    seniority: Seniority | None = None
    pay_range: PayRange | None = None
    description: str = ""
    skills: tuple[str, ...] = ()
    openings: int = 1
    hiring_team: tuple[TeamMember, ...] = ()
    questions: tuple[Question, ...] = ()
    stages: tuple[Stage, ...] = field(default_factory=tuple)
    status: JobStatus = "draft"
    status_reason: str | None = None
    opened_at: UtcDatetime | None = None
    closed_at: UtcDatetime | None = None
    version: int = 1

    def expect(self, version: int | None) -> None:
        """Raise JobChanged unless `version` is the present one or None."""
        if version is not None and version != self.version:
            raise JobChanged(
                "Somebody changed this job after you opened it. Load it again.",
                current_version=self.version,
            )

    def edit(self, changes: dict[str, Any], now: UtcDatetime) -> tuple[str, ...]:
        """Apply `changes` by field name and return the names of those that differ.

        Raises InvalidInput, naming each wrong field.
        """
        differing = tuple(name for name, value in changes.items() if getattr(self, name) != value)
        for name in differing:
            setattr(self, name, changes[name])
        self.check()
        if differing:
            self.updated_at = now
        return differing

    def check(self) -> None:
        """Raise InvalidInput, naming each wrong field, unless every field is in order."""
        wrong: list[FieldError] = []
        if not self.title.strip():
            wrong.append(FieldError("title", "A job needs a title."))
        if not 1 <= self.openings <= MAX_OPENINGS:
            wrong.append(FieldError("openings", f"Give a number from 1 to {MAX_OPENINGS}."))
        if self.pay_range and self.pay_range.minimum_cents > self.pay_range.maximum_cents:
            message = "The lowest pay is above the highest."
            wrong.append(FieldError("pay_range.minimum_cents", message))
        if len(self.description) > MAX_DESCRIPTION:
            message = f"At most {MAX_DESCRIPTION} characters."
            wrong.append(FieldError("description", message))
        if len(self.skills) > MAX_SKILLS:
            wrong.append(FieldError("skills", f"At most {MAX_SKILLS} skills."))
        if len({skill.casefold() for skill in self.skills}) < len(self.skills):
            wrong.append(FieldError("skills", "A skill is named twice."))
        wrong += _wrong_team(self.hiring_team) + _wrong_questions(self.questions)
        if wrong:
            raise InvalidInput(*wrong)

    def change_status(self, status: JobStatus, reason: str | None, now: UtcDatetime) -> None:
        """Go to `status`.

        Raises IllegalJobStatus when that can't follow, and InvalidInput without a needed reason.
        """
        if status not in TRANSITIONS[self.status]:
            allowed = TRANSITIONS[self.status]
            raise IllegalJobStatus(
                f"A job that is {_spoken(self.status)} can't become {_spoken(status)}. "
                f"It can become: {', '.join(map(_spoken, allowed))}.",
                status=self.status,
                allowed=list(allowed),
            )
        if reason is None and (status != "open" or self.status == "closed"):
            raise InvalidInput(FieldError("reason", "Say why.", "required"))
        self.status, self.status_reason = status, reason
        self.status_changed_at = self.updated_at = now
        self.closed_at = now if status == "closed" else None
        if status == "open" and self.opened_at is None:
            self.opened_at = now

    def check_deletable(self, *, has_applications: bool) -> None:
        """Raise JobInUse unless this is a draft without applications."""
        if self.status != "draft" or has_applications:
            raise JobInUse(
                "Only drafts without applications can be deleted. Close the job instead.",
                status=self.status,
            )


def named_questions(
    specs: Sequence[QuestionSpec], known: Sequence[Question], new_id: Callable[[], UUID]
) -> tuple[Question, ...]:
    """Return questions with ids: that of a known one is kept, others get a new one.

    Raises InvalidInput for an id that none of the known questions has, or that comes twice.
    """
    ids = {question.id for question in known}
    wrong, questions = [], []
    for place, spec in enumerate(specs):
        if spec.id is not None and spec.id not in ids:
            message = "No question of this job, or used twice. Leave the id out for a new question."
            wrong.append(FieldError(f"questions[{place}].id", message))
        if spec.id is not None:
            ids.discard(spec.id)
        questions.append(
            Question(
                spec.id or QuestionId(new_id()),
                spec.kind,
                spec.label.strip(),
                spec.required,
                spec.knockout,
                spec.options,
            )
        )
    if wrong:
        raise InvalidInput(*wrong)
    return tuple(questions)


def _wrong_team(team: Sequence[TeamMember]) -> list[FieldError]:
    wrong = []
    if len(team) > MAX_TEAM:
        wrong.append(FieldError("hiring_team", f"At most {MAX_TEAM} entries."))
    seen: set[TeamMember] = set()
    for place, member in enumerate(team):
        if member in seen:
            message = "This member has this part already."
            wrong.append(FieldError(f"hiring_team[{place}]", message))
        seen.add(member)
    return wrong


def _wrong_questions(questions: Sequence[Question]) -> list[FieldError]:
    wrong = []
    if len(questions) > MAX_QUESTIONS:
        wrong.append(FieldError("questions", f"At most {MAX_QUESTIONS} questions."))
    for place, question in enumerate(questions):
        options = f"questions[{place}].options"
        if not question.label:
            wrong.append(FieldError(f"questions[{place}].label", "A question needs a text."))
        if question.kind != "choice" and question.options:
            wrong.append(FieldError(options, "Only questions of the kind choice have options."))
        if question.kind == "choice" and len(question.options) < 2:
            wrong.append(FieldError(options, "Give at least two options."))
        if len(set(question.options)) < len(question.options):
            wrong.append(FieldError(options, "An option is named twice."))
    return wrong


def _spoken(status: str) -> str:
    return status.replace("_", " ")
