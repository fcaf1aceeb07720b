"""What plugin management needs of the plugin host and of storage."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from core.installations.contracts import InstallationId, PlanState, Values
from core.installations.model import Installation, Plugin
from core.shared.clock import UtcDatetime


class PluginCatalogue(Protocol):
    """The plugins that are installed beside the application and weren't refused."""

    def all(self) -> Sequence[Plugin]:
        """Return every plugin, by name."""
        ...

    def find(self, plugin_id: str) -> Plugin | None:
        """Return one, or None."""
        ...

    def check_settings(
        self, plugin_id: str, values: Values, kept: Collection[str]
    ) -> dict[str, Any]:
        """Return `values` as they are stored, in the plugin's own types made plain.

        `kept` names secrets that stay as they are and so aren't in `values`. Raises InvalidInput
        that names every wrong field as `settings.<name>`.
        """
        ...

    def with_defaults(self, plugin_id: str, values: Values) -> dict[str, Any]:
        """Return `values` and the default of each field that they lack and that has one."""
        ...


class Plans(Protocol):
    """Whether this tenant's plan includes a plugin."""

    def includes(self, plugin: Plugin) -> PlanState:
        """Say whether it does, and which plan would."""
        ...

    def require(self, plugin: Plugin) -> None:
        """Raise FeatureNotIncluded when it doesn't."""
        ...


class InstallationRepository(Protocol):
    """Keeps installations with their sealed secrets; each change is told to every process."""

    async def for_change(
        self, plugin_id: str, new_id: InstallationId, now: UtcDatetime
    ) -> Installation:
        """Return the installation, locked; a new one, with version 0, when there is none."""
        ...

    async def save(self, installation: Installation) -> None:
        """Keep the installation and its secrets, with its version raised by one."""
        ...

    async def save_check(self, installation: Installation) -> None:
        """Keep what the last test found; the version stays."""
        ...

    async def remove(self, installation: Installation) -> None:
        """Forget it and its secrets."""
        ...


class PluginData(Protocol):
    """What plugins keep in their own tables and store, for this tenant."""

    async def remove(self, plugin_id: str) -> int:
        """Delete all of it and return how many rows there were."""
        ...


class InstallationQueries(Protocol):
    """Answers questions about installations."""

    async def all(self) -> Sequence[Installation]:
        """Return every installation of the tenant, in the order in which they were enabled."""
        ...

    async def find(self, plugin_id: str) -> Installation | None:
        """Return one, or None."""
        ...


class PluginRevisions(Protocol):
    """Which revisions of plugins' tables the database has."""

    async def applied(self) -> Mapping[str, Mapping[int, str]]:
        """Return the checksum of each, by plugin and number."""
        ...
