"""Reads what mails about an application may say, and how the tenant looks in them."""

from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
import sqlalchemy as sa

from core.applications.contracts import ApplicationId
from core.interviews.contracts import InterviewId
from core.tenancy.contracts import Branding
from plugins.postgres.application_tables import applications
from plugins.postgres.candidate_tables import candidates
from plugins.postgres.careers_tables import submissions
from plugins.postgres.interview_tables import interviewers, interviews
from plugins.postgres.job_tables import job_team, jobs, stages
from plugins.postgres.members import members
from plugins.postgres.templates import Rows
from plugins.postgres.tenants import tenants

S = TypeVar("S", bound=msgspec.Struct)


class MailSubject(msgspec.Struct, frozen=True):
    """An application, as far as mails speak of it."""

    candidate_id: UUID
    full_name: str
    preferred_name: str | None
    emails: tuple[str, ...]
    job_id: UUID
    job_title: str
    stage_name: str
    recruiter_name: str | None
    recruiter_email: str | None
    form_id: str | None
    """Of the form by which the candidate applied, from which the secret link is made again."""
    form_email: str | None
    language: str | None


class MailInterview(msgspec.Struct, frozen=True):
    """An interview, as far as mails speak of it."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    location: str | None
    link: str | None
    interviewers: tuple[str, ...]


class MailLook(msgspec.Struct, frozen=True):
    """How the tenant looks."""

    branding: Branding
    custom_domain: str | None


_TEAM_RECRUITER: Final = (
    sa.select(members.c.name, members.c.email)
    .select_from(
        job_team.join(
            members,
            sa.and_(
                members.c.tenant_id == job_team.c.tenant_id, members.c.id == job_team.c.member_id
            ),
        )
    )
    .where(
        job_team.c.tenant_id == applications.c.tenant_id,
        job_team.c.job_id == applications.c.job_id,
        job_team.c.part == "recruiter",
        members.c.status == "active",
    )
    .order_by(members.c.name, members.c.id)
    .limit(1)
    .lateral("team_recruiter")
)
_FORM: Final = (
    sa.select(submissions.c.form_id, submissions.c.email, submissions.c.language)
    .where(
        submissions.c.tenant_id == applications.c.tenant_id,
        submissions.c.application_id == applications.c.id,
        submissions.c.is_repeated.is_(False),
    )
    .order_by(submissions.c.received_at)
    .limit(1)
    .lateral("form")
)


def _joined(table: sa.Table, column: Any) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.tenant_id == applications.c.tenant_id, table.c.id == column)


_SUBJECT: Final = (
    sa.select(
        candidates.c.id.label("candidate_id"),
        candidates.c.full_name,
        candidates.c.preferred_name,
        candidates.c.emails,
        applications.c.job_id,
        jobs.c.title.label("job_title"),
        sa.func.coalesce(stages.c.public_name, stages.c.name).label("stage_name"),
        sa.func.coalesce(members.c.name, _TEAM_RECRUITER.c.name).label("recruiter_name"),
        sa.func.coalesce(members.c.email, _TEAM_RECRUITER.c.email).label("recruiter_email"),
        _FORM.c.form_id,
        _FORM.c.email.label("form_email"),
        _FORM.c.language,
    )
    .select_from(applications)
    .join(candidates, _joined(candidates, applications.c.candidate_id))
    .join(jobs, _joined(jobs, applications.c.job_id))
    .join(stages, _joined(stages, applications.c.stage_id))
    .outerjoin(
        members,
        sa.and_(
            _joined(members, applications.c.assignee_id),
            members.c.status == "active",
        ),
    )
    .outerjoin(_TEAM_RECRUITER, sa.true())
    .outerjoin(_FORM, sa.true())
)


async def mail_subject(rows: Rows, application_id: ApplicationId) -> MailSubject | None:
    """Return what there is to say of an application, None when there is none."""
    found = await rows(_SUBJECT.where(applications.c.id == application_id))
    return _as(found[0], MailSubject) if found else None


async def mail_interview(
    rows: Rows,
    application_id: ApplicationId,
    interview_id: InterviewId | None,
    *,
    status: str,
    after: datetime,
) -> MailInterview | None:
    """Return the interview that is named, or the next of that status that ends after an instant."""
    which = (
        interviews.c.id == interview_id
        if interview_id is not None
        else sa.and_(interviews.c.status == status, interviews.c.ends_at > after)
    )
    names = (
        sa.select(sa.func.array_agg(sa.distinct(members.c.name)))
        .select_from(
            interviewers.join(
                members,
                sa.and_(
                    members.c.tenant_id == interviewers.c.tenant_id,
                    members.c.id == interviewers.c.member_id,
                ),
            )
        )
        .where(
            interviewers.c.tenant_id == interviews.c.tenant_id,
            interviewers.c.interview_id == interviews.c.id,
        )
        .scalar_subquery()
    )
    found = await rows(
        sa.select(
            interviews.c.id,
            interviews.c.starts_at,
            interviews.c.ends_at,
            interviews.c.time_zone,
            interviews.c.location,
            interviews.c.link,
            sa.func.coalesce(names, sa.literal_column("'{}'::text[]")).label("interviewers"),
        )
        .where(
            interviews.c.application_id == application_id,
            which,
        )
        .order_by(interviews.c.starts_at, interviews.c.id)
        .limit(1)
    )
    return _as(found[0], MailInterview) if found else None


async def mail_look(rows: Rows) -> MailLook:
    """Return how the tenant of the transaction looks."""
    found = await rows(sa.select(tenants.c.branding, tenants.c.custom_domain))
    return _as(found[0], MailLook)


def _as(row: sa.Row[Any], kind: type[S]) -> S:
    """Return a row whose columns are in the order of the fields."""
    return msgspec.convert(dict(zip(kind.__struct_fields__, tuple(row), strict=True)), kind)
