"""Stores messages and reads them back."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from core.applications.contracts import ApplicationId
from core.messages.contracts import ListMessages, MessageId, MessageRow, MessageView
from core.messages.errors import MessageNotFound
from core.messages.model import Content, Message
from core.messages.ports import Applicant
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.paging import Page
from plugins.postgres.application_tables import applications
from plugins.postgres.candidate_tables import candidates
from plugins.postgres.database import TenantReader
from plugins.postgres.job_tables import jobs
from plugins.postgres.message_tables import messages
from plugins.postgres.unit import Unit

_ROW: Final = (
    messages.c.id,
    messages.c.purpose,
    messages.c.state,
    messages.c.to_address,
    messages.c.subject,
    applications.c.candidate_id,
    messages.c.application_id,
    messages.c.plugin,
    messages.c.detail,
    messages.c.created_at,
    messages.c.sent_at,
)
_WITH_APPLICATION: Final = messages.join(
    applications,
    sa.and_(
        applications.c.tenant_id == messages.c.tenant_id,
        applications.c.id == messages.c.application_id,
    ),
)


class PostgresMessages:
    """Implements `core.messages.ports.MessageRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, message: Message) -> None:
        """Insert it."""
        await self._unit.execute(
            sa.insert(messages).values(
                tenant_id=self._unit.tenant_id,
                id=message.id,
                purpose=message.purpose,
                application_id=message.application_id,
                to_address=message.to_address,
                to_name=message.to_name,
                subject=message.content.subject,
                text=message.content.text,
                html=message.content.html,
                created_at=message.created_at,
                **_fate(message),
            )
        )

    async def get_for_change(self, message_id: MessageId) -> Message | None:
        """Return it, locked, or None."""
        row = await self._unit.one_or_none(
            sa.select(messages, applications.c.candidate_id)
            .select_from(_WITH_APPLICATION)
            .where(messages.c.id == message_id)
            .with_for_update(of=messages)
        )
        if row is None:
            return None
        return Message(
            id=row.id,
            purpose=row.purpose,
            candidate_id=row.candidate_id,
            application_id=row.application_id,
            to_address=row.to_address,
            to_name=row.to_name,
            content=Content(row.subject, row.text, row.html),
            created_at=row.created_at,
            state=row.state,
            queued_at=row.queued_at,
            attempts=row.attempts,
            plugin=row.plugin,
            reference=row.reference,
            detail=row.detail,
            sent_at=row.sent_at,
        )

    async def save(self, message: Message) -> None:
        """Update what became of it."""
        await self._unit.execute(
            sa.update(messages).where(messages.c.id == message.id).values(**_fate(message))
        )

    async def applicant(self, application_id: ApplicationId) -> Applicant | None:
        """Return who applied for what."""
        row = await self._unit.one_or_none(
            sa.select(candidates.c.id, candidates.c.full_name, candidates.c.emails, jobs.c.title)
            .select_from(
                applications.join(
                    candidates,
                    sa.and_(
                        candidates.c.tenant_id == applications.c.tenant_id,
                        candidates.c.id == applications.c.candidate_id,
                    ),
                ).join(
                    jobs,
                    sa.and_(
                        jobs.c.tenant_id == applications.c.tenant_id,
                        jobs.c.id == applications.c.job_id,
                    ),
                )
            )
            .where(applications.c.id == application_id)
        )
        if row is None:
            return None
        return Applicant(row.id, row.full_name, row.emails[0] if row.emails else None, row.title)


class PostgresMessageQueries:
    """Implements `core.messages.ports.MessageQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def page(self, query: ListMessages) -> Page[MessageRow]:
        """Return a page, newest first."""
        limit = query.page.limit
        statement = (
            sa.select(*_ROW)
            .select_from(_WITH_APPLICATION)
            .order_by(messages.c.created_at.desc(), messages.c.id.desc())
            .limit(limit + 1)
        )
        for column, value in (
            (applications.c.candidate_id, query.candidate_id),
            (messages.c.application_id, query.application_id),
            (messages.c.state, query.state),
        ):
            if value is not None:
                statement = statement.where(column == value)
        if query.page.cursor is not None:
            at, message_id = decode_cursor(query.page.cursor, tuple[datetime, UUID])
            statement = statement.where(
                sa.tuple_(messages.c.created_at, messages.c.id) < sa.tuple_(at, message_id)
            )
        rows = await self._reader.select(statement)
        items = [MessageRow(*tuple(row)) for row in rows[:limit]]
        if len(rows) <= limit:
            return Page(items)
        return Page(items, encode_cursor((items[-1].created_at, items[-1].id)))

    async def get(self, message_id: MessageId) -> MessageView:
        """Return it. Raises MessageNotFound."""
        rows = await self._reader.select(
            sa.select(
                *_ROW,
                messages.c.to_name,
                messages.c.text,
                messages.c.html,
                messages.c.reference,
                messages.c.attempts,
            )
            .select_from(_WITH_APPLICATION)
            .where(messages.c.id == message_id)
        )
        if not rows:
            raise MessageNotFound(MessageNotFound.TEXT)
        return MessageView(*tuple(rows[0]))


def _fate(message: Message) -> dict[str, Any]:
    return {
        "state": message.state,
        "plugin": message.plugin,
        "reference": message.reference,
        "detail": message.detail,
        "attempts": message.attempts,
        "queued_at": message.queued_at,
        "sent_at": message.sent_at,
    }
