"""What can be done with a tenant. Importing this registers the use cases."""

import msgspec
from msgspec import UNSET

from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput, PreconditionFailed
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.tenant import TenantContext, TenantStatus
from core.shared.usecase import handles
from core.tenancy.contracts import (
    Branding,
    ChangePlan,
    Entitlements,
    FeatureState,
    ListPlans,
    PlanView,
    QuotaState,
    RegisterTenant,
    ResumeTenant,
    SetCustomDomain,
    SetFeatureFlag,
    ShowEntitlements,
    ShowTenant,
    SuspendTenant,
    TenantRegistered,
    TenantView,
    UpdateTenant,
)
from core.tenancy.entitlements import may
from core.tenancy.events import (
    CustomDomainSet,
    FeatureFlagSet,
    PlanChanged,
    TenantResumed,
    TenantUpdated,
    TenantWasRegistered,
    TenantWasSuspended,
)
from core.tenancy.look import SOLD
from core.tenancy.model import Tenant
from core.tenancy.names import parse_domain
from core.tenancy.plans import FEATURES, PLANS, QUOTAS
from core.tenancy.policy import only_operator
from core.tenancy.ports import AdminAppointment, TenantDoors, TenantQueries, TenantRepository

_Told = dict[str, object]
_ADMIN_MAY_CHANGE = ("name", "time_zone", "locale", "branding")


@handles(RegisterTenant, action=Action.MANAGE_TENANT)
async def register_tenant(
    command: RegisterTenant,
    *,
    actor: Actor,
    tenants: TenantRepository,
    appointment: AdminAppointment,
    clock: Clock,
    recorder: Recorder,
) -> TenantRegistered:
    """Make the tenant that the scope names, with its first admin."""
    only_operator(actor)
    tenant = Tenant(
        id=actor.tenant_id,
        slug=command.slug,
        name=command.name,
        time_zone=command.time_zone,
        locale=command.locale,
        plan=command.plan,
        status="active",
        branding=Branding(),
        custom_domain=None,
        created_at=clock.now(),
    )
    await tenants.add(tenant)
    recorder.record(TenantWasRegistered(aggregate_id=tenant.id, slug=tenant.slug, plan=tenant.plan))
    admin = await appointment.appoint(command.admin)
    return TenantRegistered(_view(tenant), admin)


@handles(ShowTenant, action=Action.VIEW_TENANT)
async def show_tenant(query: ShowTenant, *, tenants: TenantQueries) -> TenantView:  # noqa: ARG001 - asks nothing
    """Return the tenant."""
    return await tenants.show()


@handles(UpdateTenant, action=Action.MANAGE_TENANT)
async def update_tenant(
    command: UpdateTenant,
    *,
    actor: Actor,
    context: TenantContext,
    tenants: TenantRepository,
    doors: TenantDoors,
    recorder: Recorder,
) -> TenantView:
    """Change what an admin may change."""
    tenant = await tenants.get()
    if command.expected_version not in {None, tenant.version}:
        raise PreconditionFailed(
            "The workspace was changed since you read it. Read it again.",
            current_version=tenant.version,
        )
    before = _view(tenant)
    for field in _ADMIN_MAY_CHANGE:
        if getattr(command, field) is not UNSET:
            setattr(tenant, field, getattr(command, field))
    tenant.check_change(before.branding)
    if any(getattr(tenant.branding, part) != getattr(before.branding, part) for part in SOLD):
        may(context, actor, "branding").require()
    changes = tuple(
        field for field in _ADMIN_MAY_CHANGE if getattr(tenant, field) != getattr(before, field)
    )
    if not changes:
        return before
    await tenants.save(tenant)
    await doors.announce_change()
    recorder.record(
        TenantUpdated(aggregate_id=tenant.id, fields=changes),
        before=_told(before, tenant, changes),
        after=_told(tenant, before, changes),
    )
    return _view(tenant)


@handles(ShowEntitlements, action=Action.VIEW_TENANT)
async def show_entitlements(
    query: ShowEntitlements,  # noqa: ARG001 - asks nothing
    *,
    actor: Actor,
    context: TenantContext,
    tenants: TenantQueries,
) -> Entitlements:
    """Return what the plan gives to the actor, and what is used of it."""
    used = await tenants.usage()
    plan = PLANS[context.plan]
    features = []
    for feature in FEATURES.values():
        decision = may(context, actor, feature.id)
        features.append(
            FeatureState(
                feature.id,
                feature.name,
                decision.allowed,
                decision.reason,
                decision.message,
                decision.available_in,
            )
        )
    quotas = []
    for quota in QUOTAS.values():
        amount = used.get(quota.id, 0)
        decision = may(context, actor, quota.id, used=amount)
        quotas.append(
            QuotaState(
                quota.id,
                quota.name,
                amount,
                plan.quotas.get(quota.id),
                decision.allowed,
                decision.reason,
                decision.message,
                decision.available_in,
            )
        )
    return Entitlements(
        plan.id, plan.name, plan.requests_per_minute, tuple(features), tuple(quotas)
    )


@handles(ListPlans, action=Action.VIEW_TENANT)
async def list_plans(query: ListPlans) -> tuple[PlanView, ...]:  # noqa: ARG001 - asks nothing
    """Return every plan."""
    return tuple(
        PlanView(
            plan.id,
            plan.name,
            plan.summary,
            tuple(feature for feature in FEATURES if feature in plan.features),
            {quota: plan.quotas.get(quota) for quota in QUOTAS},
            plan.requests_per_minute,
        )
        for plan in PLANS.values()
    )


@handles(ChangePlan, action=Action.MANAGE_TENANT)
async def change_plan(
    command: ChangePlan,
    *,
    actor: Actor,
    tenants: TenantRepository,
    doors: TenantDoors,
    recorder: Recorder,
) -> TenantView:
    """Move the tenant to another plan."""
    only_operator(actor)
    tenant = await tenants.get()
    if tenant.plan == command.plan:
        return _view(tenant)
    event = PlanChanged(aggregate_id=tenant.id, from_plan=tenant.plan, to_plan=command.plan)
    tenant.plan = command.plan
    await tenants.save(tenant)
    await doors.announce_change()
    recorder.record(event, reason=command.reason or None)
    return _view(tenant)


@handles(SuspendTenant, action=Action.MANAGE_TENANT)
async def suspend_tenant(
    command: SuspendTenant,
    *,
    actor: Actor,
    tenants: TenantRepository,
    doors: TenantDoors,
    recorder: Recorder,
) -> TenantView:
    """Close the tenant for everybody."""
    only_operator(actor)
    tenant = await _set_status("suspended", tenants, doors)
    await doors.end_all_sessions()
    recorder.record(TenantWasSuspended(aggregate_id=tenant.id), reason=command.reason)
    return _view(tenant)


@handles(ResumeTenant, action=Action.MANAGE_TENANT)
async def resume_tenant(
    command: ResumeTenant,  # noqa: ARG001 - says nothing more
    *,
    actor: Actor,
    tenants: TenantRepository,
    doors: TenantDoors,
    recorder: Recorder,
) -> TenantView:
    """Open the tenant again."""
    only_operator(actor)
    tenant = await _set_status("active", tenants, doors)
    recorder.record(TenantResumed(aggregate_id=tenant.id))
    return _view(tenant)


@handles(SetCustomDomain, action=Action.MANAGE_TENANT, feature="custom_domain")
async def set_custom_domain(
    command: SetCustomDomain,
    *,
    actor: Actor,
    tenants: TenantRepository,
    doors: TenantDoors,
    recorder: Recorder,
) -> TenantView:
    """Let the tenant live at a domain of its own."""
    only_operator(actor)
    domain = None if command.domain is None else parse_domain(command.domain)
    tenant = await tenants.get()
    tenant.custom_domain = domain
    await tenants.save(tenant)
    await doors.announce_change()
    recorder.record(CustomDomainSet(aggregate_id=tenant.id, domain=domain))
    return _view(tenant)


@handles(SetFeatureFlag, action=Action.MANAGE_TENANT)
async def set_feature_flag(
    command: SetFeatureFlag,
    *,
    actor: Actor,
    tenants: TenantRepository,
    doors: TenantDoors,
    recorder: Recorder,
) -> None:
    """Switch a feature for this tenant."""
    only_operator(actor)
    if command.feature not in FEATURES:
        known = ", ".join(FEATURES)
        raise InvalidInput(FieldError("feature", f"There is no such feature. Known: {known}."))
    await tenants.set_flag(command.feature, enabled=command.enabled, reason=command.reason)
    await doors.announce_change()
    recorder.record(
        FeatureFlagSet(
            aggregate_id=actor.tenant_id, feature=command.feature, enabled=command.enabled
        ),
        reason=command.reason or None,
    )


async def _set_status(
    status: TenantStatus, tenants: TenantRepository, doors: TenantDoors
) -> Tenant:
    tenant = await tenants.get()
    tenant.status = status
    await tenants.save(tenant)
    await doors.announce_change()
    return tenant


def _told(one: Tenant | TenantView, other: Tenant | TenantView, fields: tuple[str, ...]) -> _Told:
    """Return what the audit says of `one`: where it differs from `other`, and of its look, how.

    A logo is up to 87 kB of text: the event says that it changed, nothing what it looked like.
    """
    told = {field: getattr(one, field) for field in fields if field != "branding"}
    looks = one.branding, other.branding
    for part in set(Branding.__struct_fields__) - {"logo"}:
        mine, theirs = (getattr(look, part) for look in looks)
        if mine != theirs:
            told[f"branding.{part}"] = mine
    return told


def _view(tenant: Tenant) -> TenantView:
    return msgspec.convert(tenant, TenantView, from_attributes=True)
