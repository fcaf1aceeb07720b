"""Every hook is documented with an example, every example is run, and its tests with it."""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import msgspec
import pytest

from core.templates.language import MAX_VALUE
from core.tenancy.plans import FEATURES
from plugins.host.answers import MAX_ANSWER_BYTES, MAX_PARTS
from plugins.host.guard import MAX_IN_FLIGHT, MAX_IN_FLIGHT_PER_TENANT
from plugins.host.loading import LOADING_SECONDS, discover
from plugins.sdk import EventHandler, InboundWebhook, Page, Route, ScheduledTask
from plugins.sdk.context import PluginContext
from plugins.sdk.hooks import HOOK_NAMES
from plugins.sdk.rows import MAX_ROWS
from plugins.sdk.testing.harness import Harness
from tenants.catalogue import MAX_BYTES as MAX_SETTINGS_BYTES
from tenants.plugins.doors import MAX_VALUE_BYTES
from tenants.plugins.facade import CHECK_SECONDS
from tests.fixtures.documents import FENCE, Document, read
from tests.fixtures.examined import Examined
from tests.fixtures.repository import ROOT

FOLDER = ROOT / "docs" / "plugins"
HOOKS = FOLDER / "hooks.md"
SECTION = re.compile(r"^## `(?P<hook>\w+)`\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SETTINGS = {"api_key": "key-1", "signing_key": "sign"}
WITH_EXAMPLES = ("hooks.md", "context.md", "testing.md")
"""Pages whose code is run, those after the first on top of the plugin that the first builds."""


def sections(text: str) -> dict[str, str]:
    return {found["hook"]: found["body"] for found in SECTION.finditer(text)}


def undocumented(text: str, hooks: tuple[str, ...] = HOOK_NAMES) -> Iterator[str]:
    """Each hook that has no section, no example in it, or no test of that example."""
    found = sections(text)
    for hook in hooks:
        if hook not in found:
            yield f"{hook} has no section"
            continue
        code = "\n".join(Document(HOOKS, found[hook]).python_blocks())
        if not re.search(rf"^@hook\ndef {hook}\(", code, re.MULTILINE):
            yield f"{hook} has no example"
        if not re.search(r"^(async )?def test_\w+\(plugin", code, re.MULTILINE):
            yield f"{hook} has no test of its example"
    for section in found:
        if section not in hooks:
            yield f"{section} is no hook"


@pytest.fixture(scope="module")
def example() -> Iterator[ModuleType]:
    """The plugin that the pages build, as one module."""
    made = ModuleType("documented_plugin")
    sys.modules[made.__name__] = made
    for name in WITH_EXAMPLES:
        run_page(made, FOLDER / name)
    yield made
    del sys.modules[made.__name__]


def run_page(module: ModuleType, page: Path) -> None:
    text = page.read_text()
    for block in FENCE.finditer(text):
        if block["language"] == "python":
            # The line in the page, so that a traceback leads there.
            before = "\n" * text.count("\n", 0, block.start("body"))
            code = compile(before + block["body"], str(page), "exec")
            exec(code, vars(module))  # noqa: S102 - our own pages


def names_of_tests() -> list[str]:
    code = "\n".join(
        block for name in WITH_EXAMPLES for block in read(FOLDER / name).python_blocks()
    )
    return re.findall(r"^(?:async )?def (test_\w+)\(", code, re.MULTILINE)


def test_every_hook_is_documented_with_a_tested_example(examined: Examined) -> None:
    text = HOOKS.read_text()
    assert list(undocumented(text)) == []
    assert list(sections(text)) == list(HOOK_NAMES)
    examined("hooks", len(HOOK_NAMES))


def test_the_documented_plugin_is_loaded_with_every_hook(
    example: ModuleType, examined: Examined
) -> None:
    entry: Any = SimpleNamespace(
        name="checks", value=example.__name__, dist=None, load=lambda: example
    )
    found = discover(frozenset(FEATURES), [entry])
    assert found.refused == ()
    plugin = found.plugins["checks"]
    brought = {
        *("ports", "event_handlers", "scheduled_tasks", "routes", "webhooks", "pages"),
        *("email_templates", "oauth_provider", "migrations"),
    }
    assert [name for name in brought if not getattr(plugin, name)] == []
    examined("kinds of contributions", len(brought))


@pytest.mark.parametrize("name", names_of_tests())
async def test_the_pages_tests_pass(example: ModuleType, name: str) -> None:
    function = getattr(example, name)
    outcome = function(Harness(example, settings=SETTINGS))
    if inspect.isawaitable(outcome):
        await outcome


def test_no_two_examples_have_one_name(examined: Examined) -> None:
    names = names_of_tests()
    assert len(set(names)) == len(names) >= len(HOOK_NAMES)
    examined("tests in pages", len(names))


def test_everything_of_the_context_is_documented(examined: Examined) -> None:
    text = (FOLDER / "context.md").read_text()
    members = [name for name in vars(PluginContext) if not name.startswith("_")]
    assert [name for name in members if f"context.{name}" not in text] == []
    examined("members", len(members))


def default_seconds(kind: type[msgspec.Struct]) -> str:
    (field,) = (each for each in msgspec.structs.fields(kind) if each.name == "timeout_seconds")
    return f"{field.default:g} s"


LIMITS = {
    "being loaded": (f"{LOADING_SECONDS:g} s",),
    "a handler": (default_seconds(EventHandler), default_seconds(InboundWebhook)),
    "a scheduled task": (default_seconds(ScheduledTask),),
    "a route, a page": (default_seconds(Route), default_seconds(Page)),
    "the connection test": (f"{CHECK_SECONDS:g} s",),
    "an answer": (f"{MAX_ANSWER_BYTES // 2**20} MiB", f"{MAX_PARTS:,} values"),
    "all settings together": (f"{MAX_SETTINGS_BYTES // 1024} KiB",),
    "calls of a plugin at once": (str(MAX_IN_FLIGHT), str(MAX_IN_FLIGHT_PER_TENANT)),
    "a value of `context.store`": (f"{MAX_VALUE_BYTES // 1024} KiB",),
    "a variable of an e-mail": (f"{MAX_VALUE:,} characters",),
    "rows of `find`": (f"{MAX_ROWS:,}",),
}
"""What the page says of how long and how much, by the beginning of its row."""


def wrong_limits(text: str) -> list[str]:
    rows = [line.strip("| ").split("|") for line in text.splitlines() if line.startswith("|")]
    problems = []
    for beginning, values in LIMITS.items():
        said = [row[-1] for row in rows if row[0].startswith(beginning)]
        if len(said) != 1 or any(value not in said[0] for value in values):
            problems.append(f"{beginning}: {said} instead of {', '.join(values)}")
    return problems


def test_the_limits_are_those_in_the_code(examined: Examined) -> None:
    text = (FOLDER / "limits.md").read_text()
    assert wrong_limits(text) == []
    examined("limits", len(LIMITS))


def test_a_wrong_limit_is_found() -> None:
    text = (FOLDER / "limits.md").read_text()
    assert len(wrong_limits(text.replace("4 MiB", "8 MiB"))) == 1
    assert len(wrong_limits("")) == len(LIMITS)


GOOD = """\
## `pages`

```python
@hook
def pages() -> tuple[Page, ...]:
    return ()
```

```python
def test_it(plugin: Harness) -> None:
    pass
```
"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD, None),
        ("", "pages has no section"),
        (GOOD.replace("def pages", "def page"), "pages has no example"),
        (GOOD.replace("@hook\n", ""), "pages has no example"),
        (GOOD.replace("def test_it", "def it"), "pages has no test of its example"),
        (GOOD.replace("```python\ndef test", "```text\ndef test"), "pages has no test of its"),
        (GOOD + "\n## `brands`\n", "brands is no hook"),
    ],
)
def test_a_hook_that_is_not_documented_is_found(text: str, problem: str | None) -> None:
    found = list(undocumented(text, ("pages",)))
    assert [each.startswith(problem) for each in found] == [True] if problem else found == []


def test_an_example_that_is_wrong_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Text\n\n```python\nfrom plugins.sdk import NoSuchThing\n```\n")
    with pytest.raises(ImportError, match="NoSuchThing"):
        run_page(ModuleType("wrong"), page)
