"""Notes that the operator takes out all that is kept of the tenant, which others then read."""

from core.shared.actor import Actor
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import Command, handles
from core.tenancy.events import TenantWasExported
from core.tenancy.policy import only_operator


class NoteTenantExport(Command[None], frozen=True, kw_only=True):
    """Say in the audit trail that an export of everything begins. Only for the operator."""


@handles(NoteTenantExport, action=Action.MANAGE_TENANT)
async def note_tenant_export(
    command: NoteTenantExport,  # noqa: ARG001 - says nothing more
    *,
    actor: Actor,
    tenant: TenantContext,
    recorder: Recorder,
) -> None:
    """Record it before anything is read, so that no archive is without its entry."""
    only_operator(actor)
    recorder.record(TenantWasExported(aggregate_id=tenant.id))
