"""The rules for how a tenant looks: its logo, colours and words. The tenant and its changes ask."""

import math
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import msgspec

from core.shared.colour import (
    BLACK,
    READABLE,
    WHITE,
    contrast,
    is_colour,
    parsed,
    readable,
    written,
)
from core.shared.errors import FieldError
from core.tenancy.contracts import Branding
from core.tenancy.logo import WRONG_KIND, check_logo, is_logo_shaped
from core.tenancy.names import clean_line

MAX_FOOTER_LINES: Final = 5
MAX_FOOTER_LENGTH: Final = 200
MAX_TAGLINE: Final = 160
MAX_URL: Final = 500
MAX_EMAIL: Final = 254
SOLD: Final = ("logo", "primary_color", "accent_color", "tagline", "footer_lines")
"""Parts that only plans with the feature `branding` include; whom to ask is every tenant's."""

# RFC 5321 leaves the local part to its host; this asks only for what every deliverable address has.
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]+@(?:[\w-]+\.)+[\w-]{2,}")
# What RFC 3986 lets stand in an address; quotes and angle brackets have no place in a page's link.
_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


def cleaned(branding: Branding) -> Branding:
    """Return the look without what can't be seen: outer space, empty lines and empty texts."""
    lines = (clean_line(line) for line in branding.footer_lines)
    return msgspec.structs.replace(
        branding,
        tagline=clean_line(branding.tagline or "") or None,
        footer_lines=tuple(line for line in lines if line),
        privacy_url=(branding.privacy_url or "").strip() or None,
        contact_email=(branding.contact_email or "").strip() or None,
        survey_url=(branding.survey_url or "").strip() or None,
    )


def branding_problems(branding: Branding) -> list[FieldError]:
    """Return what no tenant's look may be, however old it is."""
    problems = [
        FieldError(f"branding.{field}", "Use a colour such as #1a2b3c.")
        for field in ("primary_color", "accent_color")
        if not _is_none_or(is_colour, getattr(branding, field))
    ]
    if not _is_none_or(is_logo_shaped, branding.logo):
        problems.append(FieldError("branding.logo", WRONG_KIND))
    if not _is_none_or(_is_tagline, branding.tagline):
        rule = f"Use one line of at most {MAX_TAGLINE} printable characters."
        problems.append(FieldError("branding.tagline", rule))
    lines = branding.footer_lines
    if len(lines) > MAX_FOOTER_LINES or not all(
        len(line) <= MAX_FOOTER_LENGTH and line.isprintable() for line in lines
    ):
        rule = f"Use at most {MAX_FOOTER_LINES} lines of at most {MAX_FOOTER_LENGTH} characters."
        problems.append(FieldError("branding.footer_lines", rule))
    if not _is_none_or(_is_public_url, branding.privacy_url):
        rule = "Use a whole address that begins with https://, such as https://example.com/privacy."
        problems.append(FieldError("branding.privacy_url", rule))
    if not _is_none_or(_is_email, branding.contact_email):
        rule = "Use an e-mail address such as jobs@example.com."
        problems.append(FieldError("branding.contact_email", rule))
    if not _is_none_or(_is_public_url, branding.survey_url):
        rule = "Use a whole address that begins with https://, such as https://example.com/survey."
        problems.append(FieldError("branding.survey_url", rule))
    return problems


def change_problems(before: Branding, after: Branding) -> list[FieldError]:
    """Return what may not newly be set. What was kept under older rules stays as it is."""
    problems = []
    if after.accent_color not in {None, before.accent_color}:
        problems += _accent_problems(after.accent_color or "")
    if after.logo not in {None, before.logo}:
        try:
            check_logo(after.logo or "")
        except ValueError as error:
            problems.append(FieldError("branding.logo", str(error)))
    return problems


def _accent_problems(colour: str) -> list[FieldError]:
    """Links stand on white and buttons have white words on them: the same contrast."""
    if not is_colour(colour):
        return []  # said already
    found = contrast(parsed(colour), WHITE)
    if found >= READABLE:
        return []
    nearest = written(readable(parsed(colour), (WHITE,), toward=BLACK))
    message = (
        f"{colour} on white has a contrast of {math.floor(found * 10) / 10}:1, and people need "
        f"{READABLE}:1 to read it. Choose a darker colour; the nearest that works is {nearest}."
    )
    return [FieldError("branding.accent_color", message, "low_contrast")]


def _is_none_or(fits: Callable[[str], bool], text: str | None) -> bool:
    return text is None or fits(text)


def _is_tagline(text: str) -> bool:
    return len(text) <= MAX_TAGLINE and text.isprintable()


def _is_email(text: str) -> bool:
    fits = _EMAIL.fullmatch(text) is not None and ".." not in text and text.isprintable()
    return fits and len(text) <= MAX_EMAIL


def _is_public_url(text: str) -> bool:
    if len(text) > MAX_URL or not _URL.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").rstrip(".")
    return parts.scheme == "https" and "." in host and parts.username is None
