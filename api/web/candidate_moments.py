"""The entries of a candidate's timeline, each made of what one part of the platform knows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from core.applications.contracts import ApplicationRow, HistoryView
from core.candidates.contracts import FileView, NoteView
from core.candidates.duplicates import MergeView
from core.interviews.contracts import FeedbackView, InterviewView
from core.messages.replies import Letter, ReplyView
from core.shared.ids import MemberId

Names = Mapping[MemberId, str]


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a candidate's timeline."""

    at: datetime
    kind: str
    """`note`, `letter`, `reply`, `assigned`, a change of stage (`applied moved hired ...`),
    `interview` and `cancelled`, `feedback`, `file`, `merged` and `unmerged`, a look (`viewed
    resume_viewed downloaded`) or `reported` from outside."""
    by: str | None = None
    job: str | None = None
    before: str | None = None
    after: str | None = None
    text: str | None = None
    note: NoteView | None = None
    letter: Letter | None = None
    reply: ReplyView | None = None
    interview: InterviewView | None = None
    feedback: FeedbackView | None = None
    file: FileView | None = None
    outcome: str | None = None
    """What came of a report."""


def of_history(row: ApplicationRow, history: HistoryView) -> list[Moment]:
    """Return the moves of an application, and who was given it."""
    moved = [
        Moment(
            at=change.at,
            kind=change.kind,
            by=change.by.name if change.by else None,
            job=row.job_title,
            before=change.from_stage,
            after=change.to_stage,
            text=change.reason,
        )
        for change in history.changes
    ]
    given = [
        Moment(
            at=each.at,
            kind="assigned",
            by=each.by.name if each.by else None,
            job=row.job_title,
            before=each.from_member.name if each.from_member else None,
            after=each.to_member.name if each.to_member else None,
        )
        for each in history.assignments
    ]
    return moved + given


def of_interviews(row: ApplicationRow, interviews: Sequence[InterviewView]) -> Iterator[Moment]:
    """Yield when interviews were fixed, and when they were called off."""
    for each in interviews:
        yield Moment(
            at=each.created_at,
            kind="interview",
            by=each.created_by.name if each.created_by else None,
            job=row.job_title,
            interview=each,
        )
        if each.status == "cancelled":
            yield Moment(
                at=each.updated_at,
                kind="cancelled",
                job=row.job_title,
                text=each.cancel_reason,
                interview=each,
            )


def of_feedback(row: ApplicationRow, feedback: Sequence[FeedbackView]) -> Iterator[Moment]:
    """Yield the feedback that its reader may see, with what it says by now."""
    for each in feedback:
        yield Moment(
            at=each.submitted_at,
            kind="feedback",
            by=each.author.name,
            job=row.job_title,
            text=each.comment or None,
            feedback=each,
        )


def of_files(files: Sequence[FileView], names: Names) -> Iterator[Moment]:
    """Yield when files came."""
    for each in files:
        by = None if each.uploaded_by is None else names.get(each.uploaded_by)
        yield Moment(at=each.uploaded_at, kind="file", by=by, file=each)


def of_merges(merges: Sequence[MergeView], names: Names) -> Iterator[Moment]:
    """Yield when another record became a part of this one, and when it was taken apart."""
    for each in merges:
        by = None if each.merged_by is None else names.get(each.merged_by)
        yield Moment(at=each.merged_at, kind="merged", by=by)
        if each.undone_at is not None:
            yield Moment(at=each.undone_at, kind="unmerged")
