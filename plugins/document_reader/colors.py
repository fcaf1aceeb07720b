"""Whether text in one colour can be told from a ground in another."""

LEAST_CONTRAST = 1.18
"""Ratio as in WCAG 2.2; #e8e8e8 on white has 1.23."""


def contrast(one: float, other: float) -> float:
    """Return the ratio of two luminances, at least 1 (WCAG 2.2, contrast ratio)."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def linear(value: float) -> float:
    """Return light for a part of sRGB from 0 to 1 (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def luminance(color: int) -> float:
    """Return the luminance of 0xRRGGBB."""
    red, green, blue = (linear((color >> shift & 255) / 255) for shift in (16, 8, 0))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def is_told_apart(text: int, ground: int) -> bool:
    """Whether a reader sees text of that colour, 0xRRGGBB, on that ground."""
    if contrast(luminance(text), luminance(ground)) >= LEAST_CONTRAST:
        return True
    return any(abs((text >> shift & 255) - (ground >> shift & 255)) > 48 for shift in (16, 8, 0))


def hex_color(value: str | None) -> int | None:
    """Return 0xRRGGBB for `RRGGBB`, `#RRGGBB` or `#RGB`; None for anything else."""
    digits = (value or "").strip().removeprefix("#")
    if len(digits) == 3:
        digits = "".join(each * 2 for each in digits)
    if len(digits) != 6:
        return None
    try:
        return int(digits, 16)
    except ValueError:
        return None
