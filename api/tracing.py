"""Names of one request: its id, and the W3C trace it belongs to. The gate makes them."""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final

import msgspec

from core.shared.ids import Ids

_REQUEST_ID: Final = re.compile(rb"^[A-Za-z0-9._-]{8,64}$")
_TRACEPARENT: Final = re.compile(
    rb"^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$"
)


class Current(msgspec.Struct, frozen=True):
    """What every log line of a request carries."""

    request_id: str
    trace_id: str
    tenant_id: str | None


CURRENT: ContextVar[Current | None] = ContextVar("intellimatch_request", default=None)


def request_id_from(headers: Mapping[bytes, bytes], ids: Ids) -> str:
    """Return the caller's X-Request-Id when it is harmless, else a new one."""
    given = headers.get(b"x-request-id")
    if given is not None and _REQUEST_ID.match(given):
        return given.decode("ascii")
    return str(ids.new())


def trace_id_from(headers: Mapping[bytes, bytes], ids: Ids) -> str:
    """Return the trace id of a valid `traceparent` (W3C Trace Context), else a new one."""
    match = _TRACEPARENT.match(headers.get(b"traceparent", b""))
    if (
        match
        and match[1] != b"ff"
        and match[2] != b"0" * 32
        and match[3] != b"0" * 16
        and (match[1] != b"00" or len(headers[b"traceparent"]) == 55)
    ):
        return match[2].decode("ascii")
    return ids.new().hex
