"""Whatever is done to a Secret short of revealing it, nothing of it is seen."""

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from uuid import uuid4

import msgspec
import pytest
from rich.pretty import pretty_repr

from api.logging import _to_json, hide_personal_data
from core.ports.secrets import SecretPlace
from core.shared.secret import Secret
from tests.fixtures.examined import Examined

WORD = "correct-horse-battery"


class Settings(msgspec.Struct):
    secret: Secret


def _logged(secret: Secret) -> str:
    event = hide_personal_data(None, "info", {"event": "x", "value": secret, "more": [secret]})
    return _to_json(None, "info", event).decode()


def _raised(secret: Secret) -> str:
    try:
        raise ValueError(secret, {"settings": secret})
    except ValueError as error:
        return "".join(traceback.format_exception(error))


SHOWN: list[Callable[[Secret], str]] = [
    repr,
    str,
    lambda secret: f"{secret} {secret!r} {secret:>40}",
    lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    lambda secret: repr([secret, {"a": secret}]),
    lambda secret: repr(Settings(secret)),
    pretty_repr,
    _logged,
    _raised,
    lambda secret: logging.LogRecord("a", 1, "b", 1, "%s", (secret,), None).getMessage(),
    lambda secret: json.dumps({"a": secret}, default=repr),
]


def test_no_way_of_showing_it_shows_it(examined: Examined) -> None:
    secret = Secret(WORD)
    assert [show(secret) for show in SHOWN if WORD in show(secret)] == []
    examined("ways of showing it", len(SHOWN))


def test_a_plain_text_would_be_found() -> None:
    assert all(WORD in show(WORD) for show in SHOWN)  # type: ignore[arg-type]


@pytest.mark.parametrize("encode", [msgspec.json.encode, msgspec.to_builtins, pickle.dumps])
def test_it_is_not_encoded_by_accident(encode: Callable[[object], object]) -> None:
    with pytest.raises(TypeError) as caught:
        encode({"secret": Secret(WORD)})
    assert WORD not in str(caught.value)


def test_it_can_be_compared_copied_and_revealed() -> None:
    secret = Secret(WORD)
    assert secret.reveal() == WORD
    assert secret == Secret(WORD)
    assert secret != Secret("other")
    assert secret != WORD
    assert hash(secret) == hash(Secret(WORD))
    assert copy.deepcopy({"a": secret})["a"].reveal() == WORD
    assert secret
    assert not Secret("")


@pytest.mark.parametrize(
    "place", [("", "r", "c"), ("t", "", "c"), ("t", "r", ""), ("t|r", "r", "c"), ("t", "r|c", "c")]
)
def test_a_place_whose_parts_could_be_mistaken_is_refused(place: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="no part of a secret's place"):
        SecretPlace(*place)
    SecretPlace("plugin_settings", uuid4(), "values.password")
