"""Reads CSV files as people make them: any usual encoding, delimiter and line end (RFC 4180)."""

import csv
import io
from collections.abc import Iterator
from typing import Final

import msgspec

from core.shared.errors import FieldError, InvalidInput

MOST_ROWS: Final = 50_000
MOST_COLUMNS: Final = 100
LONGEST_CELL: Final = 100_000
"""Characters; the csv module itself stops at 131,072."""

_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_DELIMITERS: Final = ",;\t"


class CsvRow(msgspec.Struct, frozen=True):
    """One record; `line` is where it starts."""

    line: int
    cells: list[str]


class CsvFile(msgspec.Struct, frozen=True):
    """A file's header and rows that aren't empty."""

    header: list[str]
    rows: list[CsvRow]


def read_csv(content: bytes) -> CsvFile:
    """Return the header and the rows. Raises InvalidInput that says what is wrong with the file."""
    text = _decoded(content)
    records = _records(text)
    header_row = next(records, None)
    if header_row is None:
        raise _refused("The file is empty. Its first line must name the columns.")
    header = [cell.strip() for cell in header_row.cells]
    if len(header) > MOST_COLUMNS:
        raise _refused(f"The file has more than {MOST_COLUMNS} columns.")
    rows: list[CsvRow] = []
    for row in records:
        if len(rows) == MOST_ROWS:
            raise _refused(f"The file has more than {MOST_ROWS:,} rows. Split it.")
        rows.append(row)
    if not rows:
        raise _refused("The file has no rows below its header.")
    return CsvFile(header, rows)


def _decoded(content: bytes) -> str:
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError as error:
                raise _refused(f"The file isn't valid {encoding.upper()}.") from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        # What Excel saves as "CSV" on Western systems.
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise _refused("The encoding can't be told. Save the file as UTF-8.") from error


def _records(text: str) -> Iterator[CsvRow]:
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _refused(f"Line {line} can't be read: {error}. Check its quotes.") from error
        if any(cell.strip() for cell in cells):
            yield CsvRow(line, cells)
        line = reader.line_num + 1


def _delimiter(text: str) -> str:
    """Return the separator that the header has most of, outside quotes."""
    counts = dict.fromkeys(_DELIMITERS, 0)
    quoted = False
    for character in text.lstrip("\r\n"):
        if character == '"':
            quoted = not quoted
        elif not quoted and character in "\r\n":
            break
        elif not quoted and character in counts:
            counts[character] += 1
    return max(counts, key=lambda each: counts[each])


def _refused(message: str) -> InvalidInput:
    return InvalidInput(FieldError("file", message, "unreadable_file"))
