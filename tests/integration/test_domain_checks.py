"""Sending domains are looked at through a real name server, and what it says decides."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

import msgspec
import pytest
import pytest_asyncio

from core.deliverability.checking import check
from core.deliverability.contracts import DomainCheck, Finding
from core.deliverability.ports import Need
from core.deliverability.usecases import worsened
from core.ports.dns import DnsUnavailable
from core.ports.mail_domain import DkimRecord, DnsRecord, SendingDomain
from core.shared.clock import UtcDatetime
from plugins.outbound.names import ResolvingDns
from tests.fixtures.examined import Examined
from tests.fixtures.names_served import BROKEN, SILENT, NameServer, Zone, names_served

NOW: Final = UtcDatetime(datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
SPF: Final = "v=spf1 include:vendor.example ~all"
KEY: Final = f"v=DKIM1; k=rsa; p={base64.b64encode(bytes(294)).decode()}"

CERTIFIED: Final = SendingDomain(
    sender_address="jobs@example.com",
    envelope_domain="example.com",
    spf_include="vendor.example",
    dkim_domain="example.com",
    dkim=(DkimRecord(host="k1._domainkey.example.com", type="TXT"),),
)
NEED: Final = Need("vendor", "example.com", False, CERTIFIED)

SOUND: Final[Zone] = {
    "example.com": {
        "TXT": ["google-site-verification=abc", "v=spf1 include:vendor.example ~all"],
        "MX": ["10 mail.example.com"],
    },
    "vendor.example": {"TXT": ["v=spf1 ip4:192.0.2.0/24 ~all"]},
    "k1._domainkey.example.com": {"TXT": [KEY]},
    "_dmarc.example.com": {"TXT": ["v=DMARC1; p=quarantine"]},
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[NameServer]:
    async with names_served() as served:
        yield served


async def looked(server: NameServer, *needs: Need, domain: str = "example.com") -> DomainCheck:
    dns = ResolvingDns(["127.0.0.1"], port=server.port, seconds=1.0)
    return await check(domain, needs or (NEED,), dns, NOW)


def states(found: DomainCheck) -> dict[str, str]:
    return {each.about: each.state for each in found.findings}


def of(found: DomainCheck, about: str, host: str | None = None) -> Finding:
    return next(
        each for each in found.findings if each.about == about and host in (None, each.host)
    )


def changed(**said: dict[str, list[str]]) -> Zone:
    """Return the sound zone with some names changed; `_` stands for the domain itself."""
    zone = dict(SOUND)
    for name, records in said.items():
        zone[name.replace("__", ".").replace("DMARC", "_dmarc")] = records
    return zone


async def test_a_sound_domain_is_found_to_be(server: NameServer) -> None:
    server.hold(SOUND)
    found = await looked(server)
    assert found.state == "found"
    assert states(found) == dict.fromkeys(("spf", "dkim", "dmarc", "alignment", "mx"), "found")
    assert all(each.record is None for each in found.findings)
    assert of(found, "spf").seen == ("v=spf1 include:vendor.example ~all",)
    assert "DKIM and SPF" in of(found, "alignment").said


CASES: Final[dict[str, tuple[Zone, str, str, str | None]]] = {
    "no spf": (
        changed(example__com={"TXT": ["x"], "MX": ["10 m.example.com"]}),
        "spf", "missing", SPF,
    ),
    "two spf": (
        changed(example__com={"TXT": ["v=spf1 mx -all", SPF]}),
        "spf", "wrong", "v=spf1 include:vendor.example mx ~all",
    ),
    "spf without the service": (
        changed(example__com={"TXT": ["v=spf1 mx -all"]}),
        "spf", "wrong", "v=spf1 mx include:vendor.example -all",
    ),
    "spf for everybody": (
        changed(example__com={"TXT": ["v=spf1 include:vendor.example +all"]}),
        "spf", "wrong", SPF,
    ),
    "spf with a typo": (
        changed(example__com={"TXT": ["v=spf1 include:vendor.example ip4.192.0.2.1 ~all"]}),
        "spf", "wrong", None,
    ),
    "spf with too many lookups": (
        changed(example__com={"TXT": ["v=spf1 include:vendor.example" + " a" * 11 + " ~all"]}),
        "spf", "wrong", None,
    ),
    "spf in several strings": (
        changed(
            example__com={"TXT": [SPF.replace(" ~all", " ip4:192.0.2.7" * 40 + " ~all")]}
        ),
        "spf", "found", None,
    ),
    "an answer too long for a datagram": (
        changed(
            example__com={"TXT": ["x" * 250] * 8 + [SPF]}
        ),
        "spf", "found", None,
    ),
    "no key": (changed(k1___domainkey__example__com={}), "dkim", "missing", None),
    "a revoked key": (
        changed(k1___domainkey__example__com={"TXT": ["v=DKIM1; p="]}), "dkim", "wrong", None,
    ),
    "no policy": (changed(DMARC__example__com={}), "dmarc", "missing", "v=DMARC1; p=none"),
    "two policies": (
        changed(DMARC__example__com={"TXT": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}),
        "dmarc", "wrong", "v=DMARC1; p=none",
    ),
    "no server for mail": (
        changed(example__com={"TXT": [SPF]}), "mx", "missing", None,
    ),
    "takes no mail": (
        changed(example__com={"TXT": [SPF], "MX": ["0 ."]}),
        "mx", "wrong", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(CASES))
async def test_each_defect_is_found_and_the_record_to_copy_is_right(
    server: NameServer, case: str
) -> None:
    zone, about, state, value = CASES[case]
    server.hold(zone)
    found = of(await looked(server), about)
    assert found.state == state
    assert (found.record and found.record.value) == value
    if found.record is not None:
        assert (found.record.host, found.record.type) == (found.host, "TXT")


async def test_publishing_what_is_to_be_copied_mends_it(
    server: NameServer, examined: Examined
) -> None:
    mended = 0
    for zone, about, _, value in CASES.values():
        if value is None:
            continue
        server.hold(zone)
        record = of(await looked(server), about).record
        assert record is not None
        said = dict(zone.get(record.host, {}))
        said["TXT"] = [
            *(text for text in said.get("TXT", ()) if not text.lower().startswith("v=")),
            record.value,
        ]
        server.hold({**zone, record.host: said})
        assert of(await looked(server), about).state == "found"
        mended += 1
    examined("records", mended)


async def test_what_cannot_be_shown_is_not_passed_on(server: NameServer) -> None:
    hostile = "v=spf1 \x00\r\n\x1b[2J\u202e include:vendor.example ~all"
    server.hold(changed(example__com={"TXT": [hostile]}))
    found = of(await looked(server), "spf")
    assert found.state == "wrong"
    assert all(text.isprintable() for text in (*found.seen, found.said))


async def test_dead_name_servers_leave_everything_unknown(server: NameServer) -> None:
    for mood in (SILENT, BROKEN):
        server.hold(SOUND, **{"*": mood})
        found = await looked(server)
        assert set(states(found).values()) == {"unknown"}
        assert found.state == "unknown"
        assert all(each.record is None for each in found.findings)


async def test_one_dead_name_leaves_the_rest_known(server: NameServer) -> None:
    server.hold(SOUND, **{"k1._domainkey.example.com": BROKEN, "_dmarc.example.com": SILENT})
    found = states(await looked(server))
    assert (found["spf"], found["dkim"], found["dmarc"]) == ("found", "unknown", "unknown")
    assert found["alignment"] == "unknown"


async def test_nobody_listening_is_unavailable_and_no_name_is_nothing(server: NameServer) -> None:
    server.hold({})
    dns = ResolvingDns(["127.0.0.1"], port=server.port, seconds=1.0)
    for name in ("nowhere.example", "a" * 70 + ".example", "a..b.example", "\ud800.example"):
        assert await dns.look_up(name, "TXT") == ()
    deaf = ResolvingDns(["127.0.0.1"], port=9, seconds=0.5)
    with pytest.raises(DnsUnavailable):
        await asyncio.wait_for(deaf.look_up("example.com", "TXT"), 30)


VENDOR_KEYS: Final = SendingDomain(
    sender_address="jobs@example.com",
    dkim_domain="example.com",
    dkim=(
        DkimRecord(host="s1._domainkey.example.com", type="CNAME", ends_with=".vendor.example"),
        DkimRecord(host="t1._domainkey.example.com", type="CNAME", value="t1.dkim.vendor.example"),
    ),
)


async def test_keys_behind_names_are_followed(server: NameServer) -> None:
    need = Need("vendor", "example.com", False, VENDOR_KEYS)
    good = {
        **SOUND,
        "s1._domainkey.example.com": {"CNAME": ["s1.u7.vendor.example"]},
        "t1._domainkey.example.com": {"CNAME": ["T1.dkim.vendor.example"]},
        "s1.u7.vendor.example": {"TXT": [KEY]},
        "t1.dkim.vendor.example": {"TXT": [KEY]},
    }
    server.hold(good)
    found = await looked(server, need)
    assert [each.state for each in found.findings if each.about == "dkim"] == ["found", "found"]
    assert of(found, "alignment").state == "found"
    assert "DKIM vouches" in of(found, "alignment").said
    server.hold({**good, "t1._domainkey.example.com": {"CNAME": ["t1.elsewhere.example"]}})
    astray = of(await looked(server, need), "dkim", "t1._domainkey.example.com")
    assert astray.state == "wrong"
    assert astray.record == DnsRecord(
        "t1._domainkey.example.com", "CNAME", "t1.dkim.vendor.example"
    )
    for behind, said in (
        ({}, "There is no key."),
        ({"TXT": ["v=DKIM1; p="]}, "The key was revoked: it is empty."),
    ):
        server.hold({**good, "t1.dkim.vendor.example": behind})
        empty = of(await looked(server, need), "dkim", "t1._domainkey.example.com")
        assert (empty.state, empty.record) == ("wrong", None)
        assert said in empty.said
    flattened = {"TXT": [KEY]}
    server.hold({**good, "s1._domainkey.example.com": flattened})
    assert of(await looked(server, need), "dkim").state == "found"


@pytest.mark.parametrize(
    ("policy", "envelope", "signer", "state"),
    [
        ("v=DMARC1; p=reject", "bounce.example.com", "example.com", "found"),
        ("v=DMARC1; p=reject; aspf=s; adkim=s", "example.com", "mg.example.com", "found"),
        ("v=DMARC1; p=reject; aspf=s; adkim=s", "bounce.example.com", "mg.example.com", "wrong"),
        ("v=DMARC1; p=reject", None, "vendor.example", "wrong"),
        ("v=DMARC1; p=reject", None, None, "unknown"),
    ],
)
async def test_alignment_follows_the_policy(
    server: NameServer, policy: str, envelope: str | None, signer: str | None, state: str
) -> None:
    setup = msgspec.structs.replace(
        CERTIFIED, envelope_domain=envelope, dkim_domain=signer, spf_include=None
    )
    server.hold(
        {
            **SOUND,
            "bounce.example.com": {"TXT": [SPF]},
            "_dmarc.example.com": {"TXT": [policy]},
        }
    )
    found = await looked(server, Need("vendor", "example.com", False, setup))
    assert of(found, "alignment").state == state


async def test_a_policy_above_holds_for_subdomains(server: NameServer) -> None:
    server.hold({**SOUND, "_dmarc.example.com": {"TXT": ["v=DMARC1; p=none; sp=reject"]}})
    setup = msgspec.structs.replace(CERTIFIED, sender_address="jobs@mg.example.com")
    need = Need("vendor", "mg.example.com", False, setup)
    found = of(await looked(server, need, domain="mg.example.com"), "dmarc")
    assert (found.state, found.host) == ("found", "_dmarc.example.com")
    assert "refuse" in found.said


@pytest.mark.parametrize("own", [{}, {"TXT": ["v=DMARC1; p=none"]}])
async def test_who_registers_names_holds_nothing_together(
    server: NameServer, own: dict[str, list[str]]
) -> None:
    zone = {
        **SOUND,
        "_dmarc.example.com": {"TXT": ["v=DMARC1; p=reject; psd=y"]},
        "_dmarc.town.example.com": own,
    }
    server.hold(zone)
    for signer, state in (
        ("example.com", "found"),
        ("post.town.example.com", "found"),
        ("village.example.com", "wrong"),
    ):
        setup = msgspec.structs.replace(CERTIFIED, envelope_domain=None, dkim_domain=signer)
        need = Need("vendor", "town.example.com", False, setup)
        found = await looked(server, need, domain="town.example.com")
        assert of(found, "alignment").state == state, signer


async def test_what_is_half_looked_up_makes_nothing_wrong(server: NameServer) -> None:
    """The record of the organisation, above the domain's own, decides what is aligned."""
    setup = msgspec.structs.replace(
        CERTIFIED, sender_address="jobs@mg.example.com", envelope_domain=None
    )
    need = Need("vendor", "mg.example.com", False, setup)
    zone = {**SOUND, "_dmarc.mg.example.com": {"TXT": ["v=DMARC1; p=none"]}}
    server.hold(zone)
    assert of(await looked(server, need, domain="mg.example.com"), "alignment").state == "found"
    server.hold(zone, **{"_dmarc.example.com": BROKEN})
    found = await looked(server, need, domain="mg.example.com")
    assert of(found, "dmarc").state == "found"
    assert of(found, "alignment").state == "unknown"


async def test_records_of_replies_are_looked_for(server: NameServer) -> None:
    setup = msgspec.structs.replace(
        CERTIFIED, inbound=(DnsRecord("reply.example.com", "MX", "10 mx.vendor.example"),)
    )
    need = Need("vendor", "example.com", False, setup)
    for said, state in (
        ({"MX": ["10 mx.vendor.example"]}, "found"),
        ({"MX": ["10 mx.elsewhere.example"]}, "wrong"),
        ({}, "missing"),
    ):
        server.hold({**SOUND, "reply.example.com": said})
        found = of(await looked(server, need), "mx", "reply.example.com")
        assert found.state == state
        assert (found.record is None) is (state == "found")


async def test_each_name_is_asked_for_once(server: NameServer, examined: Examined) -> None:
    server.hold(SOUND)
    await looked(server, NEED, Need("other", "example.com", False, CERTIFIED))
    assert len(server.asked) == len(set(server.asked))
    examined("questions", len(server.asked))


async def test_only_what_was_found_and_no_longer_is_got_worse(server: NameServer) -> None:
    server.hold(SOUND)
    before = (await looked(server)).findings
    server.hold(changed(DMARC__example__com={}))
    assert worsened(before, (await looked(server)).findings) == ("dmarc",)
    server.hold(SOUND, **{"*": BROKEN})
    assert worsened(before, (await looked(server)).findings) == ()
