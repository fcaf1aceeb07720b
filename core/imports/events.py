"""Facts about imports."""

from typing import ClassVar

from core.shared.events import Event


class ImportEvent(Event, frozen=True, kw_only=True):
    """Base: `aggregate_id` is the import's id."""

    aggregate: ClassVar[str] = "import"


class ImportStarted(ImportEvent, frozen=True, kw_only=True):
    """A file was taken, or a checked one was committed."""

    type: ClassVar[str] = "import.started"
    kind: str
    dry_run: bool


class ImportFinished(ImportEvent, frozen=True, kw_only=True):
    """Every row was worked on, or the import failed as a whole."""

    type: ClassVar[str] = "import.finished"
    state: str
    created: int
    updated: int
    skipped: int
    failed: int


class ImportCancelled(ImportEvent, frozen=True, kw_only=True):
    """Somebody stopped the import."""

    type: ClassVar[str] = "import.cancelled"
