"""A plugin as admins see it: what the package says and what the tenant decided, in one."""

from collections.abc import Mapping
from typing import Any

import msgspec

from core.installations.contracts import PluginRow, PluginView, State
from core.installations.model import Installation, Plugin, obstacles
from core.installations.ports import Plans, PluginCatalogue

NOT_INSTALLED = "Its package is no longer installed."


class Describer:
    """Makes views; asks the catalogue and the plan."""

    def __init__(
        self, catalogue: PluginCatalogue, plans: Plans, applied: Mapping[str, Mapping[int, str]]
    ) -> None:
        self._catalogue = catalogue
        self._plans = plans
        self._applied = applied

    def row(self, plugin: Plugin | None, installation: Installation | None) -> PluginRow:
        """Return the line in the list; at least one of both must be there."""
        shown = _shown(plugin, installation)
        state, waiting_for = self._state(plugin, installation)
        return PluginRow(
            id=shown.id,
            name=shown.name,
            summary=shown.summary,
            kind=shown.kind,
            plugin_version=shown.plugin_version,
            state=state,
            waiting_for=waiting_for,
            plan=self._plans.includes(shown),
        )

    def view(self, plugin: Plugin | None, installation: Installation | None) -> PluginView:
        """Return everything about the plugin; at least one of both must be there."""
        shown = _shown(plugin, installation)
        state, waiting_for = self._state(plugin, installation)
        accepted = set(installation.accepted) if installation is not None else set()
        return PluginView(
            id=shown.id,
            name=shown.name,
            summary=shown.summary,
            description=shown.description,
            author=shown.author,
            homepage=shown.homepage,
            package=shown.package,
            kind=shown.kind,
            plugin_version=shown.plugin_version,
            state=state,
            waiting_for=waiting_for,
            plan=self._plans.includes(shown),
            permissions=tuple(
                msgspec.structs.replace(asked, accepted=asked.action in accepted)
                for asked in shown.permissions
            ),
            hosts=shown.hosts,
            keeps=shown.keeps,
            meters=shown.meters,
            brings=shown.brings,
            settings_schema=shown.settings_schema,
            settings=self._settings(plugin, installation),
            check=installation.check if installation is not None else None,
            can_be_tested=shown.can_be_tested,
            data_kept=installation is not None and installation.decision == "uninstalled",
            enabled_at=installation.enabled_at if installation is not None else None,
            updated_at=_updated_at(installation),
            version=installation.version if installation is not None else 0,
        )

    def _state(
        self, plugin: Plugin | None, installation: Installation | None
    ) -> tuple[State, tuple[Any, ...]]:
        if installation is None or installation.version == 0:
            return "available", ()
        if installation.decision == "uninstalled":
            return "available", ()
        if installation.decision == "disabled":
            return "disabled", ()
        shown = _shown(plugin, installation)
        applied = self._applied.get(shown.id, {})
        found = obstacles(plugin, installation, self._plans.includes(shown), applied)
        return ("waiting" if found else "enabled"), found

    def _settings(self, plugin: Plugin | None, installation: Installation | None) -> dict[str, Any]:
        stored = installation.settings if installation is not None else {}
        sealed = installation.sealed if installation is not None else {}
        names = plugin.secret_fields if plugin is not None else frozenset(sealed)
        plain = stored if plugin is None else self._catalogue.with_defaults(plugin.id, stored)
        return {**plain, **{name: {"set": name in sealed} for name in sorted(names)}}


def _shown(plugin: Plugin | None, installation: Installation | None) -> Plugin:
    """Return the plugin, or a stand-in for one whose package is gone."""
    if plugin is not None:
        return plugin
    if installation is None:
        raise ValueError("neither a plugin nor an installation")
    name = installation.plugin_id
    return Plugin(id=name, name=name, plugin_version="", summary=NOT_INSTALLED)


def _updated_at(installation: Installation | None) -> Any:
    if installation is None or installation.version == 0:
        return None
    return installation.updated_at
