"""`IdentityProvider` in memory: OpenID Connect without the network and the signatures."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from core.ports.identity import ExternalIdentity, IdentityUnavailable, SignInRefused, SignInStart
from plugins.sdk.testing.identity import Consent

ISSUER: Final = "https://id.example.com"
CLIENT: Final = "intellimatch"


class _Grant(msgspec.Struct, frozen=True):
    """What a code stands for."""

    challenge: str
    nonce: str
    audience: str
    redirect_url: str
    email: str
    email_verified: bool


class MemoryIdentityProvider:
    """An adapter and its vendor in one."""

    def __init__(self) -> None:
        self._grants: dict[str, _Grant] = {}
        self._audience = CLIENT
        self._nonce: str | None = None
        self._is_away = False

    async def start(self, *, redirect_url: str, login_hint: str | None = None) -> SignInStart:
        """Make fresh values."""
        self._be_there()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": redirect_url,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        if login_hint is not None:
            asked["login_hint"] = login_hint
        url = f"{ISSUER}/authorize?{urlencode(asked)}"
        return SignInStart(url=url, state=state, nonce=nonce, code_verifier=verifier)

    async def complete(
        self, start: SignInStart, *, redirect_url: str, code: str, state: str
    ) -> ExternalIdentity:
        """Check everything that the protocol binds."""
        self._be_there()
        if not hmac.compare_digest(state.encode(), start.state.encode()):
            raise SignInRefused("This sign-in was begun elsewhere.")
        grant = self._grants.pop(code, None)
        if grant is None:
            raise SignInRefused("This sign-in was used or is over.")
        fits = (
            grant.challenge == _challenge(start.code_verifier)
            and grant.redirect_url == redirect_url
            and (self._nonce or grant.nonce) == start.nonce
            and self._audience == grant.audience == CLIENT
        )
        self._nonce, self._audience = None, CLIENT
        if not fits:
            raise SignInRefused("What the vendor answered doesn't belong to this sign-in.")
        return ExternalIdentity(
            issuer=ISSUER,
            subject=hashlib.sha256(grant.email.encode()).hexdigest(),
            email=grant.email,
            email_verified=grant.email_verified,
        )

    def consent(self, url: str, *, email: str, email_verified: bool = True) -> Consent:
        """Give a code."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = secrets.token_urlsafe(16)
        self._grants[code] = _Grant(
            challenge=asked["code_challenge"],
            nonce=asked["nonce"],
            audience=asked["client_id"],
            redirect_url=asked["redirect_uri"],
            email=email,
            email_verified=email_verified,
        )
        return Consent(code, asked["state"])

    def issue_next_token_for_another_client(self) -> None:
        """Spoil the audience."""
        self._audience = "another-client"

    def issue_next_token_with_another_nonce(self) -> None:
        """Spoil the nonce."""
        self._nonce = "another-nonce"

    def be_away(self) -> None:
        """Answer nothing."""
        self._is_away = True

    def _be_there(self) -> None:
        if self._is_away:
            raise IdentityUnavailable("The vendor is away.")


class MemoryIdentityRig:
    """Both sides of the same object."""

    def __init__(self, both: MemoryIdentityProvider) -> None:
        self.provider = both
        self.vendor = both


@asynccontextmanager
async def memory_identity() -> AsyncIterator[MemoryIdentityRig]:
    """Yield a rig for `IdentityContract`."""
    yield MemoryIdentityRig(MemoryIdentityProvider())


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
