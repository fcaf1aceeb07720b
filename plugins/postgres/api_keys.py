"""API keys, and the hashes of their secrets: two for a while after a rotation."""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from core.identity.model import ApiKey
from core.shared.clock import UtcDatetime
from core.shared.errors import NotFound, PreconditionFailed
from core.shared.ids import ApiKeyId
from plugins.postgres.schema import Ref, tenant_table, text_column, time_column, uuid_column
from plugins.postgres.unit import Unit

api_keys = tenant_table(
    "api_keys",
    uuid_column("id"),
    uuid_column("member_id"),
    text_column("name"),
    text_column("hint"),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False),
    time_column("created_at"),
    time_column("rotated_at", nullable=True),
    time_column("expires_at", nullable=True),
    time_column("revoked_at", nullable=True),
    time_column("last_used_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    refs=[Ref("member_id", "members")],
    indexes=[("member_id", "id")],
)

api_key_secrets = tenant_table(
    "api_key_secrets",
    sa.Column("secret_hash", sa.LargeBinary, nullable=False),
    uuid_column("api_key_id"),
    time_column("valid_until", nullable=True),
    key=("secret_hash",),
    refs=[Ref("api_key_id", "api_keys", "CASCADE")],
    indexes=[("api_key_id",)],
)


class PostgresApiKeys:
    """Implements `core.identity.ports.ApiKeyRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def get(self, api_key_id: ApiKeyId) -> ApiKey:
        """Return a key, locked. Raises NotFound."""
        row = await self._unit.one_or_none(
            sa.select(api_keys).where(api_keys.c.id == api_key_id).with_for_update()
        )
        if row is None:
            raise NotFound("There is no such API key.")
        values: dict[str, Any] = row._asdict()
        values.pop("tenant_id")
        return ApiKey(**{**values, "scopes": tuple(row.scopes)})

    async def add(self, key: ApiKey, digest: bytes) -> None:
        """Insert a key with its secret's hash."""
        await self._unit.execute(
            sa.insert(api_keys).values(tenant_id=self._unit.tenant_id, **_values(key))
        )
        await self._add_secret(key, digest)

    async def save(self, key: ApiKey) -> None:
        """Update a key and raise its version; when it was last used is written elsewhere."""
        expected, key.version = key.version, key.version + 1
        values = _values(key)
        values.pop("last_used_at")
        result = await self._unit.execute(
            sa.update(api_keys)
            .where(api_keys.c.id == key.id, api_keys.c.version == expected)
            .values(**values)
        )
        if result.rowcount != 1:
            raise PreconditionFailed("This API key was changed since you read it. Read it again.")

    async def replace_secret(
        self, key: ApiKey, digest: bytes, *, old_valid_until: UtcDatetime
    ) -> None:
        """Insert a secret; the one before holds until then, any older one is deleted."""
        of_key = api_key_secrets.c.api_key_id == key.id
        await self._unit.execute(
            sa.delete(api_key_secrets).where(of_key, api_key_secrets.c.valid_until.is_not(None))
        )
        await self._unit.execute(
            sa.update(api_key_secrets).where(of_key).values(valid_until=old_valid_until)
        )
        await self._add_secret(key, digest)

    async def drop_secrets(self, key: ApiKey) -> None:
        """Delete every secret of the key."""
        await self._unit.execute(
            sa.delete(api_key_secrets).where(api_key_secrets.c.api_key_id == key.id)
        )

    async def _add_secret(self, key: ApiKey, digest: bytes) -> None:
        await self._unit.execute(
            sa.insert(api_key_secrets).values(
                tenant_id=self._unit.tenant_id, secret_hash=digest, api_key_id=key.id
            )
        )


def _values(key: ApiKey) -> dict[str, Any]:
    return {**asdict(key), "scopes": list(key.scopes)}
