"""Reads SPF records (RFC 7208) and counts what receivers have to look up for one.

Only what mail services are asked about is followed: which records a domain includes. Whether an
address passes is the receiver's to say.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from core.ports.dns import Dns

MOST_LOOKUPS: Final = 10
"""Terms that cause lookups, over all included records; more is an error (RFC 7208 4.6.4)."""

LONGEST: Final = 4_096
_LOOKS_UP: Final = frozenset({"include", "a", "mx", "ptr", "exists"})
_KNOWN: Final = _LOOKS_UP | {"all", "ip4", "ip6"}


class Spf(msgspec.Struct, frozen=True):
    """A record as it is written."""

    text: str
    includes: tuple[str, ...]
    """Domains whose senders pass."""
    others: tuple[str, ...]
    """Domains that are included for something else: `-include:`, `~include:`, `?include:`."""
    redirect: str | None
    lookups: int
    """Terms of this record alone that cause lookups."""
    unknown: tuple[str, ...]
    """Terms that aren't any: receivers then use none of the record."""
    every: str | None
    """What happens to everybody else: `+`, `-`, `~` or `?` before `all`; None without it."""


class SpfTree(msgspec.Struct, frozen=True):
    """A record with all that it includes."""

    names: frozenset[str]
    """Domains whose records are part of it, so that who passes there passes here."""
    lookups: int
    faults: tuple[str, ...]


def is_spf(text: str) -> bool:
    """Whether a TXT record is one: the version stands alone in front (RFC 7208 4.5)."""
    return text.lower().split(" ", 1)[0] == "v=spf1"


def read_spf(text: str) -> Spf:
    """Return what a record says. Never raises: what can't be read is told in `unknown`."""
    includes: list[str] = []
    others: list[str] = []
    unknown: list[str] = []
    redirect: str | None = None
    every: str | None = None
    lookups = 0
    for term in text[:LONGEST].split()[1:]:
        name, target, is_modifier = _term(term)
        if is_modifier:
            if name == "redirect":
                redirect, lookups = _host(target), lookups + 1
            continue
        if name not in _KNOWN:
            unknown.append(term[:60])
            continue
        if every is not None:
            continue  # RFC 7208 5.1: what stands behind `all` is ignored
        sign = term[0] if term[0] in "+-~?" else "+"
        lookups += name in _LOOKS_UP
        if name == "include":
            (includes if sign == "+" else others).append(_host(target))
        if name == "all":
            every = sign
    if every is not None and redirect is not None:
        redirect, lookups = None, lookups - 1  # RFC 7208 6.1: ignored beside `all`
    return Spf(text, tuple(includes), tuple(others), redirect, lookups, tuple(unknown), every)


async def follow(domain: str, spf: Spf, dns: Dns) -> SpfTree:
    """Return what the record amounts to with all that it includes. Raises DnsUnavailable.

    Each step was counted as a lookup before it is taken, so that circles end.
    """
    parts, faults = {domain: spf}, list(_faults(domain, spf))
    names, lookups, waiting = {domain}, spf.lookups, [*_leads_to(spf)]
    while waiting and lookups <= MOST_LOOKUPS:
        name, passes = waiting.pop(0)
        if "%" in name:
            continue  # a macro is about a message; it can't be followed without one
        if name not in parts:
            found = [text for text in await dns.look_up(name, "TXT") if is_spf(text)]
            if len(found) != 1:
                has = "no SPF record" if not found else "several SPF records"
                faults.append(f"{name} is included and has {has}.")
                continue
            parts[name] = read_spf(found[0])
            faults += _faults(name, parts[name])
        if passes:
            names.add(name)
        lookups += parts[name].lookups
        waiting += [(each, passes and own) for each, own in _leads_to(parts[name])]
    if lookups > MOST_LOOKUPS:
        faults.append(
            f"Receivers would have to look up more than {MOST_LOOKUPS} names; they give up then."
        )
    return SpfTree(frozenset(names), lookups, tuple(faults))


def with_include(text: str, include: str) -> str:
    """Return the record with one more domain in it, before what is said of everybody else."""
    terms = text.split()
    place = next(
        (number for number, term in enumerate(terms) if term.lower().lstrip("+-~?") == "all"),
        next(
            (number for number, term in enumerate(terms) if term.lower().startswith("redirect=")),
            len(terms),
        ),
    )
    return " ".join((*terms[:place], f"include:{include}", *terms[place:]))


def _faults(name: str, spf: Spf) -> Sequence[str]:
    return [f"{name}: “{term}” is no part of SPF." for term in spf.unknown]


def _leads_to(spf: Spf) -> list[tuple[str, bool]]:
    """Return the domains whose records are looked up, and whether who passes there passes."""
    passing = spf.includes if spf.redirect is None else (*spf.includes, spf.redirect)
    return [*((each, True) for each in passing), *((each, False) for each in spf.others)]


def _term(term: str) -> tuple[str, str, bool]:
    """Return name, target and whether it is a modifier (`name=value`) of a term."""
    equals, colon = term.find("="), term.find(":")
    if equals > 0 and (colon < 0 or equals < colon) and term[0].isalpha():
        return term[:equals].lower(), term[equals + 1 :], True
    name, _, target = term.lstrip("+-~?").partition(":")
    return name.partition("/")[0].lower(), target, False


def _host(text: str) -> str:
    return text.lower().rstrip(".")
