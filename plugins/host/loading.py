"""Finds the installed plugins and calls their hooks, once, when the process starts.

One after the other, each on a thread of its own with a deadline: a plugin that raises, exits or
hangs is refused with the reason, and the rest is loaded. Called by `tenants.plugins`.
"""

import ctypes
import threading
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import Any, Final, Protocol

import pluggy
import structlog

from plugins.host.catalogue import Catalogue, LoadedPlugin, RefusedPlugin
from plugins.host.failures import PluginStopped
from plugins.host.validation import Unfit, check_together, validated
from plugins.sdk.hooks import ENTRY_POINTS, HOOK_NAMES, PROJECT, Hooks

LOADING_SECONDS: Final = 10.0
"""How long importing a plugin and calling its hooks may take."""

GRACE_SECONDS: Final = 0.5

log = structlog.get_logger("plugins.host")


class Entry(Protocol):
    """What names a plugin: `importlib.metadata.EntryPoint`, or a test's own."""

    @property
    def name(self) -> str:
        """The entry point's name."""
        ...

    @property
    def value(self) -> str:
        """The module or object that it names."""
        ...

    @property
    def dist(self) -> Any:
        """The distribution that it belongs to, with `name` and `version`."""
        ...

    def load(self) -> Any:
        """Import and return the plugin."""
        ...


def discover(
    features: frozenset[str],
    entries: Iterable[Entry] | None = None,
    *,
    seconds: float = LOADING_SECONDS,
) -> Catalogue:
    """Return what is installed. `features` are those of the pricing plans.

    `entries` are the installed distributions' unless given.
    """
    found = entry_points(group=ENTRY_POINTS) if entries is None else entries
    plugins: dict[str, LoadedPlugin] = {}
    refused: list[RefusedPlugin] = []
    for entry in sorted(found, key=lambda each: (each.name, each.value)):
        distribution = _distribution(entry)
        try:
            loaded = load(entry, distribution, features, seconds)
            check_together(loaded, plugins)
        except Unfit as error:
            reason = str(error)
            refused.append(RefusedPlugin(f"{entry.name} = {entry.value}", distribution, reason))
            log.warning(
                "plugin_refused", entry_point=entry.name, distribution=distribution, reason=reason
            )
        else:
            plugins[loaded.id] = loaded
    return Catalogue(plugins, tuple(refused))


def load(
    entry: Entry, distribution: str, features: frozenset[str], seconds: float = LOADING_SECONDS
) -> LoadedPlugin:
    """Return the plugin that `entry` names. Raises Unfit."""
    return _bounded(lambda: validated(_answers(entry), distribution, features), seconds)


def _distribution(entry: Entry) -> str:
    dist = entry.dist
    return "unknown" if dist is None else f"{dist.name} {dist.version}"


def _answers(entry: Entry) -> dict[str, Any]:
    """Import the plugin and call each hook that it implements."""
    plugin = _said("Importing it", entry.load)
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    try:
        manager.register(plugin, name=entry.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise Unfit(f"A hook isn't as the SDK has it: {_line(error)}") from None
    answers = {}
    for name in HOOK_NAMES:
        for implementation in getattr(manager.hook, name).get_hookimpls():
            if implementation.hookwrapper or implementation.wrapper:
                raise Unfit(f"The hook {name} can't be a wrapper.")
            answers[name] = _said(f"The hook {name}", implementation.function)
    if "manifest" not in answers:
        raise Unfit("It has no hook manifest: mark a function of that name with plugins.sdk.hook.")
    return answers


def _said(what: str, function: Callable[[], Any]) -> Any:
    try:
        return function()
    except PluginStopped:
        raise
    except BaseException as error:  # noqa: BLE001
        # Also SystemExit: a plugin may refuse to be loaded, not end the process.
        raise Unfit(f"{what} raised {type(error).__name__}: {_line(error)}") from None


def _line(error: BaseException) -> str:
    """Return the beginning of what an exception says; at this point no tenant's secret is known."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001
        return "(it can't be shown)"
    return text[:300] or "(no text)"


def _bounded(work: Callable[[], LoadedPlugin], seconds: float) -> LoadedPlugin:
    """Return what `work` does on a thread of its own within `seconds`. Raises Unfit."""
    done: list[LoadedPlugin] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    thread = threading.Thread(target=run, name="plugin-loading", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive() and thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(PluginStopped)
        )
        thread.join(GRACE_SECONDS)
    if done:
        return done[0]
    if failed and isinstance(failed[0], Unfit):
        raise failed[0]
    if failed and not isinstance(failed[0], PluginStopped):
        raise Unfit(f"Loading it raised {type(failed[0]).__name__}: {_line(failed[0])}")
    raise Unfit(f"Importing it and calling its hooks took longer than {seconds:g} seconds.")
