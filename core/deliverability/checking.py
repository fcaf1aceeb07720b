"""Looks at one domain: SPF, DKIM, DMARC, whether they fit, and where replies go.

What nobody could look up is unknown, never missing.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from core.deliverability.aligning import alignment
from core.deliverability.contracts import DomainCheck, Finding, FindingState
from core.deliverability.keys import dkim_findings
from core.deliverability.policies import dmarc_finding
from core.deliverability.ports import Need
from core.deliverability.receiving import mx_findings
from core.deliverability.senders import spf_findings
from core.ports.dns import Dns, DnsType
from core.shared.clock import UtcDatetime

WORST_FIRST: Final[tuple[FindingState, ...]] = ("wrong", "missing", "unknown", "found")


async def check(domain: str, needs: Sequence[Need], dns: Dns, now: UtcDatetime) -> DomainCheck:
    """Return what was found. Never raises for what the domain name system says or doesn't."""
    remembering = _Remembering(dns)
    spf, dkim, (dmarc, known), mx = await asyncio.gather(
        spf_findings(domain, needs, remembering),
        dkim_findings(needs, remembering),
        dmarc_finding(domain, remembering),
        mx_findings(domain, needs, remembering),
    )
    findings = (*spf, *dkim, dmarc, *alignment(domain, needs, known, (*spf, *dkim)), *mx)
    return DomainCheck(domain=domain, checked_at=now, state=worst(findings), findings=findings)


def worst(findings: Sequence[Finding]) -> FindingState:
    """Return how the worst of the findings stands."""
    states = {each.state for each in findings}
    return next((state for state in WORST_FIRST if state in states), "unknown")


class _Remembering:
    """Asks for each name once in a check."""

    def __init__(self, dns: Dns) -> None:
        self._dns = dns
        self._known: dict[tuple[str, DnsType], asyncio.Task[tuple[str, ...]]] = {}

    async def look_up(self, name: str, kind: DnsType) -> tuple[str, ...]:
        """Return what the port returns; raise what it raises."""
        key = (name.lower(), kind)
        if key not in self._known:
            self._known[key] = asyncio.create_task(self._ask(name, kind))
        return await self._known[key]

    async def _ask(self, name: str, kind: DnsType) -> tuple[str, ...]:
        return await self._dns.look_up(name, kind)
