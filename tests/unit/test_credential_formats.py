"""The shapes of API keys and session tokens, and that a slip or a forgery is seen by looking."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity import tokens
from core.identity.tokens import (
    API_KEY_PATTERN,
    Pepper,
    hint_of_api_key,
    make_api_key,
    make_session_token,
    tenant_of_api_key,
    tenant_of_session_token,
)
from core.shared.ids import TenantId
from plugins.system.ids import RandomIds
from tests.fixtures.examined import Examined

IDS = RandomIds()
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@given(st.uuids())
def test_a_key_names_its_tenant_and_fits_what_scanners_look_for(uuid: UUID) -> None:
    key = make_api_key(TenantId(uuid), IDS.token)
    assert re.fullmatch(API_KEY_PATTERN, key)
    assert tenant_of_api_key(key) == uuid
    assert len(hint_of_api_key(key)) == 4
    assert hint_of_api_key(key) == key.split("_")[2][:4]


def _slips(key: str) -> list[str]:
    """Every key that differs in one character."""
    return [
        key[:place] + other + key[place + 1 :]
        for place in range(len(key))
        for other in ALPHABET[::6]
        if other != key[place]
    ]


def test_every_single_slip_is_seen(examined: Examined) -> None:
    key = make_api_key(TenantId(IDS.new()), IDS.token)
    slips = _slips(key)
    assert [slip for slip in slips if tenant_of_api_key(slip) is not None] == []
    examined("keys with one wrong character", len(slips))


def test_a_checksum_that_ignores_the_key_lets_slips_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The planted defect: the same checksum for every key.
    monkeypatch.setattr(tokens, "_checksum", lambda _: "000000")
    key = make_api_key(TenantId(IDS.new()), IDS.token)
    assert any(tenant_of_api_key(slip) is not None for slip in _slips(key))


@pytest.mark.parametrize("junk", ["", "im_", "im_" + "0" * 59, "x" * 5000, "im_é", "Bearer x"])
def test_junk_is_no_key(junk: str) -> None:
    assert tenant_of_api_key(junk) is None


def test_a_tenant_number_too_large_is_no_key() -> None:
    body = "im_" + "z" * 22 + "_" + "0" * 30
    assert tenant_of_api_key(body + tokens._checksum(body)) is None


@given(st.uuids())
def test_a_session_token_names_its_tenant(uuid: UUID) -> None:
    token = make_session_token(TenantId(uuid), IDS.token)
    assert tenant_of_session_token(token) == uuid
    assert len(token) == 64


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_tokens(text: str) -> None:
    assert tenant_of_api_key(text) is None
    tenant_of_session_token(text)


def test_tokens_are_all_different(examined: Examined) -> None:
    tenant = TenantId(IDS.new())
    made = {make_api_key(tenant, IDS.token) for _ in range(2_000)}
    made |= {make_session_token(tenant, IDS.token) for _ in range(2_000)}
    assert len(made) == 4_000
    examined("tokens", len(made))


def test_a_digest_depends_on_pepper_and_purpose() -> None:
    one, other = Pepper("p" * 32), Pepper("q" * 32)
    digests = {
        one.digest("session", "t"),
        one.digest("api_key", "t"),
        one.digest("invitation", "t"),
        one.digest("password_reset", "t"),
        other.digest("session", "t"),
    }
    assert len(digests) == 5
    assert all(len(digest) == 32 for digest in digests)
