"""import-linter's contracts name every sub-package, and each of them breaks when it should."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.examined import Examined
from tests.fixtures.repository import PRODUCT, ROOT, pyproject

LINT = "from importlinter.cli import lint_imports_command as run; run()"
# Each contract's id with a file that breaks it and that file's one import.
PLANTED = {
    "layers": ("tenants/directory.py", "import api.application"),
    "core-is-pure": ("core/jobs/model.py", "import sqlalchemy"),
    "core-layers": ("core/shared/early.py", "import core.jobs.contracts"),
    "slices-are-independent": ("core/jobs/usecases.py", "import core.identity.model"),
    "plugins-are-independent": ("plugins/valkey/cache.py", "import plugins.postgres.tables"),
    "plugins-see-the-seams": ("plugins/system/clock.py", "import core.jobs.usecases"),
    "host-is-the-composition-roots": ("workers/relay.py", "import plugins.host.registry"),
    "api-speaks-http": ("api/application.py", "import sqlalchemy"),
    "workers-speak-no-http": ("workers/delivery.py", "import litestar"),
}
# What a lawful tree contains: every import here is allowed.
LAWFUL = {
    "core/identity/contracts.py": "import core.shared.ids",
    "core/identity/events.py": "import core.shared.ids",
    "core/identity/model.py": "import core.identity.contracts",
    "core/jobs/contracts.py": "import core.identity.contracts",
    "core/jobs/handlers.py": "import core.identity.events",
    "core/jobs/ports.py": "import core.ports.storage",
    "core/ports/storage.py": "import core.shared.ids",
    "core/shared/ids.py": "import msgspec",
    "plugins/host/registry.py": "import plugins.valkey.locks",
    "plugins/postgres/tables.py": "import core.jobs.contracts",
    "plugins/postgres/jobs.py": "import core.identity.model",
    "plugins/valkey/locks.py": "import core.jobs.ports",
    "tenants/scope.py": "import plugins.host.registry",
    "api/hiring.py": "import tenants.scope",
    "workers/schedule.py": "import tenants.scope",
}


def names_in_contracts(settings: dict[str, Any]) -> set[str]:
    """Every `package.child` that an exhaustive layers contract lists."""
    names: set[str] = set()
    for contract in settings["tool"]["importlinter"]["contracts"]:
        if not contract.get("exhaustive"):
            continue
        for container in contract["containers"]:
            for layer in contract["layers"]:
                tails = layer.replace("|", ":").split(":")
                names |= {f"{container}.{tail.strip(' ()')}" for tail in tails}
    return names


def children(root: Path) -> set[str]:
    """Every package and module right under `core` and `plugins`."""
    found = set()
    for package in ("core", "plugins"):
        for path in (root / package).iterdir():
            is_package = path.is_dir() and any(path.rglob("*.py"))
            if is_package or (path.suffix == ".py" and path.name != "__init__.py"):
                found.add(f"{package}.{path.stem}")
    return found


def test_contracts_name_every_sub_package(examined: Examined) -> None:
    present = children(ROOT)
    assert present - names_in_contracts(pyproject()) == set()
    examined("sub-packages", len(present))


def test_a_sub_package_that_is_not_named_is_found(tmp_path: Path) -> None:
    for name in ("core/stray", "core/jobs", "plugins/valkey"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
    assert children(tmp_path) - names_in_contracts(pyproject()) == {"core.stray"}


def test_independence_lists_the_same_slices_as_the_layers() -> None:
    contracts = {each["id"]: each for each in pyproject()["tool"]["importlinter"]["contracts"]}
    layered = contracts["core-layers"]["layers"][0].split(" : ")
    assert contracts["slices-are-independent"]["layers"] == [" | ".join(layered)]


def lint(root: Path) -> dict[str, bool]:
    """Run the repository's contracts over a tree; contract id to whether it was kept."""
    (root / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    run = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(root), "COLUMNS": "400", "NO_COLOR": "1"},
    )
    contracts = pyproject()["tool"]["importlinter"]["contracts"]
    kept = {
        each["id"]: f"{each['name']} KEPT" in run.stdout
        for each in contracts
        if f"{each['name']} " in run.stdout
    }
    assert len(kept) == len(contracts), run.stdout + run.stderr
    return kept


def plant(root: Path, files: dict[str, str]) -> None:
    for name in (*PRODUCT, "core/ports", "core/shared"):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "__init__.py").touch()
    for name, line in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(line + "\n")


def test_a_lawful_tree_keeps_every_contract(tmp_path: Path) -> None:
    plant(tmp_path, LAWFUL)
    assert all(lint(tmp_path).values())


@pytest.mark.parametrize("stray", ["core/stray/model.py", "plugins/stray/adapter.py"])
def test_an_unnamed_sub_package_breaks_its_contract(tmp_path: Path, stray: str) -> None:
    plant(tmp_path, LAWFUL | {stray: "import core.shared.ids"})
    broken = {name for name, kept in lint(tmp_path).items() if not kept}
    assert broken == {"core-layers" if stray.startswith("core") else "plugins-are-independent"}


def test_each_contract_breaks_on_its_planted_import(tmp_path: Path, examined: Examined) -> None:
    plant(tmp_path, LAWFUL | dict(PLANTED.values()))
    kept = lint(tmp_path)
    assert [name for name in kept if kept[name]] == []
    assert set(kept) == set(PLANTED)
    examined("planted imports", len(PLANTED))
