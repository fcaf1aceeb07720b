"""All that the platform's own tables keep of one candidate: as whom they are known, and each row.

Which tables hold something is read off their foreign keys, so that a new table is found by itself.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from core.candidates.contracts import CandidateId
from core.ports.personal_data import KnownPerson
from plugins.postgres.candidate_tables import candidate_merges, candidates
from plugins.postgres.tables import metadata

Select = Callable[[sa.Executable, dict[str, Any]], Awaitable[Sequence[sa.Row[Any]]]]
"""Runs a statement as the tenant: a unit's `all` or a reader's `select`."""

NOT_SHOWN: Final[Mapping[str, str]] = {
    "candidate_keys": "It is made from the profile, to find duplicates.",
    "candidate_search": "It is made from the profile and the notes, to find candidates.",
    "candidate_terms": "It holds the words of the profile, to find candidates.",
    "subject_keys": "It holds keys that the audit trail is encrypted with.",
}
"""Tables about candidates that say nothing which isn't said elsewhere, with the reason."""

WITHHELD: Final[Mapping[str, tuple[str, ...]]] = {
    "messages": ("sealed",),
    "reply_files": ("content",),
    "submissions": ("link_hash",),
}
"""Columns that are credentials, or contents that are handed out as files."""


def _public_name(which: str) -> str:
    """Return SQL for what a candidate is told of a stage, also of one that is gone by now."""
    # `which` is one of two words of ours.
    return (
        "coalesce((SELECT coalesce(s.public_name, s.name) FROM stages s "  # noqa: S608
        f"WHERE s.tenant_id = t.tenant_id AND s.id = t.{which}_stage_id), "
        f"(SELECT j.former_public_names ->> t.{which}_stage_id::text FROM jobs j "
        f"WHERE j.tenant_id = t.tenant_id AND j.id = t.job_id), t.{which}_stage_name)"
    )


_ADDED: Final[Mapping[str, str]] = {
    "applications": (
        " || jsonb_build_object("
        "'job_title', (SELECT j.title FROM jobs j WHERE j.tenant_id = t.tenant_id "
        "AND j.id = t.job_id), "
        "'stage_name', (SELECT coalesce(s.public_name, s.name) FROM stages s "
        "WHERE s.tenant_id = t.tenant_id AND s.id = t.stage_id))"
    ),
    "stage_changes": (
        " || jsonb_build_object("
        f"'from_stage_name', {_public_name('from')}, 'to_stage_name', {_public_name('to')})"
    ),
}
"""What makes a row understood by people."""

_CANDIDATE: Final = sa.bindparam("candidate", type_=candidates.c.id.type)

_MERGED: Final = (
    sa.select(candidate_merges.c.merged_id)
    .where(candidate_merges.c.holder_id == _CANDIDATE, candidate_merges.c.undone_at.is_(None))
    .order_by(candidate_merges.c.merged_at, candidate_merges.c.id)
)
_ADDRESSES: Final = sa.text(
    """
    WITH ours AS (
        SELECT a.id FROM applications a WHERE a.candidate_id = :candidate
    )
    SELECT DISTINCT lower(known.address) AS address FROM (
        SELECT unnest(c.emails) FROM candidates c WHERE c.id = :candidate
        UNION ALL
        SELECT jsonb_path_query(m.record, '$.**.emails[*]') #>> '{}' FROM candidate_merges m
        WHERE m.holder_id = :candidate
        UNION ALL
        SELECT s.email FROM submissions s WHERE s.application_id IN (SELECT id FROM ours)
        UNION ALL
        SELECT m.to_address FROM messages m WHERE m.application_id IN (SELECT id FROM ours)
    ) known (address)
    WHERE known.address <> '' ORDER BY 1
    """
)
"""Of the profile, of those merged into it, of forms that were sent, of messages that went out. Not
those that a résumé names, which may be somebody else's."""


class PostgresPersons:
    """Implements `core.candidates.ports.KnownPersons` and `PersonQueries`."""

    def __init__(self, select: Select) -> None:
        self._select = select

    async def known(self, candidate_id: CandidateId) -> KnownPerson:
        """Return the candidate's ids and addresses."""
        about = {"candidate": candidate_id}
        merged = await self._select(_MERGED, about)
        addresses = await self._select(_ADDRESSES, about)
        return KnownPerson(
            candidate_ids=(candidate_id, *(row.merged_id for row in merged)),
            addresses=tuple(row.address for row in addresses),
        )

    async def records(
        self, candidate_id: CandidateId
    ) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        """Return the rows of each table, also of tables that have none."""
        found = {}
        for name, statement in _RECORDS.items():
            rows = await self._select(statement, {"candidate": candidate_id})
            found[name] = tuple(row.record for row in rows)
        return found


def about_candidates(tables: sa.MetaData = metadata) -> dict[str, sa.Table]:
    """Return every table whose rows hang on a candidate, over however many others."""
    found = {candidates.name: tables.tables[candidates.name]}
    while True:
        more = {
            table.name: table
            for table in tables.sorted_tables
            if table.name not in found and any(_links(table, found))
        }
        if not more:
            return found
        found |= more


def _links(
    table: sa.Table, among: Mapping[str, sa.Table]
) -> Iterator[tuple[sa.Column[Any], sa.Table]]:
    """Yield the columns that name a row of one of these tables, with the table."""
    for constraint in table.foreign_key_constraints:
        parent = among.get(constraint.referred_table.name)
        if parent is not None and parent is not table:
            yield next(each for each in constraint.columns if each.name != "tenant_id"), parent


def _is_about(table: Any, links: Any, known: Mapping[str, sa.Table]) -> sa.ColumnElement[bool]:
    """Return the condition on rows of `table`, which may be an alias."""
    if links is None:
        return sa.and_(table.c.id == _CANDIDATE)
    return sa.or_(
        *(
            table.c[column.name].in_(
                sa.select(parent.c.id).where(_is_about(parent, _path(parent, known), known))
            )
            for column, parent in links
        )
    )


def _path(
    table: sa.Table, known: Mapping[str, sa.Table]
) -> list[tuple[sa.Column[Any], sa.Table]] | None:
    return None if table.name == candidates.name else list(_links(table, known))


def _statements() -> dict[str, sa.Executable]:
    known = about_candidates()
    statements: dict[str, sa.Executable] = {}
    for name, table in known.items():
        if name in NOT_SHOWN or name == candidates.name:
            continue
        shown = table.alias("t")
        withheld = "".join(f" - '{column}'" for column in ("tenant_id", *WITHHELD.get(name, ())))
        # Names are those of our own tables.
        record = sa.literal_column(f"to_jsonb(t){withheld}{_ADDED.get(name, '')}", JSONB)
        statements[name] = (
            sa.select(record.label("record"))
            .select_from(shown)
            .where(_is_about(shown, _path(table, known), known))
            .order_by(*(shown.c[column.name] for column in table.primary_key.columns))
        )
    return statements


_RECORDS: Final = _statements()
