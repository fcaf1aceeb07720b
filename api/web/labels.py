"""What the core's words are called on pages; each is translated where it is shown."""

from collections.abc import Mapping
from typing import Final

from api.web.languages import mark

Labels = Mapping[str, str]

ROLES: Final[Labels] = {
    "admin": mark("Admin"),
    "recruiter": mark("Recruiter"),
    "interviewer": mark("Interviewer"),
    "viewer": mark("Viewer"),
}
MAIL_STATES: Final[Labels] = {
    "queued": mark("Mail waits"),
    "sending": mark("Mail is being handed over"),
    "sent": mark("Mailed"),
    "failed": mark("Mail failed"),
    "unknown": mark("Nobody knows whether it was mailed"),
}
JOB_STATUS: Final[Labels] = {
    "draft": mark("Draft"),
    "open": mark("Open"),
    "on_hold": mark("On hold"),
    "closed": mark("Closed"),
}
JOB_STATUS_KIND: Final[Labels] = {"draft": "", "open": "good", "on_hold": "warn", "closed": ""}
REMOTE: Final[Labels] = {
    "onsite": mark("On site"),
    "hybrid": mark("Hybrid"),
    "remote": mark("Remote"),
}
EMPLOYMENT: Final[Labels] = {
    "full_time": mark("Full time"),
    "part_time": mark("Part time"),
    "contract": mark("Contract"),
    "internship": mark("Internship"),
    "temporary": mark("Temporary"),
}
SENIORITY: Final[Labels] = {
    "intern": mark("Intern"),
    "junior": mark("Junior"),
    "mid": mark("Mid-level"),
    "senior": mark("Senior"),
    "lead": mark("Lead"),
    "director": mark("Director"),
    "executive": mark("Executive"),
}
PAY_PERIOD: Final[Labels] = {
    "hour": mark("an hour"),
    "day": mark("a day"),
    "month": mark("a month"),
    "year": mark("a year"),
}
DISPOSITION: Final[Labels] = {
    "active": mark("In progress"),
    "hired": mark("Hired"),
    "rejected": mark("Rejected"),
    "withdrawn": mark("Withdrawn"),
}
DISPOSITION_KIND: Final[Labels] = {
    "active": "info",
    "hired": "good",
    "rejected": "",
    "withdrawn": "",
}
SOURCE: Final[Labels] = {
    "careers": mark("Careers page"),
    "referral": mark("Referral"),
    "sourced": mark("Sourced"),
    "agency": mark("Agency"),
    "job_board": mark("Job board"),
    "event": mark("Event"),
    "import": mark("Import"),
    "api": mark("API"),
    "other": mark("Other"),
}
REJECTION: Final[Labels] = {
    "not_qualified": mark("Not qualified"),
    "experience": mark("Too little experience"),
    "skills": mark("Skills don't fit"),
    "failed_assessment": mark("Assessment not passed"),
    "pay": mark("Pay expectation"),
    "location": mark("Location"),
    "work_permit": mark("Work permit"),
    "no_show": mark("Didn't show up"),
    "position_filled": mark("Position filled"),
    "duplicate": mark("Duplicate"),
    "other": mark("Other reason"),
}
WITHDRAWAL: Final[Labels] = {
    "other_offer": mark("Took another offer"),
    "pay": mark("Pay"),
    "location": mark("Location"),
    "timing": mark("Timing"),
    "lost_interest": mark("Lost interest"),
    "no_response": mark("No response"),
    "other": mark("Other reason"),
}
STAGE_KIND: Final[Labels] = {
    "applied": mark("Applied"),
    "in_progress": mark("In progress"),
    "offer": mark("Offer"),
    "hired": mark("Hired"),
}
TEAM_PART: Final[Labels] = {
    "recruiter": mark("Recruiter"),
    "hiring_manager": mark("Hiring manager"),
    "interviewer": mark("Interviewer"),
    "coordinator": mark("Coordinator"),
}
QUESTION_KIND: Final[Labels] = {
    "text": mark("Short text"),
    "long_text": mark("Long text"),
    "yes_no": mark("Yes or no"),
    "choice": mark("Choice"),
    "number": mark("Number"),
}
INTERVIEW_KIND: Final[Labels] = {
    "phone": mark("Phone call"),
    "video": mark("Video call"),
    "onsite": mark("On site"),
    "technical": mark("Technical"),
    "panel": mark("Panel"),
    "other": mark("Interview"),
}
RECOMMENDATION: Final[Labels] = {
    "strong_no": mark("Strong no"),
    "no": mark("No"),
    "mixed": mark("Mixed"),
    "yes": mark("Yes"),
    "strong_yes": mark("Strong yes"),
}
IMPORT_STATE: Final[Labels] = {
    "queued": mark("Waiting"),
    "running": mark("At work"),
    "checked": mark("Checked"),
    "done": mark("Imported"),
    "failed": mark("Nothing imported"),
    "cancelled": mark("Cancelled"),
}
IMPORT_STATE_KIND: Final[Labels] = {
    "queued": "info",
    "running": "info",
    "checked": "accent",
    "done": "good",
    "failed": "bad",
    "cancelled": "",
}
ROW_OUTCOME: Final[Labels] = {
    "created": mark("New"),
    "updated": mark("Updated"),
    "skipped": mark("Known already"),
    "error": mark("With errors"),
}
ROW_OUTCOME_KIND: Final[Labels] = {
    "created": "good",
    "updated": "info",
    "skipped": "",
    "error": "bad",
}
IMPORT_COLUMN: Final[Labels] = {
    "full_name": mark("Full name"),
    "first_name": mark("First name"),
    "last_name": mark("Last name"),
    "preferred_name": mark("Preferred name"),
    "emails": mark("E-mail addresses"),
    "phones": mark("Phone numbers"),
    "links": mark("Links"),
    "headline": mark("Headline"),
    "location": mark("Location"),
    "skills": mark("Skills"),
    "company": mark("Company"),
    "title": mark("Position"),
    "source": mark("Source"),
    "tags": mark("Tags"),
    "resume_text": mark("Text of the résumé"),
    "job": mark("Job"),
    "stage": mark("Stage"),
    "ignore": mark("Leave out"),
}
SHARED_CONTACT: Final[Labels] = {
    "email": mark("same e-mail address"),
    "phone": mark("same phone number"),
    "link": mark("same profile"),
}
MERGED_FIELD: Final[Labels] = {
    "full_name": mark("Full name"),
    "preferred_name": mark("Preferred name"),
    "headline": mark("Headline"),
    "location": mark("Location"),
    "source": mark("Source"),
}
READING_STATE: Final[Labels] = {
    "unread": mark("Not read yet"),
    "pending": mark("Being read"),
    "parsed": mark("Read"),
    "scanned": mark("Pictures of text"),
    "encrypted": mark("Needs a password"),
    "broken": mark("Damaged"),
    "too_large": mark("Too large"),
    "timed_out": mark("Took too long"),
    "refused": mark("Refused"),
    "unsupported": mark("Not a kind that is read"),
    "failed": mark("Could not be read"),
}

REPORT_OUTCOME: Final[Labels] = {
    "noted": mark("Noted"),
    "unmapped": mark("Noted: nobody said what it does"),
    "unchanged": mark("Nothing to change"),
    "conflict": mark("Nothing was changed: somebody moved it in the meantime"),
    "ended": mark("Nothing was changed: the application has ended"),
    "no_such_stage": mark("Nothing was changed: the job has no such stage"),
}
"""What came of a report from outside that changed nothing."""
