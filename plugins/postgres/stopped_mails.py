"""Stores which mails that answer nothing candidates have stopped."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.messages.suppression import canonical
from core.shared.clock import UtcDatetime
from core.unsubscribing.ports import LinkedMessage
from plugins.postgres.application_tables import applications
from plugins.postgres.message_tables import messages
from plugins.postgres.schema import Ref, tenant_table, text_column, time_column, uuid_column
from plugins.postgres.templates import Rows
from plugins.postgres.unit import Unit

stopped_mails = tenant_table(
    "stopped_mails",
    text_column("address"),
    text_column("mail_list"),
    uuid_column("message_id"),
    time_column("stopped_at"),
    key=("address", "mail_list"),
    refs=[Ref("message_id", "messages", "CASCADE")],
    indexes=[("message_id",)],
)
"""By address, in lower case; an entry goes with the message whose link was used."""


class PostgresStoppedMailQueries:
    """Implements `core.unsubscribing.ports.StoppedMailQueries`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def since(self, address: str, mail_list: str) -> UtcDatetime | None:
        """Return when it was stopped, or None."""
        rows = await self._rows(
            sa.select(stopped_mails.c.stopped_at).where(
                stopped_mails.c.address == canonical(address),
                stopped_mails.c.mail_list == mail_list,
            )
        )
        return UtcDatetime(rows[0].stopped_at) if rows else None

    async def of_message(self, message_id: UUID) -> LinkedMessage | None:
        """Return what a message was, or None."""
        rows = await self._rows(
            sa.select(
                messages.c.to_address,
                messages.c.purpose,
                messages.c.application_id,
                applications.c.candidate_id,
            ).where(
                messages.c.id == message_id,
                applications.c.tenant_id == messages.c.tenant_id,
                applications.c.id == messages.c.application_id,
            )
        )
        if not rows:
            return None
        (row,) = rows
        return LinkedMessage(
            row.to_address,
            row.purpose,
            row.candidate_id,
            row.application_id,
            await self.since(row.to_address, row.purpose) is not None,
        )


class PostgresStoppedMails(PostgresStoppedMailQueries):
    """Implements `core.unsubscribing.ports.StoppedMailStore`."""

    def __init__(self, unit: Unit) -> None:
        super().__init__(unit.all)
        self._unit = unit

    async def stop(self, address: str, mail_list: str, message_id: UUID, now: UtcDatetime) -> bool:
        """Insert it unless it is there."""
        row = await self._unit.one_or_none(
            postgresql.insert(stopped_mails)
            .values(
                tenant_id=self._unit.tenant_id,
                address=canonical(address),
                mail_list=mail_list,
                message_id=message_id,
                stopped_at=now,
            )
            .on_conflict_do_nothing(index_elements=["tenant_id", "address", "mail_list"])
            .returning(stopped_mails.c.address)
        )
        return row is not None

    async def resume(self, address: str, mail_list: str) -> bool:
        """Delete it."""
        row = await self._unit.one_or_none(
            sa.delete(stopped_mails)
            .where(
                stopped_mails.c.address == canonical(address),
                stopped_mails.c.mail_list == mail_list,
            )
            .returning(stopped_mails.c.address)
        )
        return row is not None
