"""`Ats` in memory: applications and the numbered list of their changes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

import msgspec

from core.ports.ats import (
    AtsRefused,
    AtsUnavailable,
    Changes,
    CursorLost,
    ExternalApplication,
    ExternalJob,
    NewApplication,
)
from core.shared.clock import UtcDatetime

STAGES: Final = ("Applied", "Phone screen", "Interview", "Offer")
_PAGE: Final = 50


class MemoryAts:
    """An adapter and its vendor in one."""

    def __init__(self) -> None:
        self._applications: dict[str, ExternalApplication] = {}
        self._made: dict[UUID, str] = {}
        self._changed: list[str] = []
        self._epoch = uuid4().hex
        self._is_away = False

    async def jobs(self) -> Sequence[ExternalJob]:
        """Return an open and a closed job."""
        self._be_there()
        return [
            ExternalJob(
                reference=reference,
                title="Engineer",
                is_open=reference == self.job(),
                stages=STAGES,
                changed_at=_now(),
            )
            for reference in (self.job(), self.closed_job())
        ]

    async def changes(self, cursor: str | None) -> Changes:
        """Return a page of the list."""
        self._be_there()
        epoch, _, place = (cursor or f"{self._epoch}:0").partition(":")
        if epoch != self._epoch:
            raise CursorLost("The cursor is too old.")
        end = int(place) + _PAGE
        page = tuple(self._applications[each] for each in self._changed[int(place) : end])
        end = min(end, len(self._changed))
        return Changes(page, f"{self._epoch}:{end}", more=end < len(self._changed))

    async def create(self, application: NewApplication) -> ExternalApplication:
        """Make an application, once for each id."""
        self._be_there()
        if application.job != self.job():
            raise AtsRefused("There is no such open job.")
        if application.id not in self._made:
            self._made[application.id] = self._add(
                application.full_name, application.email, application.phone
            )
        return self._applications[self._made[application.id]]

    async def move(self, reference: str, stage: str) -> ExternalApplication:
        """Move an application."""
        self._be_there()
        if stage not in STAGES:
            raise AtsRefused("There is no such stage.")
        present = self._find(reference)
        if present.stage is None:
            raise AtsRefused("The application is decided.")
        return self._change(msgspec.structs.replace(present, stage=stage))

    async def reject(self, reference: str, reason: str) -> ExternalApplication:  # noqa: ARG002
        """Reject an application; the reason isn't kept."""
        self._be_there()
        return self._change(msgspec.structs.replace(self._find(reference), stage=None))

    def job(self) -> str:
        """Return the open job."""
        return "job-1"

    def closed_job(self) -> str:
        """Return the closed job."""
        return "job-2"

    def apply(self, full_name: str) -> str:
        """Add an application made there."""
        return self._add(full_name, f"{uuid4().hex}@example.com", None)

    def forget_cursors(self) -> None:
        """Let old cursors be unknown."""
        self._epoch = uuid4().hex

    def be_away(self) -> None:
        """Answer nothing."""
        self._is_away = True

    def _add(self, full_name: str, email: str, phone: str | None) -> str:
        reference = uuid4().hex
        self._change(
            ExternalApplication(
                reference=reference,
                job=self.job(),
                stage=STAGES[0],
                full_name=full_name,
                email=email,
                phone=phone,
                changed_at=_now(),
            )
        )
        return reference

    def _change(self, application: ExternalApplication) -> ExternalApplication:
        self._applications[application.reference] = application
        self._changed.append(application.reference)
        return application

    def _find(self, reference: str) -> ExternalApplication:
        if reference not in self._applications:
            raise AtsRefused("There is no such application.")
        return self._applications[reference]

    def _be_there(self) -> None:
        if self._is_away:
            raise AtsUnavailable("The system is away.")


class MemoryAtsRig:
    """Both sides of the same object."""

    def __init__(self, both: MemoryAts) -> None:
        self.ats = both
        self.vendor = both


@asynccontextmanager
async def memory_ats() -> AsyncIterator[MemoryAtsRig]:
    """Yield a rig for `AtsContract`."""
    yield MemoryAtsRig(MemoryAts())


def _now() -> UtcDatetime:
    return UtcDatetime(datetime.now(UTC))
