"""The sentences of notifications, marked for translation; `core.notifications.notices` uses them.

A test holds the two together: what is told in the core's words is told here in the reader's.
"""

from typing import Final

from api.web.languages import mark

SENTENCES: Final = (
    mark("{candidate} applied for {job}"),
    mark("{count} new applications for {job}"),
    mark("{candidate} moved to {stage}"),
    mark("{count} candidates moved to {stage}"),
    mark("{candidate} was hired"),
    mark("{count} candidates were hired"),
    mark("{candidate} was rejected"),
    mark("{count} candidates were rejected"),
    mark("{candidate} withdrew"),
    mark("{count} candidates withdrew"),
    mark("{candidate} is in the running again"),
    mark("{count} candidates are in the running again"),
    mark("{candidate} was given to you"),
    mark("{count} candidates were given to you"),
    mark("{actor} mentioned you in a note on {candidate}"),
    mark("{actor} wrote a note on {candidate}"),
    mark("{count} new notes on {candidate}"),
    mark("Interview with {candidate}"),
    mark("The interview with {candidate} was changed"),
    mark("An interview with {candidate} was cancelled"),
    mark("{actor} gave feedback on {candidate}"),
    mark("{count} times new feedback on {candidate}"),
    mark("Your feedback on {candidate} is due"),
    mark("{candidate} waits for an answer"),
    mark("{count} candidates wait for an answer"),
    mark("A message to {candidate} was not sent"),
    mark("A message to {candidate} came back"),
    mark("{count} messages to {candidate} came back"),
    mark("{count} messages to {candidate} were not sent"),
    mark("Nobody knows whether a message reached {candidate}"),
    mark("Of {count} messages to {candidate} nobody knows whether they arrived"),
    mark("{candidate} answered"),
    mark("{candidate} answered {count} times"),
    mark("An e-mail came in that belongs to nobody yet"),
    mark("{count} e-mails came in that belong to nobody yet"),
    mark("Your import has ended"),
    mark("{created} added, {updated} changed, {failed} with errors"),
    mark("Your rejections took effect"),
    mark("{rejected} rejected, {skipped} left out"),
    mark("The connection of {plugin} doesn't work"),
    mark("{plugin} sends no e-mail at present"),
    mark("Receivers may no longer believe mail from {domain}"),
    mark("Four fifths of your plan are used: {quota}"),
    mark("Your plan allows no more: {quota}"),
    mark("{used} of {limit}"),
    mark("{candidate}: {text}"),
    mark("Something happened"),
    mark("Somebody"),
)

TYPE_WORDS: Final = (
    mark("New applications"),
    mark("Somebody applied for a job that you recruit for."),
    mark("Progress of applications"),
    mark("An application that is yours was moved, hired, rejected or withdrawn."),
    mark("Assignments"),
    mark("An application was given to you."),
    mark("Mentions"),
    mark("Somebody wrote @ and your name in a note."),
    mark("Notes"),
    mark("Somebody wrote a note on a candidate of yours."),
    mark("Interviews"),
    mark("An interview that concerns you was fixed, changed or cancelled."),
    mark("Feedback"),
    mark("Somebody gave feedback on an application of yours."),
    mark("Feedback that is due"),
    mark("An interview of yours is over, and you gave no feedback yet."),
    mark("Promised answers"),
    mark("A candidate of yours has waited nearly as long as you promised at most."),
    mark("Messages that failed"),
    mark("An e-mail to a candidate of yours could not be sent."),
    mark("Answers of candidates"),
    mark("A candidate of yours answered an e-mail."),
    mark("Imports"),
    mark("An import that you started has ended."),
    mark("Bulk rejections"),
    mark("Rejections that you put on hold took effect."),
    mark("Plugins that fail"),
    mark("A plugin doesn't work: it was tested, lost its account, or can't send."),
    mark("Limits of the plan"),
    mark("Four fifths of what your plan allows are used, or all of it."),
    mark("Automations"),
    mark("An automation of your workspace has something to tell you."),
)

CADENCES: Final = {
    "off": mark("No e-mail"),
    "at_once": mark("At once"),
    "hourly": mark("Hourly"),
    "daily": mark("Daily"),
    "weekly": mark("Weekly"),
}

WEEKDAYS: Final = {
    "mon": mark("Monday"),
    "tue": mark("Tuesday"),
    "wed": mark("Wednesday"),
    "thu": mark("Thursday"),
    "fri": mark("Friday"),
    "sat": mark("Saturday"),
    "sun": mark("Sunday"),
}

ICONS: Final = {
    "new_application": "account",
    "stage_change": "move",
    "assignment": "assign",
    "mention": "note",
    "application_note": "note",
    "interview": "interview",
    "feedback": "star",
    "feedback_due": "star",
    "silence": "clock",
    "message_failed": "mail",
    "reply": "mail",
    "import_finished": "upload",
    "bulk_rejection": "reject",
    "plugin_broken": "plugins",
    "automation": "clock",
    "quota": "plan",
}

OPTIONS: Final = (
    mark("Never"),
    mark("After {hours} h"),
    mark("As else: {zone}"),
    mark("As for everybody: {hours}"),
)
"""What fields of preferences offer; `api.web.notifications` fills them in."""
