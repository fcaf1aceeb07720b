"""Stores the versions of templates and reads them back."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.templates.contracts import Language, TemplateKey
from core.templates.errors import TemplateChanged
from core.templates.ports import Saved
from core.templates.texts import Source
from plugins.postgres.template_tables import email_templates
from plugins.postgres.unit import Unit
from plugins.postgres.violations import broken_constraint

Rows = Callable[[sa.Executable], Awaitable[Sequence[sa.Row[Any]]]]
"""Runs a statement that reads: `Unit.all` within a transaction, `TenantReader.select` outside."""

KEPT_VERSIONS: Final = 100

_HOLD: Final = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class PostgresSavedTemplates:
    """Implements `core.templates.ports.SavedTemplates`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def latest(self, kind: TemplateKey, language: Language) -> Saved | None:
        """Return the last version."""
        found = await self._rows(_of(kind, language).limit(1))
        return _saved(found[0]) if found else None

    async def all_latest(self) -> Sequence[Saved]:
        """Return the last version of each."""
        table = email_templates.c
        statement = (
            sa.select(email_templates)
            .ext(postgresql.distinct_on(table.kind, table.language))
            .order_by(table.kind, table.language, table.version.desc())
        )
        return [_saved(row) for row in await self._rows(statement)]

    async def versions(self, kind: TemplateKey, language: Language) -> Sequence[Saved]:
        """Return the last versions, newest first."""
        rows = await self._rows(_of(kind, language).limit(KEPT_VERSIONS))
        return [_saved(row) for row in rows]


class PostgresTemplateStore:
    """Implements `core.templates.ports.TemplateStore`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def hold(self, kind: TemplateKey, language: Language) -> Saved | None:
        """Lock the template, which may have no row yet, and return its last version."""
        name = f"template:{self._unit.tenant_id}:{kind}:{language}"
        await self._unit.execute(_HOLD, {"name": name})
        return await PostgresSavedTemplates(self._unit.all).latest(kind, language)

    async def add(self, saved: Saved) -> None:
        """Insert a version. Raises TemplateChanged when somebody was faster after all."""
        source = saved.source
        try:
            async with self._unit.savepoint():
                await self._unit.execute(
                    sa.insert(email_templates).values(
                        tenant_id=self._unit.tenant_id,
                        kind=saved.kind,
                        language=saved.language,
                        version=saved.version,
                        subject=None if source is None else source.subject,
                        body=None if source is None else source.body,
                        saved_at=saved.saved_at,
                        saved_by=saved.saved_by,
                    )
                )
        except sa.exc.IntegrityError as error:
            if broken_constraint(error) == "pk_email_templates":
                raise TemplateChanged("Somebody saved this template just now.") from error
            raise


def _of(kind: TemplateKey, language: Language) -> sa.Select[Any]:
    table = email_templates.c
    return (
        sa.select(email_templates)
        .where(table.kind == kind, table.language == language)
        .order_by(table.version.desc())
    )


def _saved(row: sa.Row[Any]) -> Saved:
    return Saved(
        row.kind,
        row.language,
        row.version,
        None if row.subject is None else Source(row.subject, row.body),
        UtcDatetime(row.saved_at),
        None if row.saved_by is None else MemberId(row.saved_by),
    )
