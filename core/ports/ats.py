"""Another applicant tracking system that a tenant uses too: the port that ATS plugins implement."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from core.shared.clock import UtcDatetime


class ExternalJob(msgspec.Struct, frozen=True, kw_only=True):
    """A position there."""

    reference: str
    title: str
    is_open: bool
    stages: tuple[str, ...]
    """In the order of the pipeline."""
    changed_at: UtcDatetime


class ExternalApplication(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's application there, with what is known of the person."""

    reference: str
    job: str
    """The reference of its job."""
    stage: str | None
    """None once it was rejected or hired."""
    full_name: str
    email: str | None
    phone: str | None = None
    changed_at: UtcDatetime


class Changes(msgspec.Struct, frozen=True):
    """A page of what changed."""

    applications: tuple[ExternalApplication, ...]
    cursor: str
    """Where the next page begins; to be kept and given back, even when this page was empty."""
    more: bool
    """Whether another page is there already."""


class NewApplication(msgspec.Struct, frozen=True, kw_only=True):
    """An application to be made there."""

    id: UUID
    """Ours; the same for every attempt."""
    job: str
    full_name: str
    email: str
    phone: str | None = None


class Ats(Protocol):
    """The other system."""

    async def jobs(self) -> Sequence[ExternalJob]:
        """Return its positions. Raises AtsUnavailable and AtsRefused."""
        ...

    async def changes(self, cursor: str | None) -> Changes:
        """Return applications that changed after `cursor`, or from the beginning.

        One that changed may come more than once, and never not at all. Raises AtsUnavailable,
        AtsRefused, and CursorLost when the beginning must be read again.
        """
        ...

    async def create(self, application: NewApplication) -> ExternalApplication:
        """Make an application; with an `id` used before, return that one.

        Raises AtsRefused (no such job, not open) and AtsUnavailable.
        """
        ...

    async def move(self, reference: str, stage: str) -> ExternalApplication:
        """Move an application; one that is there already stays.

        Raises AtsRefused (no such application or stage, already decided) and AtsUnavailable.
        """
        ...

    async def reject(self, reference: str, reason: str) -> ExternalApplication:
        """Reject an application; one that was rejected stays so. Raises as `move`."""
        ...


class AtsError(Exception):
    """Base of what an ATS raises. Its text is shown to recruiters; no secrets in it."""


class AtsRefused(AtsError):
    """The system refuses for good."""


class AtsUnavailable(AtsError):
    """The system is away or asks to slow down."""

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class CursorLost(AtsError):
    """The cursor is too old or unknown: read from the beginning."""
