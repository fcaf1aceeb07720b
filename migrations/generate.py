"""Writes the next revision from what the table modules say and the newest revision doesn't.

For developers: `python -m migrations.generate "what it does" [table ...]`. Tables that are named
limit it to those; read the file before it is committed, and add by hand what Alembic can't see:
checks, exclusion constraints and grants that changed on a table that was there before.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import asyncpg
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import ops
from sqlalchemy.ext.asyncio import create_async_engine

from plugins.embedded.engines import start_engines, stop_engines
from plugins.postgres.addresses import role_url
from plugins.postgres.migrate import head, upgrade_schema
from plugins.postgres.roles import DEFAULT_ROLES, prepare_database
from plugins.postgres.schema import READ_WRITE
from plugins.postgres.tables import metadata

VERSIONS = Path(__file__).parent / "versions"
_DATABASE = "scratch"
_TEMPLATE = '''"""{title}."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import {operations}

revision = "{revision}"
down_revision = "{down_revision}"


def upgrade() -> None:
    """{title}."""
    limit_lock_waits()
    {body}
'''


def write_revision(title: str, tables: list[str]) -> Path:
    """Write the file and return its path. Raises ValueError when nothing has changed."""
    unknown = set(tables) - set(metadata.tables)
    if unknown:
        raise ValueError(f"there is no table {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as outer:
        folder = Path(outer) / "data"
        engines = start_engines(folder, postgres=True, valkey=False, durable=False)
        try:
            changes = asyncio.run(_changes(str(engines.postgres_admin_url), tables))
        finally:
            engines.release()
            stop_engines(folder)
    if changes.is_empty():
        raise ValueError("the newest revision already has all that the table modules say")
    return _write(title, changes)


async def _changes(admin_url: str, tables: list[str]) -> ops.UpgradeOps:
    await prepare_database(admin_url, _DATABASE)
    owner_url = role_url(admin_url, DEFAULT_ROLES.owner, database=_DATABASE)
    await upgrade_schema(owner_url)
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(owner_url)
    )

    def compare(connection: sa.Connection) -> ops.UpgradeOps:
        def include(_object: Any, name: str | None, kind: str, *_: Any) -> bool:
            return kind != "table" or not tables or name in tables

        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_object": include,
        }
        context = MigrationContext.configure(connection, opts=options)
        upgrade = produce_migrations(context, metadata).upgrade_ops
        if upgrade is None:
            raise ValueError("Alembic compared nothing")
        return upgrade

    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


def _write(title: str, changes: ops.UpgradeOps) -> Path:
    revision = f"{int(head()) + 1:04}"
    created = [change for change in changes.ops if isinstance(change, ops.CreateTableOp)]
    for change in created:
        change.info = {}
    code = render_python_code(changes, migration_context=_dialect())
    body = code.split("\n    ", 1)[1].replace("# ### end Alembic commands ###", "")
    lines = [_rights(str(change.table_name)) for change in created]
    text = _TEMPLATE.format(
        title=title,
        operations=", ".join(
            ["limit_lock_waits", *sorted({line.partition("(")[0] for line in lines if line})]
        ),
        revision=revision,
        down_revision=head(),
        body="\n    ".join([body.rstrip(), *(line for line in lines if line)]),
    )
    slug = re.sub(r"\W+", "_", title.lower()).strip("_")
    path = VERSIONS / f"{revision}_{slug}.py"
    path.write_text(text, encoding="utf-8")
    for step in (["format", "--quiet"], ["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, str(path)], check=True)  # noqa: S603 - ours
    return path


def _dialect() -> MigrationContext:
    return MigrationContext.configure(dialect_name="postgresql")


def _rights(table: str) -> str:
    declared = metadata.tables[table].info
    privileges = declared["privileges"]
    if declared["tenant"]:
        given = "" if privileges == READ_WRITE else f", privileges={privileges!r}"
        return f"isolate_table({table!r}{given})"
    if declared["tenant_column"]:
        column = declared["tenant_column"]
        return f"isolate_table({table!r}, privileges={privileges!r}, column={column!r})"
    return f"grant_app({table!r}, {privileges!r})" if privileges else ""


if __name__ == "__main__":
    print(write_revision(sys.argv[1], sys.argv[2:]))  # noqa: T201 - a developer's tool
