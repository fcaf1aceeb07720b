"""Reads DMARC records (RFC 7489 6.3 and 6.6.3) and says which domains belong together (3.1)."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

Policy = Literal["none", "quarantine", "reject"]
Mode = Literal["r", "s"]

LONGEST: Final = 4_096
"""Characters of a record that are read; no sensible one comes near."""

_POLICIES: Final[dict[str, Policy]] = {
    "none": "none",
    "quarantine": "quarantine",
    "reject": "reject",
}


class Dmarc(msgspec.Struct, frozen=True):
    """What a domain asks receivers to do with mail that nobody vouches for."""

    policy: Policy
    subdomains: Policy
    spf_mode: Mode = "r"
    """`r`: subdomains of the organisation's domain fit; `s`: only the very same domain does."""
    dkim_mode: Mode = "r"
    percent: int = 100
    reports_to: tuple[str, ...] = ()
    is_of_suffix: bool = False
    """Whether it speaks for many organisations that are below its domain, such as `gov.uk`
    (RFC 9091)."""


class DmarcFault(msgspec.Struct, frozen=True):
    """Why there is no policy."""

    said: str


def is_dmarc(text: str) -> bool:
    """Whether a TXT record means to be one: `v=DMARC1` stands first, in these capitals."""
    name, _, value = text.partition(";")[0].partition("=")
    return name.strip().lower() == "v" and value.strip() == "DMARC1"


def read_dmarc(texts: Sequence[str]) -> Dmarc | DmarcFault | None:
    """Return what the TXT records of `_dmarc.<domain>` say; None when none is about DMARC."""
    found = [text[:LONGEST] for text in texts if is_dmarc(text)]
    if not found:
        return None
    if len(found) > 1:
        return DmarcFault("There are several DMARC records; receivers then use none.")
    tags = tags_of(found[0])
    reports_to = tuple(each.strip() for each in tags.get("rua", "").split(",") if each.strip())
    policy = _POLICIES.get(tags.get("p", "").lower())
    below = _POLICIES.get(tags["sp"].lower()) if "sp" in tags else policy
    if policy is None or below is None:
        if not reports_to:
            wrong = "no policy: p=" if policy is None else "no policy for subdomains: sp="
            return DmarcFault(f"The record names {wrong} must be none, quarantine or reject.")
        policy = below = "none"  # RFC 7489 6.6.3, 6: all that such a record asks for is reports
    return Dmarc(
        policy,
        below,
        "s" if tags.get("aspf", "r").lower() == "s" else "r",
        "s" if tags.get("adkim", "r").lower() == "s" else "r",
        _percent(tags.get("pct", "100")),
        reports_to,
        tags.get("psd", "").lower() == "y",
    )


def tags_of(text: str) -> dict[str, str]:
    """Return the tags of `a=b; c=d`, names in lower case; of one that comes twice, the first."""
    tags: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals and name.strip().isascii():
            tags.setdefault(name.strip().lower(), value.strip())
    return tags


def is_aligned(domain: str, sender: str, organisation: str, mode: Mode) -> bool:
    """Whether a domain that SPF or DKIM vouches for speaks for the sender's (RFC 7489 3.1).

    `organisation` is the domain whose DMARC record holds, or the sender's own without one. Both
    within it belong together; without a list of public suffixes that is as far as is known.
    """
    if mode == "s" or domain == sender:
        return domain == sender
    return is_within(domain, organisation) or is_within(sender, domain)


def is_within(domain: str, other: str) -> bool:
    """Whether a domain is another or lies below it; top-level domains hold nothing together."""
    return domain == other or ("." in other and domain.endswith(f".{other}"))


def _percent(text: str) -> int:
    return min(int(text), 100) if text.isascii() and text.isdecimal() and len(text) < 4 else 100
