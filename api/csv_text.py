"""Writes CSV that spreadsheets take for text and never for formulas (ASVS 5.0, 1.2.10)."""

from collections.abc import Iterable
from typing import Final

# The full-width forms are taken for formulas by some versions of Excel in East Asian locales.
_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001

BOM: Final = b"\xef\xbb\xbf"
"""Makes Excel read the file as UTF-8."""


def csv_cell(text: str) -> str:
    """Return one cell in quotes; what would start a formula gets an apostrophe in front.

    Leading spaces don't hide a formula: some programs drop them before they look.
    """
    if text.startswith(_STARTS_FORMULA) or text.lstrip(" \u00a0").startswith(_STARTS_FORMULA):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"'


def csv_line(cells: Iterable[str]) -> bytes:
    """Return one record with its line end."""
    return (",".join(csv_cell(cell) for cell in cells) + "\r\n").encode("utf-8", "replace")
