"""Founds a sample tenant and lets its team in, as real people would come: invited, one by one."""

import asyncio
from datetime import datetime, timedelta

import msgspec

from core.automations.contracts import ChangeRule
from core.identity.contracts.api_keys import CreateApiKey
from core.identity.contracts.team import AcceptInvitation, InviteMember
from core.identity.policy import own_member
from core.installations.contracts import EnablePlugin
from core.shared.actor import NOBODY, Actor, anonymous
from core.shared.ids import MemberId
from core.shared.permissions import PERMISSIONS, Action
from core.shared.tenant import TenantContext
from core.tenancy.contracts import Branding, FirstAdmin, TenantView, UpdateTenant
from tenants.demo.book import DemoTenant, DemoUser
from tenants.demo.clock import SetClock
from tenants.demo.content import MemberPlan, TenantPlan
from tenants.registration import register_tenant
from tenants.runtime import Runtime
from tenants.scope import TenantScope

REQUEST = "demo"
"""Request id of everything that the demo did; audit entries show it."""

MAILBOX = "mailbox"
"""The plugin that takes the samples' e-mail."""


class DemoTeam(msgspec.Struct, frozen=True):
    """A sample tenant and its members by name."""

    tenant: TenantContext
    members: dict[str, Actor]

    def scope(self, runtime: Runtime, name: str) -> TenantScope:
        """Return the door to the core for the member of that name."""
        return runtime.scope(self.tenant, self.members[name], REQUEST)

    def member_id(self, name: str) -> MemberId:
        """Return the id of the member of that name."""
        return own_member(self.members[name])


async def found_tenant(
    runtime: Runtime, clock: SetClock, plan: TenantPlan, noted: DemoTenant, at: datetime
) -> DemoTeam:
    """Make the tenant with its look and its whole team, from the moment `at` on."""
    clock.set(at)
    passwords = {user.email: user.password for user in noted.users}
    admin = plan.admin
    made = await register_tenant(
        runtime,
        slug=plan.slug,
        name=plan.name,
        admin=FirstAdmin(admin.email, admin.name, passwords[admin.email]),
        plan=plan.plan,
        time_zone=plan.time_zone,
        locale=plan.locale,
        tenant_id=noted.id,
    )
    tenant = _context(made.tenant)
    team = DemoTeam(tenant, {admin.name: _actor(tenant, made.admin.member_id, admin)})
    door = team.scope(runtime, admin.name)
    branding = Branding(
        primary_color=plan.primary_color,
        accent_color=plan.accent_color,
        footer_lines=plan.footer_lines,
        tagline=plan.tagline,
        privacy_url=plan.privacy_url,
        contact_email=plan.contact_email,
    )
    await door.execute(UpdateTenant(branding=branding))
    others = [member for member in plan.members if member is not admin]

    async def join(place: int) -> None:
        member = others[place]
        clock.set(at + timedelta(hours=1 + place))
        invited = await door.execute(
            InviteMember(email=member.email, name=member.name, role=member.role, by_mail=False)
        )
        clock.set(at + timedelta(hours=3 + place, minutes=17 * place))
        stranger = runtime.scope(tenant, anonymous(tenant.id), REQUEST)
        joined = await stranger.execute(
            AcceptInvitation(
                token=invited.token or "",
                password=passwords[member.email],
                # An address kept for documentation (RFC 5737), each its own: attempts are counted.
                address=f"192.0.2.{1 + place}",
            )
        )
        team.members[member.name] = _actor(tenant, joined.id, member)

    await asyncio.gather(*(join(place) for place in range(len(others))))
    return team


async def issue_keys(runtime: Runtime, team: DemoTeam, users: list[DemoUser]) -> None:
    """Give each member an API key that may do all that the member may."""
    for user in users:
        scopes = sorted(
            action.value for action, grants in PERMISSIONS.items() if grants[user.role] != "no"
        )
        issued = await team.scope(runtime, user.name).execute(
            CreateApiKey(name="Demo", scopes=tuple(scopes))
        )
        user.api_key = issued.secret


async def enable_mailbox(runtime: Runtime, team: DemoTeam) -> None:
    """Let e-mail of the tenant land in a mailbox on this server: nobody outside is written to."""
    admin = next(name for name, actor in team.members.items() if actor.role == "admin")
    await team.scope(runtime, admin).execute(
        EnablePlugin(plugin_id=MAILBOX, accept_permissions=(Action.MANAGE_MESSAGES.value,))
    )


async def tell_at_once(runtime: Runtime, team: DemoTeam) -> None:
    """Let candidates hear of an interview without the usual moment, so that it can be watched."""
    admin = next(name for name, actor in team.members.items() if actor.role == "admin")
    await team.scope(runtime, admin).execute(ChangeRule(key="interview_reached", delay_minutes=0))


def _context(view: TenantView) -> TenantContext:
    return TenantContext(view.id, view.slug, view.name, view.time_zone, view.locale, view.plan)


def _actor(tenant: TenantContext, member_id: MemberId | None, member: MemberPlan) -> Actor:
    return Actor(tenant.id, "member", NOBODY, member.role, member_id, name=member.name)
