"""What mails may say: facts of an application, and how the tenant looks in mails.

Stands behind the ports of `core.templates`; rows come from `plugins.postgres.mail_facts`, links and
dates are made here.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_name

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.careers.ports import FormSeals
from core.interviews.contracts import InterviewId
from core.jobs.contracts import JobId
from core.templates.contracts import STAND_IN, Items, TemplateKind
from core.templates.kinds import language_of
from core.templates.layout import Letterhead
from core.templates.ports import ApplicationFacts
from plugins.postgres.mail_facts import (
    MailInterview,
    MailSubject,
    mail_interview,
    mail_look,
    mail_subject,
)
from plugins.postgres.promises import promise_of
from plugins.postgres.templates import Rows
from tenants.addresses import tenant_url
from tenants.careers_seals import TenantFormSeals
from tenants.injection import Session

INTERVIEW_KINDS: Final[dict[TemplateKind, str]] = {
    "interview_invitation": "scheduled",
    "interview_reminder": "scheduled",
    "rescheduled": "scheduled",
    "cancelled": "cancelled",
}
"""Kinds of mails about an interview, and the state that it must be in."""


def rows_of(session: Session) -> Rows:
    """Return what runs statements that read: in the open transaction, or in one of their own."""
    return session.reader.select if session.unit is None else session.unit.all


class TenantLetterheads:
    """Implements `core.templates.ports.Letterheads`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def letterhead(self) -> Letterhead:
        """Return the tenant's name, look and addresses."""
        look = await mail_look(rows_of(self._session))
        branding = look.branding
        site = site_url(self._session, look.custom_domain)
        return Letterhead(
            name=self._session.tenant.name,
            site_url=f"{site}/careers",
            logo_url=None if branding.logo is None else f"{site}/careers/logo",
            accent=branding.accent,
            band=branding.primary_color,
            tagline=branding.tagline,
            lines=branding.footer_lines,
            privacy_url=branding.privacy_url or f"{site}/careers/privacy",
            contact_email=branding.contact_email,
        )


class TenantFacts:
    """Implements `core.templates.ports.Facts`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seals: FormSeals = TenantFormSeals(session.settings, session.tenant)

    async def of_application(
        self,
        application_id: ApplicationId,
        kind: TemplateKind,
        interview_id: InterviewId | None = None,
    ) -> ApplicationFacts | None:
        """Return what there is to say of an application."""
        rows = rows_of(self._session)
        subject = await mail_subject(rows, application_id)
        if subject is None:
            return None
        look = await mail_look(rows)
        site = site_url(self._session, look.custom_domain)
        values: dict[str, str | Items] = {
            "candidate_name": subject.preferred_name or subject.full_name,
            "job_title": subject.job_title,
            "company_name": self._session.tenant.name,
            "stage_name": subject.stage_name,
            "recruiter_name": subject.recruiter_name or "",
            "recruiter_email": subject.recruiter_email or "",
            "careers_link": f"{site}/careers",
            "status_link": _status_link(subject, site),
        }
        complete = True
        if kind == "survey":
            values["survey_link"] = look.branding.survey_url or ""
            complete = look.branding.survey_url is not None
        if kind == "application_received":
            values["answer_by"] = await _answer_by(self._session, subject)
        if kind in INTERVIEW_KINDS:
            interview = await mail_interview(
                rows,
                application_id,
                interview_id,
                status=INTERVIEW_KINDS[kind],
                after=self._session.clock.now(),
            )
            complete = interview is not None
            if interview is not None:
                locale = locale_of(subject.language, self._session.tenant.locale)
                values.update(interview_values(interview, locale))
        return ApplicationFacts(
            CandidateId(subject.candidate_id),
            subject.full_name,
            subject.emails[0] if subject.emails else None,
            subject.language,
            values,
            complete,
        )

    async def status_links(self, application_id: ApplicationId) -> tuple[tuple[str, str], ...]:
        """Return the candidate's link under each address of the tenant's: as kept, and whole.

        Nothing for who didn't send a form.
        """
        rows = rows_of(self._session)
        subject = await mail_subject(rows, application_id)
        if subject is None or subject.form_id is None or subject.form_email is None:
            return ()
        job_id, email = JobId(subject.job_id), subject.form_email.casefold()
        code = self._seals.link(subject.form_id, job_id, email)
        look = await mail_look(rows)
        sites = {site_url(self._session, each) for each in (None, look.custom_domain)}
        return tuple((_kept_link(each), _link(each, code)) for each in sorted(sites))


def _status_link(subject: MailSubject, site: str) -> str:
    """Return the link as it is kept and shown: what makes it open something is put in at the end.

    See `tenants.final_wording`.
    """
    known = subject.form_id is not None and subject.form_email is not None
    return _kept_link(site) if known else ""


def _kept_link(site: str) -> str:
    return _link(site, STAND_IN)


def _link(site: str, code: str) -> str:
    return f"{site}/careers/applications/{code}"


async def _answer_by(session: Session, subject: MailSubject) -> str:
    """Return the day by which an answer is promised, if mails are to say so."""
    promise = await promise_of(rows_of(session), JobId(subject.job_id))
    if promise is None or promise.days is None or not promise.in_mail:
        return ""
    due = session.clock.now() + timedelta(days=promise.days)
    locale = locale_of(subject.language, session.tenant.locale)
    return format_date(_local(due, session.tenant.time_zone), format="full", locale=locale)


def site_url(session: Session, custom_domain: str | None) -> str:
    """Return the address under which candidates know the tenant, without a slash at its end."""
    if custom_domain:
        return f"{session.settings.public_scheme}://{custom_domain}"
    return tenant_url(session.settings, session.tenant)


def locale_of(language: str | None, tenant_locale: str) -> str:
    """Return how dates are written: as the tenant does, if that is in the mail's language."""
    chosen = language_of(language, tenant_locale)
    try:
        own = Locale.parse(tenant_locale, sep="-")
    except (UnknownLocaleError, ValueError):
        return chosen
    return str(own) if own.language == chosen else chosen


def interview_values(interview: MailInterview, locale: str) -> dict[str, str | Items]:
    """Return what is said of an interview, its time as people where it is speak of it."""
    begins, minutes = _local(interview.starts_at, interview.time_zone), _minutes(interview)
    zone = get_timezone_name(begins, width="short", locale=locale)
    if not zone[:1].isalpha():
        zone = f"UTC{zone[:3]}:{zone[3:]}"  # languages that have no name for it
    return {
        "interview_date": format_date(begins, format="full", locale=locale),
        "interview_time": f"{format_time(begins, format='short', locale=locale)} {zone}",
        "interview_duration": str(minutes),
        "interview_location": interview.location or "",
        "interview_link": interview.link or "",
        "interviewers": tuple({"interviewer_name": name} for name in interview.interviewers),
    }


def _minutes(interview: MailInterview) -> int:
    return round((interview.ends_at - interview.starts_at).total_seconds() / 60)


def _local(instant: datetime, zone: str) -> datetime:
    try:
        return instant.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return instant  # a zone that this machine doesn't know: UTC, and it says so
