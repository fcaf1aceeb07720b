"""What conditions of own rules look at, and whether they hold. Called when something happens, again
when it is done, and by the dry run.
"""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import msgspec

from core.applications.contracts import Answer, ApplicationId, Disposition
from core.automations.definition import (
    Condition,
    IfAnswer,
    IfAssignee,
    IfDaysInStage,
    IfDepartment,
    IfJob,
    IfLanguage,
    IfLocation,
    IfSource,
    IfStage,
    IfTag,
)
from core.candidates.contracts import CandidateId
from core.jobs.contracts import JobId, StageId
from core.shared.ids import MemberId

_YES = frozenset({"true", "yes", "ja", "sí", "si", "oui", "1"})
_NO = frozenset({"false", "no", "nein", "non", "0"})


OF_JOBS = IfJob | IfDepartment | IfLocation
"""Conditions that a job alone decides."""


class OfJob(Protocol):
    """What those look at."""

    @property
    def job_id(self) -> JobId:
        """Which it is."""
        ...

    @property
    def department(self) -> str:
        """Its department."""
        ...

    @property
    def job_location(self) -> str:
        """Where it is."""
        ...


class KnownJob(msgspec.Struct, frozen=True):
    """A job as conditions look at it."""

    job_id: JobId
    department: str
    job_location: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """An application as it stands."""

    application_id: ApplicationId
    candidate_id: CandidateId
    candidate_name: str
    address: str | None
    candidate_location: str | None
    phones: tuple[str, ...]
    tags: tuple[str, ...]
    language: str
    job_id: JobId
    job_title: str
    department: str
    job_location: str
    questions: dict[UUID, str]
    """The words of the job's questions."""
    answers: dict[UUID, Answer]
    stage_id: StageId
    stage_name: str
    stage_entered_at: datetime
    disposition: Disposition
    source: str
    assignee_id: MemberId | None


def first_that_fails(
    conditions: tuple[Condition, ...], facts: Facts, now: datetime
) -> Condition | None:
    """Return the first condition that doesn't hold, None when all do."""
    return next((each for each in conditions if not holds(each, facts, now)), None)


def holds(condition: Condition, facts: Facts, now: datetime) -> bool:
    """Whether a condition holds."""
    match condition:
        case IfJob() | IfDepartment() | IfLocation():
            return holds_of_job(condition, facts)
        case IfTag(tag_name=name, has=has):
            return _is_among(name, facts.tags) == has
        case IfLanguage(languages=languages):
            return facts.language in languages
        case IfAnswer():
            return _answered(condition, facts)
        case _:
            return _holds_of_application(condition, facts, now)


def holds_of_job(condition: IfJob | IfDepartment | IfLocation, job: OfJob) -> bool:
    """Whether a condition holds that a job alone decides."""
    match condition:
        case IfJob(job_ids=jobs):
            return job.job_id in jobs
        case IfDepartment(departments=names):
            return _is_among(job.department, names)
        case IfLocation(locations=words):
            return any(_folded(word) in _folded(job.job_location) for word in words)


def _holds_of_application(
    condition: IfStage | IfSource | IfAssignee | IfDaysInStage, facts: Facts, now: datetime
) -> bool:
    match condition:
        case IfStage(stages=names):
            return _is_among(facts.stage_name, names)
        case IfSource(sources=sources):
            return facts.source in sources
        case IfAssignee(has=has):
            return (facts.assignee_id is not None) == has
        case IfDaysInStage(at_least=days):
            return now - facts.stage_entered_at >= timedelta(days=days)


def _answered(condition: IfAnswer, facts: Facts) -> bool:
    """Whether any answer to the question is so; an unanswered one never is."""
    asked = [
        question
        for question, words in facts.questions.items()
        if question == condition.question_id
        or (condition.question is not None and _folded(words) == _folded(condition.question))
    ]
    return any(
        _is_so(condition, facts.answers[question])
        for question in asked
        if question in facts.answers
    )


def _is_so(condition: IfAnswer, answer: Answer) -> bool:
    wanted = _folded(condition.value)
    if condition.operator == "contains":
        return isinstance(answer, str) and wanted in _folded(answer)
    if isinstance(answer, bool):
        return wanted in (_YES if answer else _NO)
    if isinstance(answer, int | float):
        try:
            return float(wanted.replace(",", ".")) == answer
        except ValueError:
            return False
    return _folded(answer) == wanted


def _is_among(name: str, names: tuple[str, ...]) -> bool:
    return _folded(name) in {_folded(each) for each in names}


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
