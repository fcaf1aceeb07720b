"""The template environments, one per language, and what every template may call."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel.numbers import format_decimal
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.web.assets import asset_url
from api.web.icons import icon
from api.web.languages import words

TEMPLATES: Final = Path(__file__).parent / "templates"
_loaders: list[BaseLoader] = [FileSystemLoader(TEMPLATES)]


def add_templates(loader: BaseLoader) -> None:
    """Let templates come from elsewhere too, such as a plugin's; ours win over others' names."""
    _loaders.append(loader)
    environment.cache_clear()


@cache
def environment(language: str) -> Environment:
    """Return the environment whose texts are in a language of `api.web.languages`."""
    made = Environment(
        loader=ChoiceLoader(_loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        auto_reload=False,
        cache_size=-1,
    )
    catalogue = words(language)
    installed: Any = made
    installed.install_gettext_translations(catalogue, newstyle=True)
    made.policies["ext.i18n.trimmed"] = True
    made.globals.update(
        asset=asset_url, icon=icon, moment=moment, day=day, initials=initials, hue=hue
    )
    made.filters["number"] = lambda value: format_decimal(value, locale=language)
    made.filters["file_size"] = file_size
    return made


def moment(at: datetime, style: str = "relative") -> Markup:
    """Return a `<time>` that the page's script shows in the reader's zone.

    `style` is `relative` ("3 hours ago"), `date`, `time` or `both`. Without a script it is UTC.
    """
    instant = at.astimezone(UTC)
    return Markup('<time datetime="{}" data-time="{}">{}</time>').format(
        instant.isoformat(timespec="seconds").replace("+00:00", "Z"),
        style,
        instant.strftime("%d %b %Y, %H:%M UTC"),
    )


def day(at: datetime) -> Markup:
    """Return a `<time>` that shows the day only."""
    return moment(at, "date")


def initials(name: str) -> str:
    """Return one or two letters that stand for a person."""
    parts = [part for part in name.split() if part[0].isalnum()]
    picked = parts[:1] + parts[-1:] if len(parts) > 1 else parts
    return "".join(part[0] for part in picked).upper() or "?"


def hue(text: str) -> int:
    """Return which of the eight tints of an avatar belongs to a text, always the same one."""
    return sum(text.encode()) % 8


def file_size(size_bytes: int) -> str:
    """Return a size with its unit: `340 KB`."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1000:.0f} KB"
    return f"{size_bytes / 1_000_000:.1f} MB"
