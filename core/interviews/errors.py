"""The refusals of the interviews slice."""

from core.shared.errors import Conflict, Forbidden, NotFound, PreconditionFailed


class InterviewNotFound(NotFound):
    """No such interview that the actor may see."""

    code = "interview_not_found"
    title = "There is no such interview"


class FeedbackNotFound(NotFound):
    """No such feedback that the actor may see."""

    code = "feedback_not_found"
    title = "There is no such feedback"


class NoSuchApplication(NotFound):
    """No such application that the actor may see."""

    code = "application_not_found"
    title = "There is no such application"


class InterviewChanged(PreconditionFailed):
    """Somebody else changed the interview since the caller read it."""

    code = "interview_changed"
    title = "The interview was changed by someone else"


class FeedbackChanged(PreconditionFailed):
    """The feedback changed since the caller read it."""

    code = "feedback_changed"
    title = "The feedback was changed meanwhile"


class InterviewerBusy(Conflict):
    """An interviewer has another interview at that time."""

    code = "interviewer_busy"
    title = "An interviewer isn't free then"


class InterviewIsCancelled(Conflict):
    """A cancelled interview can't be changed; schedule another."""

    code = "interview_cancelled"
    title = "The interview was cancelled"


class FeedbackGiven(Conflict):
    """The author has given feedback on this application; it can be edited."""

    code = "feedback_given"
    title = "You have given feedback already"


class NotTheAuthor(Forbidden):
    """Feedback is changed by its author alone."""

    code = "not_the_author"
    title = "Only the author may change feedback"


class NeedsMembership(Forbidden):
    """Feedback is a member's; this credential stands for none."""

    code = "needs_membership"
    title = "Only members of the team may do this"


class ApplicationEnded(Conflict):
    """Interviews are for active applications."""

    code = "application_ended"
    title = "The application has ended"
