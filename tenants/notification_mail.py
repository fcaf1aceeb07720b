"""What mails about notifications say besides what is in the inbox."""

from uuid import UUID

import sqlalchemy as sa

from core.applications.contracts import ApplicationId
from core.notifications.contracts import NotificationId
from core.notifications.mailing import JobOf
from core.notifications.ports import Colleague
from core.shared.ids import MemberId
from plugins.postgres.candidate_tables import candidate_notes
from plugins.postgres.mail_facts import mail_subject
from plugins.postgres.members import members
from plugins.postgres.notification_tables import notifications
from tenants.injection import Session
from tenants.mail_facts import rows_of


class TenantMailFacts:
    """Implements `core.notifications.mailing.MailFacts`."""

    def __init__(self, session: Session) -> None:
        self._rows = rows_of(session)

    async def member(self, member_id: MemberId) -> Colleague | None:
        """Return an active member."""
        found = await self._rows(
            sa.select(members.c.id, members.c.name, members.c.email).where(
                members.c.id == member_id, members.c.status == "active"
            )
        )
        return Colleague(*tuple(found[0])) if found else None

    async def note(self, notification_id: NotificationId) -> str | None:
        """Return the text of its note."""
        found = await self._rows(
            sa.select(candidate_notes.c.text)
            .join(
                notifications,
                sa.and_(
                    notifications.c.tenant_id == candidate_notes.c.tenant_id,
                    notifications.c.note_id == candidate_notes.c.id,
                ),
            )
            .where(notifications.c.id == notification_id)
        )
        return str(found[0].text) if found else None

    async def job(self, application_id: UUID) -> JobOf | None:
        """Return what the application is for."""
        subject = await mail_subject(self._rows, ApplicationId(application_id))
        return None if subject is None else JobOf(subject.job_title, subject.stage_name)
