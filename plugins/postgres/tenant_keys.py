"""Seals tenants' secrets, each tenant's with a key of its own that a master key wraps.

A sealed text is AES-256-GCM over the plaintext, bound to tenant, table, row and column (NIST SP
800-38D, additional authenticated data), so that it opens nowhere else.
"""

import base64
import binascii
import hmac
import os
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from cachetools import TTLCache
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.ports.secrets import SecretPlace, SecretUnreadable
from core.shared.ids import TenantId
from core.shared.secret import Secret
from plugins.postgres.database import Database
from plugins.postgres.master_keys import MasterKeys, asked_in
from plugins.postgres.schema import tenant_table, time_column
from plugins.postgres.unit import Unit

FORMAT: Final = "sealed:1:"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_CACHED_KEYS: Final = 10_000
_CACHED_SECONDS: Final = 300.0

tenant_keys = tenant_table(
    "tenant_keys",
    sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
    sa.Column("key_version", sa.SmallInteger, nullable=False),
    time_column("created_at"),
    key=(),
)
"""One for each tenant that has secrets; `key_version` is the master key's that wraps it."""

_KEY: Final = sa.text("SELECT * FROM tenant_key_v1(:tenant, :offered, :version)")


class TenantKeys:
    """The process's way to the keys of all tenants; remembers them for minutes."""

    def __init__(
        self,
        database: Database,
        master_keys: MasterKeys,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._master_keys = master_keys
        self._known: TTLCache[TenantId, bytes] = TTLCache(_CACHED_KEYS, _CACHED_SECONDS, monotonic)

    def secrets(self, tenant_id: TenantId, unit: Unit | None = None) -> "TenantSecrets":
        """Return the door to the tenant's secrets, within the open transaction if there is one."""
        return TenantSecrets(self, tenant_id, unit)

    async def find(self, tenant_id: TenantId, unit: Unit | None) -> bytes | None:
        """Return the tenant's key, or None when it has none. Raises MasterKeyMissing."""
        known = self._known.get(tenant_id)
        if known is not None:
            return known
        rows: Any
        if unit is None:
            rows = await self._database.reader(tenant_id).call("tenant_key_v1", None, None)
        else:
            rows = await _mappings(unit, None, None)
        return self._unwrap(tenant_id, rows[0], unit) if rows else None

    async def make(self, tenant_id: TenantId, unit: Unit | None) -> bytes:
        """Return the tenant's key, made if need be. Raises MasterKeyMissing."""
        if unit is None:
            async with self._database.unit(tenant_id) as own:
                key = await self.make(tenant_id, own)
            self._known[tenant_id] = key
            return key
        version, master = await self._master_keys.newest(asked_in(unit))
        offered = wrap_tenant_key(master, tenant_id, os.urandom(_KEY_BYTES))
        rows = await _mappings(unit, offered, version)
        return self._unwrap(tenant_id, rows[0], unit)

    def _unwrap(self, tenant_id: TenantId, row: Any, unit: Unit | None) -> bytes:
        master = self._master_keys.get(row["key_version"])
        try:
            key = unwrap_tenant_key(master, tenant_id, row["wrapped_key"])
        except InvalidTag as error:
            raise SecretUnreadable(
                "This workspace's key was damaged or is another's: its secrets can't be read."
            ) from error
        if unit is None:
            # One that is read inside a transaction may be its own, which may yet be undone.
            self._known[tenant_id] = key
        return key


class TenantSecrets:
    """Implements `core.ports.secrets.Secrets`."""

    def __init__(self, keys: TenantKeys, tenant_id: TenantId, unit: Unit | None) -> None:
        self._keys = keys
        self._tenant_id = tenant_id
        self._unit = unit

    async def seal(self, place: SecretPlace, plaintext: Secret) -> str:
        """Return the sealed text for `place`."""
        key = await self._keys.find(self._tenant_id, self._unit)
        if key is None:
            key = await self._keys.make(self._tenant_id, self._unit)
        nonce = os.urandom(_NONCE_BYTES)
        about = bound_to(self._tenant_id, place)
        sealed = AESGCM(key).encrypt(nonce, plaintext.reveal().encode(), about)
        return FORMAT + base64.b64encode(nonce + sealed).decode()

    async def open(self, place: SecretPlace, sealed: str) -> Secret:
        """Return what was sealed for `place`."""
        key = await self._keys.find(self._tenant_id, self._unit)
        if key is None or not sealed.startswith(FORMAT):
            raise SecretUnreadable(SecretUnreadable.TEXT)
        about = bound_to(self._tenant_id, place)
        try:
            raw = base64.b64decode(sealed.removeprefix(FORMAT), validate=True)
            plain = AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about)
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise SecretUnreadable(SecretUnreadable.TEXT) from error
        return Secret(plain.decode())


def bound_to(tenant_id: TenantId, place: SecretPlace) -> bytes:
    """Return what a ciphertext is bound to: moved elsewhere, it can't be read."""
    return f"secret|{tenant_id}|{place.table}|{place.row}|{place.column}".encode()


def wrap_tenant_key(master: bytes, tenant_id: TenantId, key: bytes) -> bytes:
    """Return `key` encrypted under a master key, for this tenant only."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _wrapping(master, tenant_id).encrypt(nonce, key, _wrapped_for(tenant_id))


def unwrap_tenant_key(master: bytes, tenant_id: TenantId, wrapped: bytes) -> bytes:
    """Return the key. Raises InvalidTag when it isn't this tenant's or was changed."""
    nonce, text = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    return _wrapping(master, tenant_id).decrypt(nonce, text, _wrapped_for(tenant_id))


def _wrapping(master: bytes, tenant_id: TenantId) -> AESGCM:
    return AESGCM(hmac.digest(master, b"tenant key|" + tenant_id.bytes, sha256))


def _wrapped_for(tenant_id: TenantId) -> bytes:
    return f"tenant_keys|{tenant_id}".encode()


async def _mappings(unit: Unit, offered: bytes | None, version: int | None) -> Any:
    parameters = {"tenant": unit.tenant_id, "offered": offered, "version": version}
    return (await unit.execute(_KEY, parameters)).mappings().all()
