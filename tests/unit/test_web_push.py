"""Push messages are what the RFCs say, and say nothing to the service between."""

import base64
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from core.ports.push import PushTarget
from plugins.web_push.encryption import (
    LONGEST_BYTES,
    UnusableSubscription,
    decode,
    encode,
    encrypt,
    read_key,
)
from plugins.web_push.identification import Identification
from tests.fixtures.push_service import ReadingBrowser

# RFC 8291, appendix A.
PLAINTEXT = b"When I grow up, I want to be a watermelon"
OURS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
BROWSER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
BROWSERS_OWN = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)


def test_the_example_of_the_rfc() -> None:
    ours = ec.derive_private_key(int.from_bytes(decode(OURS)), ec.SECP256R1())
    body = encrypt(PLAINTEXT, BROWSER, AUTH, ephemeral=ours, salt=decode(SALT))
    assert encode(body) == BODY
    browser = ReadingBrowser(decode(BROWSERS_OWN), decode(AUTH))
    assert browser.read(decode(BODY)) == PLAINTEXT


def test_each_message_is_another_and_only_its_browser_reads_it() -> None:
    browser, other = ReadingBrowser.new(), ReadingBrowser.new()
    one, two = (encrypt(PLAINTEXT, browser.p256dh, browser.auth) for _ in range(2))
    assert one != two
    assert PLAINTEXT not in one
    assert browser.read(one) == browser.read(two) == PLAINTEXT
    with pytest.raises(ValueError, match="not for this browser"):
        other.read(one)
    with pytest.raises(ValueError, match="not for this browser"):
        browser.read(one[:-1] + bytes([one[-1] ^ 1]))
    longest = encrypt(b"x" * LONGEST_BYTES, browser.p256dh, browser.auth)
    assert len(longest) <= 4_096
    with pytest.raises(ValueError, match="3500 bytes"):
        encrypt(b"x" * (LONGEST_BYTES + 1), browser.p256dh, browser.auth)


@pytest.mark.parametrize(
    "key", ["", "*", encode(b"\x04" + bytes(64)), encode(b"\x05" * 65), encode(b"x" * 64)]
)
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(UnusableSubscription):
        read_key(key)


def test_who_sends_is_signed() -> None:
    tenant, now = uuid4(), datetime(2026, 3, 1, 12, tzinfo=UTC)
    ours = Identification("s" * 40, tenant, "https://acme.example")
    header = ours.authorization("https://push.example:8443/send/x?y=1", now)
    scheme, _, rest = header.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, parts["k"]) == ("vapid", ours.public_key)
    signed, _, signature = parts["t"].rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    made = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    read_key(ours.public_key).verify(made, signed.encode(), ec.ECDSA(hashes.SHA256()))
    head, claims = (msgspec.json.decode(decode(part)) for part in signed.split("."))
    assert head == {"typ": "JWT", "alg": "ES256"}
    assert claims == {
        "aud": "https://push.example:8443",
        "exp": int(now.timestamp()) + 12 * 3600,
        "sub": "https://acme.example",
    }


def test_a_workspace_has_one_key_of_its_own() -> None:
    one, two = UUID(int=1), UUID(int=2)
    keys = {
        Identification(secret, tenant, "https://x.example").public_key
        for secret in ("a" * 40, "b" * 40)
        for tenant in (one, two)
        for _ in range(2)
    }
    assert len(keys) == 4


def test_a_target_shows_nothing() -> None:
    target = PushTarget("https://push.example/secret", "key", "auth")
    assert "secret" not in f"{target!r} {target}"
