"""Writes the package of a new plugin, for `intellimatch plugin new`.

The files lie in `api/cli/new_plugin`; names in them stand between at signs. A package is written
beside its place and moved there when it is whole.
"""

import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Final

from plugins.sdk.version import SDK_VERSION, parse_version

SHORTEST: Final = 2
LONGEST: Final = 40
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PLACEHOLDER: Final = re.compile(r"@([a-z]+)@")
_SUFFIX: Final = ".in"
_RENAMED: Final = {"gitignore": ".gitignore"}


class NameTaken(Exception):
    """No package of that name can be written; the text says why and what to do."""


def write_package(name: str, into: Path, installed: Collection[str] = ()) -> Path:
    """Write the package of a plugin of that id into a new folder below `into`, and return it.

    `installed` are the ids that are taken. Raises NameTaken, and OSError when it can't be written;
    then nothing is left behind.
    """
    folder = into.resolve() / name
    _require_free(name, folder, installed)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder.parent) as unfinished:
        made = Path(unfinished) / name
        for path, text in package_files(name):
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        try:
            # Replaces an empty folder at most: what somebody made meanwhile stays theirs.
            made.rename(folder)
        except OSError as error:
            if folder.exists():
                raise NameTaken(f"{folder} is there already. Choose another name.") from error
            shutil.rmtree(made, ignore_errors=True)
            raise
    return folder


def package_files(name: str) -> Iterator[tuple[PurePosixPath, str]]:
    """Yield each file of the package with its text."""
    names = _names(name)
    root = files("api.cli") / "new_plugin"
    for path, file in _templates(root, PurePosixPath()):
        shown = path.with_name(_RENAMED.get(path.name, path.name))
        placed = PurePosixPath(names["package"], *shown.parts[1:])
        yield (
            placed if shown.parts[0] == "package" else shown,
            _PLACEHOLDER.sub(lambda found: names[found[1]], file.read_text(encoding="utf-8")),
        )


def _templates(
    folder: Traversable, below: PurePosixPath
) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda found: found.name):
        if each.is_dir():
            yield from _templates(each, below / each.name)
        elif each.name.endswith(_SUFFIX):
            yield below / each.name.removesuffix(_SUFFIX), each


def _names(name: str) -> Mapping[str, str]:
    major, minor, _ = parse_version(SDK_VERSION)
    package = f"intellimatch_{name}"
    return {
        "id": name,
        "title": name.replace("_", " ").capitalize(),
        "class": "".join(part.capitalize() for part in name.split("_")),
        "package": package,
        "wheel": package,
        "distribution": package.replace("_", "-"),
        "sdk": f">={major}.{minor},<{major + 1}",
    }


def _require_free(name: str, folder: Path, installed: Collection[str]) -> None:
    if not SHORTEST <= len(name) <= LONGEST or not _NAME.fullmatch(name):
        raise NameTaken(
            f"{name!r} can't be a plugin's id: {SHORTEST} to {LONGEST} lower-case letters, digits "
            "and single underscores between them, a letter first, such as acme_mail."
        )
    if name in installed:
        raise NameTaken(
            f"A plugin {name} is installed here, and ids are unique. Choose another name."
        )
    if find_spec(f"intellimatch_{name}") is not None:
        raise NameTaken(
            f"A module intellimatch_{name} is installed here already. Choose another name."
        )
    if folder.exists() or folder.is_symlink():
        raise NameTaken(f"{folder} is there already. Choose another name.")
