"""Which template a key names, and which of its versions is sent. Used by `usecases`, `trying` and
`wording`.
"""

from collections.abc import Mapping
from typing import Final

from core.templates.checking import flaws_of
from core.templates.contracts import Flaw, Language, TemplateKind
from core.templates.errors import TemplateNotFound
from core.templates.kinds import KINDS
from core.templates.model import Kind
from core.templates.ports import PluginKinds, Saved
from core.templates.texts import Source

ANY_MAIL: Final[TemplateKind] = "status_update"
"""The kind that is asked for what every mail about an application may say."""

_OURS: Final[Mapping[str, Kind]] = {str(name): kind for name, kind in KINDS.items()}


async def find_kind(key: str, plugins: PluginKinds) -> Kind:
    """Return a kind of the platform's or of an enabled plugin. Raises TemplateNotFound."""
    ours = _OURS.get(key)
    if ours is not None:
        return ours
    for each in await plugins.all():
        if each.kind == key:
            return each
    raise TemplateNotFound(TemplateNotFound.TEXT)


async def kind_in(key: str, language: Language, plugins: PluginKinds) -> Kind:
    """Return a kind that exists in `language`. Raises TemplateNotFound."""
    kind = await find_kind(key, plugins)
    if language not in kind.languages:
        raise TemplateNotFound(TemplateNotFound.TEXT)
    return kind


def source_of(kind: Kind, language: Language, saved: Saved | None) -> Source:
    """Return what a template says, from its last version."""
    if saved is None or saved.source is None:
        return kind.first_text(language)
    return saved.source


def outdated(kind: Kind, saved: Saved | None) -> tuple[Flaw, ...]:
    """Return why the last version can't be sent any more: its plugin has changed since.

    The platform's own variables stay, so that what was saved with them always fits.
    """
    if kind.plugin is None or saved is None or saved.source is None:
        return ()
    return flaws_of(saved.source, kind)


def sent_source(kind: Kind, language: Language, saved: Saved | None) -> Source:
    """Return what mails say: the last version, unless it doesn't fit any more."""
    return source_of(kind, language, None if outdated(kind, saved) else saved)
