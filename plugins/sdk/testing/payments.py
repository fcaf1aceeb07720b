"""The contract of `Payments`: every payment adapter passes this suite."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID, uuid4

import msgspec

from core.ports.payments import (
    CheckoutRequest,
    Credit,
    Payments,
    PaymentsRefused,
    PaymentsUnavailable,
)
from core.shared.money import Cents
from plugins.sdk.testing.expecting import expect_raises


class PaymentsVendor(Protocol):
    """The other side, as the test commands it."""

    def price(self) -> str:
        """Return the id of a price that it knows."""
        ...

    async def pay(self, checkout_reference: str) -> None:
        """Do what a person does on the vendor's page."""
        ...

    async def fail_renewal(self, customer: UUID) -> None:
        """Let the next charge fail."""
        ...

    def be_away(self) -> None:
        """Answer nothing until further notice."""
        ...


class PaymentsRig(Protocol):
    """An adapter and the vendor that it talks to."""

    @property
    def payments(self) -> Payments:
        """The adapter."""
        ...

    @property
    def vendor(self) -> PaymentsVendor:
        """Its vendor."""
        ...


def sample_checkout(price: str, customer: UUID | None = None) -> CheckoutRequest:
    """Return a purchase."""
    return CheckoutRequest(
        id=uuid4(),
        customer=customer or uuid4(),
        price=price,
        success_url="https://acme.example.com/plan?paid=1",
        cancel_url="https://acme.example.com/plan",
    )


def sample_credit(amount: int = 500, customer: UUID | None = None, currency: str = "USD") -> Credit:
    """Return a credit."""
    return Credit(
        id=uuid4(),
        customer=customer or uuid4(),
        amount_cents=Cents(amount),
        currency=currency,
        reason="A referral was hired",
    )


class PaymentsContract(ABC):
    """What holds of every adapter."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[PaymentsRig]:
        """Give an adapter, with nothing bought yet, and its vendor."""

    async def test_an_unknown_customer_has_nothing(self) -> None:
        async with self.rig() as rig:
            assert (await rig.payments.subscription(uuid4())).state == "none"

    async def test_a_checkout_alone_buys_nothing(self) -> None:
        async with self.rig() as rig:
            request = sample_checkout(rig.vendor.price())
            checkout = await rig.payments.start_checkout(request)
            assert checkout.url.startswith("https://")
            assert (await rig.payments.subscription(request.customer)).state == "none"

    async def test_what_was_paid_for_is_there(self) -> None:
        async with self.rig() as rig:
            request = sample_checkout(rig.vendor.price())
            checkout = await rig.payments.start_checkout(request)
            await rig.vendor.pay(checkout.reference)
            bought = await rig.payments.subscription(request.customer)
            assert (bought.state, bought.price) == ("active", request.price)
            assert bought.paid_until is not None
            assert (await rig.payments.subscription(uuid4())).state == "none"

    async def test_a_charge_that_failed_is_past_due_and_not_over(self) -> None:
        async with self.rig() as rig:
            request = sample_checkout(rig.vendor.price())
            checkout = await rig.payments.start_checkout(request)
            await rig.vendor.pay(checkout.reference)
            await rig.vendor.fail_renewal(request.customer)
            assert (await rig.payments.subscription(request.customer)).state == "past_due"

    async def test_the_same_checkout_is_opened_once(self) -> None:
        async with self.rig() as rig:
            request = sample_checkout(rig.vendor.price())
            first = await rig.payments.start_checkout(request)
            assert await rig.payments.start_checkout(request) == first
            other = msgspec.structs.replace(request, id=uuid4())
            assert (await rig.payments.start_checkout(other)).reference != first.reference

    async def test_a_price_that_is_not_there_is_refused(self) -> None:
        async with self.rig() as rig:
            request = sample_checkout("price_that_is_not_there")
            await expect_raises(PaymentsRefused, rig.payments.start_checkout(request))

    async def test_credit_adds_up_and_the_same_counts_once(self) -> None:
        async with self.rig() as rig:
            credit = sample_credit(500)
            reference = await rig.payments.credit(credit)
            assert await rig.payments.credit(credit) == reference
            await rig.payments.credit(sample_credit(250, credit.customer))
            assert await rig.payments.balance(credit.customer, "USD") == 750
            assert await rig.payments.balance(uuid4(), "USD") == 0

    async def test_credit_that_makes_no_sense_is_refused(self) -> None:
        async with self.rig() as rig:
            for amount in (0, -500):
                await expect_raises(PaymentsRefused, rig.payments.credit(sample_credit(amount)))
            credit = sample_credit(100)
            await rig.payments.credit(credit)
            other = sample_credit(100, credit.customer, "EUR")
            await expect_raises(PaymentsRefused, rig.payments.credit(other))
            assert await rig.payments.balance(credit.customer, "USD") == 100

    async def test_a_vendor_that_is_away_did_nothing(self) -> None:
        async with self.rig() as rig:
            rig.vendor.be_away()
            request = sample_checkout(rig.vendor.price())
            for work in (
                rig.payments.start_checkout(request),
                rig.payments.subscription(request.customer),
                rig.payments.credit(sample_credit()),
                rig.payments.balance(request.customer, "USD"),
            ):
                await expect_raises(PaymentsUnavailable, work)
