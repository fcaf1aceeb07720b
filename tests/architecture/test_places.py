"""No file in version control names a place: a folder of one machine or a registry's host."""

import re
from pathlib import Path

import pytest

from tests.fixtures.examined import Examined
from tests.fixtures.repository import ROOT, repository_files

HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "npmmirror" + ".com")
PLACES = re.compile(
    "|".join(
        [
            r"(?<![\w./*~-])/(?:work|root|Users|home/\w+)/",
            *(re.escape(host) for host in HOSTS),
            r"--(?:extra-)?index" + "-url",
        ]
    )
)


def places(files: list[Path]) -> list[str]:
    """Each line of a text file that names a place, as path:line."""
    found = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or font; it names nothing
        if not PLACES.search(text):
            continue
        lines = enumerate(text.splitlines(), start=1)
        found += [f"{path}:{number}" for number, line in lines if PLACES.search(line)]
    return found


def test_no_file_names_a_place(examined: Examined) -> None:
    files = [path for path in repository_files() if path != Path(__file__)]
    assert places(files) == []
    examined("files", len(files))


def test_this_file_names_a_place_only_where_it_plants_one() -> None:
    source = Path(__file__).read_text().partition("# Planted:")[0]
    assert [line for line in source.splitlines() if any(host in line for host in HOSTS)] == []


# Planted: what each pattern must find.
@pytest.mark.parametrize(
    "line",
    ["data = '/root/x'", "see /home/ada/notes", "at " + HOSTS[0], "--index" + "-url x"],
)
def test_a_place_is_found(tmp_path: Path, line: str) -> None:
    planted = tmp_path / "planted.md"
    planted.write_text(f"fine\n{line}\n")
    assert places([planted]) == [f"{planted}:2"]


def test_an_ordinary_path_is_not_a_place(tmp_path: Path) -> None:
    ordinary = tmp_path / "ordinary.md"
    ordinary.write_text("GET /api/v1/jobs, docs/work/x, /usr/lib/postgresql, ~/work/y\n")
    assert places([ordinary]) == []


def test_the_list_of_files_is_the_repositorys() -> None:
    assert ROOT / "pyproject.toml" in repository_files()
