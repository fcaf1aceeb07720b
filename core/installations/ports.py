"""What plugin management needs of the plugin host and of storage."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from core.installations.contracts import InstallationId, PlanState, PluginCallView, Values
from core.installations.model import Connection, Consent, Installation, Plugin
from core.shared.clock import UtcDatetime
from core.shared.paging import Page, PageRequest
from core.shared.secret import Secret


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


class ConnectionRepository(Protocol):
    """Keeps the connected accounts; `InstallationRepository.for_change` has read and locked."""

    async def keep(self, plugin_id: str, connection: Connection) -> None:
        """Put it in place of the one before, with its version raised by one."""
        ...

    async def note_broken(self, plugin_id: str, connection: Connection) -> None:
        """Keep the state and the problem; the tokens are forgotten."""
        ...

    async def remove(self, plugin_id: str) -> None:
        """Forget the tokens, and what was asked for and not answered yet."""
        ...


class ConsentRepository(Protocol):
    """Keeps what was asked for until the answer comes."""

    async def keep(self, consent: Consent, now: UtcDatetime) -> None:
        """Keep it, and forget those whose time is over."""
        ...

    async def claim(self, state_digest: bytes) -> Consent | None:
        """Take it out, so that nobody else gets it; None when it isn't there."""
        ...


class VendorPage(msgspec.Struct, frozen=True):
    """A vendor's page where an admin agrees, and what its answer is told by."""

    address: str
    state: Secret
    verifier: Secret


class Vendors(Protocol):
    """The pages of vendors, as plugins describe them."""

    @property
    def callback_url(self) -> str:
        """Where vendors lead browsers back to: the redirect URI."""
        ...

    def page(self, plugin_id: str, values: Values) -> VendorPage:
        """Return the page to lead an admin to, with a new state and verifier.

        Raises InvalidInput that names the setting which lacks the client's id or secret.
        """
        ...


class Revocations(Protocol):
    """Gives tokens back to vendors, later and outside of the transaction."""

    async def promise(self, plugin_id: str, values: Values, tokens: Secret) -> None:
        """Have `tokens` revoked, if the vendor has a place for that."""
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


class PluginCallQueries(Protocol):
    """Reads what plugins called. It is written by the plugin host, from the calls themselves."""

    async def page(self, plugin_id: str, page: PageRequest) -> Page[PluginCallView]:
        """Return a page, newest first."""
        ...
