"""A tenant's names: its address on the platform, its own domain, and what people read."""

import re
import unicodedata
from typing import Final

from core.shared.errors import FieldError, InvalidInput

_SLUG = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,39}")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
SLUG_RULE: Final = (
    "Use 2 to 40 lower-case letters, digits and single hyphens, beginning with a letter; "
    "some names, such as www, are reserved."
)

RESERVED_SLUGS: Final = frozenset(
    {
        "admin", "api", "app", "assets", "auth", "blog", "cdn", "demo-admin", "dev", "docs", "ftp",
        "health", "help", "imap", "intellimatch", "localhost", "login", "mail", "metrics", "mx",
        "ns", "ns1", "ns2", "pop", "root", "security", "signup", "smtp", "sso", "staging",
        "static", "status", "support", "test", "webmail", "www",
    }
)  # fmt: skip
"""Names that would pass for the platform itself."""


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
    if fits:
        return []
    return [FieldError(field, f"Use 1 to {longest} printable characters.")]
