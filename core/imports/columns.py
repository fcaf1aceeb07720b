"""Which column of a file holds what, and the values of a row by it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from core.candidates.contracts import CreateCandidate
from core.imports.contracts import Column, ImportKind
from core.imports.csv_file import LONGEST_CELL, CsvRow
from core.shared.errors import FieldError, InvalidInput

_ALIASES: Final[dict[Column, str]] = {
    "full_name": "full name|name|candidate|candidate name|vollständiger name|nom complet|nombre",
    "first_name": "first name|firstname|given name|forename|vorname|prénom|nombre de pila",
    "last_name": "last name|lastname|surname|family name|nachname|nom|apellido|apellidos",
    "preferred_name": "preferred name|nickname|known as|rufname",
    "emails": "email|e mail|emails|email address|e mail address|mail|e mail adresse|correo",
    "phones": "phone|phones|phone number|telephone|mobile|mobile phone|telefon|handy|téléphone",
    "links": "link|links|linkedin|linkedin url|github|github url|profile|website|url|portfolio",
    "headline": "headline|current role|summary",
    "location": "location|city|place|ort|wohnort|ville|address",
    "skills": "skills|skill|technologies|kenntnisse|fähigkeiten|compétences",
    "company": "company|employer|current company|firma|arbeitgeber",
    "title": "title|job title|position|current title",
    "source": "source|origin|channel|quelle",
    "tags": "tags|tag|labels|label",
    "resume_text": "resume|resume text|cv|cv text|lebenslauf",
    "job": "job|job id|requisition|vacancy|stelle",
    "stage": "stage|status|pipeline stage|phase",
    "ignore": "id|notes|created|created at",
}
_BY_ALIAS: Final = {
    alias: column for column, aliases in _ALIASES.items() for alias in aliases.split("|")
}
_LISTS: Final = {"emails", "phones", "links", "skills", "tags"}
_SEVERAL: Final = ("emails", "phones", "links")
"""Columns of which a file may have more than one."""
_WORDS: Final = re.compile(r"[^\w]+")


class Parsed(msgspec.Struct, frozen=True):
    """A row as commands understand it, or what is wrong with it."""

    line: int
    candidate: CreateCandidate | None
    job: str | None = None
    stage: str | None = None
    errors: tuple[FieldError, ...] = ()


def map_columns(
    header: Sequence[str], mapping: Mapping[str, Column], kind: ImportKind, *, has_job: bool
) -> dict[str, Column]:
    """Return what each header means, by `mapping` first and by its name then.

    Raises InvalidInput for headers that are missing, doubled, or in `mapping` but not in the file.
    """
    errors = [
        FieldError(f"mapping.{name}", "The file has no such column.")
        for name in mapping
        if name not in header
    ]
    if len(set(header)) != len(header):
        errors.append(FieldError("file", "Two columns have the same header.", "doubled_header"))
    found: dict[str, Column] = {}
    for name in header:
        words = " ".join(_WORDS.sub(" ", name.replace("_", " ").casefold()).split())
        column = mapping.get(name) or _BY_ALIAS.get(words, "ignore")
        if column != "ignore" and column not in _SEVERAL and column in found.values():
            errors.append(FieldError("file", f"Two columns hold {column}.", "doubled_column"))
        found[name] = column
    columns = set(found.values())
    if not columns & {"full_name", "first_name", "last_name"}:
        errors.append(
            FieldError("file", "No column holds the name. Call one `full_name`.", "no_name_column")
        )
    if kind == "applications":
        if "emails" not in columns:
            errors.append(FieldError("file", "No column holds the e-mail.", "no_email_column"))
        if "job" not in columns and not has_job:
            message = "Name the job: as `job_id` for all rows, or in a column `job`."
            errors.append(FieldError("job_id", message, "required"))
    if errors:
        raise InvalidInput(*errors)
    return found


def parse_row(row: CsvRow, header: Sequence[str], columns: Mapping[str, Column]) -> Parsed:
    """Return the row as a command, or every error in it."""
    errors = _form_errors(row, header)
    if errors:
        return Parsed(row.line, None, errors=errors)
    values: dict[str, list[str]] = {}
    for name, cell in zip(header, row.cells, strict=False):
        text = _without_apostrophe(cell.strip())
        if text:
            values.setdefault(columns[name], []).append(text)
    given: dict[str, Any] = {}
    for column, texts in values.items():
        if column in _LISTS:
            given[column] = tuple(_entries(column, texts))
        elif column in CreateCandidate.__struct_fields__:
            given[column] = texts[0]
    if "full_name" not in given:
        given["full_name"] = " ".join(
            values[part][0] for part in ("first_name", "last_name") if part in values
        )
    if "company" in values or "title" in values:
        given["experience"] = (
            {
                "company": values.get("company", [""])[0],
                "title": values.get("title", [""])[0],
            },
        )
    try:
        candidate = msgspec.convert(given, CreateCandidate)
    except msgspec.ValidationError as error:
        return Parsed(row.line, None, errors=(_field_error(str(error)),))
    return Parsed(row.line, candidate, values.get("job", [None])[0], values.get("stage", [None])[0])


def _without_apostrophe(text: str) -> str:
    """Undo what our exports do to text that a spreadsheet would take for a formula."""
    return text[1:] if re.match(r"'\s*[=+\-@]", text) else text


def _form_errors(row: CsvRow, header: Sequence[str]) -> tuple[FieldError, ...]:
    if len(row.cells) > len(header):
        message = f"The row has {len(row.cells)} cells, the header {len(header)}."
        return (FieldError("", message, "too_many_cells"),)
    return tuple(
        FieldError(name, "The cell is too long." if "\x00" not in cell else "Contains U+0000.")
        for name, cell in zip(header, row.cells, strict=False)
        if len(cell) > LONGEST_CELL or "\x00" in cell
    )


def _entries(column: str, texts: list[str]) -> list[str]:
    # An address or a number never holds a comma; a skill might hold a slash, never a semicolon.
    separators = r"[;|\n]" if column in {"links", "phones"} else r"[;|,\n]"
    parts = [part.strip() for text in texts for part in re.split(separators, text)]
    return [part for part in parts if part]


_AT: Final = re.compile(r"^(?P<message>.*?)(?: - at `\$\.?(?P<field>.*?)`)?$", re.DOTALL)


def _field_error(message: str) -> FieldError:
    found = _AT.match(message)
    if found is None:
        return FieldError("", message)
    field = re.sub(r"\[\.\.\.\]", "", found["field"] or "")
    if field == "full_name" and ">= 1" in message:
        return FieldError("full_name", "The name is missing.", "required")
    return FieldError(field, f"{found['message']}.")
