"""Looks for the keys that services sign with (DKIM)."""

import asyncio
from collections.abc import Sequence

import msgspec

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


class _Verdict(msgspec.Struct, frozen=True):
    state: FindingState
    said: str
    seen: tuple[str, ...] = ()
    is_ours: bool = True
    """Whether the record itself mends it, and not the service."""


async def _dkim_of(wanted: DkimRecord, plugin: str, dns: Dns) -> Finding:
    try:
        verdict = await _looked_at(wanted, dns)
    except DnsUnavailable:
        verdict = _Verdict("unknown", NOT_LOOKED_UP)
    is_needed = verdict.state in ("missing", "wrong") and verdict.is_ours
    return Finding(
        about="dkim",
        state=verdict.state,
        host=wanted.host,
        said=verdict.said,
        seen=seen_of(verdict.seen),
        record=DnsRecord(wanted.host, wanted.type, wanted.value)
        if is_needed and wanted.value is not None
        else None,
        plugin=plugin,
    )


async def _looked_at(wanted: DkimRecord, dns: Dns) -> _Verdict:
    """Raises DnsUnavailable."""
    if wanted.type == "CNAME":
        targets = await dns.look_up(wanted.host, "CNAME")
        if targets:
            return await _behind(targets, wanted, dns)
    seen = await dns.look_up(wanted.host, "TXT")
    if not seen:
        return _Verdict("missing", "There is no key.")
    fault = key_fault(seen)
    return _Verdict("found", "The key is there.", seen) if fault is None else _wrong(fault, seen)


async def _behind(targets: tuple[str, ...], wanted: DkimRecord, dns: Dns) -> _Verdict:
    if not any(_leads_there(each, wanted) for each in targets):
        return _wrong(f"It leads to {targets[0]}.", targets)
    # It may lead to where nothing is any more, since the service gave the domain up.
    fault = key_fault(await dns.look_up(targets[0], "TXT"))
    if fault is None:
        return _Verdict("found", "The key is where it should be.", targets)
    said = f"It leads where it should. {fault} The service has to verify the domain."
    return _Verdict("wrong", said, targets, is_ours=False)


def _wrong(said: str, seen: tuple[str, ...]) -> _Verdict:
    return _Verdict("wrong", said, seen)


def _leads_there(target: str, wanted: DkimRecord) -> bool:
    if wanted.value is not None:
        return target == wanted.value.lower()
    return wanted.ends_with is None or target.endswith(wanted.ends_with)
