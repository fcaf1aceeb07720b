"""Structured logs: one line an event, with request, trace and tenant ids and no personal data.

Called once by each process that serves. Everything goes to standard error; what libraries log with
the standard library takes the same way. Keys that hold personal data or secrets are hidden whoever
logs them, and of an exception only what can't quote a person: types, places and a masked message.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

from api.tracing import CURRENT

HIDDEN: Final = "<hidden>"
PERSONAL_KEYS: Final = frozenset(
    (
        "address",
        "api_key",
        "authorization",
        "body",
        "client",
        "client_address",
        "cookie",
        "email",
        "first_name",
        "full_name",
        "headers",
        "ip",
        "last_name",
        "name",
        "password",
        "path",
        "phone",
        "query",
        "query_string",
        "secret",
        "session",
        "token",
        "url",
        "user_agent",
    )
)
"""Keys whose values are never written, at any depth."""

LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*")
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_LONGEST_MESSAGE: Final = 300
_encode: Final = msgspec.json.Encoder(enc_hook=repr).encode


def configure_logging(
    level: Literal["debug", "info", "warning", "error"], log_format: Literal["json", "console"]
) -> None:
    """Set up logging for this process."""
    render: Any = structlog.dev.ConsoleRenderer() if log_format == "console" else _to_json
    factory: Any = (
        structlog.PrintLoggerFactory(sys.stderr)
        if log_format == "console"
        else structlog.BytesLoggerFactory(sys.stderr.buffer)
    )
    structlog.configure(
        processors=[add_request, hide_personal_data, describe_exception, add_time, render],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=LEVELS[level], force=True)


def add_request(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Add the level, and the ids of the request that is being answered."""
    event["level"] = method
    current = CURRENT.get()
    if current is not None:
        event.setdefault("request_id", current.request_id)
        event.setdefault("trace_id", current.trace_id)
        event.setdefault("tenant_id", current.tenant_id)
    return event


def hide_personal_data(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hide the values of `PERSONAL_KEYS`."""
    for key, value in event.items():
        if key in PERSONAL_KEYS:
            event[key] = HIDDEN
        elif isinstance(value, dict | list | tuple):
            event[key] = _hidden_inside(value)
    return event


def _hidden_inside(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: HIDDEN if key in PERSONAL_KEYS else _hidden_inside(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_hidden_inside(item) for item in value]
    return value


def describe_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by the chain of exceptions and where each was raised."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if not isinstance(error, BaseException):
        return event
    chain: list[dict[str, Any]] = []
    while error is not None and len(chain) < 5:
        chain.append(
            {
                "type": f"{type(error).__module__}.{type(error).__qualname__}",
                "message": _masked(error),
                "sqlstate": getattr(error, "sqlstate", None),
                "frames": [
                    f"{frame.filename}:{frame.lineno} {frame.name}"
                    for frame in traceback.extract_tb(error.__traceback__)
                ],
            }
        )
        error = error.__cause__ or error.__context__
    event["exception"] = chain
    return event


def _masked(error: BaseException) -> str:
    """Return the message without what it quotes; of a database's error nothing, it quotes rows."""
    if hasattr(error, "sqlstate") or hasattr(error, "orig"):
        return HIDDEN
    text = _QUOTED.sub("'…'", _EMAIL.sub(HIDDEN, str(error)))
    return text[:_LONGEST_MESSAGE]


_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="time")


def add_time(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Add the time in UTC."""
    return _stamp(logger, method, event)


def _to_json(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    return _encode(event)


class _ToStructlog(logging.Handler):
    """Passes on what libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger("library")
        logger.log(
            record.levelno,
            record.getMessage(),
            logger=record.name,
            exc_info=record.exc_info[1] if record.exc_info else None,
        )
