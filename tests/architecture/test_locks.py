"""The locks pin everything that pyproject.toml asks for, with hashes, and name no registry."""

import re
from collections.abc import Iterable
from typing import Any

import pytest

from tests.fixtures.examined import Examined
from tests.fixtures.repository import ROOT, pyproject

PIN = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;]+)")
REGISTRY_LINE = re.compile(r"://|^\s*--?(i|f|index|extra-index|find-links|trusted-host)\b")


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requested(settings: dict[str, Any], lock: str) -> set[str]:
    """Names that a lock must pin at least."""
    groups = settings["dependency-groups"]
    wanted: Iterable[str] = {
        "requirements.lock": settings["project"]["dependencies"],
        "requirements-dev.lock": settings["project"]["dependencies"] + groups["dev"],
        "requirements-bench.lock": groups["bench"],
        "requirements-build.lock": groups["build"],
    }[lock]
    names = (re.match(r"[\w.-]+", each) for each in wanted)
    return {normalised(name.group()) for name in names if name}


def pins(text: str) -> dict[str, str]:
    found = (PIN.match(line) for line in text.splitlines())
    return {normalised(pin["name"]): pin["version"] for pin in found if pin}


def flaws(text: str, wanted: set[str]) -> list[str]:
    """What is wrong with one lock."""
    found = [f"registry: {line}" for line in text.splitlines() if REGISTRY_LINE.search(line)]
    for block in re.split(r"\n(?=\S)", text.strip()):
        pin = PIN.match(block)
        if pin and "--hash=sha256:" not in block:
            found.append(f"no hash: {pin['name']}")
        if not pin and not block.startswith("#"):
            found.append(f"not pinned: {block.splitlines()[0]}")
    return found + [f"missing: {name}" for name in sorted(wanted - pins(text).keys())]


INDEX_OPTION = "--index" + "-url"
EXTRA_OPTION = "--extra-index" + "-url"
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_pinned_hashed_complete_and_names_no_registry(
    lock: str, examined: Examined
) -> None:
    text = (ROOT / lock).read_text()
    assert flaws(text, requested(pyproject(), lock)) == []
    examined("pins", len(pins(text)))


def test_all_locks_agree_on_versions(examined: Examined) -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in pins((ROOT / lock).read_text()).items():
            versions.setdefault(name, set()).add(version)
    assert {name: each for name, each in versions.items() if len(each) > 1} == {}
    assert requested(pyproject(), "requirements.lock") <= versions.keys()
    examined("distributions", len(versions))


@pytest.mark.parametrize(
    ("planted", "flaw"),
    [
        (f"{INDEX_OPTION} x\nclick==8 --hash=sha256:1", "registry"),
        (f"{EXTRA_OPTION} x\nclick==8 --hash=sha256:1", "registry"),
        ("click @ https://host/click.whl --hash=sha256:1", "registry"),
        ("click==8", "no hash"),
        ("click>=8 --hash=sha256:1", "not pinned"),
        ("rich==15 --hash=sha256:1", "missing: click"),
    ],
)
def test_a_flawed_lock_is_found(planted: str, flaw: str) -> None:
    assert any(each.startswith(flaw) for each in flaws(planted, {"click"}))
