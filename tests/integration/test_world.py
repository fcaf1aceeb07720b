"""The world that other tests begin with is what they think it is."""

from core.shared.actor import ROLES
from tenants.runtime import Runtime
from tests.fixtures.worlds import World


async def test_each_key_stands_for_its_member(runtime: Runtime, world: World) -> None:
    for tenant in (world.acme, world.globex):
        assert await runtime.resolve_host(tenant.host.partition(":")[0]) == tenant.context
        for role in ROLES:
            identified = await runtime.identify_key(tenant.members[role].api_key)
            assert identified is not None
            assert identified.tenant == tenant.context
            assert identified.actor.role == role
            assert identified.actor.member_id == tenant.members[role].member_id
