"""How SPF, DKIM and DMARC records are read, sound ones and hostile ones."""

import base64
from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deliverability.dkim import key_fault
from core.deliverability.dmarc import Dmarc, DmarcFault, is_aligned, read_dmarc
from core.deliverability.spf import MOST_LOOKUPS, follow, is_spf, read_spf, with_include
from core.ports.dns import DnsType

RSA_1024: Final = base64.b64encode(bytes(162)).decode()
ED25519: Final = base64.b64encode(bytes(32)).decode()


class Names:
    """Answers from a table, and counts."""

    def __init__(self, zone: Mapping[str, str]) -> None:
        self._zone = zone
        self.asked = 0

    async def look_up(self, name: str, kind: DnsType) -> tuple[str, ...]:
        assert kind == "TXT"
        self.asked += 1
        return (self._zone[name],) if name in self._zone else ()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("v=spf1", True),
        ("v=spf1 -all", True),
        ("V=SPF1 a", True),
        ("v=spf10 -all", False),
        ("v=spf1;-all", False),
        (" v=spf1 -all", False),
        ("spf2.0/pra -all", False),
        ("", False),
    ],
)
def test_what_is_an_spf_record(text: str, is_one: bool) -> None:
    assert is_spf(text) is is_one


@pytest.mark.parametrize(
    ("text", "includes", "lookups", "every", "unknown"),
    [
        ("v=spf1 include:a.example include:B.example. ~all", ("a.example", "b.example"), 2, "~", 0),
        ("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all", (), 0, "-", 0),
        ("v=spf1 a mx/24 a:b.example/24 ptr exists:%{i}.x.example all", (), 5, "+", 0),
        ("v=spf1 +mx +include:a.example exp=why.example", ("a.example",), 2, None, 0),
        ("v=spf1 -include:a.example ~include:b.example ?include:c.example", (), 3, None, 0),
        ("v=spf1 ~all include:a.example mx -all", (), 0, "~", 0),
        ("v=spf1 redirect=_spf.example", (), 1, None, 0),
        ("v=spf1 -all redirect=_spf.example", (), 0, "-", 0),
        ("v=spf1 include=a.example ip4.192.0.2.1 ~all", (), 0, "~", 1),
        ("v=spf1 mx:ALL \t include:  ~all", ("",), 2, "~", 0),
    ],
)
def test_what_an_spf_record_says(
    text: str, includes: tuple[str, ...], lookups: int, every: str | None, unknown: int
) -> None:
    spf = read_spf(text)
    assert (spf.includes, spf.lookups, spf.every) == (includes, lookups, every)
    assert len(spf.unknown) == unknown


async def test_lookups_are_counted_over_all_included_records() -> None:
    zone = {f"s{n}.example": "v=spf1 a mx ~all" for n in range(3)}
    spf = read_spf("v=spf1 " + " ".join(f"include:{name}" for name in zone) + " -all")
    tree = await follow("example.com", spf, Names(zone))
    assert (tree.lookups, tree.faults) == (9, ())
    assert tree.names == {"example.com", *zone}


async def test_who_is_included_to_be_refused_does_not_pass() -> None:
    zone = {
        "outer.example": "v=spf1 include:vendor.example ~all",
        "vendor.example": "v=spf1 a ~all",
        "tail.example": "v=spf1 mx -all",
    }
    spf = read_spf("v=spf1 ?include:outer.example redirect=tail.example")
    tree = await follow("example.com", spf, Names(zone))
    assert tree.names == {"example.com", "tail.example"}
    assert tree.lookups == 5, "receivers look it up all the same"


@pytest.mark.parametrize(
    "zone",
    [
        {"a.example": "v=spf1 include:a.example ~all"},
        {"a.example": "v=spf1 include:b.example", "b.example": "v=spf1 redirect=a.example"},
        {"a.example": "v=spf1 " + "include:a.example " * 200},
        {"a.example": "v=spf1 " + " ".join(f"include:n{n}.example" for n in range(300))},
    ],
)
async def test_circles_and_floods_end(zone: Mapping[str, str]) -> None:
    names = Names(zone)
    tree = await follow("a.example", read_spf(zone["a.example"]), names)
    assert any("more than 10" in fault for fault in tree.faults)
    assert names.asked <= MOST_LOOKUPS + 1


async def test_what_is_included_and_is_none_is_said() -> None:
    spf = read_spf("v=spf1 include:gone.example include:%{d}.x.example ~all")
    tree = await follow("example.com", spf, Names({}))
    assert tree.faults == ("gone.example is included and has no SPF record.",)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("v=spf1 -all", "v=spf1 include:x.example -all"),
        ("v=spf1 mx ~ALL", "v=spf1 mx include:x.example ~ALL"),
        ("v=spf1 mx redirect=y.example", "v=spf1 mx include:x.example redirect=y.example"),
        ("v=spf1", "v=spf1 include:x.example"),
    ],
)
def test_an_include_goes_before_what_is_said_of_everybody_else(text: str, wanted: str) -> None:
    assert with_include(text, "x.example") == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("v=DMARC1; p=reject", Dmarc("reject", "reject")),
        ("v=DMARC1;p=none;sp=quarantine", Dmarc("none", "quarantine")),
        (
            "v=DMARC1; p=QUARANTINE; aspf=s; adkim=S; pct=20; rua=mailto:a@x.example, mailto:b@x",
            Dmarc("quarantine", "quarantine", "s", "s", 20, ("mailto:a@x.example", "mailto:b@x")),
        ),
        ("v=DMARC1; rua=mailto:a@x", Dmarc("none", "none", reports_to=("mailto:a@x",))),
        (
            "v=DMARC1; p=reject; sp=x; rua=mailto:a@x",
            Dmarc("none", "none", reports_to=("mailto:a@x",)),
        ),
        ("v=DMARC1; p=reject; p=none; pct=-5; aspf=x", Dmarc("reject", "reject")),
        (" v = DMARC1 ;; p = none ; =x; y", Dmarc("none", "none")),
    ],
)
def test_what_a_dmarc_record_says(text: str, wanted: Dmarc) -> None:
    assert read_dmarc([text]) == wanted


@pytest.mark.parametrize(
    "texts", [[], [""], ["v=dmarc1; p=none"], ["p=none; v=DMARC1"], ["v=DKIM1"]]
)
def test_what_is_no_dmarc_record(texts: list[str]) -> None:
    assert read_dmarc(texts) is None


@pytest.mark.parametrize(
    "texts",
    [
        ["v=DMARC1"],
        ["v=DMARC1; p=block"],
        ["v=DMARC1; p=reject; sp=block"],
        ["v=DMARC1; p=none", "v=DMARC1; p=none"],
    ],
)
def test_a_dmarc_record_that_receivers_ignore_is_a_fault(texts: list[str]) -> None:
    assert isinstance(read_dmarc(texts), DmarcFault)


@pytest.mark.parametrize(
    ("domain", "sender", "organisation", "mode", "aligned"),
    [
        ("example.com", "example.com", "example.com", "s", True),
        ("mg.example.com", "example.com", "example.com", "s", False),
        ("mg.example.com", "example.com", "example.com", "r", True),
        ("example.com", "mg.example.com", "mg.example.com", "r", True),
        ("a.example.com", "b.example.com", "example.com", "r", True),
        ("a.example.com", "b.example.com", "b.example.com", "r", False),
        ("evilexample.com", "example.com", "example.com", "r", False),
        ("com", "example.com", "example.com", "r", False),
        ("amazonses.com", "example.com", "example.com", "r", False),
    ],
)
def test_which_domains_speak_for_the_senders(
    domain: str, sender: str, organisation: str, mode: str, aligned: bool
) -> None:
    assert is_aligned(domain, sender, organisation, "s" if mode == "s" else "r") is aligned


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ([f"v=DKIM1; k=rsa; p={RSA_1024}"], None),
        ([f"p={RSA_1024[:40]} {RSA_1024[40:]}"], None),
        ([f"v=DKIM1; k=ed25519; p={ED25519}"], None),
        (["google-site-verification=x", f"v=DKIM1; p={RSA_1024}"], None),
        ([], "no key"),
        (["v=DKIM1; p="], "revoked"),
        (["v=DKIM1; k=rsa"], "no DKIM key"),
        (["v=DKIM2; p=AAAA"], "no DKIM key"),
        (["v=DKIM1; p=not base64!"], "cut"),
        ([f"v=DKIM1; p={base64.b64encode(bytes(94)).decode()}"], "too short"),
        (["v=DKIM1; k=ed25519; p=AAAA"], "wrong length"),
        (["v=DKIM1; k=rot13; p=AAAA"], "rot13"),
    ],
)
def test_what_is_wrong_with_a_key(texts: list[str], says: str | None) -> None:
    fault = key_fault(texts)
    assert (fault is None) if says is None else (fault is not None and says in fault)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_no_record_breaks_a_reader(text: str) -> None:
    read_spf(text)
    read_dmarc([text, f"v=DMARC1;{text}"])
    key_fault([text, f"v=DKIM1;p={text}"])
    with_include(f"v=spf1 {text}", "x.example")
