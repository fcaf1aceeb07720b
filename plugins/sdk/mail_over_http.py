"""What an answer over HTTP says of a message, for plugins whose service takes e-mail that way.

The difference that matters is between "certainly not taken", after which another plugin may send
the message, and "nobody knows", after which nobody may.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.header import Header
from email.utils import parsedate_to_datetime
from typing import Final

from core.ports.messaging import (
    MessageRefused,
    MessagingError,
    MessagingUnavailable,
    SendOutcomeUnknown,
)
from core.ports.outbound import (
    AnswerTooLarge,
    OutboundAnswer,
    OutboundHttp,
    OutboundRefused,
    OutboundUnavailable,
    OutboundUnreached,
)

__all__ = ["ascii_address", "ascii_header", "hand_over", "judge", "patience", "plain_line"]

SECONDS: Final = 20.0
"""How long a service may take; less than the platform gives `Messaging.send`."""

LONGEST_SAYING: Final = 300

_LOCAL: Final = re.compile(r"[!#$%&'*+/=?^_`{|}~.0-9A-Za-z-]{1,64}")


async def hand_over(
    http: OutboundHttp,
    service: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes,
    now: datetime,
    explain: Callable[[OutboundAnswer], str],
    judged: Callable[[OutboundAnswer], MessagingError | None] = lambda _answer: None,
    timeout_seconds: float = SECONDS,
) -> OutboundAnswer:
    """POST a message and return the answer that says that `service` took it.

    `explain` finds the service's own words in an answer. `judged` may know better than `judge`
    what an answer means. Raises the errors of `Messaging.send`.
    """
    try:
        answer = await http.request(
            "POST", url, headers=headers, content=content, timeout_seconds=timeout_seconds
        )
    except (OutboundRefused, OutboundUnreached) as error:
        raise MessagingUnavailable(f"{service} can't be reached: {error}") from error
    except (OutboundUnavailable, AnswerTooLarge) as error:
        raise SendOutcomeUnknown(
            f"{service} was given the message, and its answer was lost: {error}"
        ) from error
    if 200 <= answer.status < 300:
        return answer
    raise judged(answer) or judge(answer, service, explain(answer), now)


def judge(answer: OutboundAnswer, service: str, said: str, now: datetime) -> MessagingError:
    """Return what an answer other than "taken" means for the message."""
    said = " ".join(said.split())[:LONGEST_SAYING] or "no reason given"
    match answer.status:
        case 401 | 403:
            # For every message alike, and nothing is lost once somebody has put it right.
            return MessagingUnavailable(f"{service} refuses the credentials or the sender: {said}")
        case 429:
            wait = patience(answer.headers, now)
            return MessagingUnavailable(f"{service} asks to slow down.", after_seconds=wait)
        case 408 | 504:
            # A gateway gave up waiting for whoever may have taken the message.
            return SendOutcomeUnknown(f"{service} took too long and may have taken the message.")
        case status if status >= 500:
            wait = patience(answer.headers, now)
            return MessagingUnavailable(
                f"{service} is out of order ({status}): {said}", after_seconds=wait
            )
        case status if status in {404, 405} or status < 400:
            return MessagingUnavailable(f"{service} answers {status}; check the settings: {said}")
        case _:
            return MessageRefused(f"{service} refuses the message: {said}")


def patience(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return for how many seconds a service asks to be left alone.

    `Retry-After` in seconds or as a date (RFC 9110 10.2.3), else `X-RateLimit-Reset` as seconds
    since 1970.
    """
    told = headers.get("retry-after", "").strip()
    if told.isdecimal():
        return float(told[:9])
    try:
        if told:
            moment = parsedate_to_datetime(told)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return max(0.0, (aware - now).total_seconds())
    except ValueError:
        return None
    reset = headers.get("x-ratelimit-reset", "").strip()
    return max(0.0, int(reset[:12]) - now.timestamp()) if reset.isdecimal() else None


def ascii_address(address: str) -> str:
    """Return an address with its domain in ASCII (RFC 5891).

    Raises MessageRefused when it is none, or its local part isn't ASCII, which few servers take
    (RFC 6531), or is quoted, which fewer do.
    """
    local, _, domain = address.rpartition("@")
    if not domain or not _LOCAL.fullmatch(local):
        raise MessageRefused(f"{address} is no e-mail address that mail servers take.")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise MessageRefused(f"{address} is no e-mail address that mail servers take.") from error


def plain_line(text: str) -> str:
    """Return a name or subject in which nothing passes for an encoded word (RFC 2047).

    Python's own `email` decodes such words when it is given a header, line ends among them.
    """
    return text.replace("=?", "= ?")


def ascii_header(value: str) -> str:
    """Return a header's value in ASCII, on one line (RFC 2047)."""
    if value.isascii():
        return value
    return Header(value, "utf-8", maxlinelen=0).encode(maxlinelen=0).replace("\n", "")
