"""Tenants for the benchmarks, each with one admin, and with an API key where it is asked for."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from core.identity.tokens import Pepper, hint_of_api_key, make_api_key
from core.shared.actor import Actor
from core.shared.ids import AccountId, ApiKeyId, MemberId, TenantId
from core.shared.permissions import Action
from core.shared.tenant import TenantContext

SECRET_KEY = "benchmarks-" * 4
"""Pepper of throw-away databases; fixed, so that the keys in kept ones stay valid."""

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class BenchTenant(msgspec.Struct, frozen=True):
    """A tenant with its admin."""

    number: int
    context: TenantContext
    actor: Actor
    api_key: str

    @property
    def id(self) -> TenantId:
        return self.context.id


def numbered_id(kind: int, tenant: int, number: int = 0) -> UUID:
    """An id that can be computed again, here and in SQL."""
    return UUID(f"{kind:04x}{tenant:04x}-0000-7000-8000-{number:012x}")


def bench_tenant(number: int, slug: str) -> BenchTenant:
    """The tenant of this number, as `insert_tenants` makes it."""
    tenant_id = TenantId(numbered_id(1, number))

    def token(random_bytes: int) -> str:
        seed = hashlib.sha512(f"{slug} {number}".encode()).digest()[:random_bytes]
        return base64.urlsafe_b64encode(seed).decode().rstrip("=")

    return BenchTenant(
        number=number,
        context=TenantContext(
            id=tenant_id,
            slug=slug,
            name=slug.capitalize(),
            time_zone="Europe/Berlin",
            locale="en-GB",
            plan="enterprise",
        ),
        actor=Actor(
            tenant_id=tenant_id,
            kind="api_key",
            id=ApiKeyId(numbered_id(4, number)),
            role="admin",
            member_id=MemberId(numbered_id(3, number)),
            account_id=AccountId(numbered_id(2, number)),
            name="Bench",
        ),
        api_key=make_api_key(tenant_id, token),
    )


async def insert_tenants(connection: asyncpg.Connection, tenants: Sequence[BenchTenant]) -> None:
    """Insert tenants with an admin and an API key each; the connection is a superuser's."""

    async def copy(table: str, rows: list[dict[str, Any]]) -> None:
        await connection.copy_records_to_table(
            table, columns=list(rows[0]), records=[tuple(row.values()) for row in rows]
        )

    pepper = Pepper(SECRET_KEY)
    await copy(
        "tenants",
        [
            {
                "id": each.id,
                "slug": each.context.slug,
                "name": each.context.name,
                "time_zone": each.context.time_zone,
                "locale": each.context.locale,
                "plan": each.context.plan,
                "branding": "{}",
                "created_at": BEGINNING,
            }
            for each in tenants
        ],
    )
    await copy(
        "accounts",
        [
            {
                "id": each.actor.account_id,
                "email": f"admin@{each.context.slug}.example",
                "name": each.actor.name,
                "password_hash": "!",
                "created_at": BEGINNING,
                "password_changed_at": BEGINNING,
            }
            for each in tenants
        ],
    )
    await copy(
        "account_tenants",
        [{"account_id": each.actor.account_id, "member_of": each.id} for each in tenants],
    )
    await copy(
        "members",
        [
            {
                "tenant_id": each.id,
                "id": each.actor.member_id,
                "account_id": each.actor.account_id,
                "email": f"admin@{each.context.slug}.example",
                "name": each.actor.name,
                "role": "admin",
                "joined_at": BEGINNING,
            }
            for each in tenants
        ],
    )
    await copy(
        "api_keys",
        [
            {
                "tenant_id": each.id,
                "id": each.actor.id,
                "member_id": each.actor.member_id,
                "name": "Key",
                "hint": hint_of_api_key(each.api_key),
                "scopes": [action.value for action in Action],
                "created_at": BEGINNING,
            }
            for each in tenants
        ],
    )
    await copy(
        "api_key_secrets",
        [
            {
                "tenant_id": each.id,
                "secret_hash": pepper.digest("api_key", each.api_key),
                "api_key_id": each.actor.id,
            }
            for each in tenants
        ],
    )
