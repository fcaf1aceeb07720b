"""The pages for admins say what the code does."""

import re

from core.shared.actor import ROLES
from core.shared.permissions import PERMISSIONS
from core.tenancy.plans import FEATURES, PLANS, QUOTAS
from tests.fixtures.examined import Examined
from tests.fixtures.repository import ROOT

PAGES = ROOT / "docs" / "admins"


def rows(page: str) -> dict[str, list[str]]:
    """The rows of a page's table by the code in their first cell."""
    found: dict[str, list[str]] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        code = re.search(r"`([^`]+)`", cells[0])
        if line.startswith("|") and code:
            found[code[1]] = cells[1:]
    return found


def permission_table() -> dict[str, list[str]]:
    return {
        action.value: [grants[role] for role in ROLES] for action, grants in PERMISSIONS.items()
    }


def test_the_permission_table_is_the_one_in_the_code(examined: Examined) -> None:
    shown = rows((PAGES / "permissions.md").read_text())
    assert shown == permission_table()
    examined("rows", len(shown))


def test_a_wrong_row_would_be_found() -> None:
    page = (PAGES / "permissions.md").read_text()
    wrong = page.replace("| `team:manage` | yes | no |", "| `team:manage` | yes | yes |")
    assert wrong != page
    assert rows(wrong) != permission_table()


def test_the_plans_are_those_in_the_code(examined: Examined) -> None:
    shown = rows((PAGES / "plans.md").read_text())
    expected: dict[str, list[str]] = {}
    for feature in FEATURES:
        expected[feature] = ["yes" if feature in plan.features else "no" for plan in PLANS.values()]
    for quota in QUOTAS:
        expected[quota] = [
            f"{plan.quotas[quota]:,}" if quota in plan.quotas else "no limit"
            for plan in PLANS.values()
        ]
    assert shown == expected
    examined("rows", len(shown))
