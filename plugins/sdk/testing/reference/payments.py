"""`Payments` in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from core.ports.payments import (
    Checkout,
    CheckoutRequest,
    Credit,
    PaymentsRefused,
    PaymentsUnavailable,
    Subscription,
)
from core.shared.clock import UtcDatetime
from core.shared.money import Cents, CurrencyCode

PRICE: Final = "price_pro_monthly"


class MemoryPayments:
    """An adapter and its vendor in one."""

    def __init__(self) -> None:
        self._checkouts: dict[UUID, CheckoutRequest] = {}
        self._bought: dict[UUID, Subscription] = {}
        self._credits: dict[UUID, Credit] = {}
        self._is_away = False

    async def start_checkout(self, request: CheckoutRequest) -> Checkout:
        """Open a purchase."""
        self._be_there()
        if request.price != PRICE:
            raise PaymentsRefused("There is no such price.")
        self._checkouts.setdefault(request.id, request)
        return Checkout(request.id.hex, f"https://pay.example.com/{request.id.hex}")

    async def subscription(self, customer: UUID) -> Subscription:
        """Return what was bought."""
        self._be_there()
        return self._bought.get(customer, Subscription(state="none"))

    async def credit(self, credit: Credit) -> str:
        """Grant a credit."""
        self._be_there()
        if credit.amount_cents <= 0:
            raise PaymentsRefused("A credit is more than nothing.")
        theirs = [each for each in self._credits.values() if each.customer == credit.customer]
        if any(each.currency != credit.currency for each in theirs):
            raise PaymentsRefused("The customer has another currency.")
        self._credits.setdefault(credit.id, credit)
        return credit.id.hex

    async def balance(self, customer: UUID, currency: CurrencyCode) -> Cents:
        """Add the credits up."""
        self._be_there()
        return Cents(
            sum(
                each.amount_cents
                for each in self._credits.values()
                if (each.customer, each.currency) == (customer, currency)
            )
        )

    def price(self) -> str:
        """Return the one price."""
        return PRICE

    async def pay(self, checkout_reference: str) -> None:
        """Pay."""
        request = self._checkouts[UUID(checkout_reference)]
        until = UtcDatetime(datetime.now(UTC) + timedelta(days=30))
        self._bought[request.customer] = Subscription(
            state="active", price=request.price, paid_until=until
        )

    async def fail_renewal(self, customer: UUID) -> None:
        """Let the next charge fail."""
        bought = self._bought[customer]
        self._bought[customer] = msgspec.structs.replace(bought, state="past_due")

    def be_away(self) -> None:
        """Answer nothing."""
        self._is_away = True

    def _be_there(self) -> None:
        if self._is_away:
            raise PaymentsUnavailable("The vendor is away.")


class MemoryPaymentsRig:
    """Both sides of the same object."""

    def __init__(self, both: MemoryPayments) -> None:
        self.payments = both
        self.vendor = both


@asynccontextmanager
async def memory_payments() -> AsyncIterator[MemoryPaymentsRig]:
    """Yield a rig for `PaymentsContract`."""
    yield MemoryPaymentsRig(MemoryPayments())
