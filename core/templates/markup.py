"""How the body of a template is marked up, and the HTML and text that become of it.

    # Heading          **bold**         - item of a list
    [words](address)   [button: words](address), on a line of its own   --- a line across

An empty line begins a paragraph. Values are put in after the marks were read: whatever a value
holds, it is shown as it is and marks nothing. Used by `rendering`.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Final, Literal

import msgspec

from core.templates.language import CLOSE, OPEN, Filled

BlockKind = Literal["heading", "paragraph", "list", "button", "line"]

MAX_BLOCKS: Final = 400
ADDRESS: Final = re.compile(r"(?:https?://|mailto:)[^\s<>\"'{}()\[\]\\^`|]{1,500}", re.IGNORECASE)
"""Where links may lead."""

_BUTTON: Final = re.compile(r"\[button: ?([^\[\]\n]{1,200})\]\(([^()\s]{1,600})\)")
_INLINE: Final = re.compile(r"\*\*([^*\n]{1,2000})\*\*|\[([^\[\]\n]{1,200})\]\(([^()\s]{1,600})\)")
_PLACE: Final = re.compile(f"{OPEN}([0-9]{{1,6}}){CLOSE}")

_TEXT_STYLE: Final = "margin:0 0 16px;font-size:16px;line-height:24px;color:#1f2328"
_STYLES: Final = {
    "heading": "margin:8px 0 16px;font-size:20px;line-height:28px;font-weight:600;color:#1f2328",
    "paragraph": _TEXT_STYLE,
    "list": "margin:0 0 16px;padding:0 0 0 24px;font-size:16px;line-height:24px;color:#1f2328",
    "line": "margin:24px 0;border:0;border-top:1px solid #d0d7de",
}


class Block(msgspec.Struct, frozen=True):
    """A block of a body, with its lines as they were marked up."""

    kind: BlockKind
    lines: tuple[str, ...]
    target: str = ""
    """Where a button leads."""


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a body, at most `MAX_BLOCKS`."""
    for count, block in enumerate(_blocks(text)):
        if count == MAX_BLOCKS:
            return
        yield block


def _blocks(text: str) -> Iterator[Block]:
    kind: BlockKind = "paragraph"
    lines: list[str] = []
    for raw in [*text.split("\n"), ""]:
        line = raw.strip()
        found, content, target = _line(line)
        if lines and (found != kind or not line):
            yield Block(kind, tuple(lines))
            lines = []
        if not line:
            continue
        if found in {"heading", "button", "line"}:
            yield Block(found, (content,), target)
        else:
            kind = found
            lines.append(content)


def _line(line: str) -> tuple[BlockKind, str, str]:
    if line.startswith("# "):
        return "heading", line[2:].strip(), ""
    if line.startswith("- "):
        return "list", line[2:].strip(), ""
    if line == "---":
        return "line", "", ""
    button = _BUTTON.fullmatch(line)
    if button:
        return "button", button[1].strip(), button[2]
    return "paragraph", line, ""


class Colours(msgspec.Struct, frozen=True):
    """The colours of a mail, as `#rrggbb`."""

    band: str
    button: str
    on_button: str
    link: str
    night_link: str
    """Of links where the mail program is dark."""


def to_html(filled: Filled, colours: Colours) -> str:
    """Return the body as HTML with inlined styles; every value and every text is escaped."""
    return "".join(_block_html(block, filled, colours) for block in blocks(filled.text))


def _block_html(block: Block, filled: Filled, colours: Colours) -> str:
    lines = [_inline_html(line, filled, colours) for line in block.lines]
    style = _STYLES.get(block.kind, _TEXT_STYLE)
    if block.kind == "heading":
        return f'<h1 class="ink" style="{style}">{lines[0]}</h1>\n'
    if block.kind == "list":
        items = "".join(f'<li style="margin:0 0 4px">{line}</li>' for line in lines)
        return f'<ul class="ink" style="{style}">{items}</ul>\n'
    if block.kind == "line":
        return f'<hr style="{style}">\n'
    if block.kind == "button":
        return _button_html(lines[0], _target(block.target, filled), colours)
    return f'<p class="ink" style="{style}">{"<br>".join(lines)}</p>\n'


def _button_html(label: str, address: str | None, colours: Colours) -> str:
    if address is None:
        return f'<p class="ink" style="{_TEXT_STYLE}">{label}</p>\n'
    # Outlook draws no padding around a link: the cell has the colour and the room.
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" border="0" '
        'style="margin:8px 0 24px"><tr>'
        f'<td bgcolor="{colours.button}" style="border-radius:6px;background:{colours.button};'
        'padding:12px 20px">'
        f'<a href="{escape(address)}" style="font-size:16px;line-height:20px;font-weight:600;'
        f'color:{colours.on_button};text-decoration:none;display:inline-block">{label}</a>'
        "</td></tr></table>\n"
    )


def _inline_html(line: str, filled: Filled, colours: Colours, *, links_only: bool = False) -> str:
    made, end = [], 0
    for found in _INLINE.finditer(line):
        made.append(_shown_html(line[end : found.start()], filled))
        end = found.end()
        if found[1] is None:
            made.append(_link_html(found[2], found[3], filled, colours))
        elif links_only:
            made.append(_shown_html(found[1], filled))
        else:
            inside = _inline_html(found[1], filled, colours, links_only=True)
            made.append(f"<strong>{inside}</strong>")
    made.append(_shown_html(line[end:], filled))
    return "".join(made)


def _link_html(label: str, target: str, filled: Filled, colours: Colours) -> str:
    shown, address = _shown_html(label, filled), _target(target, filled)
    if address is None:
        return shown
    style = f"color:{colours.link};text-decoration:underline"
    return f'<a class="link" href="{escape(address)}" style="{style}">{shown}</a>'


def _shown_html(text: str, filled: Filled) -> str:
    def value(found: re.Match[str]) -> str:
        return escape(_value(found, filled)).replace("\n", "<br>")

    return _PLACE.sub(value, escape(text))


def to_text(filled: Filled) -> str:
    """Return the body as plain text."""
    made = []
    for block in blocks(filled.text):
        lines = [_inline_text(line, filled) for line in block.lines]
        if block.kind == "list":
            lines = [f"- {line}" for line in lines]
        elif block.kind == "line":
            lines = ["-" * 20]
        elif block.kind == "button":
            address = _target(block.target, filled)
            lines += [] if address is None else [address]
        made.append("\n".join(lines))
    return "\n\n".join(made) + "\n"


def _inline_text(line: str, filled: Filled) -> str:
    def mark(found: re.Match[str]) -> str:
        if found[1] is not None:
            return _INLINE.sub(mark, found[1])
        says_it = put_in(found[2], filled) == put_in(found[3], filled)
        if says_it or _target(found[3], filled) is None:
            return found[2]
        return f"{found[2]} ({found[3]})"

    return put_in(_INLINE.sub(mark, line), filled)


def put_in(text: str, filled: Filled) -> str:
    """Return `text` with the values at their places, as plain text."""
    return _PLACE.sub(lambda found: _value(found, filled), text)


def _target(target: str, filled: Filled) -> str | None:
    """Return the address that a link leads to, or None where it may lead nowhere."""
    place = _PLACE.fullmatch(target)
    address = _value(place, filled) if place else target
    if place and "@" in address and ":" not in address:
        address = f"mailto:{address}"
    return address if ADDRESS.fullmatch(address) else None


def _value(found: re.Match[str], filled: Filled) -> str:
    number = int(found[1])
    return filled.values[number][1] if number < len(filled.values) else ""
