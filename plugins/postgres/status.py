"""Keeps who reports statuses, what they reported, who looked at whom, and what candidates see."""

from dataclasses import fields
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.candidates.contracts import CandidateId
from core.shared.clock import UtcDatetime
from core.shared.ids import Ids, MemberId
from core.status.contracts.activity import Glance
from core.status.contracts.preferences import StatusPreferences
from core.status.contracts.reports import ReportReceived
from core.status.contracts.sources import SourceId, SourceView
from core.status.errors import SourceNotFound
from core.status.model import Source
from core.status.ports import KeptReport, NewReport
from plugins.postgres.candidate_tables import candidates
from plugins.postgres.status_queries import preferences_of, source_of, source_view
from plugins.postgres.status_tables import (
    glances,
    status_preferences,
    status_reports,
    status_sources,
)
from plugins.postgres.unit import Unit

_FIELDS: Final = tuple(field.name for field in fields(Source))
_LOCK: Final = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_VIEW: Final = sa.text("SELECT * FROM list_status_sources_v1(:tenant, :source)")
_VISIBLE: Final = sa.text(
    "SELECT 1 FROM visible_applications_v1(:tenant, :member) v "
    "WHERE v.candidate_id = :candidate LIMIT 1"
)


class PostgresSources:
    """Implements `core.status.ports.SourceRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def count_active(self) -> int:
        """Count under a lock, so that two at once can't both be the last."""
        await self._unit.execute(_LOCK, {"name": f"status_sources:{self._unit.tenant_id}"})
        row = await self._unit.one_or_none(
            sa.select(sa.func.count().label("active")).where(status_sources.c.revoked_at.is_(None))
        )
        return 0 if row is None else int(row.active)

    async def add(self, source: Source) -> None:
        """Insert it."""
        await self._unit.execute(
            sa.insert(status_sources).values(tenant_id=self._unit.tenant_id, **_values(source))
        )

    async def get(self, source_id: SourceId) -> Source:
        """Return one, locked."""
        row = await self._unit.one_or_none(
            sa.select(status_sources).where(status_sources.c.id == source_id).with_for_update()
        )
        if row is None:
            raise SourceNotFound("There is no such source.")
        return source_of(row)

    async def save(self, source: Source) -> None:
        """Update the row, which is locked since it was read."""
        source.version += 1
        await self._unit.execute(
            sa.update(status_sources)
            .where(status_sources.c.id == source.id)
            .values(**_values(source))
        )

    async def view(self, source_id: SourceId) -> SourceView:
        """Return it as others see it."""
        parameters = {"tenant": self._unit.tenant_id, "source": source_id}
        rows = (await self._unit.execute(_VIEW, parameters)).mappings().all()
        return source_view({str(name): value for name, value in rows[0].items()})


class PostgresReports:
    """Implements `core.status.ports.Reports`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def hold(self, source_id: SourceId, webhook_id: str) -> Source | None:
        """Lock the id, which may have no row yet, and keep the source from being revoked."""
        name = f"status_report:{self._unit.tenant_id}:{source_id}:{webhook_id}"
        await self._unit.execute(_LOCK, {"name": name})
        row = await self._unit.one_or_none(
            sa.select(status_sources)
            .where(status_sources.c.id == source_id, status_sources.c.revoked_at.is_(None))
            .with_for_update(read=True)
        )
        return None if row is None else source_of(row)

    async def known(self, source_id: SourceId, webhook_id: str) -> KeptReport | None:
        """Return the report of this id."""
        row = await self._unit.one_or_none(
            sa.select(status_reports.c.body_hash, status_reports.c.answer).where(
                status_reports.c.source_id == source_id,
                status_reports.c.webhook_id == webhook_id,
            )
        )
        if row is None:
            return None
        return KeptReport(row.body_hash, msgspec.convert(row.answer, ReportReceived))

    async def add(self, report: NewReport) -> None:
        """Insert it; what it said of the application goes with the application."""
        data = report.report.data
        await self._unit.execute(
            sa.insert(status_reports).values(
                tenant_id=self._unit.tenant_id,
                id=report.answer.id,
                source_id=report.source_id,
                webhook_id=report.webhook_id,
                body_hash=report.body_hash,
                application_id=data.application_id,
                status=data.status,
                note=data.note,
                occurred_at=data.occurred_at,
                received_at=report.received_at,
                outcome=report.outcome,
                change_id=report.change_id,
                answer=msgspec.to_builtins(report.answer),
            )
        )


class PostgresGlances:
    """Implements `core.status.ports.Glances`."""

    def __init__(self, unit: Unit, ids: Ids) -> None:
        self._unit = unit
        self._ids = ids

    async def sees(self, candidate_id: CandidateId, only_for: MemberId | None) -> bool:
        """Look for the candidate, for an interviewer among those of their applications."""
        if only_for is None:
            statement = sa.select(candidates.c.id).where(candidates.c.id == candidate_id)
            return await self._unit.one_or_none(statement) is not None
        parameters = {
            "tenant": self._unit.tenant_id,
            "member": only_for,
            "candidate": candidate_id,
        }
        return await self._unit.one_or_none(_VISIBLE, parameters) is not None

    async def note(
        self, candidate_id: CandidateId, member_id: MemberId, kind: Glance, at: UtcDatetime
    ) -> bool:
        """Insert it unless the hour has one: the unique key decides between two at once."""
        row = await self._unit.one_or_none(
            postgresql.insert(glances)
            .values(
                tenant_id=self._unit.tenant_id,
                id=self._ids.new(),
                candidate_id=candidate_id,
                member_id=member_id,
                kind=kind,
                hour=at.replace(minute=0, second=0, microsecond=0),
                at=at,
            )
            .on_conflict_do_nothing()
            .returning(glances.c.id)
        )
        return row is not None


class PostgresPreferenceStore:
    """Implements `core.status.ports.PreferenceStore`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def present(self) -> StatusPreferences:
        """Return it, locked also while there is no row."""
        await self._unit.execute(_LOCK, {"name": f"status_preferences:{self._unit.tenant_id}"})
        return preferences_of(await self._unit.all(sa.select(status_preferences)))

    async def save(
        self, preferences: StatusPreferences, by: MemberId | None, at: UtcDatetime
    ) -> None:
        """Insert or replace."""
        values: dict[str, Any] = {
            "shown": list(preferences.shown),
            "names": preferences.names,
            "version": preferences.version,
            "changed_at": at,
            "changed_by": by,
        }
        await self._unit.execute(
            postgresql.insert(status_preferences)
            .values(tenant_id=self._unit.tenant_id, **values)
            .on_conflict_do_update(index_elements=["tenant_id"], set_=values)
        )


def _values(source: Source) -> dict[str, Any]:
    values = {name: getattr(source, name) for name in _FIELDS}
    return values | {"mapping": msgspec.to_builtins(source.mapping)}
