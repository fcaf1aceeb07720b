"""Who may send for a domain: looks at its SPF record, and at that of where returned mail goes."""

from collections.abc import Sequence

import msgspec

from core.deliverability.contracts import Finding, FindingState
from core.deliverability.ports import Need
from core.deliverability.shown import MOST_SEEN, NOT_LOOKED_UP, seen_of
from core.deliverability.spf import (
    MOST_LOOKUPS,
    SpfTree,
    follow,
    is_spf,
    read_spf,
    with_include,
)
from core.ports.dns import Dns, DnsUnavailable
from core.ports.mail_domain import DnsRecord


async def spf_findings(domain: str, needs: Sequence[Need], dns: Dns) -> list[Finding]:
    """Return a finding for the domain and one for each other domain that mail comes back to."""
    returned = [each.setup.envelope_domain for each in needs]
    domains = [domain, *(each for each in returned if each is not None)]
    return [await _spf_of(each, needs, dns) for each in dict.fromkeys(domains)]


async def _spf_of(domain: str, needs: Sequence[Need], dns: Dns) -> Finding:
    wanted = [
        each
        for each in needs
        if each.setup.spf_include is not None and each.setup.envelope_domain == domain
    ]
    includes = list(dict.fromkeys(str(each.setup.spf_include) for each in wanted))
    found: tuple[str, ...] = ()
    try:
        # Servers answer in any order; what is to be copied shouldn't change with it.
        found = tuple(sorted(text for text in await dns.look_up(domain, "TXT") if is_spf(text)))
        tree = await follow(domain, read_spf(found[0]), dns) if len(found) == 1 else None
    except DnsUnavailable:
        verdict = _Verdict("unknown", NOT_LOOKED_UP)
    else:
        verdict = _several(found, includes) if tree is None else _one(found[0], includes, tree)
    return Finding(
        about="spf",
        state=verdict.state,
        host=domain,
        said=verdict.said,
        seen=seen_of(found),
        record=None if verdict.value is None else DnsRecord(domain, "TXT", verdict.value),
        plugin=wanted[0].plugin if len(wanted) == 1 else None,
    )


class _Verdict(msgspec.Struct, frozen=True):
    state: FindingState
    said: str
    value: str | None = None
    """What the record should say."""


def _several(found: Sequence[str], includes: Sequence[str]) -> _Verdict:
    if not found:
        fresh = " ".join(("v=spf1", *(f"include:{each}" for each in includes), "~all"))
        return _Verdict("missing", "There is no SPF record.", fresh)
    said = f"There are {len(found)} SPF records; receivers then use none. Join them to one."
    return _Verdict("wrong", said, _joined(found, includes))


def _one(text: str, includes: Sequence[str], tree: SpfTree) -> _Verdict:
    lacking = [each for each in includes if each not in tree.names]
    if lacking and tree.lookups <= MOST_LOOKUPS:  # beyond, not all of it was read
        value = text
        for each in lacking:
            value = with_include(value, each)
        return _Verdict("wrong", f"The record doesn't include {' and '.join(lacking)}.", value)
    if tree.faults:
        return _Verdict("wrong", " ".join(tree.faults[:MOST_SEEN]))
    if read_spf(text).every == "+":
        terms = ["~all" if term.lower() in ("all", "+all") else term for term in text.split()]
        return _Verdict("wrong", "The record lets everybody send for the domain.", " ".join(terms))
    return _Verdict("found", f"One record, which takes {tree.lookups} of {MOST_LOOKUPS} lookups.")


def _joined(found: Sequence[str], includes: Sequence[str]) -> str:
    terms = dict.fromkeys(term for text in found for term in text.split()[1:])
    others = [term for term in terms if term.lower().lstrip("+-~?") != "all"]
    wanted = [f"include:{each}" for each in includes if f"include:{each}" not in others]
    return " ".join(("v=spf1", *others, *wanted, "~all"))
