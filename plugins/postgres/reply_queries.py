"""Reads what was written to a candidate, what came back, and what somebody has to look at."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from core.candidates.contracts import CandidateId
from core.messages.contracts import MessageRow, SuppressionView
from core.messages.replies import Conversation, Letter, ReplyFile, ReplyView, Trouble
from core.messages.timeline import Entry, in_order
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.errors import NotFound
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from plugins.postgres.application_tables import applications
from plugins.postgres.candidate_tables import candidates
from plugins.postgres.database import TenantReader
from plugins.postgres.job_tables import job_team, jobs
from plugins.postgres.members import members
from plugins.postgres.message_tables import message_events, messages, suppressed_addresses
from plugins.postgres.messages import ENTRY, WITH_APPLICATION, entry_of
from plugins.postgres.reply_tables import (
    message_dismissals,
    message_letters,
    replies,
    reply_files,
)

MOST_SHOWN: Final = 100
"""Letters, and as many replies."""

_ROW: Final = tuple(
    applications.c.candidate_id if name == "candidate_id" else messages.c[name]
    for name in MessageRow.__struct_fields__
)
_REPLY: Final = (
    applications.c.candidate_id,
    *(
        replies.c[name]
        for name in ReplyView.__struct_fields__
        if name not in ("candidate_id", "files")
    ),
)
_WITH_ANY_APPLICATION: Final = replies.outerjoin(
    applications,
    sa.and_(
        applications.c.tenant_id == replies.c.tenant_id,
        applications.c.id == replies.c.application_id,
    ),
)
_IS_DISMISSED: Final = sa.exists().where(
    message_dismissals.c.tenant_id == messages.c.tenant_id,
    message_dismissals.c.message_id == messages.c.id,
)
_IS_SUPPRESSED: Final = sa.exists().where(
    suppressed_addresses.c.tenant_id == messages.c.tenant_id,
    suppressed_addresses.c.address == sa.func.lower(messages.c.to_address),
    suppressed_addresses.c.reason != "unsubscribed",
)
_SUPPRESSION: Final = tuple(
    suppressed_addresses.c[name] for name in SuppressionView.__struct_fields__
)


class PostgresReplyQueries:
    """Implements `core.messages.reply_ports.ReplyQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def conversation(self, candidate_id: CandidateId) -> Conversation:
        """Return the newest of it. Raises NotFound without such a candidate."""
        known = await self._addresses(candidate_id)
        letters = await self._letters(candidate_id)
        answers = await self._replies(
            sa.select(*_REPLY)
            .select_from(_WITH_ANY_APPLICATION)
            .where(applications.c.candidate_id == candidate_id)
            .order_by(replies.c.received_at.desc(), replies.c.id.desc())
            .limit(MOST_SHOWN)
        )
        suppressed = await self._suppressed(known | {each.to_address.lower() for each in letters})
        return Conversation(letters=letters, replies=answers, suppressed=suppressed)

    async def unmatched(self, page: PageRequest) -> Page[ReplyView]:
        """Return a page, newest first."""
        statement = (
            sa.select(*_REPLY)
            .select_from(_WITH_ANY_APPLICATION)
            .where(replies.c.application_id.is_(None))
            .order_by(replies.c.received_at.desc(), replies.c.id.desc())
            .limit(page.limit + 1)
        )
        if page.cursor is not None:
            at, reply_id = decode_cursor(page.cursor, tuple[datetime, UUID])
            statement = statement.where(
                sa.tuple_(replies.c.received_at, replies.c.id) < sa.tuple_(at, reply_id)
            )
        items = await self._replies(statement)
        shown = list(items[: page.limit])
        if len(items) <= page.limit:
            return Page(shown)
        return Page(shown, encode_cursor((shown[-1].received_at, shown[-1].id)))

    async def troubles(
        self, member_id: MemberId, *, also_nobodys: bool, limit: int
    ) -> Sequence[Trouble]:
        """Return them, the oldest first."""
        rows = await self._reader.select(
            sa.select(
                *_ROW,
                candidates.c.full_name.label("candidate_name"),
                candidates.c.emails,
                jobs.c.title.label("job_title"),
                _IS_SUPPRESSED.label("is_suppressed"),
            )
            .select_from(WITH_APPLICATION)
            .join(candidates, _of_application(candidates, applications.c.candidate_id))
            .join(jobs, _of_application(jobs, applications.c.job_id))
            .where(
                messages.c.state.in_(("failed", "unknown")),
                ~_IS_DISMISSED,
                _concerns(member_id, also_nobodys=also_nobodys),
            )
            .order_by(messages.c.created_at, messages.c.id)
            .limit(limit)
        )
        return [_trouble(row) for row in rows]

    async def _letters(self, candidate_id: CandidateId) -> tuple[Letter, ...]:
        rows = await self._reader.select(
            sa.select(
                *_ROW,
                messages.c.text,
                message_letters.c.author_id,
                message_letters.c.author_name,
                message_letters.c.answers_id,
                _IS_DISMISSED.label("is_dismissed"),
            )
            .select_from(WITH_APPLICATION)
            .outerjoin(
                message_letters,
                sa.and_(
                    message_letters.c.tenant_id == messages.c.tenant_id,
                    message_letters.c.message_id == messages.c.id,
                ),
            )
            .where(applications.c.candidate_id == candidate_id)
            .order_by(messages.c.created_at.desc(), messages.c.id.desc())
            .limit(MOST_SHOWN)
        )
        if not rows:
            return ()
        happened: dict[UUID, list[Entry]] = defaultdict(list)
        ids = [row.id for row in rows]
        for event in await self._reader.select(
            sa.select(message_events.c.message_id, *ENTRY).where(
                message_events.c.message_id.in_(ids)
            )
        ):
            happened[event.message_id].append(entry_of(event))
        return tuple(
            Letter(
                **row._mapping,  # noqa: SLF001 - its public name
                timeline=tuple(each.view() for each in in_order(happened[row.id])),
            )
            for row in rows
        )

    async def _replies(self, statement: sa.Select[Any]) -> tuple[ReplyView, ...]:
        rows = await self._reader.select(statement)
        if not rows:
            return ()
        files: dict[UUID, list[ReplyFile]] = defaultdict(list)
        for each in await self._reader.select(
            sa.select(
                reply_files.c.reply_id,
                reply_files.c.name,
                reply_files.c.size_bytes,
                reply_files.c.file_id,
                reply_files.c.problem,
            )
            .where(reply_files.c.reply_id.in_([row.id for row in rows]))
            .order_by(reply_files.c.place)
        ):
            files[each.reply_id].append(
                ReplyFile(
                    name=each.name,
                    size_bytes=each.size_bytes,
                    file_id=each.file_id,
                    problem=each.problem,
                )
            )
        return tuple(
            ReplyView(**row._mapping, files=tuple(files[row.id]))  # noqa: SLF001 - its public name
            for row in rows
        )

    async def _addresses(self, candidate_id: CandidateId) -> set[str]:
        """Return the addresses of the profile. Raises NotFound."""
        found = await self._reader.select(
            sa.select(candidates.c.emails).where(candidates.c.id == candidate_id)
        )
        if not found:
            raise NotFound("There is no such candidate.")
        return {each.lower() for each in found[0].emails}

    async def _suppressed(self, known: set[str]) -> tuple[SuppressionView, ...]:
        if not known:
            return ()
        rows = await self._reader.select(
            sa.select(*_SUPPRESSION)
            .where(suppressed_addresses.c.address.in_(sorted(known)))
            .order_by(suppressed_addresses.c.address)
        )
        return tuple(
            SuppressionView(**row._mapping)  # noqa: SLF001 - its public name
            for row in rows
        )


def _of_application(table: sa.Table, column: Any) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.tenant_id == applications.c.tenant_id, table.c.id == column)


def _concerns(member_id: MemberId, *, also_nobodys: bool) -> sa.ColumnElement[bool]:
    """Return the condition on applications whose messages a member looks after."""
    is_looked_after = sa.exists().where(
        _of_application(members, applications.c.assignee_id), members.c.status == "active"
    )
    recruits = sa.exists().where(
        job_team.c.tenant_id == applications.c.tenant_id,
        job_team.c.job_id == applications.c.job_id,
        job_team.c.part == "recruiter",
    )
    mine = sa.or_(
        applications.c.assignee_id == member_id,
        sa.and_(~is_looked_after, recruits.where(job_team.c.member_id == member_id)),
    )
    if not also_nobodys:
        return mine
    recruiter = recruits.where(
        members.c.tenant_id == job_team.c.tenant_id,
        members.c.id == job_team.c.member_id,
        members.c.status == "active",
    )
    return sa.or_(mine, sa.and_(~is_looked_after, ~recruiter))


def _trouble(row: Any) -> Trouble:
    values = dict(row._mapping)  # noqa: SLF001 - its public name
    emails = values.pop("emails")
    written_to = values["to_address"].lower()
    others = tuple(each for each in emails if each.lower() != written_to)
    return Trouble(**values, other_addresses=others)
