"""Keeps what applicants did on the page of their secret link: how far they read, what they want."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.applications.contracts import ApplicationId
from core.careers.inbox_views import StatusMail
from core.shared.clock import UtcDatetime
from plugins.postgres.careers_tables import submissions
from plugins.postgres.status_tables import applicant_pages
from plugins.postgres.unit import Unit


class PostgresApplicantPages:
    """Implements `core.careers.ports.ApplicantPages`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def of_link(self, link_hash: bytes) -> UUID | None:
        """Return the submission that a link is of."""
        row = await self._unit.one_or_none(
            sa.select(submissions.c.id).where(submissions.c.link_hash == link_hash)
        )
        return None if row is None else row.id

    async def read(self, submission_id: UUID, until: datetime, now: UtcDatetime) -> None:
        """Keep the later of two times."""
        later = sa.func.greatest(applicant_pages.c.read_until, until)
        await self._put(submission_id, {"read_until": until}, {"read_until": later}, now)

    async def choose(
        self, submission_id: UUID, unwanted: Sequence[StatusMail], now: UtcDatetime
    ) -> ApplicationId:
        """Insert or replace."""
        values = {"unwanted": list(unwanted)}
        await self._put(submission_id, values, values, now)
        row = await self._unit.one_or_none(
            sa.select(submissions.c.application_id).where(submissions.c.id == submission_id)
        )
        if row is None:
            raise LookupError(f"the submission {submission_id} is gone")
        return ApplicationId(row.application_id)

    async def wants(self, application_id: UUID, kind: str) -> bool:
        """Look for a page of a form that wasn't repeated. Also implements `MailWishes`."""
        row = await self._unit.one_or_none(
            sa.select(applicant_pages.c.submission_id)
            .join_from(
                applicant_pages,
                submissions,
                sa.and_(
                    submissions.c.tenant_id == applicant_pages.c.tenant_id,
                    submissions.c.id == applicant_pages.c.submission_id,
                ),
            )
            .where(
                submissions.c.application_id == application_id,
                submissions.c.is_repeated.is_(False),
                sa.literal(kind) == sa.any_(applicant_pages.c.unwanted),
            )
            .limit(1)
        )
        return row is None

    async def _put(
        self,
        submission_id: UUID,
        inserted: dict[str, Any],
        updated: dict[str, Any],
        now: UtcDatetime,
    ) -> None:
        await self._unit.execute(
            postgresql.insert(applicant_pages)
            .values(
                tenant_id=self._unit.tenant_id,
                submission_id=submission_id,
                changed_at=now,
                **inserted,
            )
            .on_conflict_do_update(
                index_elements=["tenant_id", "submission_id"], set_={**updated, "changed_at": now}
            )
        )
