"""Every test here drives a browser; the fixtures are imported here, so that no other test waits."""

from pathlib import Path

import pytest

from tests.fixtures.browsers import background, browser, site, visit

__all__ = ["background", "browser", "site", "visit"]

_HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives a browser; no part of `make check`")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.browser)
