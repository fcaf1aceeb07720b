"""Makes the HTML of a plugin's page safe to stand in ours: what isn't named here is taken out.

Called by `api.web.plugin_pages`. Nothing of a plugin runs or is styled in our origin, nothing of it
acts on our scripts' attributes, and its forms can be sent to its own pages only.
"""

import re
from collections.abc import Callable
from html import unescape
from typing import Final
from urllib.parse import urlsplit

import nh3
from markupsafe import Markup, escape

ID_PREFIX: Final = "plugin-"
"""Put before each id, so that none of them is one of ours."""

_EVERYWHERE: Final = frozenset(
    {"class", "id", "title", "lang", "dir", "role", "aria-label", "aria-hidden"}
    | {"aria-labelledby", "aria-describedby", "aria-current", "aria-live"}
)
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "a": {"href", "hreflang"},
    "time": {"datetime"},
    "th": {"scope", "colspan", "rowspan", "headers"},
    "td": {"colspan", "rowspan", "headers"},
    "ol": {"start"},
    "img": {"src", "alt", "width", "height"},
    "form": {"method", "action"},
    "label": {"for"},
    "input": {
        *("type", "name", "value", "placeholder", "checked", "disabled", "required", "readonly"),
        *("min", "max", "step", "minlength", "maxlength", "autocomplete", "inputmode"),
    },
    "select": {"name", "required", "disabled", "multiple"},
    "option": {"value", "selected", "disabled"},
    "textarea": {"name", "rows", "placeholder", "required", "disabled", "readonly", "maxlength"},
    "button": {"type", "name", "value", "disabled"},
    "details": {"open"},
    "meter": {"value", "min", "max", "low", "high", "optimum"},
    "progress": {"value", "max"},
    "iframe": {"srcdoc"},
}
_TAGS: Final = set(_ATTRIBUTES) | {
    *("abbr", "article", "aside", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del"),
    *("dfn", "div", "dl", "dt", "em", "fieldset", "figcaption", "figure", "h2", "h3", "h4", "hr"),
    *("i", "ins", "kbd", "legend", "li", "mark", "p", "pre", "q", "s", "samp", "section", "small"),
    *("span", "strong", "sub", "summary", "sup", "table", "tbody", "tfoot", "thead", "tr", "u"),
    *("ul", "var"),
}
CLASSES: Final = frozenset(
    {"actions", "badge", "bad", "body", "button", "card", "empty", "facts", "good", "grow", "mono"}
    | {"note", "num", "primary", "prose", "row", "small", "soft", "stack", "table-scroll", "tight"}
    | {"truncate", "visually-hidden", "warn", "wide", "wrap"}
)
"""Of our style sheet, for plugins to look like the rest; other classes are taken out."""

_REFERS: Final = frozenset({"id", "for", "headers", "aria-labelledby", "aria-describedby"})
_INPUTS: Final = (
    *("text", "search", "email", "url", "tel", "number", "date", "time", "datetime-local", "month"),
    *("checkbox", "radio", "hidden", "range", "submit"),
)
_PLAIN: Final = {("form", "method"): ("get", "post"), ("input", "type"): _INPUTS}
"""Attributes with values of which others read as the first."""
_SRCDOC: Final = re.compile(r' srcdoc="([^"]*)"')
_TAG: Final = re.compile(r'<(?:/[a-z0-9]+|([a-z0-9]+)((?: [a-z\-]+="[^"]*")*))>')


def safe_html(html: str, plugin_id: str, host: str, form_token: str) -> Markup:
    """Return `html` for a page of the plugin on `host`, with the token in its forms that change.

    `form_token` is the hidden field as HTML; empty for who has no session.
    """
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style", "template", "noscript", "svg", "math", "object"},
        attributes={"*": set(_EVERYWHERE), **_ATTRIBUTES},
        attribute_filter=_filter(plugin_id, host),
        set_tag_attribute_values={
            "iframe": {"sandbox": "", "loading": "lazy", "referrerpolicy": "no-referrer"}
        },
        url_schemes={"http", "https", "mailto", "tel", "data"},
        link_rel="noopener noreferrer",
    )
    return Markup(_with_token(cleaned, form_token))  # noqa: S704 - what went through the cleaner


def framed(html: Markup, address: Callable[[int], str]) -> tuple[Markup, list[str]]:
    """Return cleaned `html` whose frames load from `address`, and what is to be loaded there.

    A document in an attribute has the policy of the page around it, which lets nothing be styled
    but by our own style sheets; one that is loaded has a policy of its own.
    """
    made: list[str] = []
    documents: list[str] = []
    end = 0
    for tag in _TAG.finditer(html):
        made.append(html[end : tag.start()])
        end = tag.end()
        held = _SRCDOC.search(tag.group()) if tag.group(1) == "iframe" else None
        if held is None:
            made.append(tag.group())
            continue
        source = escape(address(len(documents)))
        documents.append(unescape(held[1]))
        made.append(tag.group().replace(held[0], f' src="{source}"', 1))
    made.append(html[end:])
    return Markup("".join(made)), documents  # noqa: S704 - what went through the cleaner


def hidden_field(name: str, value: str) -> Markup:
    """Return a hidden field as HTML."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(escape(name), escape(value))


def _with_token(html: str, form_token: str) -> str:
    """Put the token into each form that changes something.

    Goes through tag by tag, since a value of an attribute, such as a frame's content, may itself
    look like a form. Raises ValueError when `html` isn't as the cleaner writes it.
    """
    made: list[str] = []
    end = 0
    for tag in _TAG.finditer(html):
        made += (_text(html[end : tag.start()]), tag.group())
        end = tag.end()
        if tag.group(1) == "form" and ' method="post"' in tag.group(2):
            made.append(form_token)
    return "".join((*made, _text(html[end:])))


def _text(between: str) -> str:
    if "<" in between:
        raise ValueError("the cleaner wrote a tag that can't be read")
    return between


def _filter(plugin_id: str, host: str) -> Callable[[str, str, str], str | None]:
    def kept(tag: str, name: str, value: str) -> str | None:
        if name in _REFERS:
            return " ".join(f"{ID_PREFIX}{each}" for each in value.split())
        if name == "class":
            return " ".join(each for each in value.split() if each in CLASSES) or None
        if (tag, name) == ("form", "action"):
            return value if _is_own(value, plugin_id, host) else None
        if name in {"src", "href"} and value.lstrip().lower().startswith("data:") != (tag == "img"):
            return None
        plain = _PLAIN.get((tag, name))
        if plain is not None:
            return value.lower() if value.lower() in plain else plain[0]
        return value

    return kept


def _is_own(address: str, plugin_id: str, host: str) -> bool:
    """Whether an address is one of the plugin's pages, so that its form may be sent there."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    own = f"/plugins/{plugin_id}"
    if parts.scheme not in {"", "http", "https"} or parts.netloc not in {"", host}:
        return False
    plain = not any(odd in parts.path for odd in ("\\", "//", "..", "%"))
    return plain and (parts.path == own or parts.path.startswith(own + "/"))
