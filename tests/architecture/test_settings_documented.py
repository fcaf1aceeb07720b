"""Each setting stands in the operators' table as the code has it, and nothing else stands there."""

import msgspec

from tenants.settings import Settings, describe_settings
from tests.fixtures.examined import Examined
from tests.fixtures.repository import ROOT

PAGE = ROOT / "docs" / "operators" / "settings.md"


def wanted_rows() -> dict[str, tuple[str, ...]]:
    defaults = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    rows: dict[str, tuple[str, ...]] = {}
    for each in describe_settings():
        value = defaults[each.name]
        default = "unset" if value in (None, ()) else f"`{value}`"
        if each.name == "data_dir":
            default = "`.data`"
        rows[each.variable] = (default, each.expected, each.description)
    return rows


def written_rows(page: str) -> dict[str, tuple[str, ...]]:
    rows = {}
    for line in page.splitlines():
        if line.startswith("| `INTELLIMATCH_"):
            variable, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
            rows[variable.strip("`")] = tuple(cells)
    return rows


def differences(page: str) -> list[str]:
    wanted, written = wanted_rows(), written_rows(page)
    return sorted(
        variable
        for variable in wanted.keys() | written.keys()
        if wanted.get(variable) != written.get(variable)
    )


def test_the_table_of_settings_is_the_codes(examined: Examined) -> None:
    assert differences(PAGE.read_text()) == []
    examined("settings", len(wanted_rows()))


def test_a_missing_a_stale_and_an_invented_setting_are_found() -> None:
    page = PAGE.read_text()
    assert differences(page.replace("INTELLIMATCH_PORT`", "INTELLIMATCH_HARBOUR`")) == [
        "INTELLIMATCH_HARBOUR",
        "INTELLIMATCH_PORT",
    ]
    assert differences(page.replace("`8000`", "`8080`")) == ["INTELLIMATCH_PORT"]
