"""Our package names are ours, and the wheel carries all of them and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.fixtures.examined import Examined
from tests.fixtures.repository import PRODUCT, ROOT, pyproject, repository_files

PACKAGED = {*PRODUCT, "migrations"}
WHERE = """
import importlib.util, sys
for name in sys.argv[1:]:
    print(importlib.util.find_spec(name).origin)
"""


def origins(names: tuple[str, ...], first_on_path: Path | None = None) -> list[Path]:
    """Where a fresh interpreter, started elsewhere, finds each package."""
    source = WHERE
    if first_on_path:
        source = f"import sys; sys.path.insert(0, {str(first_on_path)!r})\n{WHERE}"
    run = subprocess.run(
        [sys.executable, "-c", source, *names],
        cwd=Path(sys.prefix),
        check=True,
        capture_output=True,
        text=True,
    )
    return [Path(line) for line in run.stdout.split()]


def strangers(found: list[Path], root: Path) -> list[Path]:
    return [path for path in found if not path.is_relative_to(root)]


def test_our_package_names_resolve_to_this_repository(examined: Examined) -> None:
    found = origins(PRODUCT)
    assert strangers(found, ROOT) == []
    examined("packages", len(found))


def test_a_package_that_shadows_ours_is_found(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").touch()
    assert strangers(origins(PRODUCT, tmp_path), ROOT) == [tmp_path / "core" / "__init__.py"]


def top_level_packages(root: Path) -> set[str]:
    return {path.parent.name for path in root.glob("*/__init__.py")}


def test_the_wheel_lists_its_packages() -> None:
    listed = pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(listed) == PACKAGED
    assert top_level_packages(ROOT) == PACKAGED


def test_a_new_top_level_package_is_found(tmp_path: Path) -> None:
    (tmp_path / "stray").mkdir()
    (tmp_path / "stray" / "__init__.py").touch()
    assert top_level_packages(tmp_path) - PACKAGED == {"stray"}


def left_out(present: set[str], wheel: set[str]) -> set[str]:
    """Files of our packages that the wheel lacks, and folders it should not have."""
    extra = {name for name in wheel if name.split("/")[0] not in PACKAGED}
    return (present - wheel) | {name for name in extra if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(built).namelist())


def test_the_wheel_carries_every_file_of_our_packages(wheel: set[str], examined: Examined) -> None:
    files = (path.relative_to(ROOT) for path in repository_files())
    present = {path.as_posix() for path in files if path.parts[0] in PACKAGED}
    assert left_out(present, wheel) == set()
    assert any(name.endswith("/entry_points.txt") for name in wheel)
    examined("files in the wheel", len(wheel))


def test_a_file_missing_from_the_wheel_or_foreign_to_it_is_found(wheel: set[str]) -> None:
    assert left_out({"core/absent.sql"}, wheel | {"tests/conftest.py"}) == {
        "core/absent.sql",
        "tests/conftest.py",
    }
