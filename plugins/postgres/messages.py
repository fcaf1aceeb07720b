"""Stores messages with what happened to them; `message_queries` reads views of them."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.messages.contracts import MessageId
from core.messages.model import Content, Message
from core.messages.timeline import Entry
from core.shared.clock import UtcDatetime
from plugins.postgres.application_tables import applications
from plugins.postgres.installation_tables import plugin_installations
from plugins.postgres.message_tables import message_events, messages, suppressed_addresses
from plugins.postgres.unit import Unit

ENTRY: Final = tuple(message_events.c[name] for name in Entry.__struct_fields__)
_ITS_APPLICATION: Final = sa.and_(
    applications.c.tenant_id == messages.c.tenant_id,
    applications.c.id == messages.c.application_id,
)
WITH_APPLICATION: Final = messages.join(applications, _ITS_APPLICATION)
"""Messages to candidates."""

_WITH_ANY_APPLICATION: Final = messages.outerjoin(applications, _ITS_APPLICATION)


class PostgresMessages:
    """Implements `core.messages.ports.MessageRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, message: Message) -> None:
        """Insert it."""
        await self._unit.execute(sa.insert(messages).values(self._new_row(message)))
        await self._note(message, Entry.ours("queued", message.created_at))

    async def add_once(self, message: Message) -> bool:
        """Insert it unless it is there; waits for whoever is inserting it."""
        row = await self._unit.one_or_none(
            postgresql.insert(messages)
            .values(self._new_row(message))
            .on_conflict_do_nothing(index_elements=["tenant_id", "id"])
            .returning(messages.c.id)
        )
        if row is None:
            return False
        await self._note(message, Entry.ours("queued", message.created_at))
        return True

    async def newest_application(self, candidate_id: CandidateId) -> ApplicationId | None:
        """Return the newest, an open one first."""
        row = await self._unit.one_or_none(
            sa.select(applications.c.id)
            .where(applications.c.candidate_id == candidate_id)
            .order_by(
                (applications.c.disposition == "active").desc(),
                applications.c.applied_at.desc(),
                applications.c.id.desc(),
            )
            .limit(1)
        )
        return None if row is None else ApplicationId(row.id)

    async def get_for_change(self, message_id: MessageId) -> Message | None:
        """Return it, locked, or None."""
        row = await self._unit.one_or_none(
            sa.select(messages, applications.c.candidate_id)
            .select_from(_WITH_ANY_APPLICATION)
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
            member_id=row.member_id,
            language=row.language,
            sealed=row.sealed,
            use_by=row.use_by,
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
            away=list(row.away),
            delivery=row.delivery,
            opened_at=row.opened_at,
            clicked_at=row.clicked_at,
        )

    async def save(self, message: Message) -> None:
        """Update what became of it, and add what was noted."""
        await self._unit.execute(
            sa.update(messages).where(messages.c.id == message.id).values(**_fate(message))
        )
        await self._note(message, *message.noted)
        message.noted.clear()

    async def remove(self, message_id: MessageId) -> None:
        """Delete it with its timeline."""
        await self._unit.execute(sa.delete(messages).where(messages.c.id == message_id))

    async def stuck(self, before: UtcDatetime, *, limit: int) -> Sequence[MessageId]:
        """Return messages that aren't over, oldest first."""
        rows = await self._unit.all(
            sa.select(messages.c.id)
            .where(
                messages.c.state.in_(("queued", "sending")),
                messages.c.created_at < before,
                sa.func.coalesce(messages.c.queued_at, messages.c.created_at) < before,
            )
            .order_by(messages.c.created_at, messages.c.id)
            .limit(limit)
        )
        return [MessageId(row.id) for row in rows]

    async def prune_to_members(self, before: UtcDatetime) -> int:
        """Delete old ones, but for those that keep their address from being written to."""
        keeps = sa.exists().where(suppressed_addresses.c.message_id == messages.c.id)
        result = await self._unit.execute(
            sa.delete(messages).where(
                messages.c.application_id.is_(None),
                messages.c.created_at < before,
                messages.c.state.in_(("sent", "failed", "unknown")),
                ~keeps,
            )
        )
        return result.rowcount

    async def by_reference(self, plugin: str, reference: str) -> MessageId | None:
        """Return the newest one that the plugin's service calls so."""
        row = await self._unit.one_or_none(
            sa.select(messages.c.id)
            .where(messages.c.plugin == plugin, messages.c.reference == reference)
            .order_by(messages.c.created_at.desc())
            .limit(1)
        )
        return None if row is None else MessageId(row.id)

    async def was_given_to(self, message: Message, plugin: str) -> bool:
        """Look at its present plugin, then at its timeline."""
        if message.plugin == plugin:
            return True
        row = await self._unit.one_or_none(
            sa.select(message_events.c.kind)
            .where(message_events.c.message_id == message.id, message_events.c.plugin == plugin)
            .limit(1)
        )
        return row is not None

    async def plugin_of(self, installation_id: UUID) -> str | None:
        """Return the id of the plugin of an installation."""
        row = await self._unit.one_or_none(
            sa.select(plugin_installations.c.plugin_id).where(
                plugin_installations.c.id == installation_id
            )
        )
        return None if row is None else str(row.plugin_id)

    async def note(self, message_id: MessageId, entry: Entry) -> bool:
        """Insert the entry unless it is there."""
        row = await self._unit.one_or_none(
            postgresql.insert(message_events)
            .values(self._row_of(message_id, entry))
            .on_conflict_do_nothing(index_elements=["tenant_id", "message_id", "event_id"])
            .returning(message_events.c.event_id)
        )
        return row is not None

    async def timeline(self, message_id: MessageId) -> Sequence[Entry]:
        """Return what happened to it."""
        rows = await self._unit.all(
            sa.select(*ENTRY).where(message_events.c.message_id == message_id)
        )
        return [entry_of(row) for row in rows]

    def _new_row(self, message: Message) -> dict[str, Any]:
        return {
            "tenant_id": self._unit.tenant_id,
            "id": message.id,
            "purpose": message.purpose,
            "application_id": message.application_id,
            "member_id": message.member_id,
            "language": message.language,
            "use_by": message.use_by,
            "to_address": message.to_address,
            "to_name": message.to_name,
            "subject": message.content.subject,
            "text": message.content.text,
            "html": message.content.html,
            "created_at": message.created_at,
            **_fate(message),
        }

    async def _note(self, message: Message, *entries: Entry) -> None:
        if entries:
            await self._unit.execute(
                postgresql.insert(message_events)
                .values([self._row_of(message.id, each) for each in entries])
                .on_conflict_do_nothing(index_elements=["tenant_id", "message_id", "event_id"])
            )

    def _row_of(self, message_id: MessageId, entry: Entry) -> dict[str, Any]:
        values = {name: getattr(entry, name) for name in Entry.__struct_fields__}
        return {"tenant_id": self._unit.tenant_id, "message_id": message_id, **values}


def entry_of(row: Any) -> Entry:
    """Return an entry of a timeline as it was read."""
    return Entry(**{name: getattr(row, name) for name in Entry.__struct_fields__})


def _fate(message: Message) -> dict[str, Any]:
    return {
        "state": message.state,
        "plugin": message.plugin,
        "reference": message.reference,
        "detail": message.detail,
        "attempts": message.attempts,
        "queued_at": message.queued_at,
        "sent_at": message.sent_at,
        "away": list(message.away),
        "delivery": message.delivery,
        "opened_at": message.opened_at,
        "clicked_at": message.clicked_at,
        "sealed": message.sealed if message.state in ("queued", "sending") else None,
    }
