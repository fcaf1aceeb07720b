"""Which addresses may be connected to, which hosts are hosts, and whose they are.

The table of addresses was written for this test, from the registries that `addresses` names.
"""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

import pytest

from core.ports.outbound import OutboundRefused
from plugins.outbound.addresses import may_connect, read_networks
from plugins.outbound.targets import is_declared, read_host, read_url
from tests.fixtures.examined import Examined
from tests.fixtures.repository import ROOT

FIXTURES: Final = ROOT / "tests" / "fixtures"


def table() -> dict[str, list[str]]:
    """Return the cases of each part of the table."""
    parts: dict[str, list[str]] = {}
    name = ""
    for line in (FIXTURES / "addresses.txt").read_text().splitlines():
        if line.startswith("["):
            name = line[1:-1]
        elif not line.startswith("#"):
            parts.setdefault(name, []).extend(line.split())
    return parts


TABLE: Final = table()
PUBLIC: Final = TABLE["public"]
NOT_PUBLIC: Final = TABLE["not public"]
NO_ADDRESS: Final = [*TABLE["no address"], "", " ", "8.8.8.8 "]
NO_HOSTS: Final = [*TABLE["no host"], "", "a b", "a\nb", "a\0b", "x" * 64 + ".x", "x." * 127 + "xx"]

Rule = Callable[[str], bool]


def wrong(rule: Rule) -> list[str]:
    """Return each case of the table that `rule` judges otherwise."""
    return [
        *(address for address in PUBLIC if not rule(address)),
        *(address for address in [*NOT_PUBLIC, *NO_ADDRESS] if rule(address)),
    ]


def test_the_table_is_judged_as_it_says(examined: Examined) -> None:
    assert wrong(may_connect) == []
    cases = [*PUBLIC, *NOT_PUBLIC, *NO_ADDRESS]
    assert len(set(cases)) == len(cases) >= 200
    examined("addresses", len(cases))


def by_is_global(text: str) -> bool:
    try:
        return ip_address(text).is_global
    except ValueError:
        return False


def by_is_private(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return not (address.is_private or address.is_loopback or address.is_link_local)


def by_prefix(text: str) -> bool:
    return not text.startswith(
        ("127.", "10.", "192.168.", "172.16.", "169.254.", "::1", "fc", "fd")
    )


@pytest.mark.parametrize("naive", [by_is_global, by_is_private, by_prefix])
def test_a_naive_rule_is_found(naive: Rule) -> None:
    assert len(wrong(naive)) >= 5


def test_what_the_standard_library_takes_for_global_is_in_the_table() -> None:
    let_in = set(wrong(by_is_global)) & set(NOT_PUBLIC)
    assert let_in >= {"64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::127.0.0.1", "224.0.0.1"}
    assert "100.64.0.1" in wrong(by_is_private)


def test_an_operator_may_allow_networks() -> None:
    allowed = read_networks(["127.0.0.0/8", "10.1.2.0/24", "::1/128", "fd00::/8"])
    for address in (
        "127.0.0.1",
        "10.1.2.3",
        "::1",
        "fd00::1",
        "::ffff:10.1.2.3",
        "64:ff9b::a01:203",
    ):
        assert may_connect(address, allowed), address
    for address in ("10.1.3.1", "169.254.169.254", "fe80::1", "::2", "2002:a01:301::1"):
        assert not may_connect(address, allowed), address


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.com.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("a_b.example", "a_b.example"),
        ("93.184.216.34", "93.184.216.34"),
        ("①②⑦.⓪.⓪.①", "127.0.0.1"),
        ("127。0。0。1", "127.0.0.1"),
        ("2606:4700:4700:0:0:0:0:1111", "2606:4700:4700::1111"),
        ("localhost", "localhost"),
    ],
)
def test_a_host_has_one_form(text: str, host: str) -> None:
    assert read_host(text) == host


@pytest.mark.parametrize("text", NO_HOSTS)
def test_what_only_some_read_as_a_host_is_refused(text: str) -> None:
    with pytest.raises(OutboundRefused) as caught:
        read_host(text)
    assert caught.value.reason == "invalid_url"


NO_URLS: Final = {
    "": "scheme_not_allowed",
    "example.com": "scheme_not_allowed",
    "//example.com": "scheme_not_allowed",
    "ftp://example.com": "scheme_not_allowed",
    "file:///etc/passwd": "scheme_not_allowed",
    "gopher://example.com:25/x": "scheme_not_allowed",
    "javascript:alert(1)": "scheme_not_allowed",
    "http://": "invalid_url",
    "http:///path": "invalid_url",
    "http:/example.com": "invalid_url",
    "http:example.com": "invalid_url",
    "http://good.example\\@evil.example/": "invalid_url",
    "http://good.example@evil.example/": "invalid_url",
    "http://user:password@example.com/": "invalid_url",
    "http://:password@example.com/": "invalid_url",
    "http://exa mple.com/": "invalid_url",
    "http://exa\tmple.com/": "invalid_url",
    "http://example.com/\r\nHost: x": "invalid_url",
    "http://example.com:99999/": "invalid_url",
    "http://example.com:80:90/": "invalid_url",
    "http://example.com:x/": "invalid_url",
    "http://127.1/": "invalid_url",
    "http://0x7f000001/": "invalid_url",
    "http://2130706433/": "invalid_url",
    "http://0177.0.0.1/": "invalid_url",
    "http://[::1/": "invalid_url",
    "http://[fe80::1%25eth0]/": "invalid_url",
    "http://[::1]%23.example/": "invalid_url",
    "http://%31%32%37.0.0.1/": "invalid_url",
    "http://xn--/": "invalid_url",
    "http://example.com/" + "x" * 8_192: "invalid_url",
}


@pytest.mark.parametrize(("text", "reason"), NO_URLS.items())
def test_an_address_that_is_none_is_refused(text: str, reason: str) -> None:
    with pytest.raises(OutboundRefused) as caught:
        read_url(text)
    assert caught.value.reason == reason
    assert "password" not in caught.value.message.replace("user name and password", "")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("HTTP://Example.COM./a?b=c#d", "http://example.com/a?b=c"),
        ("https://example.com:443/", "https://example.com/"),
        ("https://example.com#@evil.example/", "https://example.com"),
        ("http://①②⑦.⓪.⓪.①/", "http://127.0.0.1/"),
        ("http://[2606:4700:4700:0::1111]:8080/x", "http://[2606:4700:4700::1111]:8080/x"),
        ("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
    ],
)
def test_an_address_has_one_form(text: str, read: str) -> None:
    assert str(read_url(text)) == read


@pytest.mark.parametrize(
    ("host", "declared", "expected"),
    [
        ("api.example.com", {"api.example.com"}, True),
        ("api.example.com", {"*.example.com"}, True),
        ("a.b.example.com", {"*.example.com"}, True),
        ("example.com", {"*.example.com"}, False),
        ("evilexample.com", {"*.example.com"}, False),
        ("example.com.evil.example", {"*.example.com", "example.com"}, False),
        ("anything.example", {"*"}, True),
        ("10.0.0.1", {"*"}, True),
        ("93.184.216.34", {"*.216.34"}, True),
        ("api.example.com", set(), False),
    ],
)
def test_a_caller_reaches_what_it_declared(host: str, declared: set[str], expected: bool) -> None:
    assert is_declared(host, declared) is expected
