"""Fetches the pinned third-party assets of the pages: `python -m api.web.vendor`.

Run by a developer who raises a version; what it writes is committed, so nothing is fetched when
the product is built or runs. The npm client finds the packages where it is configured to. Beside
each file stands its licence, and `CHECKSUMS` names what every file must be.
"""

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from api.web.icons import SOURCES

VENDORED: Final = Path(__file__).parent / "assets" / "vendor"
FOR_TESTS: Final = Path(__file__).resolve().parents[2] / "tests" / "e2e" / "vendor"
CHECKSUMS: Final = "CHECKSUMS"


class Package(msgspec.Struct, frozen=True):
    """One release of an npm package and which of its files we take."""

    name: str
    version: str
    integrity: str
    """Subresource integrity of the package's archive, as its publisher states it."""
    folder: Path
    files: Mapping[str, str]
    """Our name of a file, by its path in the package."""
    keep: Callable[[bytes], bytes] = bytes


def _without_source_map(text: bytes) -> bytes:
    """The source map isn't shipped, so the page must not ask for it."""
    return text.partition(b"\n//# sourceMappingURL=")[0].rstrip() + b"\n"


PACKAGES: Final = (
    Package(
        "htmx.org",
        "4.0.1",
        "sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55ty"
        "QdH/w7o2EAbTYUG5SDW1R60mdkdqGg==",
        VENDORED,
        {"dist/htmx.min.js": "htmx.js", "LICENSE": "htmx.LICENSE"},
        _without_source_map,
    ),
    Package(
        "lucide-static",
        "1.62.0",
        "sha512-WBZA/m2PvkFpMGHDtsBck5P2A9G4ehLlYu4GwwICcmEm1BvYVgj00lCD"
        "xKRWLlbMlOibLaiwdQ88G5pHkSWgwA==",
        VENDORED,
        {
            **{f"icons/{source}.svg": f"icons/{source}.svg" for source in SOURCES},
            "LICENSE": "icons/LICENSE",
        },
    ),
    Package(
        "axe-core",
        "4.14.1",
        "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2"
        "S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        FOR_TESTS,
        {
            "axe.min.js": "axe.js",
            "LICENSE": "axe.LICENSE",
            "LICENSE-3RD-PARTY.txt": "axe.LICENSE-3RD-PARTY",
        },
    ),
)


def main() -> None:
    """Replace the vendored files. Exits with a message when an archive isn't the pinned one."""
    for package in PACKAGES:
        archive = _fetched(package)
        for name, content in _taken(package, archive):
            path = package.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(package.keep(content) if name.endswith(".js") else content)
    for folder in {package.folder for package in PACKAGES}:
        (folder / CHECKSUMS).write_text("".join(f"{line}\n" for line in checksums(folder)))


def checksums(folder: Path) -> list[str]:
    """Return a line for each file below `folder`, as `sha256sum -c` reads them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS)
    return [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}"
        for path in files
    ]


def _fetched(package: Package) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603 - every argument is a constant of this file
            ["npm", "pack", f"{package.name}@{package.version}", "--silent"],  # noqa: S607
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (archive,) = Path(folder).glob("*.tgz")
        content = archive.read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != package.integrity:
        sys.exit(f"{package.name} {package.version} is {found}, not {package.integrity}.")
    return content


def _taken(package: Package, archive: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        for source, name in package.files.items():
            member = packed.extractfile(f"package/{source}")
            if member is None:
                sys.exit(f"{package.name} {package.version} has no file {source}.")
            yield name, member.read()


if __name__ == "__main__":
    main()
