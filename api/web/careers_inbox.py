"""What an applicant does on the page of their secret link: mark it read, choose mails, keep dates.

Nothing here happens by opening the page: mail services and scanners follow links, and some run
scripts. A form's button does it, or the script once its reader has touched the page.
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from babel.dates import format_datetime
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.replies import Reply, download
from api.request_scope import Scoped
from api.web import labels
from api.web.careers import missing
from api.web.careers_frame import SITE, STRANGERS
from api.web.frame import language_of, read_form, redirect
from api.web.languages import mark
from core.careers.errors import LinkNotFound
from core.careers.inbox import ChooseMails, MarkInboxRead, OpenInbox
from core.careers.inbox_views import STATUS_MAILS, ApplicantInbox, InboxInterview, StatusMail
from core.interviews.contracts import InterviewId

SECRET: Final = (
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex, nofollow, noarchive"),
)
"""The address is the secret: it goes into no Referer and no index."""

LONGEST_LINK: Final = 200

NEXT: Final[labels.Labels] = {
    "applied": mark("Next, the hiring team reads your application and decides how to go on."),
    "in_progress": mark("Next, the hiring team decides how to go on. You see it here when it has."),
    "offer": mark("Next, the hiring team talks with you about the offer."),
    "hired": mark("Next, you hear how and when you begin."),
    "rejected": mark("You are welcome to apply for another job at any time."),
    "withdrawn": mark("You can apply again while the job is open."),
}
MAILS: Final[labels.Labels] = {
    "status_update": mark("When my application goes on to another step"),
    "interview_reminder": mark("A reminder before an interview"),
    "survey": mark("A question or two about how it went"),
}
SEEN: Final[labels.Labels] = {
    "viewed": mark("Your application was viewed"),
    "downloaded": mark("A file of yours was downloaded"),
    "commented": mark("The hiring team wrote a comment"),
    "assigned": mark("Somebody looks after your application"),
}
SEEN_BY: Final[labels.Labels] = {
    "viewed": mark("{name} viewed your application"),
    "downloaded": mark("{name} downloaded a file of yours"),
    "commented": mark("{name} wrote a comment"),
    "assigned": mark("{name} looks after your application"),
}
INTERVIEWS: Final[labels.Labels] = {
    "phone": mark("Phone call"),
    "video": mark("Video call"),
    "onsite": mark("Meeting at our place"),
    "technical": mark("Technical interview"),
    "panel": mark("Interview with several people"),
    "other": mark("Interview"),
}
_CALENDAR: Final = "text/calendar; charset=utf-8"


@post("/careers/applications/{link:str}/read", opt=STRANGERS, status_code=303, **SITE)
async def mark_read(
    request: Request[Any, Any, Any], tenant_scope: Scoped, link: FromPath[str]
) -> Reply[Any]:
    """Note up to when the reader has seen what came; without a time that is readable, nothing."""
    until = _instant((await read_form(request))["until"])
    try:
        if until is None:
            await tenant_scope.ask(OpenInbox(link=link[:LONGEST_LINK]))
        else:
            await tenant_scope.execute(MarkInboxRead(link=link[:LONGEST_LINK], until=until))
    except LinkNotFound:
        return await missing(request, tenant_scope)
    return redirect(f"/careers/applications/{link}", headers=SECRET)


@post("/careers/applications/{link:str}/mails", opt=STRANGERS, status_code=303, **SITE)
async def choose_mails(
    request: Request[Any, Any, Any], tenant_scope: Scoped, link: FromPath[str]
) -> Reply[Any]:
    """Keep which mails the applicant wants; names that aren't ours are none."""
    chosen = set((await read_form(request)).all("mails"))
    wanted: tuple[StatusMail, ...] = tuple(kind for kind in STATUS_MAILS if kind in chosen)
    try:
        await tenant_scope.execute(ChooseMails(link=link[:LONGEST_LINK], wanted=wanted))
    except LinkNotFound:
        return await missing(request, tenant_scope)
    return redirect(f"/careers/applications/{link}?kept=1#mails", headers=SECRET)


@get("/careers/applications/{link:str}/interviews/{interview_id:uuid}", opt=STRANGERS, **SITE)
async def interview_calendar(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    link: FromPath[str],
    interview_id: FromPath[UUID],
) -> Reply[bytes]:
    """Return an interview as an entry for a calendar (RFC 5545)."""
    try:
        inbox = await tenant_scope.ask(OpenInbox(link=link[:LONGEST_LINK]))
    except LinkNotFound:
        return await missing(request, tenant_scope)
    known = {each.id: each for each in inbox.interviews}
    interview = known.get(InterviewId(interview_id))
    if interview is None:
        return await missing(request, tenant_scope)
    title = f"{inbox.progress.job_title}: {tenant_scope.tenant.name}"
    content = calendar_entry(interview, title)
    return download(content, file_name="interview.ics", content_type=_CALENDAR)


def calendar_entry(interview: InboxInterview, title: str) -> bytes:
    """Return one event in the form of RFC 5545; the same interview replaces its earlier entry."""
    is_off = interview.status == "cancelled"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//IntelliMatch//Applicants//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{interview.id}@intellimatch",
        f"DTSTAMP:{_stamp(interview.changed_at)}",
        f"SEQUENCE:{int(interview.changed_at.timestamp()) % 2**31}",
        f"DTSTART:{_stamp(interview.starts_at)}",
        f"DTEND:{_stamp(interview.ends_at)}",
        f"SUMMARY:{_escaped(title)}",
        *([f"LOCATION:{_escaped(interview.location)}"] if interview.location else []),
        *([f"URL:{interview.link}"] if interview.link else []),
        f"STATUS:{'CANCELLED' if is_off else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line)).encode()


def as_of_visit(inbox: ApplicantInbox, since: str) -> ApplicantInbox:
    """Return the page as its reader found it: what was new then stays marked while it is open."""
    visit = _instant(since)
    return inbox if visit is None else msgspec.structs.replace(inbox, read_until=visit)


def shown_inbox(request: "Request[Any, Any, Any]", inbox: ApplicantInbox) -> dict[str, Any]:
    """Return what the templates need to show what came for an applicant."""
    language, now = language_of(request.scope), datetime.now(UTC)
    coming = [each for each in inbox.interviews if each.ends_at > now]
    until = inbox.read_until
    return {
        "inbox": inbox,
        "coming": coming,
        "held": [each for each in inbox.interviews if each.ends_at <= now],
        "next": NEXT,
        "seen": SEEN,
        "seen_by": SEEN_BY,
        "interview_names": INTERVIEWS,
        "mail_names": MAILS,
        "is_new_since": lambda at: until is not None and at > until,
        "local": lambda at, zone: local_time(at, zone, language),
    }


def local_time(at: datetime, zone: str, language: str) -> str:
    """Return an instant as the clock of a zone shows it, for those whose own isn't known."""
    try:
        known = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        known, zone = ZoneInfo("UTC"), "UTC"
    said: str = format_datetime(
        at.astimezone(known), "d MMM y, HH:mm" if language == "en" else "medium", locale=language
    )
    return f"{said} ({zone})"


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    """Escape as RFC 5545, 3.3.11; control characters, which would begin another line, go."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    for sign in ("\\", ";", ","):
        plain = plain.replace(sign, f"\\{sign}")
    return plain


def _folded(line: str) -> list[str]:
    """Fold at 75 octets as RFC 5545, 3.1, never within a character."""
    parts, room = [""], 75
    for character in line:
        size = len(character.encode())
        if size > room:
            parts.append(" ")
            room = 74
        parts[-1] += character
        room -= size
    return parts


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (mark_read, choose_mails, interview_calendar)
