"""Giving, changing and reading feedback on applications."""

from msgspec import UNSET

from core.interviews.contracts import (
    EditFeedback,
    FeedbackHistory,
    FeedbackId,
    FeedbackList,
    FeedbackView,
    GetFeedbackHistory,
    ListFeedback,
    SubmitFeedback,
)
from core.interviews.errors import FeedbackNotFound, NeedsMembership, NoSuchApplication
from core.interviews.events import FeedbackEdited, FeedbackSubmitted
from core.interviews.model import Feedback
from core.interviews.policy import may_judge
from core.interviews.ports import FeedbackRepository, InterviewQueries, InterviewRepository
from core.shared.access import Access, limited_to
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.usecase import handles

CHANGEABLE = ("recommendation", "ratings", "comment")


@handles(SubmitFeedback, action=Action.SUBMIT_FEEDBACK)
async def submit_feedback(
    command: SubmitFeedback,
    *,
    actor: Actor,
    interviews: InterviewRepository,
    feedback: FeedbackRepository,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> FeedbackView:
    """Keep one's feedback on an application that one may see."""
    if actor.member_id is None:
        raise NeedsMembership("Feedback is given by members of the team.")
    if await interviews.disposition(command.application_id, may_judge(actor)) is None:
        raise NoSuchApplication("There is no such application.")
    now = clock.now()
    given = Feedback(
        id=FeedbackId(ids.new()),
        application_id=command.application_id,
        author_id=actor.member_id,
        recommendation=command.recommendation,
        ratings=command.ratings,
        comment=command.comment,
        submitted_at=now,
        updated_at=now,
    )
    given.check()
    await feedback.add(given)
    recorder.record(
        FeedbackSubmitted(
            aggregate_id=given.id, application_id=given.application_id, author_id=given.author_id
        ),
        after={"version": given.version},
    )
    return await feedback.view(given.id)


@handles(EditFeedback, action=Action.SUBMIT_FEEDBACK)
async def edit_feedback(
    command: EditFeedback,
    *,
    actor: Actor,
    interviews: InterviewRepository,
    feedback: FeedbackRepository,
    clock: Clock,
    recorder: Recorder,
) -> FeedbackView:
    """Change one's own feedback."""
    given = await feedback.get_for_change(command.feedback_id)
    if await interviews.disposition(given.application_id, may_judge(actor)) is None:
        raise FeedbackNotFound("There is no such feedback.")
    fields = {name: getattr(command, name) for name in CHANGEABLE}
    changes = {name: value for name, value in fields.items() if value is not UNSET}
    given.edit(changes, actor.member_id, command.expected_version, clock.now())
    await feedback.save(given)
    recorder.record(
        FeedbackEdited(
            aggregate_id=given.id, application_id=given.application_id, author_id=given.author_id
        ),
        before={"version": given.version - 1},
        after={"version": given.version},
    )
    return await feedback.view(given.id)


@handles(ListFeedback, action=Action.VIEW_CANDIDATES)
async def list_feedback(
    query: ListFeedback, *, actor: Actor, access: Access, interviews: InterviewQueries
) -> FeedbackList:
    """Return the feedback; an interviewer sees that of others after giving their own."""
    return await interviews.feedback(
        query.application_id, actor.member_id, limited_to(actor, access)
    )


@handles(GetFeedbackHistory, action=Action.VIEW_CANDIDATES)
async def get_feedback_history(
    query: GetFeedbackHistory, *, actor: Actor, access: Access, interviews: InterviewQueries
) -> FeedbackHistory:
    """Return every version of one member's feedback."""
    return await interviews.feedback_history(query.feedback_id, limited_to(actor, access))
