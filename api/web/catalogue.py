"""Brings the translators' catalogues up to date with the texts of the pages.

`python -m api.web.catalogue` writes `locales/messages.pot` and each `locales/*/messages.po`, and
says how much of each language is missing. A developer runs it after changing texts.
"""

import sys
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from api.web.languages import LOCALES

_HERE: Final = Path(__file__).parent
TEMPLATE: Final = LOCALES / "messages.pot"
_METHODS: Final = [("templates/**.html", "jinja2"), ("**.py", "python")]
_OPTIONS: Final = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
_KEYWORDS: Final[dict[str, Any]] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "mark": None,
}


def extracted() -> Catalog:
    """Return every text of the templates and modules, in the order of their names."""
    catalogue = Catalog(project="IntelliMatch", charset="utf-8", creation_date=None)
    found = extract_from_dir(_HERE, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS)
    for _file, _line, message, _comments, _context in found:
        catalogue.add(message)
    return catalogue


def written(catalogue: Catalog) -> bytes:
    """Return a catalogue as the bytes of its file, the same for the same texts."""
    out = BytesIO()
    write_po(out, catalogue, no_location=True, sort_output=True, omit_header=True, width=100)
    return out.getvalue()


def missing(language: str) -> list[str]:
    """Return the texts that a language doesn't have yet."""
    with (LOCALES / language / "messages.po").open("rb") as source:
        known = read_po(source, locale=language)
    return [
        str(message.id)
        for message in extracted()
        if message.id and not getattr(known.get(_single(message.id)), "string", "")
    ]


def _single(message_id: Any) -> str:
    return message_id if isinstance(message_id, str) else str(message_id[0])


def main() -> None:
    """Rewrite the catalogues."""
    catalogue = extracted()
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(written(catalogue))
    for path in sorted(LOCALES.glob("*/messages.po")):
        language = path.parent.name
        with path.open("rb") as source:
            known = read_po(source, locale=language)
        known.update(catalogue, no_fuzzy_matching=True)
        known.obsolete.clear()
        path.write_bytes(_headed(known))
        sys.stdout.write(f"{language}: {len(missing(language))} texts are missing\n")


def _headed(catalogue: Catalog) -> bytes:
    out = BytesIO()
    write_po(out, catalogue, no_location=True, sort_output=True, width=100)
    return out.getvalue()


if __name__ == "__main__":
    main()
