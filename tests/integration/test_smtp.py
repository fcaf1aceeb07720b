"""The SMTP plugin against a real SMTP server on loopback, also one that breaks the line."""

import asyncio
import email
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from email.policy import default as modern
from typing import Any, Self, cast
from uuid import UUID

import msgspec
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from core.ports.messaging import Mailbox, MessageRefused, MessagingUnavailable, OutgoingEmail
from core.ports.outbound import OutboundSocket, OutboundUnavailable
from core.shared.ids import TenantId
from plugins.sdk.context import PluginTenant
from plugins.sdk.testing.messaging import MessagingContract, ReceivedEmail, sample_email
from plugins.smtp.client import SmtpMessaging
from plugins.smtp.lines import lines
from plugins.smtp.mime import build
from plugins.smtp.settings import SmtpSettings
from tests.fixtures.ports import free_port

ACME, GLOBEX = UUID(int=1), UUID(int=2)


@pytest.fixture(autouse=True)
async def no_line_outlives_its_test() -> AsyncIterator[None]:
    yield
    lines().close()


class LoopbackNetwork:
    """Connects without asking whether the address is public."""

    async def open_socket(
        self, host: str, port: int, *, timeout_seconds: float = 15.0
    ) -> OutboundSocket:
        line = socket.socket()
        line.setblocking(False)
        try:
            async with asyncio.timeout(timeout_seconds):
                await asyncio.get_running_loop().sock_connect(line, (host, port))
        except OSError as error:
            line.close()
            raise OutboundUnavailable("There is no connection.") from error
        return OutboundSocket(line, host, port)


class Context:
    """As much of a context as the adapter asks for."""

    def __init__(self, settings: SmtpSettings, tenant_id: UUID = ACME) -> None:
        self.settings = settings
        self.network = LoopbackNetwork()
        self.tenant = PluginTenant(TenantId(tenant_id), "acme", "Acme", "UTC", "en", "scale")

    def now(self) -> datetime:
        return datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)


class MailServer:
    """Takes mail, refuses it or breaks the line, as told."""

    def __init__(self, **options: Any) -> None:
        self.messages: list[ReceivedEmail] = []
        self.raw: list[bytes] = []
        self.authenticated: list[str] = []
        self.lines: set[Any] = set()
        self.next_answer: str | None = None
        self.breaks = False
        self._running = True
        self.port = free_port()
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self._authenticate,
            **options,
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.be_away()

    def _authenticate(self, *arguments: Any) -> AuthResult:
        credentials = arguments[-1]
        self.authenticated.append(credentials.login.decode())
        return AuthResult(success=credentials.password == b"right", handled=False)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        self.lines.add(server)
        if self.next_answer is not None:
            answer, self.next_answer = self.next_answer, None
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: Any, _session: Any, envelope: Envelope
    ) -> str:
        content = cast("bytes", envelope.content)
        self.raw.append(content)
        self.messages.append(_received(content, envelope))
        if self.breaks:
            self.breaks = False
            server.transport.abort()
        return f"250 queued as {len(self.messages)}"

    def received(self) -> list[ReceivedEmail]:
        return self.messages

    def refuse_next(self) -> bool:
        self.next_answer = "550 5.1.1 no such user"
        return True

    def be_away(self) -> bool:
        if self._running:
            self._running = False
            self._controller.stop(no_assert=True)
        return True

    def break_off_next(self) -> bool:
        self.breaks = True
        return True


def _received(content: bytes, envelope: Envelope) -> ReceivedEmail:
    parsed = email.message_from_bytes(content, policy=modern)
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert text is not None
    reply_to = parsed["Reply-To"]
    return ReceivedEmail(
        message_id=parsed["Message-ID"],
        sender=envelope.mail_from or "",
        to=envelope.rcpt_tos[0],
        reply_to=None if reply_to is None else reply_to.addresses[0].addr_spec,
        subject=parsed["Subject"],
        text=text.get_content(),
        html=None if html is None else html.get_content(),
        headers={name.lower(): str(value) for name, value in parsed.items()},
    )


def messaging_to(port: int, tenant_id: UUID = ACME, **settings: Any) -> SmtpMessaging:
    values = {"host": "127.0.0.1", "port": port, "security": "none", **settings}
    return SmtpMessaging(cast("Any", Context(SmtpSettings(**values), tenant_id)))


class Rig:
    def __init__(self, messaging: SmtpMessaging, vendor: MailServer) -> None:
        self.messaging = messaging
        self.vendor = vendor


class TestSmtp(MessagingContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Rig]:
        with MailServer() as server:
            yield Rig(messaging_to(server.port), server)


async def test_a_server_that_says_later_is_asked_later() -> None:
    with MailServer() as server:
        server.next_answer = "451 4.7.1 greylisted, come back"
        with pytest.raises(MessagingUnavailable, match="451"):
            await messaging_to(server.port).send(sample_email())
        assert not server.messages


async def test_messages_that_follow_each_other_go_over_one_line() -> None:
    with MailServer() as server:
        for _ in range(3):
            await messaging_to(server.port).send(sample_email())
        assert (len(server.messages), len(server.lines)) == (3, 1)


async def test_a_line_is_one_tenants_with_the_settings_that_it_was_opened_with() -> None:
    with MailServer(auth_require_tls=False) as server:
        await messaging_to(server.port).send(sample_email())
        await messaging_to(server.port, GLOBEX).send(sample_email())
        signed_in = messaging_to(server.port, user_name="me", password="right")
        await signed_in.send(sample_email())
        assert (len(server.messages), len(server.lines)) == (3, 3)


async def test_a_line_does_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.smtp.lines.MOST_MESSAGES", 2)
    with MailServer() as server:
        for _ in range(4):
            await messaging_to(server.port).send(sample_email())
        assert (len(server.messages), len(server.lines)) == (4, 2)


@pytest.mark.parametrize("says_so", [True, False])
async def test_a_line_that_ended_meanwhile_costs_no_message_and_sends_none_twice(
    says_so: bool,
) -> None:
    with MailServer() as server:
        await messaging_to(server.port).send(sample_email())
        if says_so:
            server.next_answer = "421 4.4.2 idle for too long"
        else:
            (line,) = server.lines
            line.loop.call_soon_threadsafe(line.transport.abort)
        await messaging_to(server.port).send(sample_email())
        assert (len(server.messages), len(server.lines)) == (2, 2)


async def test_after_a_refusal_the_next_message_begins_anew() -> None:
    with MailServer() as server:
        await messaging_to(server.port).send(sample_email())
        server.refuse_next()
        with pytest.raises(MessageRefused, match="550"):
            await messaging_to(server.port).send(sample_email())
        await messaging_to(server.port).send(sample_email())
        assert (len(server.messages), len(server.lines)) == (2, 2)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_encryption_that_was_asked_for_is_never_done_without(security: str) -> None:
    with MailServer(auth_require_tls=False) as server:
        messaging = messaging_to(server.port, security=security, user_name="me", password="right")
        with pytest.raises(MessagingUnavailable, match=r"can.t be used"):
            await messaging.send(sample_email())
        assert not server.authenticated, "the password went over an open line"
        assert not server.messages


async def test_a_wrong_password_loses_no_message_and_is_told_by_the_check() -> None:
    with MailServer(auth_require_tls=False) as server:
        wrong = messaging_to(server.port, user_name="me", password="wrong")
        with pytest.raises(MessagingUnavailable, match="user name or the password"):
            await wrong.send(sample_email())
        health = await wrong.check()
        assert not health.ok
        assert "password" in health.message
        assert "wrong" not in health.message
        right = messaging_to(server.port, user_name="me", password="right")
        assert (await right.check()).ok
        await right.send(sample_email())
        assert len(server.messages) == 1


async def test_the_check_of_a_server_that_is_not_there_says_where_it_looked() -> None:
    with MailServer() as server:
        port = server.port
    health = await messaging_to(port).check()
    assert not health.ok
    assert "127.0.0.1" in health.message


async def test_a_tenants_own_address_is_in_the_envelope_and_the_header() -> None:
    with MailServer() as server:
        await messaging_to(server.port, sender_address="jobs@acme.example").send(sample_email())
    (message,) = server.messages
    assert message.sender == "jobs@acme.example"
    assert message.headers["from"].endswith("<jobs@acme.example>")


@pytest.mark.parametrize("wrong", ["jobs", "a@b@c", "a b@example.com", "a@b\r\nBcc: c@d"])
def test_an_own_address_that_is_none_is_refused_when_it_is_set(wrong: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="sender_address"):
        msgspec.convert({"host": "mail.example", "sender_address": wrong}, SmtpSettings)


@pytest.mark.parametrize(
    "field",
    [
        {"subject": "Hello\r\nBcc: eve@example.com"},
        {"to": Mailbox("ada@example.com\r\nBcc: eve@example.com")},
        {"sender": Mailbox("jobs@example.com", "Acme\r\nBcc: eve@example.com")},
        {"headers": (("X-A", "b\r\nBcc: eve@example.com"),)},
        {"headers": (("X-A\r\nBcc", "eve@example.com"),)},
        {"message_id": "<a@b>\r\nBcc: eve@example.com"},
    ],
)
def test_no_header_can_be_smuggled_in(field: dict[str, Any]) -> None:
    email_fields = {name: getattr(sample_email(), name) for name in OutgoingEmail.__struct_fields__}
    with pytest.raises(ValueError, match="control character"):
        OutgoingEmail(**{**email_fields, **field})


@pytest.mark.parametrize("field", ["subject", "to", "sender", "headers"])
def test_an_encoded_line_end_begins_no_header(field: str) -> None:
    hidden = "=?utf-8?q?Hello=0D=0ABcc=3A_eve=40example=2Ecom?="
    values: dict[str, Any] = {
        "subject": hidden,
        "to": Mailbox("ada@example.com", hidden),
        "sender": Mailbox("jobs@example.com", hidden),
        "headers": (("X-A", hidden),),
    }
    message = msgspec.structs.replace(sample_email(), **{field: values[field]})
    content = build(message, datetime(2027, 1, 1, tzinfo=UTC))
    assert email.message_from_bytes(content, policy=modern)["Bcc"] is None
    assert b"\nBcc" not in content


@pytest.mark.parametrize("address", ["müller@example.com", "no-at-sign", "a b@example.com"])
def test_an_address_that_no_header_takes_is_refused(address: str) -> None:
    with pytest.raises(MessageRefused):
        build(sample_email(to=address), datetime(2027, 1, 1, tzinfo=UTC))


def test_a_domain_with_umlauts_goes_over_the_line_in_ascii() -> None:
    content = build(sample_email(to="ada@bücher.example"), datetime(2027, 1, 1, tzinfo=UTC))
    assert b"ada@xn--bcher-kva.example" in content
