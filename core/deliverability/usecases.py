"""Looking at the domains that messages come from, by hand and once a week.

The network is awaited outside of transactions: a query looks, a command keeps what was found.
"""

from collections.abc import Sequence

import msgspec

from core.deliverability.checking import check
from core.deliverability.contracts import (
    CHECK_DOMAINS,
    CheckDomains,
    DomainCheck,
    DomainView,
    Finding,
    FindingState,
    ListDomains,
    LookUpDomain,
    NoteDomainCheck,
    SendingDomains,
)
from core.deliverability.errors import SendingDomainNotFound
from core.deliverability.events import SendingDomainChecked, SendingDomainWorsened
from core.deliverability.ports import DomainCheckQueries, DomainChecks, MailDomains, Need
from core.ports.dns import Dns
from core.ports.tasks import outside
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.schedules import schedule
from core.shared.tenant import TenantContext
from core.shared.usecase import handles

schedule("sending_domains", task=CHECK_DOMAINS, cron="23 4 * * mon")


@handles(ListDomains, action=Action.MANAGE_MESSAGES)
async def list_domains(
    query: ListDomains,  # noqa: ARG001 - it has no fields
    *,
    domains: MailDomains,
    checks: DomainCheckQueries,
) -> SendingDomains:
    """Return them, the one of the plugin that was enabled first first."""
    found = {each.domain: each for each in await checks.all()}
    return SendingDomains(
        tuple(
            DomainView(
                domain=domain,
                plugins=tuple(each.plugin for each in needs),
                is_own=all(each.is_own for each in needs),
                check=found.get(domain),
            )
            for domain, needs in _by_domain(await domains.needs()).items()
        )
    )


@handles(LookUpDomain, action=Action.MANAGE_MESSAGES)
async def look_up_domain(
    query: LookUpDomain, *, domains: MailDomains, dns: Dns, clock: Clock
) -> DomainCheck:
    """Return what is found now. Raises SendingDomainNotFound."""
    domain = query.domain.lower().rstrip(".")
    needs = _by_domain(await domains.needs()).get(domain)
    if needs is None:
        raise SendingDomainNotFound(SendingDomainNotFound.TEXT)
    return await check(domain, needs, dns, clock.now())


@handles(NoteDomainCheck, action=Action.MANAGE_MESSAGES)
async def note_domain_check(
    command: NoteDomainCheck, *, checks: DomainChecks, tenant: TenantContext, recorder: Recorder
) -> DomainCheck:
    """Keep it, and tell what got worse."""
    await keep(command.check, checks, tenant, recorder)
    return command.check


class Looked(msgspec.Struct, frozen=True):
    """What was found at all domains of a tenant."""

    checks: tuple[DomainCheck, ...]


@outside(CHECK_DOMAINS)
class CheckingDomains:
    """Looks at every domain of a tenant, once a week."""

    async def prepare(self, work: CheckDomains, *, tenant: TenantContext) -> TenantContext:  # noqa: ARG002
        """Nothing is to be prepared: who sends is asked outside of the transaction."""
        return tenant

    async def perform(
        self,
        prepared: TenantContext,  # noqa: ARG002 - ports are the tenant's already
        *,
        domains: MailDomains,
        dns: Dns,
        clock: Clock,
    ) -> Looked:
        """Look at one after the other."""
        known = _by_domain(await domains.needs())
        return Looked(
            tuple([await check(each, needs, dns, clock.now()) for each, needs in known.items()])
        )

    async def conclude(
        self, prepared: TenantContext, outcome: Looked, *, checks: DomainChecks, recorder: Recorder
    ) -> None:
        """Keep what was found."""
        for each in outcome.checks:
            await keep(each, checks, prepared, recorder)


async def keep(
    found: DomainCheck, checks: DomainChecks, tenant: TenantContext, recorder: Recorder
) -> None:
    """Keep a check, unless a newer one is kept; record it, and whether something got worse."""
    before = await checks.last(found.domain)
    if before is not None and before.checked_at > found.checked_at:
        return
    await checks.put(found)
    worse = () if before is None else worsened(before.findings, found.findings)
    if worse:
        recorder.record(
            SendingDomainWorsened(
                aggregate_id=tenant.id, domain=found.domain, state=found.state, subjects=worse
            )
        )
    else:
        recorder.record(
            SendingDomainChecked(aggregate_id=tenant.id, domain=found.domain, state=found.state)
        )


def worsened(before: Sequence[Finding], after: Sequence[Finding]) -> tuple[str, ...]:
    """Return what was found before and is missing or wrong now; what isn't known is no news."""
    was: dict[tuple[str, str, str | None], FindingState] = {
        (each.about, each.host, each.plugin): each.state for each in before
    }
    return tuple(
        dict.fromkeys(
            each.about
            for each in after
            if each.state in ("missing", "wrong")
            and was.get((each.about, each.host, each.plugin)) == "found"
        )
    )


def _by_domain(needs: Sequence[Need]) -> dict[str, list[Need]]:
    found: dict[str, list[Need]] = {}
    for each in needs:
        found.setdefault(each.domain, []).append(each)
    return found
