"""The icons of the pages, drawn into the HTML so that none of them flashes in late.

The drawings are Lucide's, vendored by `api.web.vendor`. Templates say `{{ icon("jobs") }}`.
"""

from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

_FOLDER: Final = Path(__file__).parent / "assets" / "vendor" / "icons"

NAMES: Final = {
    "account": "circle-user-round",
    "add": "plus",
    "admin": "settings",
    "alert": "triangle-alert",
    "analytics": "chart-no-axes-column",
    "archive": "archive",
    "arrow_left": "arrow-left",
    "arrow_right": "arrow-right",
    "assign": "user-round-plus",
    "audit": "scroll-text",
    "bell": "bell",
    "board": "square-kanban",
    "branding": "palette",
    "calendar": "calendar",
    "candidates": "users-round",
    "check": "check",
    "check_circle": "circle-check",
    "chevron_down": "chevron-down",
    "chevron_right": "chevron-right",
    "chevrons": "chevrons-up-down",
    "clock": "clock",
    "close": "x",
    "copy": "copy",
    "dashboard": "house",
    "delete": "trash-2",
    "download": "download",
    "edit": "pencil",
    "error": "circle-alert",
    "external": "external-link",
    "file": "file-text",
    "filter": "list-filter",
    "help": "circle-question-mark",
    "inbox": "inbox",
    "info": "info",
    "interview": "messages-square",
    "jobs": "briefcase-business",
    "key": "key-round",
    "keyboard": "keyboard",
    "link": "link",
    "lock": "lock",
    "mail": "mail",
    "menu": "menu",
    "merge": "merge",
    "moon": "moon",
    "more": "ellipsis",
    "move": "move-right",
    "note": "sticky-note",
    "phone": "phone",
    "pin": "map-pin",
    "plan": "gauge",
    "plugins": "blocks",
    "privacy": "shield-check",
    "refresh": "refresh-cw",
    "reject": "circle-x",
    "reopen": "rotate-ccw",
    "roles": "user-round-cog",
    "search": "search",
    "send": "send",
    "sign_out": "log-out",
    "star": "star",
    "sun": "sun",
    "system": "monitor",
    "tag": "tag",
    "tasks": "list-checks",
    "team": "contact-round",
    "upload": "upload",
    "view": "eye",
    "workspace": "building-2",
}
"""Our name of an icon, by what it stands for, and Lucide's."""

SOURCES: Final = tuple(sorted(set(NAMES.values())))


@cache
def icon(name: str, size: int = 16, label: str = "") -> Markup:
    """Return an icon as SVG. Without a `label` it is hidden from screen readers.

    Raises KeyError for an icon that isn't in `NAMES`.
    """
    drawing = (_FOLDER / f"{NAMES[name]}.svg").read_text()
    body = drawing[drawing.index("<svg") :]
    inner = body[body.index(">") + 1 : body.rindex("</svg>")]
    inner = " ".join(inner.split())
    said = Markup('role="img" aria-label="{}"').format(label) if label else 'aria-hidden="true"'
    return Markup(  # noqa: S704 - our own files; the label is escaped
        f'<svg class="icon" width="{size}" height="{size}" viewBox="0 0 24 24" fill="none" '
        f'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" '
        f'stroke-linejoin="round" {said}>{inner}</svg>'
    )
