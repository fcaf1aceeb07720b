"""Schemathesis calls every operation of the OpenAPI document on a real server, also in sequences.

What is looked for: answers of 5xx, statuses, content types, headers and bodies that the document
doesn't tell of, and methods that are answered without being in it. The seed is fixed.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.probes.patience import lift_quotas, settings
from tests.fixtures.served import ServedProduct
from tests.fixtures.worlds import World

__all__ = ["settings"]

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]

SEED: Final = "20260302"
LONGEST_RUN_SECONDS: Final = 570
LEAST_IN_SEQUENCES: Final = 20
"""Operations that sequences must reach; which ones depends on the seed."""
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
LEFT_OUT: Final[Mapping[str, str]] = {
    "/api/v1/(stream|ws)$": "It never ends; tests/api/test_streams.py and test_sockets.py.",
    r"/api-keys/\{": "It would end the key that all of this is called with.",
    "/deactivate$": "It would end the key that all of this is called with.",
}
"""Paths that are not called, by pattern, each with the reason."""
UNCALLED: Final = 5
"""Operations that these patterns leave out."""
END_KEYS: Final = r"/api-keys/\{|/deactivate$"
"""Paths that may end the key that is used; they are called by themselves."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(
    settings: Settings, database: TestDatabase, world: World
) -> AsyncIterator[ServedProduct]:
    await lift_quotas(database)
    product = ServedProduct(settings)
    await product.start()
    yield product
    product.kill()


async def test_every_operation_keeps_to_the_document(
    served: ServedProduct, world: World, tmp_path: Path, examined: Examined
) -> None:
    options = ("--phases", "examples,coverage,fuzzing", "--max-examples", "2")
    report = await _run(served, world, tmp_path, *_left_out(), *options)
    _check(report)
    operations = report["operations"]
    assert operations["tested"] == operations["selected"] == operations["total"] - UNCALLED
    await _assert_key_is_good(served, world)
    examined("operations", operations["tested"])
    examined("requests", report["test_cases"]["generated"])


async def test_sequences_keep_to_the_document(
    served: ServedProduct, world: World, tmp_path: Path, examined: Examined
) -> None:
    options = ("--phases", "stateful", "--max-examples", "25")
    report = await _run(served, world, tmp_path, *_left_out(), *options)
    _check(report)
    assert report["operations"]["tested"] >= LEAST_IN_SEQUENCES
    await _assert_key_is_good(served, world)
    examined("operations in sequences", report["operations"]["tested"])
    examined("requests in sequences", report["test_cases"]["generated"])


async def test_operations_that_end_keys_keep_to_the_document(
    served: ServedProduct, world: World, tmp_path: Path, examined: Examined
) -> None:
    options = ("--include-path-regex", END_KEYS, "--phases", "examples,coverage,fuzzing")
    report = await _run(served, world, tmp_path, *options, "--max-examples", "5", slug="globex")
    _check(report)
    assert report["operations"]["tested"] == 3
    examined("operations that end keys", report["operations"]["tested"])


def _left_out() -> list[str]:
    return ["--exclude-path-regex", "|".join(LEFT_OUT)]


def _check(report: Mapping[str, Any]) -> None:
    """Nothing was found, and nothing was left undone."""
    assert report["failures"] == [], json.dumps(report["failures"], indent=1)
    assert report["errors"] == []
    assert report["complete"]
    assert report["operations"]["errored"] == 0


async def _assert_key_is_good(served: ServedProduct, world: World) -> None:
    """Had a call ended the key, all that came after it would only have been refused."""
    async with served.client(world.acme, world.acme.members["admin"].api_key) as client:
        assert (await client.get("/me")).status_code == 200


async def _run(
    served: ServedProduct, world: World, folder: Path, *options: str, slug: str = "acme"
) -> Mapping[str, Any]:
    path = folder / "report.json"
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"http://127.0.0.1:{served.port}/api/v1/openapi.json"),
        *("--header", f"Host: {world[slug].host}"),
        *("--header", f"Authorization: Bearer {world[slug].members['admin'].api_key}"),
        *("--seed", SEED, "--generation-database", "none", "--no-color"),
        *("--checks", ",".join(CHECKS), "--request-timeout", "20"),
        *("--report", "json", "--report-json-path", str(path)),
        *("--suppress-health-check", "all"),
        *options,
    ]
    ended = await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_RUN_SECONDS,
    )
    assert path.exists(), ended.stdout + ended.stderr
    if ended.returncode:
        print(ended.stdout)  # noqa: T201 - what was found, with how to repeat it
    report: Mapping[str, Any] = json.loads(path.read_text())
    return report
