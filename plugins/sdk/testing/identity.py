"""The contract of `IdentityProvider`: every identity adapter passes this suite."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec

from core.ports.identity import IdentityProvider, IdentityUnavailable, SignInRefused
from plugins.sdk.testing.expecting import expect_raises

REDIRECT: Final = "https://acme.example.com/sign-in/callback"


class Consent(msgspec.Struct, frozen=True):
    """What the vendor sends the browser back with."""

    code: str
    state: str


class IdentityVendor(Protocol):
    """The other side, as the test commands it."""

    def consent(self, url: str, *, email: str, email_verified: bool = True) -> Consent:
        """Do what a person does on the vendor's page, who is known there by `email`."""
        ...

    def issue_next_token_for_another_client(self) -> None:
        """Put another audience into the next ID token."""
        ...

    def issue_next_token_with_another_nonce(self) -> None:
        """Put another nonce into the next ID token."""
        ...

    def be_away(self) -> None:
        """Answer nothing until further notice."""
        ...


class IdentityRig(Protocol):
    """An adapter and the vendor that it talks to."""

    @property
    def provider(self) -> IdentityProvider:
        """The adapter."""
        ...

    @property
    def vendor(self) -> IdentityVendor:
        """Its vendor."""
        ...


class IdentityContract(ABC):
    """What holds of every adapter."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[IdentityRig]:
        """Give an adapter and its vendor."""

    async def test_somebody_signs_in(self) -> None:
        async with self.rig() as rig:
            start = await rig.provider.start(redirect_url=REDIRECT)
            back = rig.vendor.consent(start.url, email="ada@example.com")
            who = await rig.provider.complete(
                start, redirect_url=REDIRECT, code=back.code, state=back.state
            )
            assert who.issuer
            assert who.subject
            assert (who.email, who.email_verified) == ("ada@example.com", True)

    async def test_the_same_person_is_the_same_subject(self) -> None:
        async with self.rig() as rig:
            first = await self._sign_in(rig, "ada@example.com")
            again = await self._sign_in(rig, "ada@example.com")
            other = await self._sign_in(rig, "bob@example.com")
            assert first == again
            assert first != other

    async def test_an_unverified_address_is_said_to_be_so(self) -> None:
        async with self.rig() as rig:
            start = await rig.provider.start(redirect_url=REDIRECT)
            back = rig.vendor.consent(start.url, email="eve@example.com", email_verified=False)
            who = await rig.provider.complete(
                start, redirect_url=REDIRECT, code=back.code, state=back.state
            )
            assert not who.email_verified

    async def test_a_start_is_fresh_and_says_what_the_protocol_asks(self) -> None:
        async with self.rig() as rig:
            starts = [await rig.provider.start(redirect_url=REDIRECT) for _ in range(20)]
            for part in ("state", "nonce", "code_verifier"):
                assert len({getattr(start, part) for start in starts}) == len(starts)
            asked = {
                name: values[0] for name, values in parse_qs(urlsplit(starts[0].url).query).items()
            }
            assert asked["response_type"] == "code"
            assert asked["redirect_uri"] == REDIRECT
            assert asked["code_challenge_method"] == "S256"
            assert asked["state"] == starts[0].state
            assert asked["nonce"] == starts[0].nonce
            assert starts[0].code_verifier not in starts[0].url
            assert "openid" in asked["scope"].split()

    async def test_what_was_begun_elsewhere_is_refused(self) -> None:
        async with self.rig() as rig:
            mine = await rig.provider.start(redirect_url=REDIRECT)
            theirs = await rig.provider.start(redirect_url=REDIRECT)
            back = rig.vendor.consent(theirs.url, email="eve@example.com")
            for state in (back.state, mine.state, ""):
                work = rig.provider.complete(
                    mine, redirect_url=REDIRECT, code=back.code, state=state
                )
                await expect_raises(SignInRefused, work)

    async def test_a_code_works_once(self) -> None:
        async with self.rig() as rig:
            start = await rig.provider.start(redirect_url=REDIRECT)
            back = rig.vendor.consent(start.url, email="ada@example.com")
            arguments = {"redirect_url": REDIRECT, "code": back.code, "state": back.state}
            await rig.provider.complete(start, **arguments)
            await expect_raises(SignInRefused, rig.provider.complete(start, **arguments))

    async def test_a_token_that_does_not_fit_is_refused(self) -> None:
        async with self.rig() as rig:
            for spoil in (
                rig.vendor.issue_next_token_for_another_client,
                rig.vendor.issue_next_token_with_another_nonce,
            ):
                start = await rig.provider.start(redirect_url=REDIRECT)
                back = rig.vendor.consent(start.url, email="ada@example.com")
                spoil()
                work = rig.provider.complete(
                    start, redirect_url=REDIRECT, code=back.code, state=back.state
                )
                await expect_raises(SignInRefused, work)

    async def test_a_vendor_that_is_away_is_told_so(self) -> None:
        async with self.rig() as rig:
            start = await rig.provider.start(redirect_url=REDIRECT)
            back = rig.vendor.consent(start.url, email="ada@example.com")
            rig.vendor.be_away()
            work = rig.provider.complete(
                start, redirect_url=REDIRECT, code=back.code, state=back.state
            )
            await expect_raises(IdentityUnavailable, work)

    async def _sign_in(self, rig: IdentityRig, email: str) -> tuple[str, str]:
        start = await rig.provider.start(redirect_url=REDIRECT)
        back = rig.vendor.consent(start.url, email=email)
        who = await rig.provider.complete(
            start, redirect_url=REDIRECT, code=back.code, state=back.state
        )
        return who.issuer, who.subject
