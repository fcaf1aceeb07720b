"""Charging tenants for their plans: the port that payment plugins implement."""

from typing import Literal, Protocol
from uuid import UUID

import msgspec

from core.shared.clock import UtcDatetime
from core.shared.money import Cents, CurrencyCode

SubscriptionState = Literal["none", "trial", "active", "past_due", "ended"]


class CheckoutRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase to be completed by a person on the vendor's page."""

    id: UUID
    """Ours; the same for every attempt."""
    customer: UUID
    """Whom it is for, in our terms: the tenant."""
    price: str
    """The vendor's id of the price."""
    quantity: int = 1
    success_url: str
    cancel_url: str


class Checkout(msgspec.Struct, frozen=True):
    """Where the person goes to pay. Going there, or coming back, proves nothing about payment."""

    reference: str
    url: str


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer has bought, as the vendor has it now."""

    state: SubscriptionState
    price: str | None = None
    paid_until: UtcDatetime | None = None


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in a customer's favour, taken off the next invoice."""

    id: UUID
    """Ours; the same for every attempt."""
    customer: UUID
    amount_cents: Cents
    currency: CurrencyCode
    reason: str


class Payments(Protocol):
    """A vendor that charges for us."""

    async def start_checkout(self, request: CheckoutRequest) -> Checkout:
        """Open a purchase; with an `id` used before, return that one.

        Raises PaymentsRefused and PaymentsUnavailable.
        """
        ...

    async def subscription(self, customer: UUID) -> Subscription:
        """Return what `customer` has; state `none` for one unknown to the vendor.

        Raises PaymentsUnavailable.
        """
        ...

    async def credit(self, credit: Credit) -> str:
        """Grant a credit and return the vendor's reference; an `id` used before grants nothing.

        Raises PaymentsRefused (an amount that isn't positive, another currency than the
        customer's) and PaymentsUnavailable.
        """
        ...

    async def balance(self, customer: UUID, currency: CurrencyCode) -> Cents:
        """Return the credit that isn't used up. Raises PaymentsUnavailable."""
        ...


class PaymentsError(Exception):
    """Base of what payments raise. Its text is shown to admins; no secrets in it."""


class PaymentsRefused(PaymentsError):
    """The vendor refuses for good."""


class PaymentsUnavailable(PaymentsError):
    """The vendor is away or asks to slow down; with the same id it is safe to ask again."""

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds
