"""Reads the audit trail; `sql/audit.sql` holds the statement."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.audit.contracts import AuditActor, AuditEntry, ListAudit
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.paging import Page
from plugins.postgres.database import TenantReader
from plugins.postgres.subject_keys import SubjectVault


class PostgresAuditQueries:
    """Implements `core.audit.ports.AuditQueries`."""

    def __init__(self, reader: TenantReader, vault: SubjectVault) -> None:
        self._reader = reader
        self._vault = vault

    async def page(self, query: ListAudit) -> Page[AuditEntry]:
        """Return one page, newest first, with what can still be read of it."""
        limit, cursor, where = query.page.limit, query.page.cursor, query.where
        at, entry_id = (
            (None, None) if cursor is None else decode_cursor(cursor, tuple[datetime, UUID])
        )
        rows = await self._reader.call(
            "list_audit_v2",
            limit + 1,
            at,
            entry_id,
            where.member_id,
            where.action,
            where.subject,
            where.subject_id,
            where.at_from,
            where.at_to,
        )
        items = [self._entry(row) for row in rows[:limit]]
        if len(rows) <= limit:
            return Page(items)
        return Page(items, encode_cursor((items[-1].at, items[-1].id)))

    def _entry(self, row: Any) -> AuditEntry:
        plain = self._vault.reveal(self._reader.tenant_id, row)
        return AuditEntry(
            id=row["id"],
            at=row["at"],
            actor=AuditActor(
                row["actor_kind"], row["actor_id"], row["member_id"], row["member_name"]
            ),
            action=row["action"],
            subject=row["subject"],
            subject_id=row["subject_id"],
            before=plain.before,
            after=plain.after,
            reason=plain.reason,
            content=plain.content,
            request_id=row["request_id"],
            position=row["position"],
        )
