"""One sample application while it is played: which command is its next step."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from core.applications.contracts import (
    ApplicationView,
    AssignApplication,
    MoveApplication,
    RejectApplication,
    WithdrawApplication,
)
from core.candidates.contracts import AddNote
from core.interviews.contracts import (
    CancelInterview,
    InterviewView,
    ScheduleInterview,
    SubmitFeedback,
)
from core.jobs.contracts import JobView
from core.shared.usecase import Command
from tenants.demo.steps import (
    Assign,
    CallOff,
    Feedback,
    Interview,
    Move,
    Reject,
    Step,
    Withdraw,
    WriteNote,
)
from tenants.demo.team import DemoTeam


class Case:
    """Knows what the commands of an application need: where it stands, its last interview."""

    def __init__(self, team: DemoTeam, application: ApplicationView, job: JobView) -> None:
        self._team = team
        self._application = application
        self._job = job
        self._interview: InterviewView | None = None

    def note(self, answer: object) -> None:
        """Remember what the last command answered."""
        if isinstance(answer, ApplicationView):
            self._application = answer
        if isinstance(answer, InterviewView):
            self._interview = answer

    def command(self, step: Step) -> Command[Any]:
        """Return the command that takes `step`."""
        build = self._BUILDERS[type(step)]
        return build(self, step)

    def _assign(self, step: Assign) -> Command[Any]:
        return AssignApplication(
            application_id=self._application.id, assignee_id=self._team.member_id(step.to)
        )

    def _move(self, step: Move) -> Command[Any]:
        return MoveApplication(
            application_id=self._application.id,
            from_stage_id=self._application.stage_id,
            to_stage_id=self._job.stages[step.to].id,
            reason=step.reason,
        )

    def _reject(self, step: Reject) -> Command[Any]:
        note = step.note or ("See the feedback" if step.reason == "other" else None)
        return RejectApplication(application_id=self._application.id, reason=step.reason, note=note)

    def _withdraw(self, step: Withdraw) -> Command[Any]:
        note = step.note or ("Gave no reason" if step.reason == "other" else None)
        return WithdrawApplication(
            application_id=self._application.id, reason=step.reason, note=note
        )

    def _call_off(self, step: CallOff) -> Command[Any]:
        if self._interview is None:
            raise ValueError("an interview is called off that was never scheduled")
        return CancelInterview(interview_id=self._interview.id, reason=step.reason)

    def _judge(self, step: Feedback) -> Command[Any]:
        return SubmitFeedback(
            application_id=self._application.id,
            recommendation=step.recommendation,
            ratings=step.ratings,
            comment=step.comment,
        )

    def _write(self, step: WriteNote) -> Command[Any]:
        return AddNote(candidate_id=self._application.candidate_id, text=step.text)

    def _schedule(self, step: Interview) -> Command[Any]:
        meeting = f"https://meet.example.com/{self._application.id}"
        return ScheduleInterview(
            application_id=self._application.id,
            kind=step.kind,
            starts_at=step.starts_at,
            ends_at=step.starts_at + timedelta(minutes=step.minutes),
            time_zone=self._team.tenant.time_zone,
            interviewers=tuple(self._team.member_id(name) for name in step.interviewers),
            location=self._job.location or None if step.kind == "onsite" else None,
            link=meeting if step.kind == "video" else None,
        )

    _BUILDERS: ClassVar[dict[type[Step], Callable[[Any, Any], Command[Any]]]] = {
        Assign: _assign,
        Move: _move,
        Reject: _reject,
        Withdraw: _withdraw,
        Interview: _schedule,
        CallOff: _call_off,
        Feedback: _judge,
        WriteNote: _write,
    }
