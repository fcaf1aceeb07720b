"""What others may know of promised answers: views, queries and commands.

An answer is promised within some days of the last word to the candidate (`last_word_at`, which
`last_words_v1` defines and docs/users/analytics.md explains).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from core.jobs.contracts import JobId
from core.ports.tasks import task
from core.shared.usecase import Command, Query

MOST_SHOWN: Final = 100

PromisedDays = Annotated[
    int,
    Meta(
        ge=1,
        le=90,
        description="Candidates hear from you within so many days of 24 hours.",
        examples=[5],
    ),
]
RemindHours = Annotated[
    int,
    Meta(
        ge=1,
        le=336,
        description="How long before that the recruiter is reminded; less than the promise.",
        examples=[24],
    ),
]


class PromiseView(msgspec.Struct, frozen=True, kw_only=True):
    """A promise: that of the workspace, or that of one job."""

    job_id: JobId | None
    """None: it holds for every job that has none of its own."""
    job_title: str | None
    days: PromisedDays | None
    """None: nothing is promised."""
    remind_hours: RemindHours
    on_status_page: bool
    """Whether candidates read it where they follow their application."""
    in_mail: bool
    """Whether the mail that confirms an application says by when they hear from you."""
    version: int
    """Goes up by one at every change; the ETag. 0: it was never set."""


class Promises(msgspec.Struct, frozen=True):
    """The workspace's promise, and those of jobs by title."""

    items: tuple[PromiseView, ...]


class WaitingApplication(msgspec.Struct, frozen=True, kw_only=True):
    """An active application whose promised answer is near or late."""

    application_id: UUID
    candidate_id: UUID
    candidate_name: str
    job_id: UUID
    job_title: str
    stage: str
    assignee_name: str | None
    last_word_at: datetime
    due_at: datetime
    """By when an answer was promised."""
    is_late: bool


class Waiting(msgspec.Struct, frozen=True):
    """Who waits for an answer that somebody was reminded of, the latest first."""

    items: Sequence[WaitingApplication]
    is_cut: bool
    """Whether there are more than were asked for."""


class ListPromises(Query[Promises], frozen=True, kw_only=True):
    """The workspace's promise, then those of jobs."""


class SetPromise(Command[PromiseView], frozen=True, kw_only=True):
    """Promise an answer, for every job or for one."""

    job_id: JobId | None = None
    days: PromisedDays | None
    remind_hours: RemindHours = 24
    on_status_page: bool = False
    in_mail: bool = False
    expected_version: int | None = None


class DropPromise(Command[None], frozen=True, kw_only=True):
    """Let the workspace's promise hold for a job again; or promise nothing in general."""

    job_id: JobId | None = None


class ShowPromisedDays(Query[int | None], frozen=True, kw_only=True):
    """In how many days candidates are promised an answer, where the public may read it."""

    job_id: JobId


class ListWaiting(Query[Waiting], frozen=True, kw_only=True):
    """Who waits for an answer that is near or late."""

    mine: bool = False
    """Only those that the actor sees to: assigned, or of nobody and of a job of theirs."""
    limit: Annotated[int, Meta(ge=1, le=MOST_SHOWN)] = 50


@task("remind_of_answers")
class RemindOfAnswers(Command[int], frozen=True, kw_only=True):
    """Remind of promised answers that come near; workers run it every hour."""
