"""Whether what SPF and DKIM vouch for is the domain that receivers see (RFC 7489 3.1)."""

from collections.abc import Sequence

import msgspec

from core.deliverability.contracts import Finding, FindingState
from core.deliverability.dmarc import Mode, is_aligned
from core.deliverability.ports import Need


class Known(msgspec.Struct, frozen=True):
    """What the DMARC record says of it."""

    organisation: str | None
    """The highest domain with a record, or the sender's own; None: it could not be looked up."""
    spf_mode: Mode = "r"
    dkim_mode: Mode = "r"


def alignment(
    domain: str, needs: Sequence[Need], known: Known, findings: Sequence[Finding]
) -> list[Finding]:
    """Return for each service whether SPF or DKIM speaks for the domain; one is enough."""
    return [_of(domain, need, known, findings) for need in needs]


def _of(domain: str, need: Need, known: Known, findings: Sequence[Finding]) -> Finding:
    def finding(state: FindingState, said: str) -> Finding:
        return Finding(about="alignment", state=state, host=domain, said=said, plugin=need.plugin)

    if known.organisation is None:
        return finding("unknown", "The DMARC record could not be looked up.")
    by_dkim = _dkim_state(domain, need, known, findings)
    by_spf = _spf_state(domain, need, known, findings)
    ways = [name for name, state in (("DKIM", by_dkim), ("SPF", by_spf)) if state == "found"]
    if ways:
        return finding("found", f"{' and '.join(ways)} vouch{_s(ways)} for {domain}.")
    if "unknown" in (by_dkim, by_spf):
        return finding("unknown", "It isn't known whether SPF or DKIM vouches for the domain.")
    return finding("wrong", f"Neither SPF nor DKIM vouches for {domain}: DMARC fails.")


def _s(ways: Sequence[str]) -> str:
    return "es" if len(ways) == 1 else ""


def _dkim_state(domain: str, need: Need, known: Known, findings: Sequence[Finding]) -> FindingState:
    signer = need.setup.dkim_domain
    if signer is None or known.organisation is None:
        return "unknown"
    if not is_aligned(signer, domain, known.organisation, known.dkim_mode):
        return "wrong"
    states = [
        each.state for each in findings if each.about == "dkim" and each.plugin == need.plugin
    ]
    if "found" in states:
        return "found"
    return "unknown" if "unknown" in states else "missing"


def _spf_state(domain: str, need: Need, known: Known, findings: Sequence[Finding]) -> FindingState:
    envelope = need.setup.envelope_domain
    if envelope is None or known.organisation is None:
        return "wrong"  # the service's own domain passes, and speaks for itself alone
    if not is_aligned(envelope, domain, known.organisation, known.spf_mode):
        return "wrong"
    states = [each.state for each in findings if each.about == "spf" and each.host == envelope]
    return states[0] if states else "unknown"
