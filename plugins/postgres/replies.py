"""Stores what candidates answer and what makes a message a letter; `reply_queries` reads views."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId, FileId
from core.messages.contracts import MessageId, ReplyId
from core.messages.received import Attached, Reply, Thread
from core.messages.reply_ports import Letterhead
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from plugins.postgres.application_tables import applications
from plugins.postgres.candidate_tables import candidates
from plugins.postgres.careers_tables import submissions
from plugins.postgres.message_tables import messages
from plugins.postgres.reply_tables import (
    message_dismissals,
    message_letters,
    replies,
    reply_files,
)
from plugins.postgres.unit import Unit

_KEPT: Final = (
    "id",
    "plugin",
    "known_as",
    "header_id",
    "application_id",
    "message_id",
    "matched_by",
    "from_address",
    "from_name",
    "is_stranger",
    "is_automatic",
    "subject",
    "text",
    "html",
    "left_out",
    "sent_at",
    "received_at",
)
_APPLICANT: Final = (
    sa.select(
        applications.c.id,
        applications.c.candidate_id,
        candidates.c.full_name,
        candidates.c.emails,
        sa.select(sa.func.array_agg(submissions.c.email))
        .where(
            submissions.c.tenant_id == applications.c.tenant_id,
            submissions.c.application_id == applications.c.id,
        )
        .scalar_subquery()
        .label("form_emails"),
    )
    .select_from(applications)
    .join(
        candidates,
        sa.and_(
            candidates.c.tenant_id == applications.c.tenant_id,
            candidates.c.id == applications.c.candidate_id,
        ),
    )
)


class PostgresReplies:
    """Implements `core.messages.reply_ports.Replies`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, reply: Reply) -> bool:
        """Insert it unless it is there."""
        row = await self._unit.one_or_none(
            postgresql.insert(replies)
            .values(
                tenant_id=self._unit.tenant_id,
                references=list(reply.references),
                **{name: getattr(reply, name) for name in _KEPT},
            )
            .on_conflict_do_nothing(index_elements=["tenant_id", "plugin", "known_as"])
            .returning(replies.c.id)
        )
        if row is None:
            return False
        if reply.files:
            await self._unit.execute(
                sa.insert(reply_files).values(
                    [
                        {
                            "tenant_id": self._unit.tenant_id,
                            "reply_id": reply.id,
                            "place": each.place,
                            "name": each.name,
                            "size_bytes": each.size_bytes,
                            "content": None if reply.matched_by else each.content,
                        }
                        for each in reply.files
                    ]
                )
            )
        return True

    async def get_for_change(self, reply_id: ReplyId) -> Reply | None:
        """Return it, locked, or None."""
        row = await self._unit.one_or_none(
            sa.select(replies).where(replies.c.id == reply_id).with_for_update()
        )
        if row is None:
            return None
        found = await self._unit.all(
            sa.select(reply_files)
            .where(reply_files.c.reply_id == reply_id)
            .order_by(reply_files.c.place)
        )
        return Reply(
            references=tuple(row.references),
            files=[
                Attached(
                    place=each.place,
                    name=each.name,
                    size_bytes=each.size_bytes,
                    content=each.content,
                    file_id=None if each.file_id is None else FileId(each.file_id),
                    problem=each.problem,
                )
                for each in found
            ],
            **{name: getattr(row, name) for name in _KEPT},
        )

    async def matched(self, reply: Reply) -> None:
        """Update whose it is; nothing of its files stays here."""
        await self._unit.execute(
            sa.update(replies)
            .where(replies.c.id == reply.id)
            .values(
                application_id=reply.application_id,
                message_id=reply.message_id,
                matched_by=reply.matched_by,
                is_stranger=reply.is_stranger,
            )
        )
        for each in reply.files:
            await self._unit.execute(
                sa.update(reply_files)
                .where(reply_files.c.reply_id == reply.id, reply_files.c.place == each.place)
                .values(file_id=each.file_id, problem=each.problem, content=None)
            )

    async def remove(self, reply_id: ReplyId) -> None:
        """Delete it with its files."""
        await self._unit.execute(sa.delete(replies).where(replies.c.id == reply_id))

    async def thread_of_message(self, message_id: MessageId) -> Thread | None:
        """Return whose conversation it is, or None."""
        sent = await self._unit.one_or_none(
            sa.select(messages.c.application_id, messages.c.to_address).where(
                messages.c.id == message_id, messages.c.application_id.is_not(None)
            )
        )
        if sent is None:
            return None
        return await self._thread(sent.application_id, message_id, (sent.to_address,))

    async def thread_of_application(self, application_id: ApplicationId) -> Thread | None:
        """Return whose conversation it is, or None."""
        return await self._thread(application_id, None, ())

    async def message_called(self, plugin: str, reference: str) -> MessageId | None:
        """Return the newest one that the plugin's service calls so."""
        row = await self._unit.one_or_none(
            sa.select(messages.c.id)
            .where(
                messages.c.plugin == plugin,
                messages.c.reference == reference,
                messages.c.application_id.is_not(None),
            )
            .order_by(messages.c.created_at.desc())
            .limit(1)
        )
        return None if row is None else MessageId(row.id)

    async def _thread(
        self,
        application_id: ApplicationId,
        message_id: MessageId | None,
        more: tuple[str, ...],
    ) -> Thread | None:
        row: Any = await self._unit.one_or_none(
            _APPLICANT.where(applications.c.id == application_id)
        )
        if row is None:
            return None
        return Thread(
            application_id=ApplicationId(row.id),
            candidate_id=CandidateId(row.candidate_id),
            candidate_name=row.full_name,
            addresses=tuple(dict.fromkeys((*row.emails, *(row.form_emails or ()), *more))),
            message_id=message_id,
        )


async def forget_unmatched(unit: Unit, addresses: Sequence[str]) -> None:
    """Delete replies of nobody that say they are from one of these, in lower case.

    For who is erased: what belongs to them goes with their applications, and this besides.
    """
    if addresses:
        await unit.execute(
            sa.delete(replies).where(
                replies.c.application_id.is_(None),
                sa.func.lower(replies.c.from_address).in_(addresses),
            )
        )


class PostgresLetters:
    """Implements `core.messages.reply_ports.Letters`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, letter: Letterhead) -> None:
        """Insert it."""
        await self._unit.execute(
            sa.insert(message_letters).values(
                tenant_id=self._unit.tenant_id,
                message_id=letter.message_id,
                author_id=letter.author_id,
                author_name=letter.author_name,
                answers_id=letter.answers_id,
                in_reply_to=letter.in_reply_to,
                references=list(letter.references),
            )
        )

    async def of(self, message_id: MessageId) -> Letterhead | None:
        """Return it, or None."""
        row = await self._unit.one_or_none(
            sa.select(message_letters).where(message_letters.c.message_id == message_id)
        )
        if row is None:
            return None
        return Letterhead(
            message_id=MessageId(row.message_id),
            author_id=None if row.author_id is None else MemberId(row.author_id),
            author_name=row.author_name,
            answers_id=None if row.answers_id is None else ReplyId(row.answers_id),
            in_reply_to=row.in_reply_to,
            references=tuple(row.references),
        )

    async def dismiss(self, message_id: MessageId, by: MemberId | None, at: UtcDatetime) -> None:
        """Insert that, once."""
        await self._unit.execute(
            postgresql.insert(message_dismissals)
            .values(
                tenant_id=self._unit.tenant_id,
                message_id=message_id,
                dismissed_by=by,
                dismissed_at=at,
            )
            .on_conflict_do_nothing(index_elements=["tenant_id", "message_id"])
        )

    async def take_up(self, message_id: MessageId) -> None:
        """Delete that."""
        await self._unit.execute(
            sa.delete(message_dismissals).where(message_dismissals.c.message_id == message_id)
        )

    async def readdress(self, message_id: MessageId, address: str) -> None:
        """Update the address."""
        await self._unit.execute(
            sa.update(messages).where(messages.c.id == message_id).values(to_address=address)
        )
