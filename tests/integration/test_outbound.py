"""Calls go to addresses that were checked, and to nowhere else: sockets are counted."""

import asyncio
import gzip
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.abc import AbstractResolver, ResolveResult

from core.ports.outbound import (
    ANY_HOST,
    AnswerTooLarge,
    OutboundRefused,
    OutboundTimeout,
    OutboundUnavailable,
    OutboundUnreached,
)
from plugins.outbound.lookup import Guard, Lookup
from plugins.outbound.network import OutboundNetwork
from tests.fixtures.examined import Examined
from tests.fixtures.listeners import (
    Answer,
    Listener,
    ScriptedLookup,
    make_certificates,
    plain,
)

PUBLIC: Final = "93.184.216.34"
HERE: Final = "127.0.0.1"
ANYWHERE: Final = "0." + "0.0.0"
HOST: Final = "hooks.example"


class Networks:
    """Makes networks and closes them."""

    def __init__(self) -> None:
        self._made: list[OutboundNetwork] = []

    def __call__(self, lookup: Lookup | None = None, **options: Any) -> OutboundNetwork:
        self._made.append(OutboundNetwork(lookup=lookup, **options))
        return self._made[-1]

    def here(self, port: int, **options: Any) -> OutboundNetwork:
        """Return one whose operator allows the loopback, where every name leads."""
        return self(ScriptedLookup([HERE]), networks=["127.0.0.0/8"], ports=[port], **options)

    async def close(self) -> None:
        for network in self._made:
            await network.close()


@pytest_asyncio.fixture(loop_scope="session")
async def networks() -> AsyncIterator[Networks]:
    made = Networks()
    yield made
    await made.close()


async def refusal(call: Awaitable[object]) -> str:
    with pytest.raises(OutboundRefused) as caught:
        await call
    return caught.value.reason


# What decides: the address that is connected to.


Call = Callable[[Lookup, int], Awaitable[None]]


async def through_the_guard(lookup: Lookup, port: int) -> None:
    network = OutboundNetwork(lookup=lookup, ports=[port])
    try:
        for _ in range(3):
            # Whether the public address is reached from here doesn't matter: the loopback isn't.
            with suppress(OutboundRefused, OutboundUnavailable):
                await network.http(ANY_HOST).request(
                    "POST", f"http://{HOST}:{port}/", json={}, timeout_seconds=0.3
                )
    finally:
        await network.close()


async def checked_when_saved(lookup: Lookup, port: int) -> None:
    """The planted defect: check once, then let the client look the name up by itself."""
    await Guard(lookup, ()).resolve(HOST, port)

    class Resolver(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            (address,) = await lookup(host, port)
            return [
                ResolveResult(
                    hostname=host, host=address, port=port, family=family, proto=0, flags=0
                )
            ]

        async def close(self) -> None:
            pass

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=Resolver(), use_dns_cache=False)
    ) as session:
        await session.post(f"http://{HOST}:{port}/")


async def connections_after_rebinding(call: Call) -> int:
    async with Listener() as listener:
        await call(ScriptedLookup([PUBLIC], [HERE]), listener.port)
        return listener.connections


async def test_a_name_that_turns_private_gets_no_connection(examined: Examined) -> None:
    assert await connections_after_rebinding(through_the_guard) == 0
    examined("listeners that counted", 1)


async def test_checking_only_when_saved_is_found() -> None:
    assert await connections_after_rebinding(checked_when_saved) == 1


async def test_a_name_that_is_looked_up_again_is_checked_again(networks: Networks) -> None:
    async with Listener() as listener:
        lookup = ScriptedLookup([PUBLIC], [HERE])
        http = networks(lookup, ports=[listener.port]).http(ANY_HOST)
        url = f"http://{HOST}:{listener.port}/"
        with pytest.raises(OutboundUnavailable):
            await http.request("GET", url, timeout_seconds=0.3)
        assert lookup.asked == [HOST]
        assert await refusal(http.request("GET", url)) == "address_not_public"
        assert listener.connections == 0


@pytest.mark.parametrize(
    "answers",
    [
        [HERE],
        [PUBLIC, HERE],
        [HERE, PUBLIC],
        ["::1"],
        [PUBLIC, "::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["fe80::1%2"],
        [ANYWHERE],
        ["169.254.169.254"],
        ["not an address"],
    ],
)
async def test_one_private_answer_refuses_all(networks: Networks, answers: list[str]) -> None:
    async with Listener() as listener:
        network = networks(ScriptedLookup(answers), ports=[listener.port])
        url = f"http://{HOST}:{listener.port}/"
        assert await refusal(network.http(ANY_HOST).request("GET", url)) == "address_not_public"
        connections = network.connections(ANY_HOST)
        assert await refusal(connections.open_socket(HOST, listener.port)) == "address_not_public"
        assert (
            await refusal(connections.open_connection(HOST, listener.port)) == "address_not_public"
        )
        assert listener.connections == 0


@pytest.mark.parametrize(
    "failure",
    [
        [],
        OSError("no such name"),
        socket.gaierror(-2, "Name or service not known"),
        socket.gaierror(-3, "Temporary failure"),
        UnicodeError("label too long"),
    ],
)
async def test_what_can_not_be_looked_up_is_refused(
    networks: Networks, failure: list[str] | Exception
) -> None:
    network = networks(ScriptedLookup(failure))
    assert (
        await refusal(network.http(ANY_HOST).request("GET", f"http://{HOST}/")) == "lookup_failed"
    )
    assert await refusal(network.connections(ANY_HOST).open_socket(HOST, 25)) == "lookup_failed"


HOSTS_OF_THE_LOOPBACK: Final = {
    "127.0.0.1": "address_not_public",
    "localhost": "address_not_public",
    "LOCALHOST.": "address_not_public",
    "[::1]": "address_not_public",
    "[::ffff:127.0.0.1]": "address_not_public",
    "[::ffff:7f00:1]": "address_not_public",
    "①②⑦.⓪.⓪.①": "address_not_public",
    "127。0。0。1": "address_not_public",
    "ⓛocalhost": "address_not_public",
    ANYWHERE: "address_not_public",
    "[::]": "address_not_public",
    "127.1": "invalid_url",
    "127.0.1": "invalid_url",
    "0": "invalid_url",
    "0x7f000001": "invalid_url",
    "0x7f.0.0.1": "invalid_url",
    "0x7f.1": "invalid_url",
    "2130706433": "invalid_url",
    "0177.0.0.1": "invalid_url",
    "017700000001": "invalid_url",
    "%31%32%37.0.0.1": "invalid_url",
    "[fe80::1%25lo]": "invalid_url",
    "good.example@127.0.0.1": "invalid_url",
}


async def test_no_way_of_writing_the_loopback_connects(
    networks: Networks, examined: Examined
) -> None:
    async with Listener() as four, Listener(host="::1") as six:
        # With the system's own lookup, which takes most of these for 127.0.0.1.
        network = networks(ports=[four.port, six.port])
        for host, reason in HOSTS_OF_THE_LOOPBACK.items():
            for port in (four.port, six.port):
                url = f"http://{host}:{port}/"
                assert await refusal(network.http(ANY_HOST).request("GET", url)) == reason, host
                if "@" not in host:
                    bare = host.strip("[]")
                    line = network.connections(ANY_HOST).open_socket(bare, port)
                    assert await refusal(line) == reason, host
        assert (four.connections, six.connections) == (0, 0)
    examined("ways of writing it", len(HOSTS_OF_THE_LOOPBACK))


async def test_the_last_check_is_at_the_socket_itself(networks: Networks) -> None:
    """Whatever hands aiohttp an address, it isn't connected to without being looked at."""
    async with Listener() as listener:
        network = networks(ScriptedLookup([PUBLIC]), ports=[listener.port])
        session = network._session._opened()
        connector: Any = session.connector

        async def trusting(*_: Any, **__: Any) -> list[ResolveResult]:
            return [
                ResolveResult(
                    hostname=HOST,
                    host=HERE,
                    port=listener.port,
                    family=socket.AF_INET,
                    proto=0,
                    flags=0,
                )
            ]

        connector._resolver.resolve = trusting
        call = network.http(ANY_HOST).request("GET", f"http://{HOST}:{listener.port}/")
        assert await refusal(call) == "address_not_public"
        assert listener.connections == 0


async def test_the_refusal_does_not_tell_what_the_name_leads_to(networks: Networks) -> None:
    network = networks(ScriptedLookup(["10.20.30.40"]))
    with pytest.raises(OutboundRefused) as caught:
        await network.http(ANY_HOST).request("GET", f"http://{HOST}/")
    assert "10.20.30.40" not in f"{caught.value} {caught.value.details}"


# What a caller may ask for.


async def test_a_caller_reaches_only_hosts_and_ports_that_are_its_own(networks: Networks) -> None:
    async with Listener() as listener:
        network = networks.here(listener.port)
        http = network.http(frozenset({"API.example", "*.vendor.example"}))
        port = listener.port
        for host in ("api.example", "eu.vendor.example"):
            answer = await http.request("GET", f"http://{host}:{port}/")
            assert answer.status == 200
        for host in ("other.example", "vendor.example", "api.example.evil.example", HERE):
            call = http.request("GET", f"http://{host}:{port}/")
            assert await refusal(call) == "host_not_declared", host
        for other in (22, 6379, 8080, 5432):
            call = http.request("GET", f"http://api.example:{other}/")
            assert await refusal(call) == "port_not_allowed"
        connections = network.connections(frozenset({"mail.example"}))
        assert await refusal(connections.open_socket("api.example", 25)) == "host_not_declared"
        assert await refusal(connections.open_socket("mail.example", 22)) == "port_not_allowed"
        assert listener.connections == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "internal.example"},
        {"Transfer-Encoding": "chunked"},
        {"content-length": "0"},
        {"Proxy-Authorization": "x"},
        {"X-A": "b\r\nHost: evil.example"},
        {"X-A\r\nHost": "evil.example"},
        {"X A": "b"},
        {"": "b"},
    ],
)
async def test_headers_that_would_change_the_way_are_refused(
    networks: Networks, headers: dict[str, str]
) -> None:
    async with Listener() as listener:
        http = networks.here(listener.port).http(ANY_HOST)
        call = http.request("GET", f"http://{HOST}:{listener.port}/", headers=headers)
        assert await refusal(call) == "invalid_header"
        assert listener.connections == 0


async def test_a_request_arrives_as_it_was_given_and_brings_nothing_else(
    networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        Listener(plain(Set_Cookie="a=b")) as proxy,
        Listener(plain(Set_Cookie="a=b")) as there,
    ):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{HERE}:{proxy.port}")
        http = networks.here(there.port).http(ANY_HOST)
        url = f"http://{HOST}:{there.port}/a?b=c"
        for _ in range(2):
            answer = await http.request(
                "POST", url, headers={"X-Call": "7"}, params={"d": "e f"}, json={"a": 1}
            )
            assert (answer.status, answer.body, answer.headers["set-cookie"]) == (
                200,
                b"fine",
                "a=b",
            )
        first, second = there.requests
        assert first == second
        assert first.startswith(b"POST /a?b=c&d=e+f HTTP/1.1\r\n")
        assert first.endswith(b'\r\n\r\n{"a":1}')
        lines = dict(line.split(b": ") for line in first.split(b"\r\n\r\n")[0].split(b"\r\n")[1:])
        assert lines.keys() == {
            b"Host",
            b"User-Agent",
            b"Accept",
            b"Accept-Encoding",
            b"x-call",
            b"content-type",
            b"Content-Length",
        }
        assert lines[b"Host"] == f"{HOST}:{there.port}".encode()
        # One connection for both: one session serves the process.
        assert (proxy.connections, there.connections) == (0, 1)


async def test_the_certificate_is_the_names_and_not_the_addresses(
    networks: Networks, tmp_path: Path
) -> None:
    server, trust = make_certificates(tmp_path, HOST)
    asked: list[str | None] = []
    server.sni_callback = lambda _, name, __: asked.append(name)
    async with Listener(context=server) as listener:
        network = networks.here(listener.port, trust=trust)
        http = network.http(ANY_HOST)
        answer = await http.request("GET", f"https://{HOST}:{listener.port}/")
        assert answer.body == b"fine"
        with pytest.raises(OutboundUnreached, match=r"other\.example has no valid certificate"):
            await http.request("GET", f"https://other.example:{listener.port}/")
        connections = network.connections(ANY_HOST)
        opened = await connections.open_connection(HOST, listener.port, tls=True)
        assert (opened.address, opened.port) == (HERE, listener.port)
        opened.writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await opened.reader.readline()).startswith(b"HTTP/1.1 200")
        opened.writer.transport.abort()
        with pytest.raises(OutboundUnavailable, match="no valid certificate"):
            await connections.open_connection("other.example", listener.port, tls=True)
        # For a library that is given a checked address: the name is the certificate's.
        opened = await connections.open_connection(
            "other.example", listener.port, tls=trust, server_hostname=HOST
        )
        opened.writer.transport.abort()
        assert asked == [HOST, "other.example", HOST, "other.example", HOST]
        strangers = networks.here(listener.port).http(ANY_HOST)
        with pytest.raises(OutboundUnavailable, match="no valid certificate"):
            await strangers.request("GET", f"https://{HOST}:{listener.port}/")


async def test_a_socket_is_connected_to_the_checked_address(networks: Networks) -> None:
    async with Listener() as listener:
        # The first address refuses: the next is tried.
        lookup = ScriptedLookup(["127.0.0.2", HERE])
        network = networks(lookup, networks=["127.0.0.0/8"], ports=[listener.port])
        opened = await network.connections(ANY_HOST).open_socket(HOST, listener.port)
        assert (opened.address, opened.socket.getpeername()) == (HERE, (HERE, listener.port))
        assert opened.socket.getblocking() is False
        opened.socket.close()
    with pytest.raises(OutboundUnavailable, match=f"{HOST} can't be reached"):
        await network.connections(ANY_HOST).open_socket(HOST, listener.port)


# Redirects.


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/inside",
        "http://localhost:{port}/inside",
        "//169.254.169.254/latest/meta-data",
        "http://other.example/",
        "https://hooks.example/",
        "http://hooks.example:81/",
        "ftp://hooks.example/",
        "http://2130706433:{port}/",
        "http://user@hooks.example:{port}/",
        "http://[::1",
    ],
)
async def test_a_redirect_elsewhere_is_refused(networks: Networks, location: str) -> None:
    async with Listener() as inside:
        target = location.format(port=inside.port)
        async with Listener(plain(status="302 Found", Location=target)) as outside:
            network = networks(
                ScriptedLookup([HERE]),
                networks=["127.0.0.0/8"],
                ports=[outside.port, inside.port],
            )
            http = network.http(ANY_HOST)
            url = f"http://{HOST}:{outside.port}/"
            answer = await http.request("GET", url)
            assert (answer.status, answer.headers["location"]) == (302, target)
            with pytest.raises(OutboundRefused) as caught:
                await http.request("GET", url, follow_redirects=True)
            assert caught.value.reason in {
                "redirect_not_allowed",
                "scheme_not_allowed",
                "invalid_url",
            }
        assert inside.connections == 0


async def test_redirects_within_the_host_are_followed_a_few_times(networks: Networks) -> None:
    def hop(place: str) -> Answer:
        return plain(status="307 Temporary Redirect", Location=place)

    async with Listener(hop("/b"), hop("c?d"), hop("./e"), plain(b"there")) as listener:
        http = networks.here(listener.port).http(ANY_HOST)
        url = f"http://{HOST}:{listener.port}/a"
        answer = await http.request("GET", url, follow_redirects=True)
        assert answer.body == b"there"
        assert [request.split()[1] for request in listener.requests] == [
            b"/a",
            b"/b",
            b"/c?d",
            b"/e",
        ]
    async with Listener(hop("/again")) as listener:
        http = networks.here(listener.port).http(ANY_HOST)
        url = f"http://{HOST}:{listener.port}/a"
        call = http.request("GET", url, follow_redirects=True)
        assert await refusal(call) == "redirect_not_allowed"
        assert len(listener.requests) == 4
        answer = await http.request("POST", url, json={}, follow_redirects=True)
        assert answer.status == 307


# Answers.


def endless() -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            await writer.drain()

    return answer


def drip(*, head: bool) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        writer.write(b"X: " if head else b"Content-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    return answer


def raw(content: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        writer.close()

    return answer


BOMB: Final = gzip.compress(b"\0" * 50_000_000)

TOO_LARGE: Final = {
    "said beforehand": plain(b"x" * 5_000),
    "said to be huge": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx"),
    "endless": endless(),
    "unpacked": plain(BOMB, Content_Encoding="gzip"),
}


@pytest.mark.parametrize("kind", TOO_LARGE)
async def test_an_answer_that_is_too_large_is_not_read(networks: Networks, kind: str) -> None:
    async with Listener(TOO_LARGE[kind]) as listener:
        http = networks.here(listener.port).http(ANY_HOST)
        began = time.monotonic()
        with pytest.raises(AnswerTooLarge, match="more than 4999 bytes"):
            await http.request("GET", f"http://{HOST}:{listener.port}/", max_answer_bytes=4_999)
        assert time.monotonic() - began < 30


async def test_an_answer_of_just_the_allowed_size_is_read(networks: Networks) -> None:
    body = bytes(range(256)) * 20
    packed = plain(gzip.compress(body), Content_Encoding="gzip")
    async with Listener(plain(body), packed) as listener:
        http = networks.here(listener.port).http(ANY_HOST)
        for _ in range(2):
            answer = await http.request(
                "GET", f"http://{HOST}:{listener.port}/", max_answer_bytes=len(body)
            )
            assert answer.body == body


@pytest.mark.parametrize("head", [True, False])
async def test_the_deadline_holds_for_the_whole_call(networks: Networks, *, head: bool) -> None:
    async with Listener(drip(head=head)) as listener:
        http = networks.here(listener.port).http(ANY_HOST)
        began = time.monotonic()
        with pytest.raises(OutboundTimeout, match=r"within 0\.5 seconds"):
            await http.request("GET", f"http://{HOST}:{listener.port}/", timeout_seconds=0.5)
        assert 0.4 < time.monotonic() - began < 30


async def test_a_lookup_that_hangs_ends_with_the_deadline(networks: Networks) -> None:
    async def hang(_: str, __: int) -> list[str]:
        await asyncio.sleep(60)
        return [PUBLIC]

    network = networks(hang)
    with pytest.raises(OutboundTimeout):
        await network.http(ANY_HOST).request("GET", f"http://{HOST}/", timeout_seconds=0.1)
    with pytest.raises(OutboundTimeout):
        await network.connections(ANY_HOST).open_socket(HOST, 25, timeout_seconds=0.1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nnope",
    ],
)
async def test_nonsense_is_unavailable(networks: Networks, content: bytes) -> None:
    async with Listener(raw(content)) as listener:
        http = networks.here(listener.port).http(ANY_HOST)
        with pytest.raises(OutboundUnavailable) as caught:
            await http.request("POST", f"http://{HOST}:{listener.port}/", json={})
        # The request was on its way: whether the other side acted, nobody knows.
        assert not isinstance(caught.value, OutboundUnreached)


async def test_who_is_away_was_not_reached_and_did_nothing(networks: Networks) -> None:
    async with Listener() as listener:
        port = listener.port
    with pytest.raises(OutboundUnreached, match=f"{HOST} can't be reached"):
        await networks.here(port).http(ANY_HOST).request("GET", f"http://{HOST}:{port}/")


async def test_a_slow_one_does_not_hold_up_the_others(networks: Networks) -> None:
    async with Listener(drip(head=True)) as slow, Listener() as quick:
        network = networks(
            ScriptedLookup([HERE]), networks=["127.0.0.0/8"], ports=[slow.port, quick.port]
        )
        http = network.http(ANY_HOST)
        waiting = [
            asyncio.create_task(
                http.request("GET", f"http://slow.example:{slow.port}/", timeout_seconds=60)
            )
            for _ in range(40)
        ]
        await asyncio.sleep(0.1)
        began = time.monotonic()
        for _ in range(50):
            await http.request("GET", f"http://quick.example:{quick.port}/")
        assert time.monotonic() - began < 30
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
