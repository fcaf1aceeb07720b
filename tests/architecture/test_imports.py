"""What may be imported: the core stays pure, and the product uses only what it declares."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from tests.fixtures.examined import Examined
from tests.fixtures.repository import (
    PRODUCT,
    ROOT,
    imported_modules,
    parsed,
    product_files,
    pyproject,
)

distributions_of = cache(packages_distributions)
"""It reads every installed file's name: once is enough, and once per import takes minutes."""
OURS = {*PRODUCT, "migrations"}
CORE_MAY_IMPORT = {"core", "msgspec"}


def impurities(tree: ast.Module) -> list[str]:
    """Imports of the core that are neither standard library, msgspec nor core."""
    return [
        f"{line}: {module}"
        for module, line in imported_modules(tree)
        if module.partition(".")[0] not in CORE_MAY_IMPORT | sys.stdlib_module_names
    ]


def normalised(distribution: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def declared(settings: dict[str, Any]) -> set[str]:
    names = (re.match(r"[\w.-]+", each) for each in settings["project"]["dependencies"])
    return {normalised(name.group()) for name in names if name}


def undeclared_imports(tree: ast.Module, dependencies: set[str]) -> list[str]:
    """Third-party imports that belong to no declared dependency."""
    found = []
    for module, line in imported_modules(tree):
        top = module.partition(".")[0]
        if top in OURS | sys.stdlib_module_names:
            continue
        distributions = {normalised(each) for each in distributions_of().get(top, [])}
        if not distributions & dependencies:
            found.append(f"{line}: {module}")
    return found


def test_the_core_imports_only_itself_the_standard_library_and_msgspec(
    examined: Examined,
) -> None:
    files = product_files(packages=("core",))
    found = {str(path.relative_to(ROOT)): impurities(parsed(path)) for path in files}
    assert {path: each for path, each in found.items() if each} == {}
    examined("files", len(files))


def test_an_impure_import_is_found() -> None:
    source = (
        "import os\nimport msgspec\nfrom core.shared import ids\nfrom .x import y\nimport redis"
    )
    assert impurities(ast.parse(source)) == ["4: .x", "5: redis"]


def test_the_product_imports_only_what_it_declares(examined: Examined) -> None:
    dependencies = declared(pyproject())
    files = product_files(packages=(*PRODUCT, "migrations"))
    found = {
        str(path.relative_to(ROOT)): undeclared_imports(parsed(path), dependencies)
        for path in files
    }
    assert {path: each for path, each in found.items() if each} == {}
    examined("files", len(files))


def test_an_undeclared_import_is_found() -> None:
    tree = ast.parse("import json\nimport argon2\nimport pytest\nimport nowhere_to_be_found")
    assert undeclared_imports(tree, {"argon2-cffi"}) == ["3: pytest", "4: nowhere_to_be_found"]


def test_tests_are_no_packages(examined: Examined) -> None:
    tests = list((ROOT / "tests").rglob("*.py"))
    assert [path for path in tests if path.name == "__init__.py"] == []
    assert [name for name in PRODUCT if (ROOT / "tests" / name).exists() and name != "api"] == []
    examined("test files", len(tests))


def test_parsed_files_are_this_repository(tmp_path: Path) -> None:
    planted = tmp_path / "core"
    planted.mkdir()
    (planted / "stray.py").write_text("import litestar\n")
    files = product_files(tmp_path)
    assert [impurities(parsed(path)) for path in files] == [["1: litestar"]]
