"""Brings what people type into one form, and makes the keys by which duplicates are found.

Called by the use cases and by the import; raises ValueError with a message for people.
"""

import re
import unicodedata
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

import msgspec

from core.candidates.contracts import LinkKind, ProfileLink

KeyKind = Literal["email", "phone", "link"]


class Key(msgspec.Struct, frozen=True, order=True):
    """Two candidates that share one may be the same person."""

    kind: KeyKind
    value: str


# RFC 5321 leaves the local part to its host; this asks only for what every deliverable address has.
_EMAIL: Final = re.compile(r"[^\s@<>\"(),:;\\\[\]]+@(?:[\w-]+\.)+[\w-]{2,}")
_GMAIL: Final = {"gmail.com", "googlemail.com"}

_SITES: Final[dict[str, LinkKind]] = {
    "linkedin.com": "linkedin",
    "github.com": "github",
    "gitlab.com": "gitlab",
    "xing.com": "xing",
    "stackoverflow.com": "stackoverflow",
}


def clean_line(text: str) -> str:
    """Return `text` in Unicode form NFC, with single spaces and none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def clean_text(text: str) -> str:
    """Return `text` in Unicode form NFC, with line feeds as line ends and no space at the ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def clean_name(text: str) -> str:
    """Return a person's name. Raises ValueError when nothing of it can be seen."""
    name = clean_line(text)
    if not any(character.isalnum() for character in name):
        raise ValueError("Give a name with at least one letter.")
    return name


def clean_email(text: str) -> str:
    """Return the address with its domain in lower case. Raises ValueError when it is none."""
    address = clean_line(text).removeprefix("mailto:")
    if not _EMAIL.fullmatch(address) or ".." in address or len(address) > 254:
        raise ValueError("This is not an e-mail address. Write it like ada@example.com.")
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def clean_link(text: str) -> ProfileLink:
    """Return the link with its site. Raises ValueError when it is no http(s) address."""
    address = clean_line(text)
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:(?!\d)", address):
        address = f"https://{address}"
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
        _ = parts.port
    except ValueError as error:
        raise ValueError(_NO_LINK) from error
    if parts.scheme not in {"http", "https"} or "." not in host or " " in address:
        raise ValueError(_NO_LINK)
    if parts.username is not None:
        raise ValueError("A link must not contain a user name or password.")
    site = _site(host)
    if site is None:
        return ProfileLink("website", address)
    path = re.sub(r"/+", "/", parts.path).rstrip("/")
    return ProfileLink(_SITES[site], f"https://{'www.' if site in _WWW else ''}{site}{path}")


_NO_LINK = "This is not a web address. Write it like https://github.com/ada."
_WWW: Final = {"linkedin.com", "xing.com"}


def _site(host: str) -> str | None:
    """Return the known site that `host` belongs to: de.linkedin.com is linkedin.com."""
    name = host.lower()
    return next((site for site in _SITES if name == site or name.endswith(f".{site}")), None)


def email_key(address: str) -> Key:
    """Return the key of an address: case never matters, and Gmail ignores dots and +suffixes."""
    local, _, domain = address.casefold().rpartition("@")
    if domain in _GMAIL:
        local, domain = local.partition("+")[0].replace(".", ""), "gmail.com"
    return Key("email", f"{local}@{domain}")


def phone_key(number: str) -> Key:
    """Return the key of a number in the form E.164."""
    return Key("phone", number)


def link_key(link: ProfileLink) -> Key | None:
    """Return the key of a profile page; a plain website is shared by many and has none."""
    if link.kind == "website":
        return None
    path = unquote(urlsplit(link.url).path).strip("/").casefold()
    return Key("link", f"{link.kind}:{path}") if path else None


def keys_of(
    emails: tuple[str, ...], phones: tuple[str, ...], links: tuple[ProfileLink, ...]
) -> tuple[Key, ...]:
    """Return every key of a candidate, sorted and each once."""
    found = {email_key(email) for email in emails}
    found |= {phone_key(phone) for phone in phones}
    found |= {key for link in links if (key := link_key(link)) is not None}
    return tuple(sorted(found))


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return cleaned, non-empty values in their order; of those equal but for case, the first."""
    kept: dict[str, str] = {}
    for value in values:
        line = clean_line(value)
        if line:
            kept.setdefault(line.casefold(), line)
    return tuple(kept.values())
