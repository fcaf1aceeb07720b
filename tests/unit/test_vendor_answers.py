"""What vendors say to OAuth requests is read warily: what isn't a token isn't taken for one."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from core.ports.outbound import OutboundAnswer, OutboundTimeout
from core.shared.errors import InvalidInput
from core.shared.secret import Secret
from plugins.host.catalogue import LoadedPlugin
from plugins.sdk import OAuthProvider, SecretText, Settings, SettingsSpec
from tenants.plugins.vendor import (
    LONGEST_LIFE,
    MAX_TOKEN,
    Tokens,
    Vendor,
    VendorAway,
    VendorRefused,
    consent_address,
    is_from,
)
from tests.fixtures.plugins import catalogue_of, made_plugin, manifest_of

VALUES = {"client_id": "id", "client_secret": "s3cret"}
GOOD: dict[str, Any] = {"access_token": "at", "refresh_token": "rt", "expires_in": 60}
PROVIDER = OAuthProvider(
    name="vendor",
    authorize_url="https://vendor.example/authorize?realm=x",
    token_url="https://vendor.example/token",
    revoke_url="https://revoke.vendor.example/revoke",
    scopes=("read", "write"),
    client_id_setting="client_id",
    client_secret_setting="client_secret",
)


class VendorSettings(Settings, frozen=True):
    client_id: str = ""
    client_secret: SecretText | None = None


class Asked:
    """Implements `Network` and `OutboundHttp`: answers as a test says, keeps what was sent."""

    def __init__(self, answer: OutboundAnswer | Exception) -> None:
        self._answer = answer
        self.hosts: Sequence[str] = ()
        self.url = ""
        self.headers: Mapping[str, str] = {}
        self.form: dict[str, str] = {}

    def http(self, hosts: Any) -> Any:
        self.hosts = tuple(hosts)
        return self

    def connections(self, hosts: Any) -> Any:
        raise AssertionError(hosts)

    async def request(self, method: str, url: str, **options: Any) -> OutboundAnswer:
        assert method == "POST"
        self.url, self.headers = url, options["headers"]
        self.form = dict(parse_qsl(options["content"].decode()))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def plugin(provider: OAuthProvider = PROVIDER) -> LoadedPlugin:
    return catalogue_of(
        made_plugin(
            manifest_of("vendor", hosts=("vendor.example", "*.vendor.example")),
            settings=SettingsSpec(type=VendorSettings),
            oauth_provider=provider,
        )
    ).plugins["vendor"]


def answered(body: Any, status: int = 200, **headers: str) -> Asked:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Asked(OutboundAnswer(status, headers, content))


def vendor(asked: Asked, provider: OAuthProvider = PROVIDER) -> Vendor:
    return Vendor(asked, plugin(provider), VALUES)


async def test_a_code_is_exchanged_with_its_verifier() -> None:
    asked = answered(GOOD)
    granted = await vendor(asked).exchange(Secret("c&d"), Secret("v" * 43), "https://a.example/cb")
    assert granted.tokens == Tokens("at", "rt")
    assert (granted.scopes, granted.seconds, granted.account) == (None, 60.0, "")
    assert asked.hosts == ("vendor.example",), "to this host and to no other"
    assert asked.form == {
        "grant_type": "authorization_code",
        "code": "c&d",
        "redirect_uri": "https://a.example/cb",
        "code_verifier": "v" * 43,
    }
    basic = base64.b64encode(b"id:s3cret").decode()
    assert asked.headers["Authorization"] == f"Basic {basic}"


async def test_a_client_may_be_named_in_the_form() -> None:
    asked = answered(GOOD)
    provider = msgspec.structs.replace(PROVIDER, client_auth="post")
    granted = await vendor(asked, provider).renew("rt-1")
    assert granted.tokens.refresh_token == "rt"
    assert asked.form == {
        "grant_type": "refresh_token",
        "refresh_token": "rt-1",
        "client_id": "id",
        "client_secret": "s3cret",
    }
    assert "Authorization" not in asked.headers


async def test_a_refresh_token_stays_when_none_comes() -> None:
    granted = await vendor(answered({"access_token": "at"})).renew("rt-1")
    assert granted.tokens == Tokens("at", "rt-1")
    assert granted.seconds is None


@pytest.mark.parametrize(
    "token",
    [None, "", 17, ["a"], "at\r\nX-Admin: 1", "ä", "a\x00", "a" * (MAX_TOKEN + 1)],
)
@pytest.mark.parametrize("field", ["access_token", "refresh_token"])
async def test_what_no_header_can_hold_is_no_token(field: str, token: Any) -> None:
    asked = answered({**GOOD, field: token})
    if field == "refresh_token" and not token:
        assert (await vendor(asked).renew("rt-1")).tokens.refresh_token == "rt-1"
        return
    with pytest.raises(VendorAway, match="without a token"):
        await vendor(asked).renew("rt-1")


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (3600, 3600.0),
        ("3600", 3600.0),
        (0, None),
        (-5, None),
        ("soon", None),
        (None, None),
        ([], None),
        (10**30, float(LONGEST_LIFE)),
    ],
)
async def test_how_long_a_token_holds_is_read_warily(given: Any, seconds: float | None) -> None:
    granted = await vendor(answered({**GOOD, "expires_in": given})).renew("rt")
    assert granted.seconds == seconds


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("read write read", ("read", "write")),
        ("read,write", ("read", "write")),
        ("", ()),
        (["read"], None),
    ],
)
async def test_scopes_are_read_in_both_ways(scope: Any, scopes: Any) -> None:
    assert (await vendor(answered({**GOOD, "scope": scope})).renew("rt")).scopes == scopes


def id_token(claims: Any) -> str:
    payload = base64.urlsafe_b64encode(msgspec.json.encode(claims)).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


@pytest.mark.parametrize(
    ("token", "account"),
    [
        (id_token({"email": "a@b.example", "sub": "7"}), "a@b.example"),
        (id_token({"sub": "7"}), "7"),
        (id_token({"email": {"x": 1}, "name": "Ada\x1b[31m"}), "Ada[31m"),
        (id_token([1]), ""),
        ("no.token", ""),
        ("a.%%%.c", ""),
        (17, ""),
    ],
)
async def test_whose_account_it_is_is_read_from_an_id_token(token: Any, account: str) -> None:
    assert (await vendor(answered({**GOOD, "id_token": token})).renew("rt")).account == account


async def test_whose_account_it_is_may_stand_in_a_field() -> None:
    provider = msgspec.structs.replace(PROVIDER, account_field="team.name")
    for team, account in (({"name": "Acme"}, "Acme"), ("Acme", ""), ({"name": True}, "")):
        asked = answered({**GOOD, "team": team})
        assert (await vendor(asked, provider).renew("rt")).account == account


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, {"error": "invalid_grant"}, "invalid_grant"),
        (401, {"error": "invalid_client"}, "invalid_client"),
        (200, {"error": "bad_refresh_token"}, "bad_refresh_token"),
        (200, {**GOOD, "error": "odd"}, "odd"),
    ],
)
async def test_a_refusal_has_its_code(status: int, body: Any, code: str) -> None:
    with pytest.raises(VendorRefused) as caught:
        await vendor(answered(body, status)).renew("rt")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (answered(b"", 500), None),
        (answered({"error": "slow_down"}, 429, **{"retry-after": "30"}), 30.0),
        (answered(b"", 503, **{"retry-after": "Fri, 31 Dec 2027 23:59:59 GMT"}), None),
        (answered(b"<html>", 400), None),
        (answered(b"[]", 200), None),
        (answered(b'{"access_token"', 200), None),
        (answered({"error": {"code": 5}}, 400), None),
        (answered({"error": "caf\u00e9"}, 400), None),
        (answered(b"", 302, location="https://elsewhere.example/"), None),
        (Asked(OutboundTimeout("It took too long.")), None),
    ],
)
async def test_what_is_no_answer_is_asked_for_again(answer: Asked, after: float | None) -> None:
    with pytest.raises(VendorAway) as caught:
        await vendor(answer).renew("rt")
    assert caught.value.after_seconds == after


async def test_tokens_are_given_back_by_the_one_that_renews() -> None:
    asked = answered(b"")
    await vendor(asked).revoke(Tokens("at", "rt"))
    assert asked.hosts == ("revoke.vendor.example",)
    assert asked.form == {"token": "rt", "token_type_hint": "refresh_token"}
    await vendor(asked).revoke(Tokens("at"))
    assert asked.form == {"token": "at", "token_type_hint": "access_token"}
    with pytest.raises(VendorRefused):
        await vendor(answered({"error": "unsupported_token_type"}, 400)).revoke(Tokens("at"))
    silent = answered(b"")
    await vendor(silent, msgspec.structs.replace(PROVIDER, revoke_url=None)).revoke(Tokens("at"))
    assert silent.url == ""


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_a_setting_that_is_missing_is_named(missing: str) -> None:
    for empty in ("", None):
        with pytest.raises(InvalidInput) as caught:
            Vendor(answered(GOOD), plugin(), {**VALUES, missing: empty})
        assert [each.field for each in caught.value.fields] == [f"settings.{missing}"]


def test_the_vendors_page_is_asked_as_the_protocol_says() -> None:
    # The verifier and the challenge of RFC 7636, appendix B.
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    provider = msgspec.structs.replace(PROVIDER, extra_authorize={"prompt": "consent & more"})
    address = consent_address(provider, "i d", "https://a.example/cb?x=1", Secret("st"), verifier)
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "vendor.example", "/authorize")
    assert dict(parse_qsl(parts.query, strict_parsing=True)) == {
        "realm": "x",
        "response_type": "code",
        "client_id": "i d",
        "redirect_uri": "https://a.example/cb?x=1",
        "scope": "read write",
        "state": "st",
        "prompt": "consent & more",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }


@pytest.mark.parametrize(
    ("declared", "named", "is_right"),
    [
        (None, None, True),
        (None, "https://vendor.example", True),
        (None, "https://vendor.example/tenant/2", True),
        (None, "https://vendor.example.evil.example", False),
        (None, "http://vendor.example", False),
        (None, "https://[", False),
        (None, "", False),
        ("https://vendor.example/2", "https://vendor.example/2", True),
        ("https://vendor.example/2", "https://vendor.example/3", False),
        ("https://vendor.example/2", None, False),
        ("https://vendor.example/2", "caf\u00e9", False),
    ],
)
def test_who_answers_must_be_who_was_asked(
    declared: str | None, named: str | None, is_right: bool
) -> None:
    provider = msgspec.structs.replace(PROVIDER, issuer=declared)
    assert is_from(provider, named) is is_right


def test_nothing_shows_a_token() -> None:
    tokens = Tokens("at-hidden", "rt-hidden")
    shown = repr(tokens.sealable()) + repr([tokens]) + f"{tokens}"
    assert "-hidden" not in shown
    assert Tokens.unsealed(tokens.sealable()) == tokens
