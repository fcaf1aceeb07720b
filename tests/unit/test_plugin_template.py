"""`intellimatch plugin new` and `check`: a whole package or nothing, and a clear sentence."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from click.testing import CliRunner

from api.cli import plugin_template
from api.cli.plugin import command
from api.cli.plugin_template import NameTaken, package_files, write_package
from tests.fixtures.examined import Examined
from tests.fixtures.repository import ROOT

FILES = {
    ".gitignore",
    "README.md",
    "intellimatch_acme_mail/__init__.py",
    "intellimatch_acme_mail/arrivals.py",
    "intellimatch_acme_mail/messaging.py",
    "intellimatch_acme_mail/plugin.py",
    "intellimatch_acme_mail/settings.py",
    "intellimatch_acme_mail/tables.py",
    "pyproject.toml",
    "tests/test_messaging.py",
    "tests/test_plugin.py",
}


def test_a_package_is_written_whole(tmp_path: Path, examined: Examined) -> None:
    folder = write_package("acme_mail", tmp_path / "work")
    assert folder == tmp_path / "work" / "acme_mail"
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert written == FILES
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["acme_mail"]
    examined("files", len(written))


@pytest.mark.parametrize("name", ["ab", "a1", "acme_mail", "a" * 40])
def test_every_name_gives_python_that_compiles(name: str, examined: Examined) -> None:
    texts = dict(package_files(name))
    for path, text in texts.items():
        assert "@" + "id@" not in text
        if path.suffix == ".py":
            compile(text, str(path), "exec", dont_inherit=True)
    assert f'{name} = "intellimatch_{name}.plugin"' in texts[PurePosixPath("pyproject.toml")]
    examined("files", len(texts))


def test_the_package_is_as_clean_as_ours(tmp_path: Path) -> None:
    folder = write_package("acme_mail", tmp_path)
    config = ("--config", str(ROOT / "pyproject.toml"))
    ruff = [sys.executable, "-m", "ruff"]
    environment = {**os.environ, "MYPYPATH": str(ROOT), "RUFF_NO_CACHE": "true"}
    for words in (
        [*ruff, "check", *config, "."],
        [*ruff, "format", "--check", *config, "."],
    ):
        done = subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "can't be a plugin's id"),
        ("a", "2 to 40"),
        ("a" * 41, "2 to 40"),
        ("Acme", "lower-case"),
        ("acme-mail", "underscores"),
        ("1acme", "a letter first"),
        ("acme_", "between them"),
        ("acme__mail", "single underscores"),
        ("../acme", "lower-case"),
        ("acme\n", "lower-case"),
        ("ümlaut", "lower-case"),
        ("smtp", "is installed here, and ids are unique"),
    ],
)
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    result = CliRunner().invoke(command, ["new", name, "--into", str(tmp_path / "work")])
    assert result.exit_code == 1
    assert problem in " ".join(result.output.split())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(params=["file", "folder", "link"])
def taken(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    place = tmp_path / "acme"
    if request.param == "file":
        place.write_text("mine")
    elif request.param == "folder":
        place.mkdir()
    else:
        place.symlink_to(tmp_path / "nowhere")
    return place


def test_what_is_there_stays(taken: Path) -> None:
    with pytest.raises(NameTaken, match="is there already"):
        write_package("acme", taken.parent)
    assert list(taken.parent.iterdir()) == [taken]


def test_a_module_of_that_name_is_not_shadowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "intellimatch_acme.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(NameTaken, match="module intellimatch_acme"):
        write_package("acme", tmp_path / "work")


def test_nothing_is_left_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(package_files("acme"))

    def broken(_name: str) -> Iterator[tuple[PurePosixPath, str]]:
        yield from whole[:4]
        raise OSError("No space left on device")

    monkeypatch.setattr(plugin_template, "package_files", broken)
    with pytest.raises(OSError, match="No space"):
        write_package("acme", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_somebody_who_was_faster_keeps_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(package_files("acme"))

    def slow(_name: str) -> Iterator[tuple[PurePosixPath, str]]:
        yield from whole
        (tmp_path / "acme").mkdir()
        (tmp_path / "acme" / "theirs").touch()

    monkeypatch.setattr(plugin_template, "package_files", slow)
    with pytest.raises(NameTaken, match="is there already"):
        write_package("acme", tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["acme", "theirs"]


def test_check_says_what_a_plugin_brings_or_why_it_is_refused() -> None:
    good = CliRunner().invoke(command, ["check", "plugins.smtp.plugin"])
    assert good.exit_code == 0
    assert "brings     port Messaging" in good.output
    for entry_point, reason in (
        ("plugins.sdk", "It has no hook manifest"),
        ("not_there.plugin", "ModuleNotFoundError"),
    ):
        refused = CliRunner().invoke(command, ["check", entry_point])
        assert refused.exit_code == 1
        assert f"{entry_point} is refused: " in refused.output
        assert reason in refused.output
