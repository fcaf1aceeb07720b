"""The kinds of templates and what each may say: the one table of variables.

Used when a template is checked, rendered, previewed and listed. Names are those that are usual in
the trade.
"""

from collections.abc import Mapping, Sequence
from typing import Final, cast, get_args

from core.templates.contracts import (
    Items,
    Language,
    TemplateKind,
    Values,
    VariableView,
)
from core.templates.model import Kind, Variable

_COMPANY: Final = Variable("company_name", "Your company's name", "Acme")
_CANDIDATE: Final = Variable("candidate_name", "The candidate's name", "Ada Lovelace")
_JOB: Final = Variable("job_title", "The job's title", "Backend Engineer")
_STAGE: Final = Variable("stage_name", "The stage that the application is in", "Interview")

_OF_APPLICATION: Final = (
    _CANDIDATE,
    _JOB,
    _COMPANY,
    _STAGE,
    Variable(
        "recruiter_name",
        "Who looks after the application, or else the job's recruiter",
        "Grace Hopper",
        always=False,
    ),
    Variable(
        "recruiter_email",
        "The e-mail address of that person",
        "grace@acme.example",
        "email",
        always=False,
    ),
    Variable(
        "status_link",
        "Where the candidate sees how the application stands; only for those who applied on "
        "your careers site",
        "https://acme.example/careers/applications/s3cret",
        "url",
        always=False,
    ),
    Variable("careers_link", "Your careers site", "https://acme.example/careers", "url"),
)

_OF_INTERVIEW: Final = (
    *_OF_APPLICATION,
    Variable("interview_date", "The day of the interview", "Monday, 7 December 2026"),
    Variable("interview_time", "When it begins, with the time zone", "14:30 CET"),
    Variable("interview_duration", "How many minutes it takes", "45"),
    Variable("interview_location", "Where it is", "Main Street 1, Berlin", always=False),
    Variable(
        "interview_link",
        "Where it is, if it is online",
        "https://meet.acme.example/abc",
        "url",
        always=False,
    ),
    Variable(
        "interviewers",
        "Everybody who takes part",
        "",
        "list",
        always=False,
        fields=(Variable("interviewer_name", "The interviewer's name", "Alan Turing"),),
    ),
)

_MEMBER: Final = Variable("member_name", "The team member who gets the mail", "Grace Hopper")
_ABOUT_CANDIDATE: Final = (_MEMBER, _CANDIDATE, _JOB, _COMPANY)
_ACCOUNT_LINK: Final = "https://acme.example/links/s3cret"


_EXAMPLE_OF_TITLE: Final = "Ada Lovelace applied for Backend Engineer"
_NOTIFICATION_TITLE: Final = Variable("notification_title", "What happened", _EXAMPLE_OF_TITLE)
_NOTIFICATION_TEXT: Final = Variable(
    "notification_text", "More about it", "Backend Engineer", always=False
)
_NOTIFICATION_LINK: Final = Variable(
    "notification_link",
    "Opens it in the console and marks it as read",
    "https://acme.example/candidates/1",
    "url",
)
_PREFERENCES_LINK: Final = Variable(
    "preferences_link",
    "Where team members choose what they get by e-mail",
    "https://acme.example/account/notifications",
    "url",
)


def _application_link() -> Variable:
    return Variable(
        "application_link",
        "The application in the console",
        "https://acme.example/candidates/1",
        "url",
    )


KINDS: Final[Mapping[TemplateKind, Kind]] = {
    cast("TemplateKind", each.kind): each
    for each in (
        Kind(
            "application_received",
            "Application received",
            "Tells candidates that their application has arrived.",
            "candidate",
            (
                *_OF_APPLICATION,
                Variable(
                    "answer_by",
                    "By when they hear from you, if you promise that and want it said in mails",
                    "Monday, 7 December 2026",
                    always=False,
                ),
            ),
        ),
        Kind(
            "status_update",
            "Status update",
            "Tells candidates that their application has moved on.",
            "candidate",
            _OF_APPLICATION,
        ),
        Kind(
            "interview_invitation",
            "Interview invitation",
            "Tells candidates when and where they are interviewed.",
            "candidate",
            _OF_INTERVIEW,
        ),
        Kind(
            "interview_reminder",
            "Interview reminder",
            "Reminds candidates of an interview.",
            "candidate",
            _OF_INTERVIEW,
        ),
        Kind(
            "rescheduled",
            "Interview rescheduled",
            "Tells candidates the new time of an interview.",
            "candidate",
            _OF_INTERVIEW,
        ),
        Kind(
            "cancelled",
            "Interview cancelled",
            "Tells candidates that an interview won't take place.",
            "candidate",
            _OF_INTERVIEW,
        ),
        Kind(
            "rejection",
            "Rejection",
            "Tells candidates that somebody else was chosen.",
            "candidate",
            _OF_APPLICATION,
        ),
        Kind(
            "offer",
            "Offer",
            "Tells candidates that you want to make them an offer.",
            "candidate",
            _OF_APPLICATION,
        ),
        Kind(
            "assignment",
            "Assignment",
            "Tells team members that they look after an application.",
            "member",
            (
                *_ABOUT_CANDIDATE,
                _STAGE,
                Variable("assigner_name", "Who gave it to them", "Alan Turing", always=False),
                _application_link(),
            ),
        ),
        Kind(
            "mention",
            "Mention",
            "Tells team members that somebody named them.",
            "member",
            (
                _MEMBER,
                _CANDIDATE,
                _COMPANY,
                Variable("job_title", "The job's title", "Backend Engineer", always=False),
                Variable("author_name", "Who wrote it", "Alan Turing"),
                Variable("comment_text", "What was written", "Can you call her?", "lines"),
                _application_link(),
            ),
        ),
        Kind(
            "invitation",
            "Invitation to the team",
            "Invites somebody to join your workspace.",
            "member",
            (
                _COMPANY,
                Variable("inviter_name", "Who invites", "Grace Hopper", always=False),
                Variable("role_name", "What they will be", "Recruiter"),
                Variable("invitation_link", "Where they accept", _ACCOUNT_LINK, "url"),
                Variable("expires_on", "Until when the link works", "14 December 2026"),
            ),
        ),
        Kind(
            "magic_link",
            "Sign-in link",
            "Lets somebody sign in without a password.",
            "member",
            (
                _COMPANY,
                Variable("person_name", "Who signs in", "Ada Lovelace", always=False),
                Variable("sign_in_link", "Where they sign in", _ACCOUNT_LINK, "url"),
                Variable("valid_minutes", "For how many minutes the link works", "10"),
            ),
        ),
        Kind(
            "password_reset",
            "Password reset",
            "Lets somebody choose a new password.",
            "member",
            (
                _COMPANY,
                Variable("person_name", "Whose password it is", "Ada Lovelace", always=False),
                Variable("reset_link", "Where they choose a new one", _ACCOUNT_LINK, "url"),
                Variable("valid_minutes", "For how many minutes the link works", "60"),
            ),
        ),
        Kind(
            "notification",
            "Notification",
            "Tells team members at once of something that they want to hear of by e-mail.",
            "member",
            (
                _COMPANY,
                _MEMBER,
                _NOTIFICATION_TITLE,
                _NOTIFICATION_TEXT,
                _NOTIFICATION_LINK,
                _PREFERENCES_LINK,
            ),
        ),
        Kind(
            "digest",
            "Digest of notifications",
            "Tells team members what happened in the last hour, day or week.",
            "member",
            (
                _COMPANY,
                _MEMBER,
                Variable("first_title", "The first of the notifications", _EXAMPLE_OF_TITLE),
                Variable("more_count", "How many more there are", "3", always=False),
                Variable(
                    "notifications",
                    "The notifications, the oldest first; at most fifty",
                    "",
                    "list",
                    fields=(_NOTIFICATION_TITLE, _NOTIFICATION_TEXT, _NOTIFICATION_LINK),
                ),
                Variable("left_out", "How many were too many for the list", "12", always=False),
                Variable(
                    "inbox_link",
                    "All notifications in the console",
                    "https://acme.example/notifications",
                    "url",
                ),
                _PREFERENCES_LINK,
            ),
        ),
        Kind(
            "survey",
            "Survey",
            "Asks candidates how they found the way through your hiring.",
            "candidate",
            (
                *_OF_APPLICATION,
                Variable("survey_link", "The survey", "https://acme.example/survey/s3cret", "url"),
            ),
        ),
    )
}
"""Every kind by its name."""

OF_APPLICATION: Final = _OF_APPLICATION
"""What every mail to a candidate may say."""

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
SOURCE_LANGUAGE: Final[Language] = "en"


def language_of(*wanted: str | None) -> Language:
    """Return the first of the wanted languages (BCP 47) that templates exist in, else English."""
    return language_among(LANGUAGES, *wanted)


def language_among(there: Sequence[Language], *wanted: str | None) -> Language:
    """Return the first of the wanted languages (BCP 47) that is there, else English, else any."""
    for each in wanted:
        base = (each or "").replace("_", "-").partition("-")[0].lower()
        for known in there:
            if base == known:
                return known
    return SOURCE_LANGUAGE if SOURCE_LANGUAGE in there else there[0]


def sample_values(kind: Kind, *, all_known: bool = True) -> Values:
    """Return invented values of what the kind offers; without `all_known`, only what is always."""
    values: dict[str, str | Items] = {}
    for each in kind.variables:
        if not (each.always or all_known):
            continue
        if each.type == "list":
            values[each.name] = ({field.name: field.example for field in each.fields},)
        else:
            values[each.name] = each.example
    return values


def variable_views(kind: Kind) -> tuple[VariableView, ...]:
    """Return what the kind offers, as others see it."""
    return tuple(
        VariableView(
            each.name,
            each.meaning,
            each.example,
            each.always,
            tuple(field.name for field in each.fields),
        )
        for each in kind.variables
    )
