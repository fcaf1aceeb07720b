"""What the interviews slice needs from storage."""

from typing import Protocol

from core.applications.contracts import ApplicationId, Disposition
from core.interviews.contracts import (
    FeedbackHistory,
    FeedbackId,
    FeedbackList,
    FeedbackView,
    InterviewId,
    InterviewView,
    ListInterviews,
)
from core.interviews.model import Feedback, Interview
from core.shared.ids import MemberId
from core.shared.paging import Page


class InterviewRepository(Protocol):
    """Keeps interviews."""

    async def disposition(
        self, application_id: ApplicationId, only_for: MemberId | None
    ) -> Disposition | None:
        """Return the application's disposition, None when there is none that may be seen."""
        ...

    async def add(self, interview: Interview) -> None:
        """Keep a new one. Raises InterviewerBusy."""
        ...

    async def get_for_change(self, interview_id: InterviewId) -> Interview:
        """Return one, locked until the transaction ends. Raises InterviewNotFound."""
        ...

    async def save(self, interview: Interview) -> None:
        """Keep the changes and raise the version by one. Raises InterviewerBusy."""
        ...

    async def view(self, interview_id: InterviewId) -> InterviewView:
        """Return it as others see it, within the transaction."""
        ...

    async def owing(self, interview_id: InterviewId) -> tuple[MemberId, ...]:
        """Return its interviewers who have given no feedback since it began."""
        ...


class FeedbackRepository(Protocol):
    """Keeps feedback and every version of it."""

    async def add(self, feedback: Feedback) -> None:
        """Keep a new one. Raises FeedbackGiven when the author has given some."""
        ...

    async def get_for_change(self, feedback_id: FeedbackId) -> Feedback:
        """Return one, locked until the transaction ends. Raises FeedbackNotFound."""
        ...

    async def save(self, feedback: Feedback) -> None:
        """Keep the changes as the next version."""
        ...

    async def view(self, feedback_id: FeedbackId) -> FeedbackView:
        """Return it as others see it, within the transaction."""
        ...


class InterviewQueries(Protocol):
    """Answers questions straight from rows.

    `only_for` limits the answer to the applications that this member may see.
    """

    async def interview(
        self, interview_id: InterviewId, only_for: MemberId | None
    ) -> InterviewView:
        """Return one. Raises InterviewNotFound."""
        ...

    async def page(
        self, query: ListInterviews, interviewer: MemberId | None, only_for: MemberId | None
    ) -> Page[InterviewView]:
        """Return one page, of one interviewer when one is named."""
        ...

    async def feedback(
        self, application_id: ApplicationId, asks: MemberId | None, only_for: MemberId | None
    ) -> FeedbackList:
        """Return the feedback on an application; Raises NoSuchApplication.

        With `only_for`, that of others is hidden until this member has given some.
        """
        ...

    async def feedback_history(
        self, feedback_id: FeedbackId, only_for: MemberId | None
    ) -> FeedbackHistory:
        """Return every version. Raises FeedbackNotFound."""
        ...
