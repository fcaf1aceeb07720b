"""From a template and its values to a mail. Used by `wording` and by the preview; never raises."""

import unicodedata
from functools import lru_cache
from typing import Final

from core.templates.contracts import Language, Values, WrittenMail
from core.templates.language import Node, fill, parse
from core.templates.layout import (
    CLIPPED_ABOVE,
    Letterhead,
    colours_of,
    lay_out,
    text_footer,
)
from core.templates.markup import put_in, to_html, to_text
from core.templates.texts import Source, texts

LONGEST_SUBJECT: Final = 200
_TEASER: Final = 120

_TURNS: Final = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
"""Marks that turn the direction of writing around, and with it what an address seems to be."""


def render(
    source: Source,
    values: Values,
    *,
    language: Language,
    letterhead: Letterhead,
    unsubscribe_url: str | None = None,
) -> WrittenMail:
    """Return the mail that `source` makes of `values`, in the tenant's frame."""
    clean = {name: _clean(value) for name, value in values.items()}
    named = fill(_nodes(source.subject), clean)
    subject = one_line(put_in(named.text, named)) or one_line(letterhead.name)
    filled = fill(_nodes(source.body), clean)
    colours = colours_of(letterhead.accent, letterhead.band)
    frame = texts(language).frame
    text = to_text(filled)
    html = lay_out(
        to_html(filled, colours),
        subject=subject,
        teaser=one_line(text)[:_TEASER],
        letterhead=letterhead,
        colours=colours,
        frame=frame,
        unsubscribe_url=unsubscribe_url,
    )
    return WrittenMail(
        subject,
        f"{text}\n{text_footer(letterhead, frame, unsubscribe_url)}",
        html if len(html.encode()) <= CLIPPED_ABOVE else None,
        language,
    )


def one_line(text: str) -> str:
    """Return `text` as it may stand in a header."""
    shown = "".join(mark if unicodedata.category(mark) != "Cc" else " " for mark in text)
    return " ".join(shown.split())[:LONGEST_SUBJECT]


@lru_cache(maxsize=2048)
def _nodes(source: str) -> tuple[Node, ...]:
    return parse(source).nodes


def _clean(value: object) -> str | tuple[dict[str, str], ...]:
    if isinstance(value, tuple):
        return tuple({name: _clean_text(each) for name, each in item.items()} for item in value)
    return _clean_text(str(value))


def _clean_text(text: str) -> str:
    kept = text.replace("\r\n", "\n").translate(_TURNS)
    if kept.isprintable():
        return kept.strip()
    return "".join(
        mark if mark == "\n" or unicodedata.category(mark) != "Cc" else " " for mark in kept
    ).strip()
