"""Encrypts what the audit trail says about people, for each with a key that can be thrown away.

A key's row hangs on the candidate, application, interview or member that it is for and is deleted
with it; what was encrypted then can't be read any more, while the chain of the trail, which is over
the ciphertext, still verifies. `PostgresRecorder` encrypts, `PostgresAuditQueries` decrypts.
"""

import base64
import hmac
import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
import sqlalchemy as sa
from cachetools import LRUCache
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.shared.ids import TenantId
from plugins.postgres.master_keys import MasterKeys, asked_in
from plugins.postgres.schema import Ref, tenant_table, time_column, uuid_column
from plugins.postgres.unit import Unit

KINDS: Final = frozenset({"candidate", "application", "interview", "member"})
"""Subjects whose before, after and reason are encrypted."""

FIELDS: Final = ("before", "after", "reason")
_FORMAT: Final = "encrypted:1:"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_CACHED_KEYS: Final = 10_000
_JSON_MARK: Final = "encrypted"

subject_keys = tenant_table(
    "subject_keys",
    uuid_column("id"),
    uuid_column("candidate_id", nullable=True),
    uuid_column("application_id", nullable=True),
    uuid_column("interview_id", nullable=True),
    uuid_column("member_id", nullable=True),
    sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
    sa.Column("key_version", sa.SmallInteger, nullable=False),
    time_column("created_at"),
    sa.CheckConstraint(
        "num_nonnulls(candidate_id, application_id, interview_id, member_id) = 1", name="one_owner"
    ),
    refs=[
        Ref("candidate_id", "candidates", "CASCADE"),
        Ref("application_id", "applications", "CASCADE"),
        Ref("interview_id", "interviews", "CASCADE"),
        Ref("member_id", "members", "CASCADE"),
    ],
)
"""`id` is the subject's. After a merge, a candidate's key hangs on the survivor.

`key_version` is that of the master key which the key is wrapped with.
"""

for _owner in ("candidate_id", "application_id", "interview_id", "member_id"):
    sa.Index(
        f"ix_subject_keys_{_owner}",
        subject_keys.c.tenant_id,
        subject_keys.c[_owner],
        postgresql_where=subject_keys.c[_owner].is_not(None),
    )

_KEYS: Final = sa.text(
    "SELECT id, wrapped_key, key_version "
    "FROM subject_keys_v2(:tenant, :ids, :kinds, :offered, :version)"
)

Content = Literal["shown", "erased", "unreadable"]


class Plain(msgspec.Struct, frozen=True):
    """What an entry says, if it can still be read."""

    content: Content
    before: Any = None
    after: Any = None
    reason: str | None = None


class SubjectVault:
    """The process's way to the keys. It remembers them for writing only; reading asks the row."""

    def __init__(self, master_keys: MasterKeys) -> None:
        self._master_keys = master_keys
        self._known: LRUCache[tuple[TenantId, UUID], bytes] = LRUCache(_CACHED_KEYS)

    async def protect(self, unit: Unit, entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return rows of `audit_entries` with what they say about people encrypted.

        Makes missing keys in the open transaction. What is said of a subject that isn't there any
        more is encrypted with a key that nobody keeps. Raises MasterKeyMissing.
        """
        listed = list(entries)
        subjects = {
            each["subject_id"]: each["subject"]
            for each in listed
            if each["subject"] in KINDS and any(each[field] is not None for field in FIELDS)
        }
        if not subjects:
            return listed
        keys = await self._keys(unit, subjects)
        return [
            _encrypted(unit.tenant_id, each, keys[each["subject_id"]])
            if each["subject_id"] in keys and each["subject"] in KINDS
            else each
            for each in listed
        ]

    def reveal(self, tenant_id: TenantId, row: Mapping[str, Any]) -> Plain:
        """Return what a row of `list_audit_v2` says; it holds the key as it is in the table now.

        Raises MasterKeyMissing.
        """
        values = {field: row[field] for field in FIELDS}
        sealed = {field: _ciphertext(field, value) for field, value in values.items()}
        if not any(sealed.values()):
            return Plain("shown", **values)
        if row["wrapped_key"] is None:
            return Plain("erased")
        try:
            master = self._master_keys.get(row["key_version"])
            key = unwrap_subject_key(master, tenant_id, row["subject_id"], row["wrapped_key"])
            for field, text in sealed.items():
                if text is not None:
                    values[field] = _decrypt(key, text, _place(tenant_id, row["id"], field))
        except (InvalidTag, ValueError):
            return Plain("unreadable")
        return Plain("shown", **values)

    async def _keys(self, unit: Unit, subjects: Mapping[UUID, str]) -> dict[UUID, bytes]:
        tenant = unit.tenant_id
        keys = {
            subject: self._known[tenant, subject]
            for subject in subjects
            if (tenant, subject) in self._known
        }
        # In one order everywhere, so that two transactions never wait for each other's keys.
        missing = sorted(subjects.keys() - keys.keys())
        if not missing:
            return keys
        offered = {subject: os.urandom(_KEY_BYTES) for subject in missing}
        version, master = await self._master_keys.newest(asked_in(unit))
        wrapped = {
            subject: wrap_subject_key(master, tenant, subject, key)
            for subject, key in offered.items()
        }
        rows = await unit.all(
            _KEYS,
            {
                "tenant": tenant,
                "ids": missing,
                "kinds": [subjects[subject] for subject in missing],
                "offered": [wrapped[subject] for subject in missing],
                "version": version,
            },
        )
        for row in rows:
            if row.wrapped_key != wrapped[row.id]:
                # Committed by an earlier transaction. Ours may still be undone: not remembered.
                master = self._master_keys.get(row.key_version)
                key = unwrap_subject_key(master, tenant, row.id, row.wrapped_key)
                self._known[tenant, row.id] = keys[row.id] = key
        return offered | keys


def wrap_subject_key(master: bytes, tenant_id: TenantId, subject_id: UUID, key: bytes) -> bytes:
    """Return `key` encrypted under a master key, for the row of this subject only."""
    nonce = os.urandom(_NONCE_BYTES)
    about = f"{tenant_id}|{subject_id}".encode()
    return nonce + _wrapping(master, tenant_id).encrypt(nonce, key, about)


def unwrap_subject_key(
    master: bytes, tenant_id: TenantId, subject_id: UUID, wrapped: bytes
) -> bytes:
    """Return the key. Raises InvalidTag when it isn't this subject's or was changed."""
    about = f"{tenant_id}|{subject_id}".encode()
    return _wrapping(master, tenant_id).decrypt(
        wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], about
    )


def _wrapping(master: bytes, tenant_id: TenantId) -> AESGCM:
    return AESGCM(hmac.digest(master, tenant_id.bytes, sha256))


def _encrypted(tenant_id: TenantId, entry: dict[str, Any], key: bytes) -> dict[str, Any]:
    row = dict(entry)
    for field in FIELDS:
        if entry[field] is not None:
            nonce = os.urandom(_NONCE_BYTES)
            plain = msgspec.json.encode(entry[field])
            sealed = AESGCM(key).encrypt(nonce, plain, _place(tenant_id, entry["id"], field))
            text = _FORMAT + base64.b64encode(nonce + sealed).decode()
            row[field] = text if field == "reason" else {_JSON_MARK: text}
    return row


def _ciphertext(field: str, value: Any) -> str | None:
    text = value if field == "reason" else isinstance(value, dict) and value.get(_JSON_MARK)
    return text if isinstance(text, str) and text.startswith(_FORMAT) else None


def _decrypt(key: bytes, text: str, place: bytes) -> Any:
    raw = base64.b64decode(text.removeprefix(_FORMAT), validate=True)
    return msgspec.json.decode(AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place))


def _place(tenant_id: TenantId, entry_id: UUID, field: str) -> bytes:
    """What a ciphertext is bound to: moved elsewhere, it can't be read."""
    return f"{tenant_id}|{entry_id}|{field}".encode()
