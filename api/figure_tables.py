"""The figures of a period as plain tables, for CSV files; columns are named as in the JSON."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, Literal, get_args

import msgspec

from api.csv_text import BOM, csv_line
from core.analytics.contracts import (
    Days,
    FunnelStep,
    HireRate,
    HiringFigures,
    MailFigures,
    Offers,
    Silent,
    TrendPoint,
)

TableName = Literal[
    "overview",
    "trends",
    "funnel",
    "response_times",
    "time_in_stage",
    "longest_silences",
    "offers",
    "sources",
    "jobs",
    "mail",
]
TABLE_NAMES: Final[tuple[TableName, ...]] = get_args(TableName)

Cell = str | int | float | date | datetime | None


class Table(msgspec.Struct, frozen=True):
    """One table."""

    name: TableName
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def tables_of(figures: HiringFigures) -> tuple[Table, ...]:
    """Return every table, in the order of the page."""
    response, success = figures.response, figures.success
    return (
        _named("overview", ("figure", "now", "before"), _fields(figures.overview)),
        _records("trends", figures.trends),
        _records("funnel", figures.funnel),
        _named(
            "response_times",
            ("measure", *_DAYS, "unanswered"),
            (
                ("first_response", *_days(response.first_response), response.unanswered),
                ("time_to_hire", *_days(response.time_to_hire), None),
                ("silence", *_days(response.silence), None),
            ),
        ),
        _named(
            "time_in_stage",
            ("stage", *_DAYS),
            ((each.stage, *_days(each.days)) for each in response.stages),
        ),
        _records("longest_silences", response.longest),
        _records("offers", (success.offers,)),
        _records("sources", success.by_source),
        _records("jobs", success.by_job),
        _records("mail", (figures.mail,)),
    )


def as_csv(figures: HiringFigures, name: TableName | None, *, bom: bool = False) -> bytes:
    """Return one table as CSV, or all of them with a line for each value."""
    tables = tables_of(figures)
    lines = _every(tables) if name is None else _one(tables, name)
    body = b"".join(csv_line(map(_text, line)) for line in lines)
    return BOM + body if bom else body


_DAYS: Final = ("cases", "median_days", "p90_days")
_RECORDS: Final[dict[str, type[msgspec.Struct]]] = {
    "trends": TrendPoint,
    "funnel": FunnelStep,
    "longest_silences": Silent,
    "offers": Offers,
    "sources": HireRate,
    "jobs": HireRate,
    "mail": MailFigures,
}
"""What the rows of a table are, whose fields are its columns."""


def _days(days: Days) -> tuple[Cell, ...]:
    return days.n, days.median, days.p90


def _one(tables: Sequence[Table], name: TableName) -> Iterator[Sequence[Cell]]:
    table = next(each for each in tables if each.name == name)
    yield table.header
    yield from table.rows


def _every(tables: Sequence[Table]) -> Iterator[Sequence[Cell]]:
    yield "table", "row", "column", "value"
    for table in tables:
        for number, row in enumerate(table.rows, start=1):
            for column, value in zip(table.header, row, strict=True):
                yield table.name, number, column, value


def _named(name: TableName, header: tuple[str, ...], rows: Iterable[tuple[Cell, ...]]) -> Table:
    return Table(name, header, tuple(rows))


def _records(name: TableName, items: Sequence[Any]) -> Table:
    header = _RECORDS[name].__struct_fields__
    return Table(
        name, header, tuple(tuple(getattr(each, field) for field in header) for each in items)
    )


def _fields(overview: Any) -> Iterator[tuple[Cell, ...]]:
    for field in overview.__struct_fields__:
        compared = getattr(overview, field)
        yield field, compared.now, compared.before


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat().replace("+00:00", "Z")
    if isinstance(cell, float):
        return f"{cell:.4f}"
    return str(cell)
