"""CSV in: whatever people's programs write. CSV out: nothing that a spreadsheet would run."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.csv_text import csv_line
from core.imports.columns import map_columns, parse_row
from core.imports.csv_file import CsvRow, read_csv
from core.shared.errors import InvalidInput


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_usual_form_is_read(encoding: str, delimiter: str, end: str) -> None:
    lines = [f"Name{delimiter}City", f'"Jörg{end}Müller"{delimiter}Köln', "", f"B{delimiter}Bonn"]
    file = read_csv(end.join(lines).encode(encoding))
    assert file.header == ["Name", "City"]
    assert [row.cells[1] for row in file.rows] == ["Köln", "Bonn"]
    assert [row.line for row in file.rows] == [2, 5]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"name\n", "no rows"),
        (b'name\n"open', "Line 2"),
        (b"\xff\xfea", "UTF-16"),
        (b"name\n\x81", "UTF-8"),
        (b"name\n" + b"x" * 200_000, "Line 2"),
    ],
)
def test_an_unreadable_file_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_csv(content)
    assert message in refused.value.fields[0].message


def test_columns_are_recognised() -> None:
    header = ["First Name", "Last_Name", "E-Mail", "LinkedIn", "GitHub", "Shoe size"]
    columns = map_columns(header, {}, "candidates", has_job=False)
    assert list(columns.values()) == [
        "first_name", "last_name", "emails", "links", "links", "ignore"
    ]  # fmt: skip
    row = CsvRow(2, ["Ada", "Byron", "a@b.co; c@d.co", "linkedin.com/in/a", "", "38"])
    parsed = parse_row(row, header, columns)
    assert parsed.candidate is not None
    assert parsed.candidate.full_name == "Ada Byron"
    assert parsed.candidate.emails == ("a@b.co", "c@d.co")


def test_wrong_columns_are_refused() -> None:
    for header, mapping in ((["email"], {}), (["name", "name"], {}), (["name"], {"x": "ignore"})):
        with pytest.raises(InvalidInput):
            map_columns(header, mapping, "candidates", has_job=False)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        map_columns(["name", "email"], {}, "applications", has_job=False)


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        (["", "a@b.co"], "full_name"),
        (["Ada", "a@b.co", "more"], ""),
        (["A\x00da", "a@b.co"], "name"),
        (["A" * 300, "a@b.co"], "full_name"),
    ],
)
def test_a_wrong_row_names_its_field(cells: list[str], field: str) -> None:
    header = ["name", "email"]
    columns = map_columns(header, {}, "candidates", has_job=False)
    parsed = parse_row(CsvRow(2, cells), header, columns)
    assert parsed.candidate is None
    assert parsed.errors[0].field == field


_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # noqa: RUF001


@given(
    st.lists(st.sampled_from(_DANGEROUS).flatmap(lambda c: st.text().map(c.__add__)) | st.text())
)
def test_no_cell_starts_a_formula_and_none_is_lost(cells: list[str]) -> None:
    written = csv_line(cells).decode()
    if not cells:
        return
    read = next(csv.reader(io.StringIO(written, newline=""), strict=True))
    for before, after in zip(cells, read, strict=True):
        assert not after.lstrip(" ").startswith(_DANGEROUS)
        assert after.removeprefix("'") == before.removeprefix("'")
