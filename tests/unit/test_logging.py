"""The log keeps out what is personal or secret, whoever logs it and however deep it lies."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from api.logging import PERSONAL_KEYS, configure_logging
from api.tracing import CURRENT, Current

CANARY = "ada@example.com"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.BytesIO]:
    raw = io.BytesIO()
    # Held here: a wrapper that is let go closes what it wraps.
    wrapper = io.TextIOWrapper(raw, write_through=True)
    monkeypatch.setattr(sys, "stderr", wrapper)
    handlers, level = logging.root.handlers[:], logging.root.level
    configure_logging("info", "json")
    yield raw
    structlog.reset_defaults()
    wrapper.detach()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(raw: io.BytesIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in raw.getvalue().splitlines()]


def test_personal_keys_are_hidden_at_any_depth(written: io.BytesIO) -> None:
    log = structlog.get_logger()
    for key in PERSONAL_KEYS:
        log.info("flat", **{key: CANARY})
        log.info("deep", facts=[{"inner": {key: CANARY}}])
    assert CANARY not in written.getvalue().decode()
    assert len(lines(written)) == 2 * len(PERSONAL_KEYS)


def test_an_exception_is_placed_but_not_quoted(written: io.BytesIO) -> None:
    class Refused(Exception):
        sqlstate = "23505"

    try:
        try:
            raise Refused(f"Key (email)=({CANARY}) already exists")
        except Refused as error:
            raise KeyError(CANARY) from error
    except KeyError as error:
        structlog.get_logger().error("failed", exc_info=error)
    (line,) = lines(written)
    chain = line["exception"]
    assert isinstance(chain, list)
    assert chain[0]["type"] == "builtins.KeyError"
    assert chain[1]["sqlstate"] == "23505"
    assert "test_logging.py" in chain[0]["frames"][0]
    assert CANARY not in json.dumps(line)


def test_a_line_names_its_request(written: io.BytesIO) -> None:
    token = CURRENT.set(Current("request-1", "t" * 32, "tenant-1"))
    try:
        structlog.get_logger().info("inside")
        logging.getLogger("some.library").warning("odd %s", "thing")
    finally:
        CURRENT.reset(token)
    first, second = lines(written)
    assert (first["request_id"], first["tenant_id"]) == ("request-1", "tenant-1")
    assert (second["event"], second["logger"]) == ("odd thing", "some.library")


def test_lesser_levels_are_left_out(written: io.BytesIO) -> None:
    structlog.get_logger().debug("quiet")
    assert written.getvalue() == b""
