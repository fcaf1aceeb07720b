"""What all pages of the careers site share: the tenant's look, the site's address, its words."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from babel import Locale
from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision
from litestar import Request
from litestar.di import Provide
from litestar.types import Scope

from api.replies import Reply
from api.request_scope import TENANT_SCOPE
from api.web import labels
from api.web.frame import WEB, language_of, page
from core.careers.contracts import ShowSite, SiteView
from core.jobs.contracts import PayRange
from core.shared.errors import NotFound
from core.tenancy.contracts import Branding
from tenants.addresses import tenant_url
from tenants.scope import TenantScope

STRANGERS: Final[dict[str, Any]] = {"public": True, "anonymous": True}
"""`opt` of the careers site: whoever is signed in is here as anybody else.

So no form on it acts with a session's rights, and another site that sends one gains nothing.
"""


def provide_site_scope(scope: Scope) -> TenantScope:
    """Give a page of the careers site the door to the core. Raises NotFound at no tenant's host.

    Elsewhere a page without a tenant leads to signing in, which nobody needs here.
    """
    found = scope.get(TENANT_SCOPE)
    if not isinstance(found, TenantScope):
        raise NotFound("No company has its careers site here.")
    return found


SITE: Final[dict[str, Any]] = {
    **WEB,
    "dependencies": {"tenant_scope": Provide(provide_site_scope, sync_to_thread=False)},
}
"""Keywords of every route of the careers site."""

_WORDS: Final[dict[str, Any]] = {
    "remotes": labels.REMOTE,
    "employments": labels.EMPLOYMENT,
    "seniorities": labels.SENIORITY,
    "periods": labels.PAY_PERIOD,
}


CURRENCY_DIGITS: Final[dict[str, int]] = {
    currency: fractions[0]
    for currency, fractions in get_global("currency_fractions").items()
    if currency != "DEFAULT" and fractions[0] != 2
}
"""Digits after the point of the currencies that don't have two: none in yen, three in dinars."""


class CareersFrame(msgspec.Struct, frozen=True):
    """What the templates know as `careers`."""

    site: SiteView
    home: str
    """Address of the site, absolute, without a slash at its end."""
    brand: str
    """Address of the tenant's colours; empty without any."""
    logo: str
    """Address of the tenant's logo; empty without one."""


async def careers_page(
    request: "Request[Any, Any, Any]",
    tenant_scope: TenantScope,
    template: str,
    *,
    frame: CareersFrame | None = None,
    status: int = 200,
    headers: Sequence[tuple[bytes, bytes]] = (),
    **context: Any,
) -> Reply[bytes]:
    """Return a page of the careers site; `template` extends `careers_base.html`."""
    return page(
        request,
        template,
        status=status,
        headers=headers,
        careers=frame or await careers_frame(tenant_scope),
        **words(request),
        **context,
    )


async def careers_frame(tenant_scope: TenantScope) -> CareersFrame:
    """Return the look of the tenant's site."""
    site = await tenant_scope.ask(ShowSite())
    branding = site.branding
    return CareersFrame(
        site=site,
        home=home_of(tenant_scope, site),
        brand=_versioned("/careers/brand.css", _colours(branding)),
        logo=_versioned("/careers/logo", branding.logo),
    )


def home_of(tenant_scope: TenantScope, site: SiteView) -> str:
    """Return the address under which search engines should know the site."""
    settings = tenant_scope.settings
    if site.custom_domain:
        return f"{settings.public_scheme}://{site.custom_domain}/careers"
    return f"{tenant_url(settings, tenant_scope.tenant)}/careers"


def words(request: "Request[Any, Any, Any]") -> dict[str, Any]:
    """Return what templates of the site need to say a job's facts."""
    language = language_of(request.scope)
    return {**_WORDS, "pay": lambda given: pay_text(given, language)}


def pay_text(pay: PayRange, language: str) -> str:
    """Return the amounts as that language writes them: `€60,000 – €80,000`."""
    one = 10 ** get_currency_precision(pay.currency)
    is_whole = pay.minimum_cents % one == pay.maximum_cents % one == 0
    low, high = (
        _amount(cents, pay.currency, language, is_whole=is_whole)
        for cents in (pay.minimum_cents, pay.maximum_cents)
    )
    return low if low == high else f"{low} – {high}"


def major_units(cents: int, currency: str) -> float:
    """Return an amount in its currency's main unit: 6000000 cents are 60000.0 euros."""
    digits: int = get_currency_precision(currency)
    return float(cents / 10**digits)


def amount_text(cents: int, currency: str) -> str:
    """Return an amount as a number field holds it: `18.50`, and `60000` for whole ones."""
    digits: int = get_currency_precision(currency)
    whole, rest = divmod(cents, 10**digits)
    return f"{whole}.{rest:0{digits}}" if rest else str(whole)


def _amount(cents: int, currency: str, language: str, *, is_whole: bool) -> str:
    pattern = str(Locale.parse(language).currency_formats["standard"].pattern)
    return format_currency(
        major_units(cents, currency),
        currency,
        format=pattern.replace(".00", "") if is_whole else None,
        locale=language,
        currency_digits=not is_whole,
    )


def _colours(branding: Branding) -> str:
    return f"{branding.primary_color or ''} {branding.accent_color or ''}".strip()


def _versioned(path: str, content: str | None) -> str:
    if not content:
        return ""
    return f"{path}?v={hashlib.sha256(content.encode()).hexdigest()[:12]}"
