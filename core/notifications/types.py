"""The types of notifications, about which members choose what to be told of."""

from typing import Final

import msgspec

from core.notifications.contracts import Cadence, NotificationType
from core.shared.permissions import Action


class TypeOfNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What members choose about in their preferences."""

    label: str
    description: str
    action: Action
    """The row of the permission table that whoever is told needs, now and when it is read."""
    email: Cadence = "off"
    """Unless somebody chose otherwise."""
    escalates: bool = False
    """Whether it goes to the next channel when nobody looks at it, where a workspace wants that."""


TYPES: Final[dict[NotificationType, TypeOfNotice]] = {
    "new_application": TypeOfNotice(
        label="New applications",
        description="Somebody applied for a job that you recruit for.",
        action=Action.VIEW_CANDIDATES,
        email="daily",
    ),
    "stage_change": TypeOfNotice(
        label="Progress of applications",
        description="An application that is yours was moved, hired, rejected or withdrawn.",
        action=Action.VIEW_CANDIDATES,
        email="daily",
    ),
    "assignment": TypeOfNotice(
        label="Assignments",
        description="An application was given to you.",
        action=Action.VIEW_CANDIDATES,
        email="at_once",
        escalates=True,
    ),
    "mention": TypeOfNotice(
        label="Mentions",
        description="Somebody wrote @ and your name in a note.",
        action=Action.VIEW_CANDIDATES,
        email="at_once",
        escalates=True,
    ),
    "application_note": TypeOfNotice(
        label="Notes",
        description="Somebody wrote a note on a candidate of yours.",
        action=Action.VIEW_CANDIDATES,
    ),
    "interview": TypeOfNotice(
        label="Interviews",
        description="An interview that concerns you was fixed, changed or cancelled.",
        action=Action.VIEW_CANDIDATES,
        email="at_once",
        escalates=True,
    ),
    "feedback": TypeOfNotice(
        label="Feedback",
        description="Somebody gave feedback on an application of yours.",
        action=Action.VIEW_CANDIDATES,
    ),
    "feedback_due": TypeOfNotice(
        label="Feedback that is due",
        description="An interview of yours is over, and you gave no feedback yet.",
        action=Action.VIEW_CANDIDATES,
        email="at_once",
        escalates=True,
    ),
    "silence": TypeOfNotice(
        label="Promised answers",
        description="A candidate of yours has waited nearly as long as you promised at most.",
        action=Action.VIEW_CANDIDATES,
    ),
    "message_failed": TypeOfNotice(
        label="Messages that failed",
        description="An e-mail to a candidate of yours could not be sent.",
        action=Action.EDIT_CANDIDATE,
        email="at_once",
        escalates=True,
    ),
    "reply": TypeOfNotice(
        label="Answers of candidates",
        description="A candidate of yours answered an e-mail.",
        action=Action.EDIT_CANDIDATE,
        email="at_once",
        escalates=True,
    ),
    "import_finished": TypeOfNotice(
        label="Imports",
        description="An import that you started has ended.",
        action=Action.IMPORT_CANDIDATES,
    ),
    "bulk_rejection": TypeOfNotice(
        label="Bulk rejections",
        description="Rejections that you put on hold took effect.",
        action=Action.MOVE_APPLICATION,
    ),
    "plugin_broken": TypeOfNotice(
        label="Plugins that fail",
        description="A plugin doesn't work: it was tested, lost its account, or can't send.",
        action=Action.MANAGE_PLUGINS,
        escalates=True,
    ),
    "quota": TypeOfNotice(
        label="Limits of the plan",
        description="Four fifths of what your plan allows are used, or all of it.",
        action=Action.MANAGE_TENANT,
    ),
    "automation": TypeOfNotice(
        label="Automations",
        description="An automation of your workspace has something to tell you.",
        action=Action.VIEW_CANDIDATES,
    ),
}
