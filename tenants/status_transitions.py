"""Changes applications for reports from outside, with the use cases that members' moves take.

The status slice knows nothing of how an application is moved; this runs the other slice's use cases
in the transaction in which the report is kept.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from core.applications.contracts import (
    ApplicationId,
    MoveApplication,
    RejectApplication,
    RejectionReason,
    WithdrawalReason,
    WithdrawApplication,
)
from core.jobs.contracts import StageId
from core.shared.usecase import USE_CASES, Command
from core.status.model import Place
from plugins.postgres.application_tables import applications, stage_changes
from plugins.postgres.jobs import stages_of
from tenants.injection import Provider, Session, inject

_PLACE = sa.select(
    applications.c.id,
    applications.c.job_id,
    applications.c.stage_id,
    applications.c.disposition,
    applications.c.version,
).with_for_update()
_LAST = (
    sa.select(stage_changes.c.id, stage_changes.c.at, stage_changes.c.to_stage_name)
    .order_by(stage_changes.c.sequence.desc())
    .limit(1)
)


class UseCaseTransitions:
    """Implements `core.status.ports.Transitions`."""

    def __init__(self, session: Session, ports: Mapping[type, Mapping[str, Provider]]) -> None:
        self._session = session
        self._ports = ports

    async def place(self, application_id: ApplicationId) -> Place | None:
        """Lock the application and look where it is."""
        unit = self._session.writer
        row = await unit.one_or_none(_PLACE.where(applications.c.id == application_id))
        if row is None:
            return None
        last = await unit.one_or_none(_LAST.where(stage_changes.c.application_id == application_id))
        stages = await stages_of(unit, row.job_id)
        names = {stage.id: stage.name for stage in stages}
        return Place(
            application_id=application_id,
            stage_id=row.stage_id,
            stage=names.get(row.stage_id, "" if last is None else last.to_stage_name),
            disposition=row.disposition,
            version=row.version,
            changed_at=self._session.clock.now() if last is None else last.at,
            change_id=None if last is None else last.id,
            stages=tuple(names.items()),
        )

    async def move(self, place: Place, to: StageId, reason: str) -> None:
        """Run MoveApplication."""
        await self._run(
            MoveApplication(
                application_id=place.application_id,
                from_stage_id=place.stage_id,
                to_stage_id=to,
                reason=reason,
            )
        )

    async def reject(self, place: Place, reason: RejectionReason, note: str) -> None:
        """Run RejectApplication."""
        await self._run(
            RejectApplication(application_id=place.application_id, reason=reason, note=note)
        )

    async def withdraw(self, place: Place, reason: WithdrawalReason, note: str) -> None:
        """Run WithdrawApplication."""
        await self._run(
            WithdrawApplication(application_id=place.application_id, reason=reason, note=note)
        )

    async def _run(self, command: Command[Any]) -> Any:
        kind = type(command)
        return await USE_CASES[kind].run(command, **inject(self._ports[kind], self._session))
