"""Fetches the pinned release of Swagger UI into `assets/`: `python -m api.docs.vendor`.

Run by a developer who raises the version; what it writes is committed, so nothing is fetched when
the product is built or runs. The npm client finds the package where it is configured to.
"""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "swagger-ui-dist"
VERSION = "5.35.0"
INTEGRITY = (
    "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE"
    "/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ=="
)
"""Subresource integrity of the package's archive, as its publisher states it."""

FILES = ("LICENSE", "NOTICE", "swagger-ui.css", "swagger-ui-bundle.js")
ASSETS = Path(__file__).parent / "assets"


def main() -> None:
    """Replace the vendored files. Exits with a message when the archive isn't the pinned one."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603 - every argument is a constant of this file
            ["npm", "pack", f"{PACKAGE}@{VERSION}", "--silent"],  # noqa: S607
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (archive,) = Path(folder).glob("*.tgz")
        digest = hashlib.sha512(archive.read_bytes()).digest()
        found = "sha512-" + base64.b64encode(digest).decode()
        if found != INTEGRITY:
            sys.exit(f"{PACKAGE} {VERSION} is {found}, not {INTEGRITY}: nothing was changed.")
        ASSETS.mkdir(exist_ok=True)
        with tarfile.open(archive) as packed:
            for name in FILES:
                member = packed.extractfile(f"package/{name}")
                if member is None:
                    sys.exit(f"{PACKAGE} {VERSION} has no file {name}.")
                text = member.read()
                if name.endswith(".js"):
                    # The source map isn't shipped, so the page must not ask for it.
                    text = text.partition(b"\n//# sourceMappingURL=")[0] + b"\n"
                (ASSETS / name).write_bytes(text)


if __name__ == "__main__":
    main()
