"""The tenant's colour and logo on its careers site.

A tenant picks any colour; what is readable is made of it here: WCAG 2.2 asks for a contrast of
4.5:1 between text and what is behind it, in the light and the dark theme.
"""

import base64
from typing import Final

from litestar import get
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web.careers_frame import SITE, STRANGERS
from core.careers.contracts import ShowSite
from core.shared.errors import NotFound

Rgb = tuple[int, int, int]

READABLE: Final = 4.5
_WHITE: Final[Rgb] = (255, 255, 255)
_LIGHT: Final[Rgb] = (247, 247, 248)
"""The darkest background of the light theme on which links stand."""
_DARK: Final[Rgb] = (33, 33, 38)
"""The lightest background of the dark theme."""
_NIGHT: Final[Rgb] = (20, 20, 23)
_INK: Final[Rgb] = (18, 19, 28)
_STEPS: Final = 50
_KEPT: Final = (b"cache-control", b"public, max-age=86400")


@get("/careers/brand.css", opt=STRANGERS, **SITE)
async def brand_css(tenant_scope: Scoped) -> Reply[bytes]:
    """Return the tenant's colours as the tokens of `app.css`. Empty without a colour."""
    branding = (await tenant_scope.ask(ShowSite())).branding
    colour = branding.primary_color or branding.accent_color
    body = style_of(colour) if colour else ""
    return Reply(body.encode(), headers=[_KEPT], content_type=b"text/css; charset=utf-8")


@get("/careers/logo", opt=STRANGERS, **SITE)
async def logo(tenant_scope: Scoped) -> Reply[bytes]:
    """Return the tenant's logo, an image that was checked when it was set."""
    url = (await tenant_scope.ask(ShowSite())).branding.logo
    if url is None:
        raise NotFound("There is no logo.")
    head, _, encoded = url.partition(",")
    media_type = head.removeprefix("data:").partition(";")[0]
    return Reply(
        base64.b64decode(encoded), headers=[_KEPT], content_type=media_type.encode("ascii")
    )


def style_of(colour: str) -> str:
    """Return the accents that a colour makes in both themes."""
    given = _parsed(colour)
    light = _readable(given, (_WHITE, _LIGHT), toward=(0, 0, 0))
    light_soft = _mixed(given, _WHITE, 0.1)
    dark = _readable(given, (_DARK, _INK), toward=_WHITE)
    dark_soft = _mixed(given, _NIGHT, 0.22)
    return _rule(
        ":root",
        {
            "accent": light,
            "accent-strong": _readable(
                _mixed(light, (0, 0, 0), 0.82), (light_soft, _LIGHT), toward=(0, 0, 0)
            ),
            "accent-soft": light_soft,
            "on-accent": _WHITE,
        },
    ) + _rule(
        ':root[data-theme="dark"]',
        {
            "accent": dark,
            "accent-strong": _readable(_mixed(dark, _WHITE, 0.8), (dark_soft, _DARK), _WHITE),
            "accent-soft": dark_soft,
            "on-accent": _INK,
        },
    )


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _readable(colour: Rgb, behind: tuple[Rgb, ...], toward: Rgb) -> Rgb:
    """Return `colour`, brought as far `toward` another as it takes to be read on every `behind`."""
    for step in range(_STEPS + 1):
        tried = _mixed(toward, colour, step / _STEPS)
        if all(contrast(tried, each) >= READABLE for each in behind):
            return tried
    return toward


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Return a colour of which `share` is `one` and the rest `other`."""
    red, green, blue = (round(a * share + b * (1 - share)) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _parsed(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _rule(selector: str, tokens: dict[str, Rgb]) -> str:
    lines = (f"--{name}:#{r:02x}{g:02x}{b:02x}" for name, (r, g, b) in tokens.items())
    return f"{selector}{{{';'.join(lines)}}}\n"


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (brand_css, logo)
