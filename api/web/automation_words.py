"""What automations are called on pages: their parts, and the rules that everybody starts with.

A test holds this together with the core's words.
"""

from typing import Final, get_args

from api.web.labels import Labels
from api.web.languages import mark
from core.automations.definition import CandidateTemplate, tag_of

__all__ = ["tag_of"]

DEFAULT_RULES: Final = (
    mark("Confirm applications"),
    mark("When somebody applies, they hear that their application has arrived."),
    mark("Interview stage reached"),
    mark(
        'When an application reaches a stage with "interview" in its name, the candidate hears of '
        "it."
    ),
    mark("Offer stage reached"),
    mark(
        "When an application reaches the stage of offers, the candidate hears that an offer will "
        "come."
    ),
    mark("Any other stage reached"),
    mark("When an application reaches another stage, the candidate hears of it."),
    mark("Interview scheduled"),
    mark("When an interview is scheduled, the candidate hears when and where it is."),
    mark("Interview rescheduled"),
    mark("When an interview gets another time or place, the candidate hears of it."),
    mark("Interview cancelled"),
    mark("When an interview is cancelled, the candidate hears that it won't take place."),
    mark("Interview reminder"),
    mark("A while before an interview, the candidate is reminded of it."),
    mark("Hired"),
    mark("When somebody is hired, they hear that their application has come to the last stage."),
    mark("Rejection"),
    mark(
        "When an application is rejected, the candidate hears of it after a while, in which it can "
        "be taken back. Duplicates hear nothing."
    ),
    mark("Survey after a hire"),
    mark(
        "Some days after somebody was hired, they are asked how they found it. The address of your "
        "survey is part of the branding."
    ),
    mark("Survey after a rejection"),
    mark(
        "Some days after an application was rejected, the candidate is asked how they found it. "
        "The address of your survey is part of the branding. Duplicates are asked nothing."
    ),
)
TRIGGERS: Final[Labels] = {
    "application_received": mark("Somebody applied"),
    "stage_reached": mark("A stage was reached"),
    "hired": mark("Somebody was hired"),
    "rejected": mark("An application was rejected"),
    "withdrawn": mark("A candidate withdrew"),
    "assigned": mark("An application was given to somebody"),
    "interview_scheduled": mark("An interview was scheduled"),
    "interview_rescheduled": mark("An interview was changed"),
    "interview_cancelled": mark("An interview was cancelled"),
    "interview_ahead": mark("An interview comes near"),
    "feedback_missing": mark("Feedback on an interview is missing"),
    "no_answer": mark("A candidate heard nothing for days"),
}
CONDITIONS: Final[Labels] = {
    "job": mark("Job (id)"),
    "department": mark("Department"),
    "location": mark("Location"),
    "stage": mark("Stage"),
    "source": mark("Source"),
    "tag": mark("Tag"),
    "answer": mark("Answer to a question"),
    "language": mark("Language"),
    "assignee": mark("Is looked after"),
    "days_in_stage": mark("Days in the stage, at least"),
}
OPERATORS: Final[Labels] = {
    "is": mark("is"),
    "is_not": mark("is not"),
    "equals": mark("is exactly"),
    "contains": mark("contains"),
}
ACTIONS: Final[Labels] = {
    "send": mark("Send an e-mail to the candidate"),
    "notify": mark("Notify the team"),
    "assign": mark("Give it to a member"),
    "note": mark("Write a note"),
    "tag": mark("Add a tag"),
    "move": mark("Move it to a stage"),
}
RECEIVERS: Final[Labels] = {
    "assignee": mark("Who looks after it"),
    "hiring_team": mark("The job's hiring team"),
    "interviewers": mark("Interviewers who owe feedback"),
}
UNITS: Final[Labels] = {"1": mark("minutes"), "60": mark("hours"), "1440": mark("days")}
STATES: Final[Labels] = {
    "planned": mark("Planned"),
    "done": mark("Done"),
    "skipped": mark("Skipped"),
    "taken_back": mark("Taken back"),
}
SKIPPED: Final[Labels] = {
    "moved_on": mark("it was moved on"),
    "no_longer_rejected": mark("it isn't rejected any more"),
    "closed": mark("it was closed"),
    "switched_off": mark("the automation was switched off"),
    "no_address": mark("there is no e-mail address"),
    "nobody_sends": mark("no plugin sends e-mail"),
    "nothing_to_say": mark("there was nothing to say"),
    "unsubscribed": mark("the candidate wants no such mails"),
    "interview_changed": mark("the interview was changed"),
    "deleted": mark("the automation was deleted"),
    "conditions": mark("its conditions don't hold any more"),
    "needs_attention": mark("the automation needs attention"),
    "too_deep": mark("too many automations followed one another"),
    "refused": mark("it wasn't possible"),
    "answered": mark("the candidate has heard something since"),
    "feedback_given": mark("the feedback was given"),
    "nobody_to_tell": mark("there is nobody to tell"),
    "as_it_is": mark("it was so already"),
}
REASONS_OF_ATTENTION: Final = (
    mark("It isn't there any more. Choose another."),
    mark("It was written for another version of this software."),
)
TEMPLATES: Final = frozenset(get_args(CandidateTemplate))
"""Kinds of mails that an automation can send."""
