"""Looks at where mail to a domain goes: replies, and what comes back."""

import asyncio
from collections.abc import Sequence

from core.deliverability.contracts import Finding
from core.deliverability.ports import Need
from core.deliverability.shown import NOT_LOOKED_UP, seen_of
from core.ports.dns import Dns, DnsUnavailable
from core.ports.mail_domain import DnsRecord


async def mx_findings(domain: str, needs: Sequence[Need], dns: Dns) -> list[Finding]:
    """Return whether replies arrive, and whether the records are there that services ask for."""
    wanted = [
        (record, need.plugin)
        for need in needs
        for record in (*need.setup.records, *need.setup.inbound)
    ]
    own = await _own_mx(domain, dns)
    return [own, *await asyncio.gather(*(_mx_of(each, plugin, dns) for each, plugin in wanted))]


async def _own_mx(domain: str, dns: Dns) -> Finding:
    try:
        seen = await dns.look_up(domain, "MX")
    except DnsUnavailable:
        return Finding(about="mx", state="unknown", host=domain, said=NOT_LOOKED_UP)
    hosts = [each.partition(" ")[2] for each in seen]
    if not hosts:
        said = "No server takes mail for this domain: replies and returned mail get lost."
        return Finding(about="mx", state="missing", host=domain, said=said)
    if hosts == [""]:  # RFC 7505
        said = "The domain says that it takes no mail; some receivers refuse mail from such ones."
        return Finding(about="mx", state="wrong", host=domain, said=said, seen=seen_of(seen))
    said = f"Mail to the domain goes to {hosts[0]}."
    return Finding(about="mx", state="found", host=domain, said=said, seen=seen_of(seen))


async def _mx_of(wanted: DnsRecord, plugin: str, dns: Dns) -> Finding:
    target = wanted.value.partition(" ")[2].lower() or wanted.value.lower()
    try:
        seen = await dns.look_up(wanted.host, "MX")
    except DnsUnavailable:
        return Finding(
            about="mx", state="unknown", host=wanted.host, said=NOT_LOOKED_UP, plugin=plugin
        )
    fits = any(each.partition(" ")[2] == target for each in seen)
    return Finding(
        about="mx",
        state="found" if fits else "wrong" if seen else "missing",
        host=wanted.host,
        said=f"Mail to it goes to {target}." if fits else f"Mail to it doesn't go to {target}.",
        seen=seen_of(seen),
        record=None if fits else wanted,
        plugin=plugin,
    )
