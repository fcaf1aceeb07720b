"""The frame around every mail: logo, colours and footer of the tenant, for mail programs as they
are.

Outlook on Windows knows tables and no padding of links; Gmail drops style sheets of forwarded mails
and clips at 102 KB; many programs turn colours around in the dark. So styles stand on the elements,
the one style sheet only adds what the dark needs, and everything is in tables.
Used by `rendering`.
"""

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Final

import msgspec

from core.shared.colour import (
    BLACK,
    WHITE,
    Rgb,
    is_colour,
    parsed,
    readable,
    text_on,
    written,
)
from core.templates.markup import ADDRESS, Colours

CLIPPED_ABOVE: Final = 102_000
"""Bytes above which Gmail hides the rest of a mail."""

ACCENT: Final = "#3b5bdb"
"""For tenants that have chosen no colour."""

_INK: Final = "#1f2328"
_PAGE: Final[Rgb] = (244, 245, 247)
_NIGHT: Final[Rgb] = (33, 37, 45)


class Letterhead(msgspec.Struct, frozen=True):
    """Who writes: what the tenant shows of itself in each mail."""

    name: str
    site_url: str
    logo_url: str | None = None
    accent: str | None = None
    """Of links and buttons, as `#rrggbb`."""
    band: str | None = None
    """Of the band above the mail."""
    tagline: str | None = None
    lines: tuple[str, ...] = ()
    """Stand in the footer: the postal address and what else must."""
    privacy_url: str | None = None
    contact_email: str | None = None


class Frame(msgspec.Struct, frozen=True):
    """What is written on the frame in a language."""

    language: str
    words: Mapping[str, str]


@lru_cache(maxsize=256)
def colours_of(accent: str | None, band: str | None) -> Colours:
    """Return colours that can be read, made of what a tenant picked."""
    chosen = parsed(accent if accent is not None and is_colour(accent) else ACCENT)
    link = readable(chosen, (WHITE, _PAGE), toward=BLACK)
    return Colours(
        band=band if band is not None and is_colour(band) else written(chosen),
        button=written(chosen),
        on_button=written(text_on(chosen)),
        link=written(link),
        night_link=written(readable(chosen, (_NIGHT,), toward=WHITE)),
    )


def lay_out(
    body: str,
    *,
    subject: str,
    teaser: str,
    letterhead: Letterhead,
    colours: Colours,
    frame: Frame,
    unsubscribe_url: str | None,
) -> str:
    """Return the whole HTML document around `body`."""
    return (
        f'<!doctype html>\n<html lang="{frame.language}" dir="ltr">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="supported-color-schemes" content="light dark">\n'
        f"<title>{escape(subject)}</title>\n<style>{_sheet(colours.night_link)}</style>\n</head>\n"
        '<body class="page" style="margin:0;padding:0;background:#f4f5f7">\n'
        f'<div style="display:none;max-height:0;overflow:hidden">{escape(teaser)}</div>\n'
        f'<table role="presentation" {_BARE} width="100%" class="page" bgcolor="#f4f5f7">'
        '<tr><td align="center" style="padding:24px 12px">\n'
        '<!--[if mso]><table role="presentation" width="600" align="center"><tr><td>'
        "<![endif]-->\n"
        f'<table role="presentation" {_BARE} width="100%" class="sheet" bgcolor="#ffffff" '
        f'style="max-width:600px;background:#ffffff;border-radius:8px;'
        f'border-top:4px solid {colours.band};{_FONT}">\n'
        f'<tr><td style="padding:28px 32px 0">{_head(letterhead)}</td></tr>\n'
        f'<tr><td style="padding:20px 32px 8px;{_FONT}">\n{body}</td></tr>\n'
        '<tr><td class="foot" '
        f'style="padding:16px 32px 28px;border-top:1px solid #d0d7de;{_SMALL}">'
        f"{_foot_html(letterhead, frame, unsubscribe_url)}</td></tr>\n"
        "</table>\n<!--[if mso]></td></tr></table><![endif]-->\n"
        "</td></tr></table>\n</body>\n</html>\n"
    )


def text_footer(letterhead: Letterhead, frame: Frame, unsubscribe_url: str | None) -> str:
    """Return the footer of the plain text, below the mark that begins a signature (RFC 3676)."""
    lines = ["-- ", *_who(letterhead)]
    lines += [
        f"{label}: {address}" for label, address in _links(letterhead, frame, unsubscribe_url)
    ]
    return "\n".join(lines) + "\n"


def _head(letterhead: Letterhead) -> str:
    name, site = escape(letterhead.name), escape(letterhead.site_url)
    style = f"color:{_INK};text-decoration:none;font-size:18px;line-height:24px;font-weight:600"
    inside = name
    if letterhead.logo_url is not None and ADDRESS.fullmatch(letterhead.logo_url):
        inside = (
            f'<img src="{escape(letterhead.logo_url)}" alt="{name}" height="40" '
            'style="height:40px;max-width:240px;border:0;display:block">'
        )
    head = f'<a class="ink" href="{site}" style="{style}">{inside}</a>'
    if letterhead.tagline:
        head += f'<div class="foot" style="{_SMALL}">{escape(letterhead.tagline)}</div>'
    return head


def _foot_html(letterhead: Letterhead, frame: Frame, unsubscribe_url: str | None) -> str:
    who = "<br>".join(escape(line) for line in _who(letterhead))
    links = " &middot; ".join(
        f'<a class="foot" href="{escape(_href(address))}" '
        f'style="color:#57606a;text-decoration:underline">{escape(label)}</a>'
        for label, address in _links(letterhead, frame, unsubscribe_url)
    )
    return who + (f"<br><br>{links}" if links else "")


def _who(letterhead: Letterhead) -> tuple[str, ...]:
    """Return who writes; the address often begins with the name, which isn't said twice then."""
    lines = letterhead.lines
    return lines if lines and lines[0].startswith(letterhead.name) else (letterhead.name, *lines)


def _links(
    letterhead: Letterhead, frame: Frame, unsubscribe_url: str | None
) -> tuple[tuple[str, str], ...]:
    found = (
        ("privacy", letterhead.privacy_url),
        ("contact", letterhead.contact_email),
        ("unsubscribe", unsubscribe_url),
    )
    return tuple(
        (frame.words[word], address)
        for word, address in found
        if address is not None and ADDRESS.fullmatch(_href(address))
    )


def _href(address: str) -> str:
    return f"mailto:{address}" if "@" in address and ":" not in address else address


_BARE: Final = 'cellpadding="0" cellspacing="0" border="0"'
_FONT: Final = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_SMALL: Final = f"{_FONT};font-size:13px;line-height:20px;color:#57606a"


@lru_cache(maxsize=256)
def _sheet(night_link: str) -> str:
    rules = (
        ".page{background:#16181d!important}",
        ".sheet{background:#21252d!important}",
        ".ink{color:#e6e8eb!important}",
        f".link{{color:{night_link}!important}}",
        ".foot{color:#aab1bb!important;border-color:#3d434d!important}",
    )
    # Outlook.com turns the query into this attribute of its own.
    return (
        ":root{color-scheme:light dark;supported-color-schemes:light dark}"
        f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"
        + "".join(f"[data-ogsc] {rule}" for rule in rules)
    )
