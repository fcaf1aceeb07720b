"""Rules on single modules: their size, their name, where their imports stand."""

import ast
from pathlib import Path

import pytest

from tests.fixtures.examined import Examined
from tests.fixtures.repository import ROOT, parsed, product_files

LONGEST = 400
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "data", "info"}
FORBIDDEN_PARTS = {"utils", "util", "helpers", "helper", "manager"}


def too_long(files: list[Path]) -> list[str]:
    lengths = {path: len(path.read_text().splitlines()) for path in files}
    return [f"{path}: {length} lines" for path, length in lengths.items() if length > LONGEST]


def misnamed(files: list[Path], root: Path) -> list[str]:
    return [
        f"{path}: {name} says nothing about what is in it"
        for path in files
        for name in path.relative_to(root).with_suffix("").parts
        if name in FORBIDDEN_NAMES or FORBIDDEN_PARTS & set(name.split("_"))
    ]


def late_imports(tree: ast.Module) -> list[int]:
    """Lines of imports that stand inside a function."""
    return sorted(
        {
            node.lineno
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
    )


def test_files_are_short(examined: Examined) -> None:
    files = product_files()
    assert too_long(files) == []
    examined("files", len(files))


def test_a_long_file_is_found(tmp_path: Path) -> None:
    long, fitting = tmp_path / "long.py", tmp_path / "fitting.py"
    long.write_text("x = 1\n" * (LONGEST + 1))
    fitting.write_text("x = 1\n" * LONGEST)
    assert too_long([long, fitting]) == [f"{long}: {LONGEST + 1} lines"]


def test_module_names_say_something(examined: Examined) -> None:
    files = product_files()
    assert misnamed(files, ROOT) == []
    examined("files", len(files))


@pytest.mark.parametrize("name", ["core/utils.py", "api/common/x.py", "core/job_helpers.py"])
def test_an_empty_name_is_found(tmp_path: Path, name: str) -> None:
    assert len(misnamed([tmp_path / name, tmp_path / "core/metadata.py"], tmp_path)) == 1


def test_no_import_stands_inside_a_function(examined: Examined) -> None:
    files = product_files()
    late = [f"{path}:{line}" for path in files for line in late_imports(parsed(path))]
    assert late == []
    examined("files", len(files))


def test_an_import_inside_a_function_is_found() -> None:
    source = (
        "import ast\nclass A:\n    async def f(self):\n        if 1:\n            import json\n"
    )
    assert late_imports(ast.parse(source)) == [5]
