"""Reads an e-mail that came in into a `ReportReply`, for plugins whose service passes mail on.

Who writes an e-mail decides each byte of it, so nothing here is believed: headers are cut before
they are decoded, unknown charsets are guessed, parts are walked without recursion and counted, and
whatever can't be read leaves the rest as it is. `read_mail` takes a whole message (RFC 5322),
`made_of` the fields into which a service has taken one apart.
"""

import codecs
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Compat32
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from core.messages.contracts import (
    LONGEST_REPLY,
    MOST_ATTACHED_BYTES,
    MOST_ATTACHMENTS,
    ReplyAttachment,
    ReportReply,
)
from core.shared.clock import UtcDatetime

__all__ = ["FormPart", "decoded", "made_of", "read_form", "read_mail"]

LONGEST_HEAD: Final = 1_000_000
"""Bytes of all headers together; mail servers take a tenth of it."""
LONGEST_HEADER: Final = 4_000
LONGEST_OF_A_PART: Final = 10_000
LONGEST_REFERENCES: Final = 20_000
MOST_PARTS: Final = 200
MOST_BOUNDARIES: Final = 60
"""Python's parser goes down a level for each; ordinary mail has fewer than ten."""
MOST_DASHES: Final = 5_000
"""Lines that may begin a part; Python's parser takes long for each that does."""
MOST_STEPS: Final = 4_000_000
"""Each line is held against each boundary. A mail of 30 MB with a file has 400,000 lines."""
MOST_FIELDS: Final = 200
LONGEST_NAME: Final = 40
"""Of a charset (RFC 2978 2.3)."""

_BOUNDARY: Final = re.compile(rb"boundary(?:\*[0-9]*\*?)?\s*=", re.IGNORECASE)
"""A parameter may come in pieces (RFC 2231 3)."""
_OF_A_PART: Final = re.compile(
    rb"(?:\A|[\r\n])content-(?:type|disposition)[ \t]*:(?:[^\r\n]++|[\r\n]++[ \t])*+", re.IGNORECASE
)
"""Headers with parameters. Python's parser takes as long as the square of their length."""
_UNREADABLE: Final = (
    *(MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError),
    RecursionError,
)
"""How Python's parser fails over what nobody expected of a mail."""
_ID: Final = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,996}>")
_ADDRESS: Final = re.compile(r"[^\s@<>\"',;:()\[\]\\]{1,64}@[^\s@<>\"',;:()\[\]\\]{1,255}")
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}
)
"""Codecs of Python that no e-mail is written in; two of them take quadratic time."""
_BY_MACHINES: Final = frozenset({"bulk", "junk", "list", "auto_reply"})
_MARKS: Final = (
    *("x-autoreply", "x-autorespond", "x-auto-reply", "x-failed-recipients", "list-id"),
    *("x-autoresponse", "x-mailer-autoreply"),
)
_ABSENT: Final = re.compile(
    r"\s*(?:auto(?:matic|matisch|matische)?[ -]?(?:reply|antwort|response)|out of (?:the )?office"
    r"|abwesenheit|r[ée]ponse automatique|respuesta autom[áa]tica)\b",
    re.IGNORECASE,
)
"""How mail programs begin the subject of an absence note in the languages of our templates."""


class AsItCame(Compat32):
    """Writes headers of a message within a message as they are: to fold them takes for ever."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header's line or lines."""
        return f"{name}: {value}\n".encode("ascii", "surrogateescape")


_AS_IT_CAME: Final = AsItCame()


class FormPart(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a form (RFC 7578)."""

    name: str
    content: bytes
    filename: str | None = None


def read_form(body: bytes, content_type: str) -> list[FormPart]:
    """Return the fields of a `multipart/form-data` body. Raises ValueError for what is none."""
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary:
        raise ValueError("this is no form")
    found: list[tuple[MultipartSegment, bytearray]] = []
    try:
        with PushMultipartParser(
            boundary, max_segment_count=MOST_FIELDS, header_charset="utf8", strict=False
        ) as parser:
            for event in parser.parse(body):
                if isinstance(event, MultipartSegment):
                    found.append((event, bytearray()))
                elif event:
                    found[-1][1].extend(event)
    except (MultipartError, ValueError, IndexError) as error:
        raise ValueError("the form can't be read") from error
    return [
        FormPart(name=each.name or "", content=bytes(content), filename=each.filename)
        for each, content in found
    ]


def decoded(content: bytes, charset: str | None = None) -> str:
    """Return text in a charset that may be wrong, unknown or no charset; never fails."""
    for name in (charset, "utf-8"):
        try:
            if name and len(name) <= LONGEST_NAME and _is_charset(name):
                return _kept(content.decode(name))
        except (LookupError, ValueError):  # a UnicodeDecodeError is a ValueError
            continue
    return _kept(content.decode("latin-1"))


def _is_charset(name: str) -> bool:
    return codecs.lookup(name).name.replace("-", "_") not in _NO_CHARSETS


def read_mail(
    raw: bytes,
    *,
    delivery_id: str,
    receivers: Sequence[str],
    return_path: str | None = None,
) -> ReportReply:
    """Return what a whole message says. `receivers` and `return_path` are the envelope's."""
    head, _, body = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n")
    headers = BytesHeaderParser().parsebytes(head[:LONGEST_HEAD])
    try:
        found = None if _takes_long(raw) else _parts(raw)
    except _UNREADABLE:
        found = None
    if found is None:
        # Nobody writes so by hand; it is kept as the text that it is.
        found = Parts(texts=[decoded(body[:LONGEST_REPLY])])
    return made_of(
        headers.items(),
        delivery_id=delivery_id,
        receivers=receivers,
        text="\n".join(each for each in found.texts if each),
        html="\n".join(each for each in found.htmls if each) or None,
        attachments=found.files,
        left_out=found.left_out,
        return_path=return_path,
        is_report=headers.get_content_type() in ("multipart/report", "message/delivery-status"),
    )


def made_of(
    headers: Iterable[tuple[str, Any]],
    *,
    delivery_id: str,
    receivers: Sequence[str],
    text: str,
    html: str | None = None,
    attachments: Iterable[tuple[str, bytes]] = (),
    left_out: int = 0,
    return_path: str | None = None,
    is_report: bool = False,
) -> ReportReply:
    """Return a reply made of a message's headers and of what a service found in its parts.

    `attachments` are names and contents; what is more than a reply may have is counted.
    """
    named = _by_name(headers)
    kept, too_many = _bounded(attachments)
    name, address = _sender(named.get("from", ""))
    subject = _words(named.get("subject", ""))[:1_000]
    return ReportReply(
        delivery_id=delivery_id[:200] or "unnamed",
        header_id=next(iter(_ids(named.get("message-id", ""))), ""),
        receivers=tuple(dict.fromkeys(_kept(each)[:320] for each in receivers))[:50],
        from_address=address,
        from_name=name,
        subject=subject,
        text=_kept(text)[:LONGEST_REPLY],
        html=None if html is None else _kept(html)[:LONGEST_REPLY],
        in_reply_to=_ids(named.get("in-reply-to", ""))[:10],
        references=_ids(named.get("references", ""))[-50:],
        sent_at=_instant(named.get("date", "")),
        automatic=is_report or return_path == "" or _is_automatic(named, subject),
        attachments=kept,
        left_out=min(left_out + too_many, 100_000),
    )


def _takes_long(raw: bytes) -> bool:
    """Whether a mail is made to keep whoever reads it busy. Lines may end in CR, LF or both."""
    boundaries = len(_BOUNDARY.findall(raw))
    lines = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
    return (
        boundaries > MOST_BOUNDARIES
        or raw.count(b"\n--") + raw.count(b"\r--") > MOST_DASHES
        or lines * (4 + boundaries) > MOST_STEPS
        or any(len(each[0]) > LONGEST_OF_A_PART for each in _OF_A_PART.finditer(raw))
    )


class Parts(msgspec.Struct):
    """What was found in a message, in its order."""

    texts: list[str] = []
    htmls: list[str] = []
    files: list[tuple[str, bytes]] = []
    left_out: int = 0
    """How many parts were too many."""


def _parts(raw: bytes) -> Parts:
    """Raises what Python's parser raises."""
    found = Parts()
    waiting = [message_from_bytes(raw)]
    seen = 0
    while waiting:
        part = waiting.pop()
        seen += 1
        if seen > MOST_PARTS:
            found.left_out = len(waiting) + 1
            return found
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting += reversed(_within(part))
            continue
        content, name = _content(part), _file_name(part)
        kind = part.get_content_type()
        is_shown = name is None and part.get_content_disposition() != "attachment"
        if is_shown and kind == "text/plain":
            found.texts.append(decoded(content, _charset(part)))
        elif is_shown and kind == "text/html":
            found.htmls.append(decoded(content, _charset(part)))
        elif content:
            found.files.append((name or _unnamed(kind), content))
    return found


def _within(part: Message) -> list[Message]:
    payload = part.get_payload()
    listed = payload if isinstance(payload, list) else []
    return [each for each in listed if isinstance(each, Message)]


def _content(part: Message) -> bytes:
    try:
        if part.is_multipart():  # a message within the message
            return b"".join(each.as_bytes(policy=_AS_IT_CAME) for each in _within(part))
        found = part.get_payload(decode=True)
    except _UNREADABLE:
        return b""
    return found if isinstance(found, bytes) else b""


def _charset(part: Message) -> str | None:
    try:
        return part.get_content_charset()
    except _UNREADABLE:
        return None


def _file_name(part: Message) -> str | None:
    try:
        found = part.get_filename()
    except _UNREADABLE:
        return None
    return None if not found else _words(str(found))[:500] or None


def _unnamed(kind: str) -> str:
    _, _, last = kind.rpartition("/")
    extension = {"message/rfc822": "eml", "text/calendar": "ics"}.get(kind, last)
    return f"attachment.{re.sub('[^a-z0-9]', '', extension.lower())[:10] or 'bin'}"


def _bounded(attachments: Iterable[tuple[str, bytes]]) -> tuple[tuple[ReplyAttachment, ...], int]:
    kept: list[ReplyAttachment] = []
    room, left_out = MOST_ATTACHED_BYTES, 0
    for name, content in attachments:
        if len(kept) >= MOST_ATTACHMENTS or len(content) > room:
            left_out += 1
            continue
        kept.append(ReplyAttachment(name=_kept(name)[:500], content=content))
        room -= len(content)
    return tuple(kept), left_out


def _by_name(headers: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Return headers by name in lower case, the first of each, cut to what is looked at."""
    named: dict[str, str] = {}
    for name, value in headers:
        lowered = str(name).strip().lower()
        longest = LONGEST_REFERENCES if lowered == "references" else LONGEST_HEADER
        if lowered not in named:
            named[lowered] = _kept(str(value))[:longest]
    return named


def _ids(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_ID.findall(value)))


def _words(value: str) -> str:
    """Return a header with its encoded words decoded (RFC 2047), in one line."""
    try:
        shown = str(make_header(decode_header(value)))
    except _UNREADABLE:
        shown = value
    return " ".join(_kept(shown).split())


def _sender(value: str) -> tuple[str, str]:
    """Return name and address; no address when it can't be told for sure which one it is.

    Not by Python's parser, which can be led to an address that stands in a name (CVE-2023-27043)
    and goes down a level for each bracket.
    """
    text = " ".join(value.split())
    name, bracket, rest = text.rpartition("<")
    if not bracket:
        return ("", text[:320]) if _ADDRESS.fullmatch(text) else (_words(text)[:300], "")
    address = rest.removesuffix(">")
    if not rest.endswith(">") or not _ADDRESS.fullmatch(address):
        return _words(text)[:300], ""
    return _words(name.strip().strip('"')).strip()[:300], address[:320]


def _instant(value: str) -> UtcDatetime | None:
    try:
        found: datetime | None = parsedate_to_datetime(value) if value else None
        if found is None or not 1990 <= found.year <= 2200:
            return None
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return UtcDatetime(aware.astimezone(UTC))
    except (*_UNREADABLE, OverflowError):
        return None


def _is_automatic(headers: Mapping[str, str], subject: str) -> bool:
    """Whether a machine wrote it (RFC 3834), or whatever is common besides."""
    submitted = headers.get("auto-submitted", "no").split(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return True
    if headers.get("precedence", "").strip().lower() in _BY_MACHINES:
        return True
    if headers.get("return-path", "").strip() == "<>":
        return True
    return any(mark in headers for mark in _MARKS) or _ABSENT.match(subject) is not None


def _kept(text: str) -> str:
    """Return it without what can't be stored: NUL and halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
