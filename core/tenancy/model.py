"""The tenant: its name and look, its place in the world, its plan and whether it is open."""

import base64
import binascii
import re
import unicodedata
import zoneinfo
from dataclasses import dataclass
from typing import Final

from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import TenantId
from core.shared.tenant import PlanId, TenantStatus
from core.tenancy.contracts import Branding

_SLUG = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,39}")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
# Language, script, region: the part of BCP 47 (RFC 5646) that formats depend on.
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_LOGO = re.compile(r"data:image/(png|jpeg|webp);base64,([A-Za-z0-9+/]+={0,2})")
# SVG is left out: it may carry script.
_LOGO_STARTS: Final = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "webp": b"RIFF"}
MAX_LOGO_BYTES: Final = 65_536
MAX_FOOTER_LINES: Final = 5
MAX_FOOTER_LENGTH: Final = 200
MAX_NAME_LENGTH: Final = 120
_TIME_ZONES: Final = frozenset(zoneinfo.available_timezones())

RESERVED_SLUGS: Final = frozenset(
    {
        "admin", "api", "app", "assets", "auth", "blog", "cdn", "demo-admin", "dev", "docs", "ftp",
        "health", "help", "imap", "intellimatch", "localhost", "login", "mail", "metrics", "mx",
        "ns", "ns1", "ns2", "pop", "root", "security", "signup", "smtp", "sso", "staging",
        "static", "status", "support", "test", "webmail", "www",
    }
)  # fmt: skip
"""Names that would pass for the platform itself."""


@dataclass
class Tenant:
    """One company on the platform."""

    id: TenantId
    slug: str
    name: str
    time_zone: str
    locale: str
    plan: PlanId
    status: TenantStatus
    branding: Branding
    custom_domain: str | None
    created_at: UtcDatetime
    version: int = 1

    def __post_init__(self) -> None:
        self.name = clean_line(self.name)
        problems = [
            *_unless(is_slug(self.slug), "slug", _SLUG_RULE),
            *name_problems("name", self.name, MAX_NAME_LENGTH),
            *_unless(
                self.time_zone in _TIME_ZONES,
                "time_zone",
                "Use an IANA time zone such as Europe/Berlin.",
            ),
            *_unless(
                bool(_LOCALE.fullmatch(self.locale)),
                "locale",
                "Use a BCP 47 language tag such as en or de-DE.",
            ),
            *branding_problems(self.branding),
        ]
        if problems:
            raise InvalidInput(*problems)


_SLUG_RULE = (
    "Use 2 to 40 lower-case letters, digits and single hyphens, beginning with a letter; "
    "some names, such as www, are reserved."
)


def is_slug(text: str) -> bool:
    """Whether `text` can be a tenant's slug."""
    return bool(_SLUG.fullmatch(text)) and text not in RESERVED_SLUGS


def parse_domain(text: str) -> str:
    """Return a custom domain in its canonical form. Raises InvalidInput."""
    domain = text.strip().rstrip(".").lower()
    labels = domain.split(".")
    if len(labels) < 2 or len(domain) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise InvalidInput(
            FieldError("domain", "Use a full domain name in ASCII, such as jobs.example.com.")
        )
    return domain


def clean_line(text: str) -> str:
    """Return `text` in NFC with its white space collapsed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def name_problems(field: str, text: str, longest: int) -> list[FieldError]:
    """Return what is wrong with a name that is shown to people."""
    fits = 0 < len(text) <= longest and text.isprintable()
    return _unless(fits, field, f"Use 1 to {longest} printable characters.")


def branding_problems(branding: Branding) -> list[FieldError]:
    """Return what is wrong with a tenant's look."""
    problems = []
    for field in ("primary_color", "accent_color"):
        colour = getattr(branding, field)
        fits = colour is None or bool(_COLOUR.fullmatch(colour))
        problems += _unless(fits, f"branding.{field}", "Use a colour such as #1a2b3c.")
    lines = branding.footer_lines
    problems += _unless(
        len(lines) <= MAX_FOOTER_LINES
        and all(len(line) <= MAX_FOOTER_LENGTH and line.isprintable() for line in lines),
        "branding.footer_lines",
        f"Use at most {MAX_FOOTER_LINES} lines of at most {MAX_FOOTER_LENGTH} characters.",
    )
    problems += _unless(
        branding.logo is None or _is_logo(branding.logo),
        "branding.logo",
        "Use a data: URL of a PNG, JPEG or WebP image of at most 64 KiB.",
    )
    return problems


def _is_logo(url: str) -> bool:
    match = _LOGO.fullmatch(url)
    if match is None:
        return False
    try:
        image = base64.b64decode(match[2], validate=True)
    except binascii.Error:
        return False
    return len(image) <= MAX_LOGO_BYTES and image.startswith(_LOGO_STARTS[match[1]])


def _unless(holds: bool, field: str, rule: str) -> list[FieldError]:  # noqa: FBT001 - the check
    return [] if holds else [FieldError(field, rule)]
