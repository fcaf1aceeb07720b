"""Looks for the keys that services sign with (DKIM)."""

import asyncio
from collections.abc import Sequence

from core.deliverability.contracts import Finding, FindingState
from core.deliverability.dkim import key_fault
from core.deliverability.ports import Need
from core.deliverability.shown import NOT_LOOKED_UP, seen_of
from core.ports.dns import Dns, DnsUnavailable
from core.ports.mail_domain import DkimRecord, DnsRecord


async def dkim_findings(needs: Sequence[Need], dns: Dns) -> list[Finding]:
    """Return a finding for each key that a service signs with."""
    findings: list[Finding] = []
    for need in needs:
        if not need.setup.dkim:
            findings.append(
                Finding(
                    about="dkim",
                    state="unknown",
                    host=f"_domainkey.{need.setup.dkim_domain or need.domain}",
                    said="It isn't known with which key this service signs. "
                    "Name it in the plugin's settings.",
                    plugin=need.plugin,
                )
            )
        findings += await asyncio.gather(
            *(_dkim_of(each, need.plugin, dns) for each in need.setup.dkim)
        )
    return findings


async def _dkim_of(wanted: DkimRecord, plugin: str, dns: Dns) -> Finding:
    record = None if wanted.value is None else DnsRecord(wanted.host, wanted.type, wanted.value)
    seen: tuple[str, ...] = ()

    def finding(state: FindingState, said: str) -> Finding:
        return Finding(
            about="dkim",
            state=state,
            host=wanted.host,
            said=said,
            seen=seen_of(seen),
            record=None if state in ("found", "unknown") else record,
            plugin=plugin,
        )

    try:
        if wanted.type == "CNAME":
            seen = await dns.look_up(wanted.host, "CNAME")
            if seen:
                fits = any(_leads_there(each, wanted) for each in seen)
                said = "The key is where it should be." if fits else f"It leads to {seen[0]}."
                return finding("found" if fits else "wrong", said)
        seen = await dns.look_up(wanted.host, "TXT")
    except DnsUnavailable:
        return finding("unknown", NOT_LOOKED_UP)
    if not seen:
        return finding("missing", "There is no key.")
    fault = key_fault(seen)
    if fault is not None:
        return finding("wrong", fault)
    return finding("found", "The key is there.")


def _leads_there(target: str, wanted: DkimRecord) -> bool:
    if wanted.value is not None:
        return target == wanted.value.lower()
    return wanted.ends_with is None or target.endswith(wanted.ends_with)
