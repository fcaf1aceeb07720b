"""Looks for what a domain asks receivers to do with forged mail (DMARC)."""

from collections.abc import Sequence
from typing import Final

from core.deliverability.aligning import Known
from core.deliverability.contracts import Finding, FindingState
from core.deliverability.dmarc import Dmarc, DmarcFault, Policy, read_dmarc
from core.deliverability.shown import NOT_LOOKED_UP, seen_of
from core.ports.dns import Dns, DnsUnavailable
from core.ports.mail_domain import DnsRecord

_MOST_PARENTS: Final = 5
_SAID: Final[dict[Policy, str]] = {
    "none": "Receivers are asked to let everything through, and to report at most.",
    "quarantine": "Receivers are asked to put what nobody vouches for into the spam folder.",
    "reject": "Receivers are asked to refuse what nobody vouches for.",
}
NOBODY_SAYS: Final = "Neither the domain nor one above it says what to do with forged mail."

Records = list[tuple[str, Dmarc | DmarcFault, tuple[str, ...]]]


async def dmarc_finding(domain: str, dns: Dns) -> tuple[Finding, Known]:
    """Return the finding, and what alignment needs to know.

    The domain's own record holds, or that of the next domain above it. The highest one with a
    record stands for the organisation, as no list of public suffixes says where it begins.
    """
    records: Records = []
    is_complete = True
    try:
        for each in _upward(domain):
            texts = await dns.look_up(f"_dmarc.{each}", "TXT")
            found = read_dmarc(texts)
            if found is not None:
                records.append((each, found, texts))
    except DnsUnavailable:
        if not records:
            return _finding(domain, "unknown", NOT_LOOKED_UP), Known(None)
        is_complete = False
    if not records:
        return _finding(domain, "missing", NOBODY_SAYS), Known(domain)
    at, policy, texts = records[0]
    if isinstance(policy, DmarcFault):
        return _finding(at, "wrong", policy.said, texts), Known(domain)
    organisation = _organisation(domain, records) if is_complete else None
    known = Known(organisation, policy.spf_mode, policy.dkim_mode)
    holds = policy.policy if at == domain else policy.subdomains
    return _finding(at, "found", _SAID[holds], texts), known


def _organisation(domain: str, records: Records) -> str:
    """Return the highest domain with a record of its own; who registers names isn't one."""
    found = [
        at
        for at, record, _ in records
        if at == domain or not (isinstance(record, Dmarc) and record.is_of_suffix)
    ]
    if found:
        return found[-1]
    labels, suffix = domain.split("."), records[-1][0]
    return ".".join(labels[-suffix.count(".") - 2 :])


def _upward(domain: str) -> list[str]:
    """Return the domain and those above it, without the top-level one, the nearest first."""
    labels = domain.split(".")
    parents = [".".join(labels[place:]) for place in range(1, len(labels) - 1)]
    return [domain, *parents[-_MOST_PARENTS:]]


def _finding(domain: str, state: FindingState, said: str, seen: Sequence[str] = ()) -> Finding:
    host = f"_dmarc.{domain}"
    mend = DnsRecord(host, "TXT", "v=DMARC1; p=none") if state in ("missing", "wrong") else None
    return Finding(
        about="dmarc", state=state, host=host, said=said, seen=seen_of(seen), record=mend
    )
