"""An installation: what one tenant decided about one plugin; and what a plugin says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import msgspec

from core.installations.contracts import (
    AskedPermission,
    CheckView,
    InstallationId,
    KeptDataView,
    MeterView,
    Obstacle,
    PlanState,
    PluginKind,
    Values,
)
from core.installations.errors import PluginChanged
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """The vendor whose account a plugin works with."""

    name: str
    scopes: tuple[str, ...] = ()
    is_required: bool = True


@dataclass
class Connection:
    """An account that was connected; `version` goes up each time that one is."""

    state: Literal["connected", "broken"]
    sealed: str
    """The tokens."""
    account: str
    scopes: tuple[str, ...]
    connected_at: UtcDatetime
    connected_by: MemberId | None
    expires_at: UtcDatetime | None
    is_renewable: bool
    problem: str = ""
    version: int = 0


@dataclass(frozen=True)
class Consent:
    """An account that was asked for, until the vendor's answer comes back."""

    id: UUID
    plugin_id: str
    state_digest: bytes
    """SHA-256 of the state, which itself is kept nowhere."""
    bound_to: str
    """The session, or the member, that asked."""
    sealed: str
    """The code verifier of PKCE."""
    expires_at: UtcDatetime


Decision = Literal["disabled", "enabled", "uninstalled"]


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """What an installed package says of its plugin."""

    id: str
    name: str
    plugin_version: str
    summary: str
    kind: PluginKind = "tenant"
    description: str = ""
    author: str = ""
    homepage: str = ""
    package: str = ""
    feature: str | None = None
    permissions: tuple[AskedPermission, ...] = ()
    hosts: tuple[str, ...] = ()
    keeps: tuple[KeptDataView, ...] = ()
    meters: tuple[MeterView, ...] = ()
    brings: tuple[str, ...] = ()
    settings_schema: Mapping[str, Any] = {}
    settings_version: int = 1
    secret_fields: frozenset[str] = frozenset()
    required_fields: frozenset[str] = frozenset()
    can_be_tested: bool = False
    provider: Provider | None = None
    revisions: Mapping[int, str] = {}
    """The checksum of each revision of its tables."""

    @property
    def asks_for(self) -> frozenset[str]:
        """The permissions that it can't do without."""
        return frozenset(asked.action for asked in self.permissions)


@dataclass
class Installation:
    """One tenant's; `version` is 0 until it is stored for the first time."""

    id: InstallationId
    plugin_id: str
    decision: Decision
    created_at: UtcDatetime
    updated_at: UtcDatetime
    accepted: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    settings_version: int = 1
    sealed: dict[str, str] = field(default_factory=dict)
    """Each secret that is set, by the name of its field."""
    enabled_at: UtcDatetime | None = None
    check: CheckView | None = None
    connection: Connection | None = None
    version: int = 0

    def expect(self, version: int | None) -> None:
        """Raise PluginChanged unless `version` is the present one or None."""
        if version not in {None, self.version}:
            raise PluginChanged(
                "Somebody changed this plugin's settings after you opened them. Load them again.",
                current_version=self.version,
            )

    @property
    def configured(self) -> frozenset[str]:
        """The fields that have a value, secret or not."""
        return frozenset(self.settings) | frozenset(self.sealed)

    def audited(self) -> dict[str, Any]:
        """Return what the audit trail may know: which secrets are set, and none of them."""
        return {
            "state": self.decision,
            "permissions": sorted(self.accepted),
            "settings": self.settings,
            "secrets": sorted(self.sealed),
        }


def obstacles(
    plugin: Plugin | None,
    installation: Installation,
    plan: PlanState,
    applied: Mapping[int, str],
) -> tuple[Obstacle, ...]:
    """Return what is in the way of an enabled plugin.

    `applied` are the checksums of the revisions of its tables that the database has.
    """
    if plugin is None:
        return ("package",)
    found: list[Obstacle] = []
    if not plan.included:
        found.append("plan")
    if not plugin.asks_for <= set(installation.accepted):
        found.append("permissions")
    if (
        installation.settings_version != plugin.settings_version
        or not plugin.required_fields <= installation.configured
    ):
        found.append("settings")
    if not tables_are_ready(plugin, applied):
        found.append("tables")
    if plugin.provider is not None and plugin.provider.is_required:
        connection = installation.connection
        if connection is None or connection.state == "broken":
            found.append("account")
    return tuple(found)


def tables_are_ready(plugin: Plugin, applied: Mapping[int, str]) -> bool:
    """Whether the database has every revision of the plugin's tables, as this version has them."""
    return all(applied.get(number) == checksum for number, checksum in plugin.revisions.items())


def apart(values: Values, secret_fields: frozenset[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what may be seen of `values`, and what may not."""
    plain = {name: value for name, value in values.items() if name not in secret_fields}
    secret = {name: value for name, value in values.items() if name in secret_fields}
    return plain, secret
