"""A new tenant with its first admin: made whole or not at all."""

import asyncpg
import pytest

from core.shared.actor import Actor, system
from core.shared.errors import Forbidden, InvalidInput
from core.shared.ids import TenantId
from core.tenancy.contracts import FirstAdmin, RegisterTenant, TenantRegistered
from core.tenancy.errors import SlugTaken
from tenants.registration import register_tenant
from tenants.runtime import Runtime
from tests.fixtures.databases import TestDatabase
from tests.fixtures.worlds import World

ADMIN = FirstAdmin("Ada@Initech.example", "Ada Admin", "a long enough passphrase")


async def _register(runtime: Runtime, slug: str, admin: FirstAdmin = ADMIN) -> TenantRegistered:
    return await register_tenant(
        runtime, slug=slug, name="Initech", admin=admin, time_zone="Europe/Paris", locale="fr-FR"
    )


async def test_a_tenant_begins_with_an_admin_who_is_a_member(
    runtime: Runtime, database: TestDatabase
) -> None:
    registered = await _register(runtime, "initech")
    assert registered.admin.member_id is not None
    found = await runtime.resolve_host("initech.localhost")
    assert found is not None
    assert (found.id, found.plan, found.time_zone) == (
        registered.tenant.id,
        "free",
        "Europe/Paris",
    )
    connection = await asyncpg.connect(database.admin_url)
    try:
        row = await connection.fetchrow(
            "SELECT email, role FROM members WHERE tenant_id = $1", registered.tenant.id
        )
        types = await connection.fetch(
            "SELECT type FROM outbox WHERE tenant_id = $1 ORDER BY id", registered.tenant.id
        )
        used = await connection.fetchval(
            "SELECT used FROM quota_usage WHERE tenant_id = $1 AND quota = 'members'",
            registered.tenant.id,
        )
    finally:
        await connection.close()
    assert (row["email"], row["role"]) == ("ada@initech.example", "admin")
    assert [each["type"] for each in types] == ["tenant.registered", "member.joined"]
    assert used == 1


async def test_without_a_password_the_admin_is_invited(runtime: Runtime) -> None:
    registered = await _register(runtime, "initrode", FirstAdmin("bea@initrode.example", "Bea"))
    assert registered.admin.member_id is None
    link = registered.admin.invitation_link
    assert link is not None
    assert link.startswith("http://initrode.localhost:8000/invitation?token=")


async def test_a_slug_is_taken_once(runtime: Runtime, world: World) -> None:
    with pytest.raises(SlugTaken):
        await _register(runtime, world.acme.slug)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("slug", {"slug": "www"}),
        ("slug", {"slug": "No Good"}),
        ("time_zone", {"time_zone": "Mars/Olympus"}),
        ("locale", {"locale": "english"}),
        ("name", {"name": "  "}),
        ("email", {"admin": FirstAdmin("nobody", "X", "a long enough passphrase")}),
        ("password", {"admin": FirstAdmin("x@y.example", "X", "password1234")}),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_kept(
    runtime: Runtime, field: str, changes: dict[str, object]
) -> None:
    given: dict[str, object] = {"slug": "umbrella", "name": "Umbrella", "admin": ADMIN, **changes}
    with pytest.raises(InvalidInput) as refused:
        await register_tenant(runtime, **given)  # type: ignore[arg-type]
    assert [wrong.field for wrong in refused.value.fields] == [field]
    assert await runtime.resolve_host(f"{given['slug']}.localhost") is None


async def test_only_the_operator_registers(runtime: Runtime, world: World) -> None:
    admin: Actor = world.acme.actor("admin")
    command = RegisterTenant(
        slug="own", name="Own", time_zone="UTC", locale="en", plan="enterprise", admin=ADMIN
    )
    with pytest.raises(Forbidden):
        await runtime.scope(world.acme.context, admin, "r").execute(command)
    assert system(TenantId(world.acme.id)).role is None
