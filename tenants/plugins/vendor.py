"""Speaks OAuth 2 with a plugin's vendor: where an admin agrees, and tokens for what came back.

RFC 6749 with PKCE (RFC 7636, S256) and revocation (RFC 7009). Requests go through the guarded way
out, to the host of the address that the plugin's `OAuthProvider` gives and to no other.
"""

import base64
import binascii
import hmac
import math
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from core.ports.outbound import AnswerTooLarge, OutboundAnswer, OutboundRefused, OutboundUnavailable
from core.shared.errors import FieldError, InvalidInput
from core.shared.secret import HIDDEN, Secret
from plugins.host.catalogue import LoadedPlugin
from plugins.sdk.contributions import OAuthProvider
from tenants.plugins.seams import Network

SECONDS: Final = 15.0
"""For one request. Less than the lease of a renewal, whatever else it takes."""
MAX_ANSWER_BYTES: Final = 128 * 1024
MAX_TOKEN: Final = 32 * 1024
LONGEST_LIFE: Final = 366 * 24 * 3600
_AUTH: Final = {"basic": "client_secret_basic", "post": "client_secret_post"}
_OVERLOADED: Final = frozenset({408, 425, 429})


class VendorRefused(Exception):
    """The vendor answered and won't give a token; `code` is the error of RFC 6749, 5.2."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class VendorAway(Exception):
    """The vendor couldn't be asked, or answered what no answer is. Asking again may help."""

    def __init__(self, message: str, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class Tokens(msgspec.Struct, frozen=True):
    """What is sealed: nobody but the host ever has the refresh token."""

    access_token: str
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return f"Tokens({HIDDEN})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("tokens", HIDDEN)]

    def sealable(self) -> Secret:
        """Return them as one text."""
        return Secret(msgspec.json.encode(self).decode())

    @classmethod
    def unsealed(cls, text: Secret) -> "Tokens":
        """Return what `sealable` made a text of."""
        return msgspec.json.decode(text.reveal(), type=cls)


class Granted(msgspec.Struct, frozen=True):
    """A vendor's answer with tokens in it."""

    tokens: Tokens
    scopes: tuple[str, ...] | None
    """None: those that were asked for."""
    seconds: float | None
    """For how long the access token holds; None: nobody knows."""
    account: str


class Client(msgspec.Struct, frozen=True):
    """As which the tenant is registered at the vendor."""

    id: str
    secret: Secret


def client_of(provider: OAuthProvider, values: Mapping[str, Any]) -> Client:
    """Return the client that the settings name. Raises InvalidInput for a setting that is empty."""
    names = (provider.client_id_setting, provider.client_secret_setting)
    missing = [name for name in names if not isinstance(values.get(name), str) or not values[name]]
    if missing:
        raise InvalidInput(
            *(
                FieldError(f"settings.{name}", "The vendor gives you this. Fill it in.", "missing")
                for name in missing
            )
        )
    return Client(values[names[0]], Secret(values[names[1]]))


def consent_address(
    provider: OAuthProvider, client_id: str, callback_url: str, state: Secret, verifier: Secret
) -> str:
    """Return the vendor's page where an admin agrees (RFC 6749, 4.1.1; RFC 7636, 4.3)."""
    address = prepare_grant_uri(
        provider.authorize_url,
        client_id,
        "code",
        redirect_uri=callback_url,
        scope=" ".join(provider.scopes) or None,
        state=state.reveal(),
        **{
            **provider.extra_authorize,
            "code_challenge": create_s256_code_challenge(verifier.reveal()),
            "code_challenge_method": "S256",
        },
    )
    return str(address)


def is_from(provider: OAuthProvider, issuer: str | None) -> bool:
    """Whether an answer that names `issuer` may be the vendor's (RFC 9207, 2.4).

    A vendor whose plugin names none may still say who it is, but not that it is somebody else.
    """
    if provider.issuer is not None:
        return issuer is not None and hmac.compare_digest(issuer.encode(), provider.issuer.encode())
    if issuer is None:
        return True
    known = {_origin(provider.authorize_url), _origin(provider.token_url)}
    return _origin(issuer) in known


class Vendor:
    """One plugin's vendor, asked as one tenant's client."""

    def __init__(self, network: Network, plugin: LoadedPlugin, values: Mapping[str, Any]) -> None:
        """Raises ValueError for a plugin without a provider, InvalidInput as `client_of`."""
        if plugin.oauth_provider is None:
            raise ValueError(f"the plugin {plugin.id} has no oauth_provider")
        self._network = network
        self.provider = plugin.oauth_provider
        self.name = plugin.manifest.name
        self._client = client_of(self.provider, values)

    async def exchange(self, code: Secret, verifier: Secret, callback_url: str) -> Granted:
        """Return the tokens for what the vendor's page gave. Raises VendorRefused, VendorAway."""
        body = prepare_token_request(
            "authorization_code",
            redirect_uri=callback_url,
            code=code.reveal(),
            code_verifier=verifier.reveal(),
        )
        return self._granted(await self._post(self.provider.token_url, body), None)

    async def renew(self, refresh_token: str) -> Granted:
        """Return new tokens; the refresh token is the same again unless the vendor gave another.

        Raises VendorRefused and VendorAway.
        """
        body = prepare_token_request("refresh_token", refresh_token=refresh_token)
        return self._granted(await self._post(self.provider.token_url, body), refresh_token)

    async def revoke(self, tokens: Tokens) -> None:
        """Give the tokens back (RFC 7009); with the refresh token go those made from it.

        Does nothing when the vendor takes none. Raises VendorRefused and VendorAway.
        """
        if self.provider.revoke_url is None:
            return
        hint = "access_token" if tokens.refresh_token is None else "refresh_token"
        body, _ = prepare_revoke_token_request(
            tokens.refresh_token or tokens.access_token, token_type_hint=hint
        )
        answer = await self._post(self.provider.revoke_url, body)
        if not 200 <= answer.status < 300:
            raise self._refusal(answer, _read(answer))

    async def _post(self, address: str, body: str) -> OutboundAnswer:
        auth = ClientAuth(
            self._client.id, self._client.secret.reveal(), _AUTH[self.provider.client_auth]
        )
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        _, headers, body = auth.prepare("POST", address, headers, body)
        http = self._network.http((urlsplit(address).hostname or "",))
        try:
            return await http.request(
                "POST",
                address,
                headers=headers,
                content=body.encode(),
                timeout_seconds=SECONDS,
                max_answer_bytes=MAX_ANSWER_BYTES,
            )
        except (OutboundRefused, OutboundUnavailable, AnswerTooLarge) as error:
            raise VendorAway(error.message) from error

    def _granted(self, answer: OutboundAnswer, refresh_token: str | None) -> Granted:
        found = _read(answer)
        # Some answer 200 with an error in it.
        if answer.status != 200 or "error" in found:
            raise self._refusal(answer, found)
        token = found.get("access_token")
        renewed = found.get("refresh_token") or refresh_token
        if not _is_token(token) or (renewed is not None and not _is_token(renewed)):
            raise VendorAway(f"{self.name}'s vendor answered without a token that can be used.")
        scope = found.get("scope")
        return Granted(
            tokens=Tokens(str(token), renewed),
            scopes=_scopes(scope) if isinstance(scope, str) else None,
            seconds=_seconds(found.get("expires_in")),
            account=_account(self.provider, found),
        )

    def _refusal(
        self, answer: OutboundAnswer, found: Mapping[str, Any]
    ) -> VendorRefused | VendorAway:
        if answer.status >= 500 or answer.status in _OVERLOADED:
            wait = answer.headers.get("retry-after", "")
            return VendorAway(
                f"{self.name}'s vendor answered {answer.status}.",
                float(wait) if wait.isdecimal() and len(wait) < 6 else None,
            )
        code = found.get("error")
        if not isinstance(code, str) or not code.isascii() or not code.isprintable():
            return VendorAway(f"{self.name}'s vendor answered {answer.status}, and no reason.")
        return VendorRefused(
            code[:100], f"{self.name}'s vendor refused: {code[:100]} ({answer.status})."
        )


def _read(answer: OutboundAnswer) -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _is_token(value: Any) -> bool:
    """Whether it is one that a header can hold (RFC 6749, A.12: visible ASCII and spaces)."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_TOKEN
        and value.isascii()
        and value.isprintable()
    )


def _seconds(value: Any) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return min(seconds, float(LONGEST_LIFE)) if math.isfinite(seconds) and seconds > 0 else None


def _scopes(text: str) -> tuple[str, ...]:
    """Return the scopes; RFC 6749 parts them by spaces, some vendors by commas."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))[:200]


def _account(provider: OAuthProvider, found: Mapping[str, Any]) -> str:
    if provider.account_field is not None:
        value: Any = found
        for name in provider.account_field.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return _shown(value)
    claims = _claims(found.get("id_token"))
    named = (claims.get(name) for name in ("email", "preferred_username", "name", "sub"))
    return next((shown for shown in map(_shown, named) if shown), "")


def _claims(id_token: Any) -> Mapping[str, Any]:
    """Return what an id_token says. It came over TLS from the vendor itself, which stands for its
    signature (OpenID Connect Core, 3.1.3.7), and nothing is decided by it.
    """
    if not isinstance(id_token, str) or id_token.count(".") != 2:
        return {}
    payload = id_token.split(".")[1]
    try:
        raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return {}


def _shown(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return "".join(each for each in str(value) if each.isprintable())[:200]


def _origin(address: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "", "", None
    return parts.scheme, parts.hostname or "", port
