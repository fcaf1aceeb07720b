"""As much of CSS as tells whether text is shown: simple selectors, colours, sizes, places.

Called by `web_page.py`.
"""

import re
from typing import Any

from plugins.document_reader.colors import hex_color

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}@]{1,500})\{([^{}]*)\}")
_SIMPLE = re.compile(r"(?P<tag>[a-z][a-z0-9]*|\*)?(?P<marks>(?:[.#][\w-]+)*)", re.IGNORECASE)
_MARK = re.compile(r"[.#][\w-]+")
_LENGTH = re.compile(r"(-?\d*\.?\d+)(px|pt|em|rem|%|in|cm|mm|vw|vh)?")
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,/]+([\d.]+%?))?\s*\)")
_MOST_RULES = 2_000
_FAR = 1_000.0
"""Pixels: nothing of a page is further out."""
_FAINT = 0.08
_PIXEL = 0.75
_NAMES = {
    "white": 0xFFFFFF, "black": 0x000000, "red": 0xFF0000, "green": 0x008000, "blue": 0x0000FF,
    "gray": 0x808080, "grey": 0x808080, "silver": 0xC0C0C0, "navy": 0x000080, "teal": 0x008080,
    "maroon": 0x800000, "orange": 0xFFA500, "yellow": 0xFFFF00, "purple": 0x800080,
    "whitesmoke": 0xF5F5F5, "snow": 0xFFFAFA, "ivory": 0xFFFFF0, "ghostwhite": 0xF8F8FF,
    "lightgray": 0xD3D3D3, "lightgrey": 0xD3D3D3, "darkgray": 0xA9A9A9, "dimgray": 0x696969,
}  # fmt: skip


class Sheet:
    """The rules of a page's own style sheets that name an element, class or id."""

    def __init__(self, text: str) -> None:
        self._rules: dict[str, list[tuple[frozenset[str], dict[str, str]]]] = {}
        plain = _COMMENT.sub("", text)
        for number, rule in enumerate(_RULE.finditer(plain)):
            if number >= _MOST_RULES:
                break
            stated = declarations(rule[2])
            for selector in rule[1].split(",") if stated else ():
                self._add(selector.strip(), stated)

    def _add(self, selector: str, stated: dict[str, str]) -> None:
        """Keep the rule under what it names last; what stands around that isn't looked at."""
        last = re.split(r"[\s>+~]+", selector)[-1]
        found = _SIMPLE.fullmatch(last)
        if found is None or (":" in last) or not last:
            return
        marks = frozenset(_MARK.findall(found["marks"]))
        tag = (found["tag"] or "*").lower()
        self._rules.setdefault(tag, []).append((marks, stated))

    def of(self, element: Any) -> dict[str, str]:
        """Return what the rules say of the element, later ones over earlier ones."""
        stated: dict[str, str] = {}
        if not self._rules:
            return stated
        marks = {f".{each}" for each in (element.get("class") or "").split()}
        if element.get("id"):
            marks.add(f"#{element.get('id')}")
        for tag in ("*", element.tag.lower()):
            for wanted, values in self._rules.get(tag, ()):
                if wanted <= marks:
                    stated.update(values)
        return stated


def declarations(text: str) -> dict[str, str]:
    """Return properties and values of `a: b; c: d`, in small letters."""
    stated = {}
    for each in text.split(";"):
        name, colon, value = each.partition(":")
        if colon:
            stated[name.strip().lower()] = value.replace("!important", "").strip().lower()
    return stated


def hides(stated: dict[str, str]) -> bool:
    """Whether an element so styled is not on the page, or can't be seen there."""
    return (
        stated.get("display") == "none"
        or stated.get("visibility") in {"hidden", "collapse"}
        or _number(stated.get("opacity", "1")) < _FAINT
        or _is_far_out(stated)
        or _is_cut_off(stated)
        or stated.get("color", "").replace(" ", "") in {"transparent", "rgba(0,0,0,0)"}
    )


def _is_far_out(stated: dict[str, str]) -> bool:
    if _pixels(stated.get("text-indent", "0")) <= -_FAR:
        return True
    return stated.get("position") in {"absolute", "fixed"} and any(
        abs(_pixels(stated.get(side, "0"))) >= _FAR for side in ("left", "top", "right")
    )


def _is_cut_off(stated: dict[str, str]) -> bool:
    clip = stated.get("clip", "").replace(" ", "").replace(",", "").replace("px", "")
    if clip in {"rect(0000)", "rect(1111)"}:
        return True
    if stated.get("overflow") != "hidden":
        return False
    limits = (stated.get(name, "") for name in ("height", "width", "max-height"))
    return any(_LENGTH.match(each) and _pixels(each) <= 1 for each in limits)


def color_of(text: str) -> int | None:
    """Return 0xRRGGBB, or None for what isn't one plain colour."""
    value = text.strip().lower()
    first = value.split(" ")[0] if not value.startswith("rgb") else value
    found = _RGB.fullmatch(first)
    if found:
        red, green, blue = (min(255, int(each)) for each in found.groups()[:3])
        return red << 16 | green << 8 | blue
    if first in _NAMES:
        return _NAMES[first]
    return hex_color(first) if first.startswith("#") else None


def size_of(text: str, outer: float | None) -> float | None:
    """Return a font size in points; `outer` is that of the element around."""
    found = _LENGTH.fullmatch(text.strip())
    around = 12.0 if outer is None else outer
    points = {"pt": 1.0, "px": _PIXEL, "em": around, "rem": 12.0, "%": around / 100}
    unit = points.get(found[2] or "px") if found else None
    return float(found[1]) * unit if found and unit is not None else outer


def _pixels(text: str) -> float:
    found = _LENGTH.match(text.strip())
    if found is None:
        return 0.0
    scale = {"em": 16.0, "rem": 16.0, "pt": 1.33, "in": 96.0, "cm": 37.8, "mm": 3.78}
    if found[2] in {"vw", "vh", "%"}:
        return float(found[1]) * 10.0
    return float(found[1]) * scale.get(found[2] or "px", 1.0)


def _number(text: str) -> float:
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return 1.0
