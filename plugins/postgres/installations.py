"""Stores installations of plugins with their sealed secrets, and tells every process of changes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.installations.contracts import CheckView, InstallationId
from core.installations.model import Connection, Installation
from core.shared.clock import UtcDatetime
from plugins.postgres.database import Database, TenantReader
from plugins.postgres.installation_tables import (
    plugin_connections,
    plugin_installations,
    plugin_revisions,
    plugin_secrets,
)
from plugins.postgres.unit import Unit

CHANNEL: Final = "plugins_changed"
"""Told with each commit that changes an installation; the payload is the tenant's id."""

NOTIFY: Final = sa.text(f"SELECT pg_notify('{CHANNEL}', :tenant)")
_LOCK: Final = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_PLAIN: Final = (
    "id",
    "plugin_id",
    "decision",
    "settings",
    "settings_version",
    "enabled_at",
    "created_at",
    "updated_at",
    "version",
)
"""Columns that are called and typed as the fields of an installation."""
CONNECTION_FIELDS: Final = (
    "state",
    "sealed",
    "account",
    "scopes",
    "connected_at",
    "connected_by",
    "expires_at",
    "is_renewable",
    "problem",
    "version",
)
"""Columns that are called and typed as the fields of a connection."""


class PostgresInstallations:
    """Implements `core.installations.ports.InstallationRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def for_change(
        self, plugin_id: str, new_id: InstallationId, now: UtcDatetime
    ) -> Installation:
        """Lock by the plugin's name, as there may be no row to lock, and read."""
        name = f"{self._unit.tenant_id}|plugin|{plugin_id}"
        await self._unit.execute(_LOCK, {"name": name})
        row = await self._unit.one_or_none(
            sa.select(plugin_installations).where(plugin_installations.c.plugin_id == plugin_id)
        )
        if row is None:
            return Installation(new_id, plugin_id, "disabled", now, now)
        secrets = await self._unit.all(
            sa.select(plugin_secrets).where(plugin_secrets.c.plugin_id == plugin_id)
        )
        connection = await self._unit.one_or_none(
            sa.select(plugin_connections).where(plugin_connections.c.plugin_id == plugin_id)
        )
        return _installation(
            row,
            {each.field: each.sealed for each in secrets},
            None
            if connection is None
            else {name: getattr(connection, name) for name in CONNECTION_FIELDS},
        )

    async def save(self, installation: Installation) -> None:
        """Insert or update the row and replace the secrets."""
        installation.version += 1
        values = {name: getattr(installation, name) for name in _PLAIN} | {
            "tenant_id": self._unit.tenant_id,
            "accepted": list(installation.accepted),
            "check": _plain(installation.check),
        }
        upsert = postgresql.insert(plugin_installations).values(values)
        await self._unit.execute(
            upsert.on_conflict_do_update(index_elements=["tenant_id", "id"], set_=values)
        )
        await self._write_secrets(installation)
        await self._tell()

    async def save_check(self, installation: Installation) -> None:
        """Update the check alone."""
        await self._unit.execute(
            sa.update(plugin_installations)
            .where(plugin_installations.c.id == installation.id)
            .values(check=_plain(installation.check))
        )

    async def remove(self, installation: Installation) -> None:
        """Delete the row and the secrets."""
        await self._unit.execute(
            sa.delete(plugin_secrets).where(plugin_secrets.c.plugin_id == installation.plugin_id)
        )
        await self._unit.execute(
            sa.delete(plugin_installations).where(plugin_installations.c.id == installation.id)
        )
        await self._tell()

    async def _write_secrets(self, installation: Installation) -> None:
        gone = sa.delete(plugin_secrets).where(
            plugin_secrets.c.plugin_id == installation.plugin_id,
            plugin_secrets.c.field.not_in(list(installation.sealed)),
        )
        await self._unit.execute(gone)
        if not installation.sealed:
            return
        upsert = postgresql.insert(plugin_secrets)
        changed = {name: upsert.excluded[name] for name in ("sealed", "updated_at")}
        await self._unit.execute(
            upsert.on_conflict_do_update(
                index_elements=["tenant_id", "plugin_id", "field"],
                set_=changed,
                where=plugin_secrets.c.sealed != upsert.excluded.sealed,
            ),
            [
                {
                    "tenant_id": self._unit.tenant_id,
                    "plugin_id": installation.plugin_id,
                    "field": field,
                    "sealed": sealed,
                    "updated_at": installation.updated_at,
                }
                for field, sealed in installation.sealed.items()
            ],
        )

    async def _tell(self) -> None:
        await self._unit.execute(NOTIFY, {"tenant": str(self._unit.tenant_id)})


class PostgresInstallationQueries:
    """Implements `core.installations.ports.InstallationQueries`."""

    def __init__(self, reader: TenantReader, unit: Unit | None = None) -> None:
        """Within `unit`, if one is given: a second connection may be one too many by then."""
        self._rows = reader.select if unit is None else unit.all

    async def all(self) -> Sequence[Installation]:
        """Return every installation of the tenant."""
        return [_installation(row, row.sealed, row.connection) for row in await self._rows(_ALL)]

    async def find(self, plugin_id: str) -> Installation | None:
        """Return one."""
        return next((each for each in await self.all() if each.plugin_id == plugin_id), None)


class PostgresPluginRevisions:
    """Implements `core.installations.ports.PluginRevisions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def applied(self) -> Mapping[str, Mapping[int, str]]:
        """Return the checksum of each revision, by plugin and number."""
        found: dict[str, dict[int, str]] = {}
        for row in await self._database.fetch(_REVISIONS):
            found.setdefault(row["plugin_id"], {})[row["revision"]] = row["checksum"]
        return found


_SEALED: Final = (
    sa.select(
        sa.func.jsonb_object_agg(
            plugin_secrets.c.field, plugin_secrets.c.sealed, type_=postgresql.JSONB
        )
    )
    .where(plugin_secrets.c.plugin_id == plugin_installations.c.plugin_id)
    .scalar_subquery()
)


def _connection_object() -> sa.ColumnElement[Any]:
    parts: list[Any] = []
    for name in CONNECTION_FIELDS:
        parts += [sa.literal_column(f"'{name}'"), plugin_connections.c[name]]
    return sa.func.jsonb_build_object(*parts, type_=postgresql.JSONB)


_CONNECTION: Final = (
    sa.select(_connection_object())
    .where(plugin_connections.c.plugin_id == plugin_installations.c.plugin_id)
    .scalar_subquery()
)
_ALL: Final = sa.select(
    plugin_installations, _SEALED.label("sealed"), _CONNECTION.label("connection")
).order_by(plugin_installations.c.enabled_at.nulls_last(), plugin_installations.c.plugin_id)
_REVISIONS: Final = f"SELECT plugin_id, revision, checksum FROM {plugin_revisions.name}"  # noqa: S608 - our table


def _installation(
    row: Any, sealed: dict[str, str] | None, connection: Mapping[str, Any] | None
) -> Installation:
    return Installation(
        **{name: getattr(row, name) for name in _PLAIN},
        accepted=tuple(row.accepted),
        sealed=dict(sealed or {}),
        connection=None if connection is None else _connection(connection),
        check=None if row.check is None else msgspec.convert(row.check, CheckView),
    )


def _connection(found: Mapping[str, Any]) -> Connection:
    return msgspec.convert({name: found[name] for name in CONNECTION_FIELDS}, Connection)


def _plain(check: CheckView | None) -> Any:
    return None if check is None else msgspec.to_builtins(check)
