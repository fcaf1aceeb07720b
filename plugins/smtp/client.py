"""Speaks SMTP, one message after the other, and knows at each moment what a broken line means."""

import socket
from contextlib import suppress
from typing import Final

import aiosmtplib
import msgspec
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from plugins.sdk import Health, PluginContext
from plugins.sdk.ports import (
    Mailbox,
    MessageRefused,
    MessagingUnavailable,
    OutboundRefused,
    OutboundUnavailable,
    OutgoingEmail,
    SendOutcomeUnknown,
    SentEmail,
)
from plugins.smtp.lines import Line, Place, lines
from plugins.smtp.mime import build, envelope_address
from plugins.smtp.settings import SmtpSettings

TIMEOUT_SECONDS: Final = 15.0
_PERMANENT: Final = 500
_CLOSING: Final = 421
_BROKEN: Final = (SMTPException, OSError, TimeoutError)


class SmtpMessaging:
    """Implements `Messaging`."""

    def __init__(self, context: PluginContext[SmtpSettings]) -> None:
        self._context = context
        self._settings = context.settings

    async def send(self, email: OutgoingEmail) -> SentEmail:
        """Hand the message over; its Message-ID is the same at every attempt."""
        email = self._from_the_configured_address(email)
        content = build(email, self._context.now())
        sender, receiver = envelope_address(email.sender), envelope_address(email.to)
        line = await self._addressed(sender, receiver)
        try:
            answer = await self._give(line.client, content)
        except BaseException:
            await _leave(line.client)
            raise
        lines().give_back(line)
        return SentEmail(answer[:200] or email.message_id)

    async def check(self) -> Health:
        """Connect, sign in and leave; nothing is sent."""
        try:
            client = await self._connect()
        except MessagingUnavailable as error:
            return Health(ok=False, message=str(error))
        await _leave(client)
        settings = self._settings
        how = {"starttls": "STARTTLS", "tls": "TLS", "none": "no encryption"}[settings.security]
        signed_in = f" and took the user name {settings.user_name}" if settings.user_name else ""
        return Health(
            ok=True,
            message=f"{settings.host}:{settings.port} answered with {how}{signed_in}.",
        )

    async def _addressed(self, sender: str, receiver: str) -> Line:
        """Return a line on which the server has taken the envelope.

        A line that was kept may have ended meanwhile, or the server be tired of it (421): nothing
        was given to it yet, so the message begins again on another.
        """
        place = Place(self._context.tenant.id, self._settings)
        kept = lines().take(place)
        if kept is not None:
            try:
                await _address(kept.client, sender, receiver)
            except SMTPResponseException as error:
                await _leave(kept.client)
                if error.code != _CLOSING:
                    raise _refusal(error) from error
            except _BROKEN:
                kept.close()
            except BaseException:
                kept.close()
                raise
            else:
                return kept
        line = Line(place, await self._connect())
        try:
            await _address(line.client, sender, receiver)
        except BaseException as error:
            await _leave(line.client)
            if isinstance(error, SMTPResponseException):
                raise _refusal(error) from error
            if isinstance(error, _BROKEN):
                raise MessagingUnavailable(
                    f"The line to the mail server broke: {_said(error)}."
                ) from error
            raise
        return line

    def _from_the_configured_address(self, email: OutgoingEmail) -> OutgoingEmail:
        address = self._settings.sender_address
        if address is None:
            return email
        return msgspec.structs.replace(email, sender=Mailbox(address, email.sender.name))

    async def _connect(self) -> SMTP:
        """Open the line and sign in. Until the message is given, any failure means: not taken."""
        settings = self._settings
        client = SMTP(
            hostname=settings.host,
            sock=await self._socket(),
            username=settings.user_name,
            password=settings.password,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            timeout=TIMEOUT_SECONDS,
            local_hostname="intellimatch",
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            await _leave(client)
            raise MessagingUnavailable(
                f"{settings.host} refuses the user name or the password."
            ) from error
        except _BROKEN as error:
            await _leave(client)
            raise MessagingUnavailable(
                f"{settings.host}:{settings.port} can't be used: {_said(error)}."
            ) from error
        return client

    async def _socket(self) -> socket.socket:
        settings = self._settings
        try:
            opened = await self._context.network.open_socket(
                settings.host, settings.port, timeout_seconds=TIMEOUT_SECONDS
            )
        except (OutboundRefused, OutboundUnavailable) as error:
            raise MessagingUnavailable(f"{settings.host} can't be reached: {error}") from error
        return opened.socket

    async def _give(self, client: SMTP, content: bytes) -> str:
        try:
            return (await client.data(content)).message
        except SMTPResponseException as error:
            raise _refusal(error) from error
        except _BROKEN as error:
            # RFC 5321 4.5.3.2.6: the server may have taken it and its answer been lost.
            raise SendOutcomeUnknown(
                "The line broke after the message was given and before it was confirmed."
            ) from error


async def _address(client: SMTP, sender: str, receiver: str) -> None:
    await client.mail(sender)
    await client.rcpt(receiver)


def _refusal(error: SMTPResponseException) -> MessageRefused | MessagingUnavailable:
    said = f"The mail server said: {error.code} {_said(error)}"
    return MessageRefused(said) if error.code >= _PERMANENT else MessagingUnavailable(said)


def _said(error: BaseException) -> str:
    text = error.message if isinstance(error, SMTPException) else str(error)
    return " ".join(str(text).split())[:300] or type(error).__name__


async def _leave(client: SMTP) -> None:
    with suppress(*_BROKEN):
        await client.quit(timeout=2)
    client.close()
