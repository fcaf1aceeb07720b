"""How letters and replies look on pages: what becomes of an e-mail in words, and foreign HTML.

Called by the candidate's page, the dashboard and the page of replies that belong to nobody.
"""

import re
from collections.abc import Mapping
from html import unescape
from typing import Final

import nh3
from markupsafe import Markup, escape

from api.web.languages import mark
from api.web.quoting import Segment, segments
from core.messages.replies import Letter, ReplyView

HAPPENED: Final[Mapping[str, str]] = {
    "queued": mark("Waits to be sent"),
    "postponed": mark("Put off: the service said “later”"),
    "sent": mark("Handed over"),
    "failed": mark("Not sent"),
    "unknown": mark("Handed over, but nobody knows whether it was taken"),
    "suppressed": mark("Not sent: the address isn't written to"),
    "accepted": mark("Taken by the service"),
    "deferred": mark("Put off by the receiver's server"),
    "delivered": mark("Delivered"),
    "bounced": mark("Came back"),
    "dropped": mark("Not sent by the service"),
    "opened": mark("Opened"),
    "clicked": mark("A link was followed"),
    "complained": mark("Called spam by its receiver"),
    "unsubscribed": mark("Unsubscribed"),
}
BY_MACHINE: Final[Mapping[str, str]] = {
    "opened": mark("Opened by a machine"),
    "clicked": mark("A link was followed by a machine"),
}
STANDING: Final[Mapping[str, tuple[str, str]]] = {
    "queued": (mark("Waiting"), "info"),
    "sending": (mark("Being sent"), "info"),
    "sent": (mark("Sent"), "info"),
    "failed": (mark("Failed"), "bad"),
    "unknown": (mark("Unknown"), "warn"),
    "deferred": (mark("Put off"), "warn"),
    "delivered": (mark("Delivered"), "good"),
    "opened": (mark("Opened"), "good"),
    "dropped": (mark("Not sent"), "bad"),
    "bounced": (mark("Came back"), "bad"),
    "complained": (mark("Called spam"), "bad"),
}
SUPPRESSED: Final[Mapping[str, str]] = {
    "bounced": mark("Mail to it came back for good."),
    "complained": mark("Its owner called a message spam."),
    "unsubscribed": mark("Its owner wants no mail but answers."),
}

_TAGS: Final = {
    *("a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "li"),
    *("ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead"),
    *("tr", "u", "ul"),
}


MOST_TAGS: Final = 3_000
"""Cleaning takes as long as the square of how deep they lie in one another."""
MOST_OPENED_AGAIN: Final = 100_000
"""Where a paragraph ends within them, each of these is opened again in the next (HTML 13.2.4.3):
forty kilobytes become a page of thirty megabytes."""

_OPENED_AGAIN: Final = re.compile(
    r"<(?:big|code|b|em|font|i|nobr|small|strike|strong|s|tt|u)(?=[\s/>])", re.IGNORECASE
)
_HIDDEN: Final = re.compile(r"<(style|script)\b[^<]*</\1[^<>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]*>")


def standing_of(letter: Letter) -> tuple[str, str]:
    """Return the most that is known of a letter, and the kind of its badge."""
    if letter.state == "sent" and letter.opened_at is not None and letter.delivery != "complained":
        return STANDING["opened"]
    known = letter.delivery if letter.delivery is not None else letter.state
    return STANDING[letter.state if letter.state in ("queued", "sending", "unknown") else known]


def happened(kind: str, *, machine: bool) -> str:
    """Return what an entry of a timeline says, to be translated."""
    return BY_MACHINE.get(kind, HAPPENED[kind]) if machine else HAPPENED[kind]


def shown_text(reply: ReplyView) -> list[Segment]:
    """Return a reply's text with what it quotes apart."""
    return segments(reply.text)


def safe_letter(html: str) -> Markup:
    """Return foreign HTML that runs, loads and styles nothing; links lead out and tell nothing.

    What is made to keep the cleaner busy is shown without its layout.
    """
    tags = html.count("<")
    if tags > MOST_TAGS:
        return escape(unescape(_TAG.sub(" ", _HIDDEN.sub(" ", html))))
    if tags * len(_OPENED_AGAIN.findall(html)) > MOST_OPENED_AGAIN:
        html = _OPENED_AGAIN.sub("<span", html)
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style", "template", "noscript", "svg", "math", "title"},
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(cleaned)  # noqa: S704 - what went through the cleaner
