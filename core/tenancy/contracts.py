"""What others may say to the tenancy slice and what it answers."""

import base64
from collections.abc import Mapping
from typing import Protocol

import msgspec
from msgspec import UNSET, UnsetType

from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId, TenantId
from core.shared.tenant import PlanId, TenantStatus
from core.shared.usecase import Command, Query


class Quotas(Protocol):
    """What the tenant uses of its plan, reserved in the transaction of what uses it."""

    async def reserve(self, quota: str, amount: int = 1) -> int:
        """Count `amount` more and return how much is used then.

        Raises QuotaExceeded when the plan doesn't allow them.
        """
        ...

    async def release(self, quota: str, amount: int = 1) -> None:
        """Count `amount` fewer, never below nothing."""
        ...

    async def require_room(self, quota: str, amount: int) -> None:
        """Count nothing. Raises QuotaExceeded when `amount` more would not fit at this moment."""
        ...

    async def used(self) -> Mapping[str, int]:
        """Return what is used of each quota; one that isn't named is unused."""
        ...


class LogoImage(msgspec.Struct, frozen=True):
    """A logo as a file."""

    media_type: str
    """`image/png`, `image/jpeg` or `image/webp`."""
    content: bytes


class Branding(msgspec.Struct, frozen=True, omit_defaults=False):
    """How a tenant's pages and mails look, and whom their readers may turn to.

    Every page and mail that strangers see is made with this; all of it may be missing.
    """

    logo: str | None = None
    """A `data:` URL of a PNG, JPEG or WebP image of at most 64 KiB."""
    primary_color: str | None = None
    """Of the band above pages and mails; any colour such as #1a2b3c."""
    accent_color: str | None = None
    """Of links and buttons; it can be read on white, and white on it."""
    footer_lines: tuple[str, ...] = ()
    """The postal address and what else stands under pages and mails, a line each."""
    tagline: str | None = None
    """One line under the company's name."""
    privacy_url: str | None = None
    """The company's own privacy policy, beside the notice for applicants; https only."""
    contact_email: str | None = None
    """Whom applicants may write to."""
    survey_url: str | None = None
    """Where the company asks applicants how they found it, for mails that ask them; https only."""

    @property
    def accent(self) -> str | None:
        """The colour to make links and buttons of; see `core.shared.colour` for readable tints.

        Without an accent of its own that is the primary colour, which needn't be readable.
        """
        return self.accent_color or self.primary_color

    def logo_image(self) -> LogoImage | None:
        """Return the logo as a file, for mails and for who asks for the image alone."""
        if self.logo is None:
            return None
        head, _, encoded = self.logo.partition(",")
        media_type = head.removeprefix("data:").partition(";")[0]
        return LogoImage(media_type, base64.b64decode(encoded))


class TenantView(msgspec.Struct, frozen=True):
    """A tenant as its members see it."""

    id: TenantId
    slug: str
    name: str
    time_zone: str
    locale: str
    plan: PlanId
    status: TenantStatus
    custom_domain: str | None
    branding: Branding
    created_at: UtcDatetime
    version: int


class FeatureState(msgspec.Struct, frozen=True):
    """Whether the one who asks may use a feature, and why not."""

    feature: str
    name: str
    allowed: bool
    reason: str
    message: str
    available_in: PlanId | None


class QuotaState(msgspec.Struct, frozen=True):
    """What is used of a quota."""

    quota: str
    name: str
    used: int
    limit: int | None
    """None means no limit."""
    allowed: bool
    """Whether the one who asks may add one more."""
    reason: str
    message: str
    available_in: PlanId | None


class Entitlements(msgspec.Struct, frozen=True):
    """What the tenant's plan gives to the one who asks."""

    plan: PlanId
    plan_name: str
    requests_per_minute: int
    features: tuple[FeatureState, ...]
    quotas: tuple[QuotaState, ...]


class PlanView(msgspec.Struct, frozen=True):
    """A plan as it is sold."""

    id: PlanId
    name: str
    summary: str
    features: tuple[str, ...]
    quotas: dict[str, int | None]
    """Largest amount of each counted thing; None means no limit."""
    requests_per_minute: int


class FirstAdmin(msgspec.Struct, frozen=True):
    """Who runs a new tenant. Without a password, an invitation is made instead of a member."""

    email: str
    name: str
    password: str | None = None

    def __repr__(self) -> str:
        return "FirstAdmin(...)"


class AdminAppointed(msgspec.Struct, frozen=True):
    """How the first admin gets in: already a member, or by a link that works once."""

    member_id: MemberId | None
    invitation_link: str | None


class TenantRegistered(msgspec.Struct, frozen=True):
    """A new tenant and the way into it."""

    tenant: TenantView
    admin: AdminAppointed


class RegisterTenant(Command[TenantRegistered], frozen=True, kw_only=True):
    """Make the tenant that the scope names, with its first admin. Only for the operator."""

    slug: str
    name: str
    time_zone: str
    locale: str
    plan: PlanId
    admin: FirstAdmin


class ShowTenant(Query[TenantView], frozen=True, kw_only=True):
    """Read the tenant."""


class UpdateTenant(Command[TenantView], frozen=True, kw_only=True):
    """Change what an admin may change; what is UNSET stays."""

    expected_version: int | None = None
    name: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    branding: Branding | UnsetType = UNSET


class ShowEntitlements(Query[Entitlements], frozen=True, kw_only=True):
    """Read what the plan gives and what is used of it."""


class ListPlans(Query[tuple[PlanView, ...]], frozen=True, kw_only=True):
    """Read every plan, from the smallest to the largest."""


class ChangePlan(Command[TenantView], frozen=True, kw_only=True):
    """Move the tenant to another plan. Only for the operator.

    What is used beyond a smaller plan's quotas stays; only more of it is refused.
    """

    plan: PlanId
    reason: str = ""


class SuspendTenant(Command[TenantView], frozen=True, kw_only=True):
    """Close the tenant for everybody and end its sessions; nothing is deleted. For the operator."""

    reason: str


class ResumeTenant(Command[TenantView], frozen=True, kw_only=True):
    """Open a suspended tenant again. Only for the operator."""


class SetCustomDomain(Command[TenantView], frozen=True, kw_only=True):
    """Let the tenant live at a domain of its own, or no longer (None). Only for the operator."""

    domain: str | None


class SetFeatureFlag(Command[None], frozen=True, kw_only=True):
    """Switch a feature whatever the plan says; None follows the plan. For the operator."""

    feature: str
    enabled: bool | None
    reason: str = ""
