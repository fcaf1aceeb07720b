"""Signing in through somebody else's account (OpenID Connect): the port of identity plugins."""

from typing import Protocol

import msgspec


class SignInStart(msgspec.Struct, frozen=True, kw_only=True):
    """Where the browser is sent, and what must be kept in its session until it comes back."""

    url: str
    state: str
    """Binds the answer to this browser (RFC 6749, 10.12)."""
    nonce: str
    """Binds the ID token to this start (OpenID Connect Core, 3.1.2.1)."""
    code_verifier: str
    """PKCE S256 (RFC 7636)."""


class ExternalIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed in there. The key is `(issuer, subject)`; an address never is."""

    issuer: str
    subject: str
    email: str | None = None
    email_verified: bool = False
    name: str = ""


class IdentityProvider(Protocol):
    """A vendor with whom people have accounts."""

    async def start(self, *, redirect_url: str, login_hint: str | None = None) -> SignInStart:
        """Begin a sign-in; every value is fresh. Raises IdentityUnavailable."""
        ...

    async def complete(
        self, start: SignInStart, *, redirect_url: str, code: str, state: str
    ) -> ExternalIdentity:
        """Exchange the code and check the token.

        Raises SignInRefused when anything doesn't fit (state, code, nonce, issuer, audience,
        expiry, signature), and IdentityUnavailable.
        """
        ...


class IdentityError(Exception):
    """Base of what identity providers raise. Its text is shown to people; no secrets in it."""


class SignInRefused(IdentityError):
    """This sign-in doesn't hold; begin another one."""


class IdentityUnavailable(IdentityError):
    """The vendor is away."""
