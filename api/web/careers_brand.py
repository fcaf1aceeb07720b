"""The tenant's colour and logo on its careers site.

A tenant picks any colour; what is readable is made of it here: WCAG 2.2 asks for a contrast of
4.5:1 between text and what is behind it, in the light and the dark theme.
"""

from typing import Final

from litestar import get
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web.careers_frame import SITE, STRANGERS
from core.careers.contracts import ShowSite
from core.shared.colour import BLACK, WHITE, Rgb, mixed, parsed, readable, written
from core.shared.errors import NotFound
from core.tenancy.contracts import Branding

Tokens = dict[str, str]
"""Names of tokens of `app.css` and their colours."""

_LIGHT: Final[Rgb] = (247, 247, 248)
"""The darkest background of the light theme on which links stand."""
_DARK: Final[Rgb] = (33, 33, 38)
"""The lightest background of the dark theme."""
_NIGHT: Final[Rgb] = (20, 20, 23)
_INK: Final[Rgb] = (18, 19, 28)
_SELECTORS: Final = (":root", ':root[data-theme="dark"]')
_FOR_MAILS: Final = (b"cross-origin-resource-policy", b"cross-origin")
_KEPT: Final = (b"cache-control", b"public, max-age=86400")


@get("/careers/brand.css", opt=STRANGERS, **SITE)
async def brand_css(tenant_scope: Scoped) -> Reply[bytes]:
    """Return the tenant's colours as the tokens of `app.css`. Empty without a colour."""
    branding = (await tenant_scope.ask(ShowSite())).branding
    body = style_of(branding)
    return Reply(body.encode(), headers=[_KEPT], content_type=b"text/css; charset=utf-8")


@get("/careers/logo", opt=STRANGERS, **SITE)
async def logo(tenant_scope: Scoped) -> Reply[bytes]:
    """Return the tenant's logo, an image that was checked when it was set.

    No page can make a document of it: the type is never guessed, and such a document may do
    nothing (the policy that every answer has). Mails of the tenant may show it from elsewhere.
    """
    image = (await tenant_scope.ask(ShowSite())).branding.logo_image()
    if image is None:
        raise NotFound("There is no logo.")
    return Reply(
        image.content,
        headers=[_KEPT, _FOR_MAILS],
        content_type=image.media_type.encode("ascii"),
    )


def style_of(branding: Branding) -> str:
    """Return the band and the accents that a look's colours make in both themes."""
    return "".join(
        _rule(selector, tokens)
        for selector, tokens in zip(_SELECTORS, tokens_of(branding), strict=True)
        if tokens
    )


def tokens_of(branding: Branding) -> tuple[Tokens, Tokens]:
    """Return what a look's colours make of the tokens of `app.css`, in the light and dark theme."""
    if branding.accent is None:
        return {}, {}
    given = parsed(branding.accent)
    light = readable(given, (WHITE, _LIGHT), toward=BLACK)
    light_soft = mixed(given, WHITE, 0.1)
    light_strong = readable(mixed(light, BLACK, 0.82), (light_soft, _LIGHT), toward=BLACK)
    dark = readable(given, (_DARK, _INK), toward=WHITE)
    dark_soft = mixed(given, _NIGHT, 0.22)
    dark_strong = readable(mixed(dark, WHITE, 0.8), (dark_soft, _DARK), toward=WHITE)
    return (
        _tokens(branding, light, light_strong, light_soft, WHITE),
        _tokens(branding, dark, dark_strong, dark_soft, _INK),
    )


def _tokens(branding: Branding, accent: Rgb, strong: Rgb, soft: Rgb, on_accent: Rgb) -> Tokens:
    made = {"accent": accent, "accent-strong": strong, "accent-soft": soft, "on-accent": on_accent}
    tokens = {name: written(colour) for name, colour in made.items()}
    # The band is decoration, without words on it: it may have any colour.
    return tokens | ({"brand": branding.primary_color} if branding.primary_color else {})


def _rule(selector: str, tokens: Tokens) -> str:
    lines = (f"--{name}:{colour}" for name, colour in tokens.items())
    return f"{selector}{{{';'.join(lines)}}}\n"


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (brand_css, logo)
