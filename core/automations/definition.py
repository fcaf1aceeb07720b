"""What a rule of a workspace's own says: when this happens, if all of this holds, do that.

The parts are data that a form or the API gives and the database keeps; there is no language in
which anything could be calculated. Read by all of this slice, the API and the pages.
"""

from typing import Annotated, Any, Final, Literal, get_args

import msgspec

from core.applications.contracts import ApplicationSource
from core.jobs.contracts import JobId, QuestionId, StageId
from core.shared.ids import MemberId
from core.shared.text import LINE, TEXT

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=LINE)]
Several = Annotated[tuple[Words, ...], msgspec.Meta(min_length=1, max_length=50)]
Hours = Annotated[int, msgspec.Meta(ge=1, le=30 * 24, examples=[24])]
Days = Annotated[int, msgspec.Meta(ge=1, le=365, examples=[7])]
Note = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000, pattern=TEXT)]

CandidateTemplate = Literal[
    "application_received",
    "status_update",
    "interview_invitation",
    "interview_reminder",
    "rescheduled",
    "cancelled",
    "rejection",
    "offer",
    "survey",
]
"""The templates of mails to candidates."""

MAX_CONDITIONS = 20
MAX_DELAY_MINUTES = 30 * 24 * 60


class _When(msgspec.Struct, frozen=True, tag_field="event", forbid_unknown_fields=True):
    pass


class WhenApplied(_When, frozen=True, tag="application_received"):
    """Somebody applied, or was put into a job's pipeline."""


class WhenStageReached(_When, frozen=True, tag="stage_reached"):
    """An application was moved to a stage; without a name or id, to any."""

    stage_name: Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=LINE)] | None = (
        None
    )
    """The stage's name, in any job, whatever the case."""
    stage_id: StageId | None = None
    """A stage of the job that the rule is for."""


class WhenHired(_When, frozen=True, tag="hired"):
    """Somebody was hired."""


class WhenRejected(_When, frozen=True, tag="rejected"):
    """An application was rejected."""


class WhenWithdrawn(_When, frozen=True, tag="withdrawn"):
    """A candidate withdrew."""


class WhenAssigned(_When, frozen=True, tag="assigned"):
    """Somebody was given an application to look after."""


class WhenInterviewScheduled(_When, frozen=True, tag="interview_scheduled"):
    """An interview was scheduled."""


class WhenInterviewRescheduled(_When, frozen=True, tag="interview_rescheduled"):
    """An interview got another time or place."""


class WhenInterviewCancelled(_When, frozen=True, tag="interview_cancelled"):
    """An interview was cancelled."""


class WhenInterviewAhead(_When, frozen=True, tag="interview_ahead"):
    """An interview begins in so many hours."""

    hours: Hours


class WhenFeedbackMissing(_When, frozen=True, tag="feedback_missing"):
    """An interview ended so many hours ago, and an interviewer still owes feedback."""

    hours: Hours


class WhenNoAnswer(_When, frozen=True, tag="no_answer"):
    """For so many days the candidate of an active application has heard nothing."""

    days: Days


When = (
    WhenApplied
    | WhenStageReached
    | WhenHired
    | WhenRejected
    | WhenWithdrawn
    | WhenAssigned
    | WhenInterviewScheduled
    | WhenInterviewRescheduled
    | WhenInterviewCancelled
    | WhenInterviewAhead
    | WhenFeedbackMissing
    | WhenNoAnswer
)


class _Condition(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    pass


class IfJob(_Condition, frozen=True, tag="job"):
    """It is for one of these jobs."""

    job_ids: Annotated[tuple[JobId, ...], msgspec.Meta(min_length=1, max_length=50)]


class IfDepartment(_Condition, frozen=True, tag="department"):
    """The job is in one of these departments, whatever the case."""

    departments: Several


class IfLocation(_Condition, frozen=True, tag="location"):
    """The job's location contains one of these words, whatever the case."""

    locations: Several


class IfStage(_Condition, frozen=True, tag="stage"):
    """The application is in a stage of one of these names, whatever the case."""

    stages: Several


class IfSource(_Condition, frozen=True, tag="source"):
    """The application came from one of these sources."""

    sources: Annotated[tuple[ApplicationSource, ...], msgspec.Meta(min_length=1, max_length=20)]


class IfTag(_Condition, frozen=True, tag="tag"):
    """The candidate has a tag, or hasn't; whatever the case."""

    tag_name: Words
    has: bool = True


class IfAnswer(_Condition, frozen=True, tag="answer"):
    """How the applicant answered a question of the job.

    `is` compares with yes or no (`true`, `false`) and numbers, `equals` with a text and `contains`
    with a part of one, whatever the case.
    """

    operator: Literal["is", "equals", "contains"]
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=TEXT)]
    question_id: QuestionId | None = None
    """A question of one job."""
    question: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    """The words of a question, of whichever job asks it."""


class IfLanguage(_Condition, frozen=True, tag="language"):
    """The candidate gets mails in one of these languages."""

    languages: Annotated[
        tuple[Literal["en", "de", "es", "fr"], ...], msgspec.Meta(min_length=1, max_length=4)
    ]


class IfAssignee(_Condition, frozen=True, tag="assignee"):
    """Somebody looks after the application, or nobody does."""

    has: bool = True


class IfDaysInStage(_Condition, frozen=True, tag="days_in_stage"):
    """The application has been in its stage for at least so many days."""

    at_least: Days


Condition = (
    IfJob
    | IfDepartment
    | IfLocation
    | IfStage
    | IfSource
    | IfTag
    | IfAnswer
    | IfLanguage
    | IfAssignee
    | IfDaysInStage
)


class _Act(msgspec.Struct, frozen=True, tag_field="do", forbid_unknown_fields=True):
    pass


class SendMail(_Act, frozen=True, tag="send"):
    """Send the candidate a mail from a template."""

    template: CandidateTemplate


class NotifyTeam(_Act, frozen=True, tag="notify"):
    """Tell members of the team, as a notification."""

    who: Literal["assignee", "hiring_team", "interviewers"]
    """`interviewers`: those of the interview it is about who haven't given feedback."""
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=LINE)]


class AssignTo(_Act, frozen=True, tag="assign"):
    """Give the application to a member, if nobody looks after it."""

    member_id: MemberId


class WriteNote(_Act, frozen=True, tag="note"):
    """Write a note on the candidate."""

    text: Note


class PutTag(_Act, frozen=True, tag="tag"):
    """Give the candidate a tag."""

    tag_name: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=LINE)]


class MoveTo(_Act, frozen=True, tag="move"):
    """Move the application to another stage of its job, only if the rule says so explicitly."""

    moves_by_itself: bool = False
    """Must be true: nobody looks at it before it moves."""
    stage_name: Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=LINE)] | None = (
        None
    )
    stage_id: StageId | None = None


Act = SendMail | NotifyTeam | AssignTo | WriteNote | PutTag | MoveTo

RuleName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=100, pattern=LINE, examples=["Nudge after a week"])
]


class RuleDefinition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule of one's own says."""

    name: RuleName
    when: When
    conditions: Annotated[tuple[Condition, ...], msgspec.Meta(max_length=MAX_CONDITIONS)] = ()
    """All of these must hold, when it happens and again when it is done."""
    delay_minutes: Annotated[
        int,
        msgspec.Meta(
            ge=0,
            le=MAX_DELAY_MINUTES,
            description="How long to wait; until then it can be taken back.",
            examples=[30],
        ),
    ] = 0
    action: Act


WAITS_BY_ITSELF: Final = frozenset({"interview_ahead", "feedback_missing", "no_answer"})
"""Triggers that are times themselves: a delay on top would say two things."""


def tag_of(part: msgspec.Struct | type[msgspec.Struct]) -> str:
    """Return the word by which a part of a definition is known, such as `stage_reached`."""
    return str(part.__struct_config__.tag)


def _tags(union: Any) -> tuple[str, ...]:
    return tuple(tag_of(each) for each in get_args(union))


TRIGGERS: Final = _tags(When)
CONDITIONS: Final = _tags(Condition)
ACTIONS: Final = _tags(Act)
