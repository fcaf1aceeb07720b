"""Reads views of messages, of what happened to them, and of whom nobody writes to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from core.messages.contracts import (
    ListMessages,
    ListSuppressions,
    MessageId,
    MessageRow,
    MessageView,
    SuppressionView,
    Timeline,
    TimelineEntry,
)
from core.messages.errors import MessageNotFound
from core.messages.member_views import ListMemberMessages, MemberMessageRow
from core.messages.sender_views import SenderFailure
from core.messages.suppression import canonical
from core.messages.timeline import in_order
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.paging import Page
from plugins.postgres.application_tables import applications
from plugins.postgres.database import TenantReader
from plugins.postgres.message_tables import (
    message_events,
    message_senders,
    messages,
    suppressed_addresses,
)
from plugins.postgres.messages import ENTRY, WITH_APPLICATION, entry_of
from plugins.postgres.sender_failures import failures_of, last_attempts

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
    messages.c.delivery,
    messages.c.opened_at,
    messages.c.clicked_at,
)
_MEMBER_ROW: Final = tuple(messages.c[name] for name in MemberMessageRow.__struct_fields__)
_SUPPRESSION: Final = tuple(
    suppressed_addresses.c[name] for name in SuppressionView.__struct_fields__
)


class PostgresMessageQueries:
    """Implements `core.messages.ports.MessageQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def page(self, query: ListMessages) -> Page[MessageRow]:
        """Return a page, newest first."""
        limit = query.page.limit
        statement = (
            sa.select(*_ROW)
            .select_from(WITH_APPLICATION)
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
        """Return it with its timeline. Raises MessageNotFound."""
        rows = await self._reader.select(
            sa.select(
                *_ROW,
                messages.c.to_name,
                messages.c.text,
                messages.c.html,
                messages.c.reference,
                messages.c.attempts,
            )
            .select_from(WITH_APPLICATION)
            .where(messages.c.id == message_id)
        )
        if not rows:
            raise MessageNotFound(MessageNotFound.TEXT)
        row = dict(rows[0]._mapping)  # noqa: SLF001 - its public name
        return MessageView(**row, timeline=await self._entries(message_id))

    async def timeline(self, message_id: MessageId, *, to_member: bool = False) -> Timeline:
        """Return what happened to it. Raises MessageNotFound."""
        is_to_member = messages.c.application_id.is_(None)
        found = await self._reader.select(
            sa.select(messages.c.id).where(
                messages.c.id == message_id, is_to_member if to_member else ~is_to_member
            )
        )
        if not found:
            raise MessageNotFound(MessageNotFound.TEXT)
        return Timeline(await self._entries(message_id))

    async def to_members(self, query: ListMemberMessages) -> Page[MemberMessageRow]:
        """Return a page, newest first."""
        limit, columns = query.page.limit, messages.c
        statement = (
            sa.select(*_MEMBER_ROW)
            .where(columns.application_id.is_(None))
            .order_by(columns.created_at.desc(), columns.id.desc())
            .limit(limit + 1)
        )
        if query.member_id is not None:
            statement = statement.where(columns.member_id == query.member_id)
        if query.state is not None:
            statement = statement.where(columns.state == query.state)
        if query.page.cursor is not None:
            at, message_id = decode_cursor(query.page.cursor, tuple[datetime, UUID])
            statement = statement.where(
                sa.tuple_(columns.created_at, columns.id) < sa.tuple_(at, message_id)
            )
        rows = await self._reader.select(statement)
        names = MemberMessageRow.__struct_fields__
        items = [
            MemberMessageRow(**dict(zip(names, tuple(row), strict=True))) for row in rows[:limit]
        ]
        if len(rows) <= limit:
            return Page(items)
        return Page(items, encode_cursor((items[-1].created_at, items[-1].id)))

    async def suppressions(self, query: ListSuppressions) -> Page[SuppressionView]:
        """Return a page, newest first."""
        limit, columns = query.page.limit, suppressed_addresses.c
        statement = (
            sa.select(*_SUPPRESSION)
            .order_by(columns.created_at.desc(), columns.id.desc())
            .limit(limit + 1)
        )
        if query.address is not None:
            statement = statement.where(columns.address == canonical(query.address))
        if query.page.cursor is not None:
            at, suppression_id = decode_cursor(query.page.cursor, tuple[datetime, UUID])
            statement = statement.where(
                sa.tuple_(columns.created_at, columns.id) < sa.tuple_(at, suppression_id)
            )
        rows = await self._reader.select(statement)
        names = SuppressionView.__struct_fields__
        items = [
            SuppressionView(**dict(zip(names, tuple(row), strict=True))) for row in rows[:limit]
        ]
        if len(rows) <= limit:
            return Page(items)
        return Page(items, encode_cursor((items[-1].created_at, items[-1].id)))

    async def sender_order(self) -> Sequence[str]:
        """Return the plugins that the tenant named."""
        rows = await self._reader.select(
            sa.select(message_senders.c.plugin_id).order_by(message_senders.c.place)
        )
        return [str(row[0]) for row in rows]

    async def sender_failures(self) -> Mapping[str, SenderFailure]:
        """Look at what the latest messages tell."""
        return failures_of(await self._reader.select(last_attempts()))

    async def _entries(self, message_id: MessageId) -> tuple[TimelineEntry, ...]:
        rows = await self._reader.select(
            sa.select(*ENTRY).where(message_events.c.message_id == message_id)
        )
        return tuple(each.view() for each in in_order([entry_of(row) for row in rows]))
