"""Names of months and seasons in the languages that we read, taken from CLDR through babel."""

from typing import Final

from babel import Locale

from plugins.resume_parser.folding import fold

_LOCALES: Final = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "ro", "hu", "tr",
)  # fmt: skip
_ALSO: Final = {
    "sept": 9, "mrz": 3, "maerz": 3, "jänner": 1, "janner": 1, "okt": 10, "fevr": 2, "aout": 8,
    "decembre": 12, "setiembre": 9, "stycznia": 1, "mrt": 3,
}  # fmt: skip


def _months() -> dict[str, int]:
    found: dict[str, int] = {}
    for code in _LOCALES:
        months = Locale.parse(code).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    written = str(name).lower().rstrip(".")
                    if not written.isdigit() and len(written) > 2:
                        found.setdefault(written, number)
                        found.setdefault(fold(written), number)
    return found | _ALSO


MONTHS: Final = _months()
"""By name in lower case, with and without accents."""
