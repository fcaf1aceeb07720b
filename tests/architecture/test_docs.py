"""Documentation and code agree: links lead somewhere, code compiles, commands exist."""

import re
from importlib import import_module
from pathlib import Path

import click
import pytest

from tests.fixtures.documents import (
    Document,
    broken_links,
    read,
    uncompilable,
    unknown_commands,
    unknown_targets,
)
from tests.fixtures.examined import Examined
from tests.fixtures.repository import ROOT, pyproject, repository_files


def documents() -> list[Document]:
    return [read(path) for path in repository_files() if path.suffix == ".md"]


def make_targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def program() -> click.Command:
    """The command tree behind the console script."""
    module_name, _, name = pyproject()["project"]["scripts"]["intellimatch"].partition(":")
    module = import_module(module_name)
    entry = getattr(module, name)
    if isinstance(entry, click.Command):
        return entry
    groups = [each for each in vars(module).values() if isinstance(each, click.Group)]
    assert len(groups) == 1, f"{module_name} must hold the one group that {name} runs"
    return groups[0]


def test_links_lead_somewhere(examined: Examined) -> None:
    found = documents()
    assert [problem for document in found for problem in broken_links(document)] == []
    examined("documents", len(found))


def test_python_in_documents_compiles(examined: Examined) -> None:
    found = documents()
    assert [problem for document in found for problem in uncompilable(document)] == []
    examined("documents", len(found))


def test_commands_in_documents_exist(examined: Examined) -> None:
    found = documents()
    showing = [document for document in found if any(document.commands())]
    problems = [each for document in showing for each in unknown_commands(document, program())]
    assert problems == []
    examined(f"documents, commands in {len(showing)} of them", len(found))


def test_make_targets_in_documents_exist(examined: Examined) -> None:
    targets = make_targets((ROOT / "Makefile").read_text())
    assert targets >= {"demo", "test", "check", "bench", "clean", "lock", "test-external"}
    found = documents()
    assert [problem for each in found for problem in unknown_targets(each, targets)] == []
    examined("make targets in documents", sum(1 for each in found for _ in each.make_targets()))


@pytest.fixture
def planted_program() -> click.Command:
    group = click.Group("intellimatch")
    tenant = click.Group("tenant")
    group.add_command(tenant)
    tenant.add_command(click.Command("create"))
    tenant.add_command(click.Command("list"))
    group.add_command(click.Command("demo", params=[click.Option(["--detach/--attach"])]))
    return group


@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        ("intellimatch tenant create acme", None),
        ("intellimatch tenant create|list", None),
        ("make demo && .venv/bin/intellimatch demo --detach", None),
        ("intellimatch dance", "intellimatch has no command dance"),
        ("intellimatch tenant drop", "tenant has no command drop"),
        ("intellimatch tenant create|drop", "tenant has no command drop"),
        ("intellimatch demo --loud", "demo has no option --loud"),
    ],
)
def test_a_command_that_does_not_exist_is_found(
    planted_program: click.Command, shown: str, problem: str | None
) -> None:
    for text in (f"Run `{shown}`.", f"```sh\n$ {shown}  # soon\n```\n"):
        found = unknown_commands(Document(Path("a.md"), text), planted_program)
        assert [each.rpartition(": ")[2] for each in found] == ([problem] if problem else [])


def test_a_target_that_does_not_exist_is_found() -> None:
    document = Document(Path("a.md"), "Run `make test`, then\n```sh\nmake tea\n```\nto make sense.")
    assert unknown_targets(document, {"test"}) == ["a.md: make tea"]


def test_python_that_does_not_compile_is_found() -> None:
    document = Document(Path("a.md"), "```python\nx = (\n```\n\n```python\nx = 1\n```\n")
    assert len(uncompilable(document)) == 1


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A Heading, here\n")
    links = "[a](there.md) [b](there.md#a-heading-here) [c](gone.md) [d](there.md#gone) [e](#gone)"
    document = Document(tmp_path / "a.md", f"{links} `[f](code.md)` [g](https://example.org)\n")
    assert [each.partition(": ")[2] for each in broken_links(document)] == [
        "gone.md",
        "there.md#gone",
        "#gone",
    ]
