"""The table of what members are told: one entry for each thing that happens.

An entry names the event, who is told, what belongs together, and the words. A further kind of
notification is a further entry here; its words are marked for translation in
`api.web.notification_words`.
"""

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from core.applications.events import (
    ApplicationAssigned,
    ApplicationCreated,
    ApplicationHired,
    ApplicationMoved,
    ApplicationRejected,
    ApplicationReopened,
    ApplicationWithdrawn,
    BulkRejectionFinished,
)
from core.automations.events import TeamNotified
from core.candidates.events import NoteAdded, NoteEdited
from core.deliverability.events import SendingDomainWorsened
from core.imports.events import ImportFinished
from core.installations.events import PluginChecked, PluginConnectionBroken
from core.interviews.events import (
    FeedbackSubmitted,
    InterviewCancelled,
    InterviewRescheduled,
    InterviewScheduled,
)
from core.messages.events import (
    MessageBounced,
    MessageFailed,
    MessageOutcomeUnknown,
    ReplyReceived,
)
from core.notifications.about import (
    About,
    answered,
    applied,
    assigned,
    checked,
    domain_worse,
    imported,
    interviewed,
    moved,
    neared,
    noted,
    of_its_application,
    of_itself,
    rejected_together,
    told_by_rule,
    used_up,
)
from core.notifications.contracts import NotificationType
from core.notifications.events import ChatBroken
from core.promises.events import AnswerNear
from core.shared.events import Event
from core.tenancy.events import QuotaNeared

Receiver = Literal["assignee", "recruiters", "named", "mentioned", "keepers", "starter", "admins"]
"""Who is told: who looks after the application; the hiring team save its interviewers; whom the
event names; whom a note mentions; who looks after any active application of the candidate; who
started the work; the admins."""

Grouping = Literal["", "job", "stage", "candidate", "note"]
"""What makes two of an entry one notification until it is read; `` keeps each by itself."""


EventClass = type[Event]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One entry."""

    type: NotificationType
    events: tuple[EventClass, ...]
    about: Callable[[Any], About | None]
    """Reads an event; None: nobody is told of this one."""
    receivers: tuple[Receiver, ...]
    otherwise: tuple[Receiver, ...] = ()
    """Told when `receivers` are nobody."""
    title: str
    titles: str = ""
    """The title of several; with `{count}`."""
    message: str = ""
    post: str = ""
    """The title in a chat, where `title` speaks to its reader; it then says whom it is for."""
    posts: str = ""
    link: str
    links: str = ""
    """Where several lead."""
    grouping: Grouping = ""
    is_once: bool = False
    """Whether a member is told once of what `grouping` names, be it read or not."""
    tells_doer: bool = False
    """Whether it is told to who did it as well, since they don't know of it."""


_CANDIDATE: Final = "/candidates/{candidate_id}"
_JOB: Final = "/jobs/{job_id}"
_OWN: Final[tuple[Receiver, ...]] = ("assignee", "recruiters")
_ELSE: Final[tuple[Receiver, ...]] = ("starter",)


NOTICES: Final[dict[str, Notice]] = {
    "new_application": Notice(
        type="new_application",
        events=(ApplicationCreated,),
        about=applied,
        receivers=_OWN,
        otherwise=_ELSE,
        title="{candidate} applied for {job}",
        titles="{count} new applications for {job}",
        link=_CANDIDATE,
        links=_JOB,
        grouping="job",
    ),
    "moved": Notice(
        type="stage_change",
        events=(ApplicationMoved,),
        about=moved,
        receivers=_OWN,
        title="{candidate} moved to {stage}",
        titles="{count} candidates moved to {stage}",
        message="{job}",
        link=_CANDIDATE,
        links=_JOB,
        grouping="stage",
    ),
    "hired": Notice(
        type="stage_change",
        events=(ApplicationHired,),
        about=of_itself,
        receivers=_OWN,
        title="{candidate} was hired",
        titles="{count} candidates were hired",
        message="{job}",
        link=_CANDIDATE,
        links=_JOB,
        grouping="job",
    ),
    "rejected": Notice(
        type="stage_change",
        events=(ApplicationRejected,),
        about=of_itself,
        receivers=_OWN,
        title="{candidate} was rejected",
        titles="{count} candidates were rejected",
        message="{job}",
        link=_CANDIDATE,
        links=_JOB,
        grouping="job",
    ),
    "withdrawn": Notice(
        type="stage_change",
        events=(ApplicationWithdrawn,),
        about=of_itself,
        receivers=_OWN,
        title="{candidate} withdrew",
        titles="{count} candidates withdrew",
        message="{job}",
        link=_CANDIDATE,
        links=_JOB,
        grouping="job",
    ),
    "reopened": Notice(
        type="stage_change",
        events=(ApplicationReopened,),
        about=of_itself,
        receivers=_OWN,
        title="{candidate} is in the running again",
        titles="{count} candidates are in the running again",
        message="{job}",
        link=_CANDIDATE,
        links=_JOB,
        grouping="job",
    ),
    "assignment": Notice(
        type="assignment",
        events=(ApplicationAssigned,),
        about=assigned,
        receivers=("named",),
        title="{candidate} was given to you",
        titles="{count} candidates were given to you",
        post="{candidate} was assigned",
        posts="{count} candidates were assigned",
        message="{job}",
        link=_CANDIDATE,
        links=_JOB,
        grouping="job",
    ),
    "mention": Notice(
        type="mention",
        events=(NoteAdded, NoteEdited),
        about=noted,
        receivers=("mentioned",),
        title="{actor} mentioned you in a note on {candidate}",
        post="{actor} mentioned a colleague in a note on {candidate}",
        link=_CANDIDATE,
        grouping="note",
        is_once=True,
    ),
    "note": Notice(
        type="application_note",
        events=(NoteAdded,),
        about=noted,
        receivers=("keepers",),
        title="{actor} wrote a note on {candidate}",
        titles="{count} new notes on {candidate}",
        link=_CANDIDATE,
        grouping="candidate",
    ),
    "interview_scheduled": Notice(
        type="interview",
        events=(InterviewScheduled,),
        about=interviewed,
        receivers=("named", "assignee"),
        title="Interview with {candidate}",
        message="{job}",
        link=_CANDIDATE,
    ),
    "interview_rescheduled": Notice(
        type="interview",
        events=(InterviewRescheduled,),
        about=interviewed,
        receivers=("named", "assignee"),
        title="The interview with {candidate} was changed",
        message="{job}",
        link=_CANDIDATE,
    ),
    "interview_cancelled": Notice(
        type="interview",
        events=(InterviewCancelled,),
        about=of_its_application,
        receivers=_OWN,
        title="An interview with {candidate} was cancelled",
        message="{job}",
        link=_CANDIDATE,
    ),
    "feedback": Notice(
        type="feedback",
        events=(FeedbackSubmitted,),
        about=of_its_application,
        receivers=_OWN,
        title="{actor} gave feedback on {candidate}",
        titles="{count} times new feedback on {candidate}",
        message="{job}",
        link=_CANDIDATE,
        grouping="candidate",
    ),
    "silence": Notice(
        type="silence",
        events=(AnswerNear,),
        about=of_itself,
        receivers=("assignee",),
        otherwise=("recruiters", "starter"),
        title="{candidate} waits for an answer",
        titles="{count} candidates wait for an answer",
        message="{job}",
        link=_CANDIDATE,
        links="/dashboard",
        grouping="job",
    ),
    "message_failed": Notice(
        type="message_failed",
        events=(MessageFailed,),
        about=of_its_application,
        receivers=_OWN,
        otherwise=_ELSE,
        title="A message to {candidate} was not sent",
        titles="{count} messages to {candidate} were not sent",
        message="{job}",
        link=_CANDIDATE,
        grouping="candidate",
    ),
    "message_bounced": Notice(
        type="message_failed",
        events=(MessageBounced,),
        about=of_its_application,
        receivers=_OWN,
        otherwise=_ELSE,
        title="A message to {candidate} came back",
        titles="{count} messages to {candidate} came back",
        message="{job}",
        link=_CANDIDATE,
        grouping="candidate",
    ),
    "message_unknown": Notice(
        type="message_failed",
        events=(MessageOutcomeUnknown,),
        about=of_its_application,
        receivers=_OWN,
        otherwise=_ELSE,
        title="Nobody knows whether a message reached {candidate}",
        titles="Of {count} messages to {candidate} nobody knows whether they arrived",
        message="{job}",
        link=_CANDIDATE,
        grouping="candidate",
    ),
    "reply": Notice(
        type="reply",
        events=(ReplyReceived,),
        about=answered,
        receivers=_OWN,
        otherwise=("admins",),
        title="{candidate} answered",
        titles="{candidate} answered {count} times",
        message="{job}",
        link=_CANDIDATE,
        grouping="candidate",
    ),
    "import_finished": Notice(
        type="import_finished",
        events=(ImportFinished,),
        about=imported,
        receivers=("starter",),
        title="Your import has ended",
        post="An import has ended",
        message="{created} added, {updated} changed, {failed} with errors",
        link="/imports/{import_id}",
    ),
    "bulk_rejection": Notice(
        type="bulk_rejection",
        events=(BulkRejectionFinished,),
        about=rejected_together,
        receivers=("starter",),
        title="Your rejections took effect",
        post="Bulk rejections took effect",
        message="{rejected} rejected, {skipped} left out",
        link="/jobs",
    ),
    "plugin_broken": Notice(
        type="plugin_broken",
        events=(PluginChecked, PluginConnectionBroken, ChatBroken),
        about=checked,
        receivers=("admins",),
        title="The connection of {plugin} doesn't work",
        link="/settings/plugins/{plugin}",
    ),
    "domain_worsened": Notice(
        type="plugin_broken",
        events=(SendingDomainWorsened,),
        about=domain_worse,
        receivers=("admins",),
        title="Receivers may no longer believe mail from {domain}",
        link="/settings/email",
    ),
    "quota_neared": Notice(
        type="quota",
        events=(QuotaNeared,),
        about=neared,
        receivers=("admins",),
        tells_doer=True,
        title="Four fifths of your plan are used: {quota}",
        message="{used} of {limit}",
        link="/plan",
    ),
    "quota_reached": Notice(
        type="quota",
        events=(QuotaNeared,),
        about=used_up,
        receivers=("admins",),
        tells_doer=True,
        title="Your plan allows no more: {quota}",
        message="{used} of {limit}",
        link="/plan",
    ),
    "automation": Notice(
        type="automation",
        events=(TeamNotified,),
        about=told_by_rule,
        receivers=("named",),
        title="{candidate}: {text}",
        message="{job}",
        link=_CANDIDATE,
    ),
}
"""Every entry by its name, which is kept with what was told: renaming it loses its words."""

EVENTS: Final[tuple[EventClass, ...]] = tuple(
    dict.fromkeys(event for notice in NOTICES.values() for event in notice.events)
)


def notices_of(event: Event) -> list[tuple[str, Notice]]:
    """Return the entries of an event, with their names."""
    return [(name, each) for name, each in NOTICES.items() if type(event) in each.events]
