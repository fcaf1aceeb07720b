"""The languages of the pages: which one a reader gets, and the words in it.

Catalogues are the `.po` files below `locales/`, read when a language is first asked for, so that
nothing has to be compiled. `api.web.catalogue` brings them up to date with the templates.
"""

import gettext
import io
from collections.abc import Collection
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.templates.contracts import Language

LOCALES: Final = Path(__file__).parent / "locales"
MAIL_LANGUAGES: Final[tuple[str, ...]] = get_args(Language)
SOURCE: Final = "en"
"""The language that templates are written in."""


def mark(text: str) -> str:
    """Return `text`: it is found by the extraction and translated where it is shown."""
    return text


@cache
def languages() -> tuple[str, ...]:
    """Return the languages there are, the one of the templates first."""
    found = sorted(path.parent.name for path in LOCALES.glob("*/messages.po"))
    return (SOURCE, *found)


@cache
def words(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language that `languages` names."""
    if language == SOURCE:
        return gettext.NullTranslations()
    with (LOCALES / language / "messages.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@lru_cache(maxsize=1024)
def chosen_language(accepted: str, fallback: str) -> str:
    """Return the language that a reader understands best, by their browser's Accept-Language.

    `fallback` is the workspace's locale, for those whose browser says nothing.
    """
    return _first(accepted, languages()) or _first(fallback, languages()) or SOURCE


@lru_cache(maxsize=1024)
def written_language(accepted: str) -> str | None:
    """Return the language that a reader would rather get mails in; None if the browser is silent.

    Mails exist in languages that pages don't exist in.
    """
    return _first(accepted, MAIL_LANGUAGES)


def _first(accepted: str, known: Collection[str]) -> str | None:
    for wanted in _by_preference(accepted):
        base = wanted.strip().lower().partition("-")[0]
        if base in known:
            return base
    return None


def _by_preference(accepted: str) -> list[str]:
    weighted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:200].split(",")):
        name, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if name.strip() and weight > 0:
            weighted.append((-weight, place, name))
    return [name for _, _, name in sorted(weighted)]
