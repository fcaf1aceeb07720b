"""Colours that can be read: contrast as WCAG 2.2 counts it, for what a tenant picks as its own.

Tenancy looks at accents with it; the careers site, its preview and mails make their tints of it.
"""

import re
from typing import Final

Rgb = tuple[int, int, int]
"""Red, green and blue, each from 0 to 255."""

READABLE: Final = 4.5
"""The contrast that WCAG 2.2 asks for between text and what is behind it (level AA, 1.4.3)."""
WHITE: Final[Rgb] = (255, 255, 255)
BLACK: Final[Rgb] = (0, 0, 0)
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_STEPS: Final = 50


def is_colour(text: str) -> bool:
    """Whether `text` is a colour such as #1a2b3c."""
    return bool(_COLOUR.fullmatch(text))


def parsed(colour: str) -> Rgb:
    """Return the parts of a colour such as #1a2b3c. Raises ValueError when it is none."""
    if not is_colour(colour):
        raise ValueError(f"{colour!r} is no colour such as #1a2b3c")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def written(colour: Rgb) -> str:
    """Return a colour as #1a2b3c."""
    red, green, blue = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: Rgb, behind: tuple[Rgb, ...], toward: Rgb) -> Rgb:
    """Return `colour`, brought as far `toward` another as it takes to be read on every `behind`."""
    for step in range(_STEPS + 1):
        tried = mixed(toward, colour, step / _STEPS)
        if all(contrast(tried, each) >= READABLE for each in behind):
            return tried
    return toward


def text_on(colour: Rgb) -> Rgb:
    """Return black or white, whichever is read better on `colour`; one of them always can be."""
    return max((WHITE, BLACK), key=lambda each: contrast(each, colour))


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Return a colour of which `share`, from 0 to 1, is `one` and the rest `other`."""
    red, green, blue = (round(a * share + b * (1 - share)) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
