"""What a candidate's page shows of each application: answers, the form, where it can go next."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from api.web.candidate_timeline import MOST_SHOWN
from api.web.frame import may
from core.applications.contracts import Answer, ApplicationId, ApplicationRow, GetApplication
from core.candidates.contracts import CandidateView
from core.careers.contracts import ListSubmissions, SubmissionView
from core.jobs.contracts import GetJob, Question, QuestionId, Stage
from core.shared.permissions import Action
from tenants.scope import TenantScope

_BY_FORM: Final = "careers"
"""The source of applications that came through the careers site."""


class Answered(msgspec.Struct, frozen=True):
    """A question and what was answered."""

    question: Question | None
    """None when the job no longer asks it."""
    answer: Answer


class Told(msgspec.Struct, frozen=True):
    """What is shown of one application beside its state."""

    answers: Sequence[Answered]
    stages: Sequence[Stage]
    """Where it can be moved, in their order."""
    forms: Sequence[SubmissionView]
    """Forms that name the person or their contacts otherwise than the profile does."""


async def applications_of(
    scope: TenantScope, rows: Sequence[ApplicationRow], candidate: CandidateView
) -> Mapping[ApplicationId, Told]:
    """Return what is told of the newest applications, each by its id."""
    shown = rows[:MOST_SHOWN]
    wanted = list({row.job_id for row in shown})
    jobs, views, forms = await asyncio.gather(
        asyncio.gather(*(scope.ask(GetJob(job_id=each)) for each in wanted)),
        asyncio.gather(*(scope.ask(GetApplication(application_id=row.id)) for row in shown)),
        asyncio.gather(*(_forms(scope, row, candidate) for row in shown)),
    )
    known = {job.id: job for job in jobs}
    return {
        row.id: Told(
            answers=answered(known[row.job_id].questions, view.answers),
            stages=[each for each in known[row.job_id].stages if each.id != row.stage_id],
            forms=sent,
        )
        for row, view, sent in zip(shown, views, forms, strict=True)
    }


def answered(questions: Sequence[Question], answers: Mapping[QuestionId, Answer]) -> list[Answered]:
    """Return the answers in the order of their questions, those to questions of before last."""
    asked = {each.id: each for each in questions}
    known = [Answered(asked[each], answers[each]) for each in asked if each in answers]
    return known + [Answered(None, answers[each]) for each in answers if each not in asked]


async def _forms(
    scope: TenantScope, row: ApplicationRow, candidate: CandidateView
) -> list[SubmissionView]:
    if row.source != _BY_FORM or not may(scope.actor, Action.EDIT_CANDIDATE):
        return []
    found = await scope.ask(ListSubmissions(application_id=row.id))
    return [each for each in found.items if not _is_known(each, candidate)]


def _is_known(form: SubmissionView, candidate: CandidateView) -> bool:
    """Whether the profile says all that the form says of the person."""
    emails = {each.casefold() for each in candidate.emails}
    return (
        form.full_name == candidate.full_name
        and form.email.casefold() in emails
        and (form.phone is None or form.phone in candidate.phones)
    )
