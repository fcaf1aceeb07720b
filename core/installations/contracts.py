"""What others may know of plugins and their installations: commands, queries and views."""

from collections.abc import Mapping
from typing import Any, Literal, NewType
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from core.shared.secret import HIDDEN, Secret
from core.shared.usecase import Command, Query

InstallationId = NewType("InstallationId", UUID)

PluginKind = Literal["system", "tenant"]
State = Literal["available", "disabled", "enabled", "waiting"]
"""`available`: never enabled, or uninstalled. `waiting`: enabled, but something is in the way."""

Obstacle = Literal["package", "plan", "permissions", "settings", "tables", "account"]
"""What an enabled plugin may wait for: that its package is installed again; a plan that includes
it; that an admin accepts what a new version asks for; settings that the new version needs; that the
operator migrates the database to its tables; that an admin connects its account at the vendor. For
want of an account it isn't kept from working: what doesn't need one goes on.
"""

ConnectionState = Literal["none", "connected", "broken"]
"""`broken`: the vendor takes the connection no longer, and an admin has to connect it again."""

Values = Mapping[str, Any]
"""Settings as plain data."""


class AskedPermission(msgspec.Struct, frozen=True):
    """A permission that the plugin asks for."""

    action: str
    """A row of the permission table, such as `candidates:read`."""
    why: str
    accepted: bool = False
    """Whether an admin of this workspace agreed."""


class KeptDataView(msgspec.Struct, frozen=True):
    """Data that the plugin keeps."""

    what: str
    personal: bool
    where: Literal["here", "outside"]
    retention: str


class MeterView(msgspec.Struct, frozen=True):
    """What the plugin counts."""

    name: str
    unit: str


class PlanState(msgspec.Struct, frozen=True):
    """Whether the workspace's plan includes the plugin."""

    included: bool
    message: str
    feature: str | None = None
    """The feature of the plans that it needs; null: it comes with every plan."""
    available_in: str | None = None
    """The smallest plan that includes it, when the present one doesn't."""


class CheckView(msgspec.Struct, frozen=True):
    """What the last test of the connection found."""

    at: UtcDatetime
    ok: bool
    message: str
    details: Mapping[str, str] = {}


class ConnectionView(msgspec.Struct, frozen=True, kw_only=True):
    """The account at a vendor that a plugin works with. Its tokens are in no view."""

    provider: str
    """The vendor, as the plugin calls it."""
    state: ConnectionState
    is_required: bool
    """Whether the plugin waits for it."""
    account: str
    """Whose account it is, as the vendor says; empty when it doesn't."""
    scopes: tuple[str, ...]
    """What the vendor granted."""
    missing_scopes: tuple[str, ...]
    """What the installed version asks for and the vendor didn't grant."""
    connected_at: UtcDatetime | None
    connected_by: MemberId | None
    expires_at: UtcDatetime | None
    """When the present token ends; null: the vendor didn't say."""
    is_renewable: bool
    """Whether the platform renews it by itself."""
    problem: str
    """Why it is broken, or what went wrong at the last renewal; empty when all is well."""
    callback_url: str
    """The redirect URI that has to be registered at the vendor."""


class ConsentAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Where an admin agrees that the plugin works with an account."""

    authorize_url: str
    """The vendor's page. It leads back to the browser session, or the member, that asked."""
    expires_at: UtcDatetime
    """Until when the answer is taken."""


class ConsentClaimed(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor's answer that is the one that was asked for; it is taken once."""

    plugin_id: str
    verifier: Secret


class PluginRow(msgspec.Struct, frozen=True):
    """A plugin in the list."""

    id: str
    name: str
    summary: str
    kind: PluginKind
    plugin_version: str
    """Of the package that is installed; empty when it is gone."""
    state: State
    waiting_for: tuple[Obstacle, ...]
    plan: PlanState


class PluginView(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin and how it stands in this workspace."""

    id: str
    name: str
    summary: str
    description: str
    author: str
    homepage: str
    package: str
    """Name and version of the installed package."""
    kind: PluginKind
    plugin_version: str
    state: State
    waiting_for: tuple[Obstacle, ...]
    plan: PlanState
    permissions: tuple[AskedPermission, ...]
    hosts: tuple[str, ...]
    """Whom it calls in the outside world; `*` is anybody."""
    keeps: tuple[KeptDataView, ...]
    meters: tuple[MeterView, ...]
    brings: tuple[str, ...]
    """What it adds: `port Messaging`, `page /codes`, `route GET /codes`."""
    settings_schema: Mapping[str, Any]
    """JSON Schema (2020-12) of the settings; what is `writeOnly` is a secret."""
    settings: Values
    """As configured, defaults filled in; a secret shows as `{"set": true}` or `{"set": false}`."""
    check: CheckView | None
    can_be_tested: bool
    data_kept: bool
    """Whether it was uninstalled and its data kept."""
    enabled_at: UtcDatetime | None
    updated_at: UtcDatetime | None
    version: int
    """Goes up by one at every change; 0 before the first; the ETag."""


class WithValues(msgspec.Struct, frozen=True, kw_only=True):
    """Base of commands that carry settings: what they hold isn't shown, secrets are among it."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({HIDDEN})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("values", HIDDEN)]


class EnablePlugin(WithValues, Command[PluginView], frozen=True, kw_only=True):
    """Let a plugin work for this tenant, with settings if they are to change.

    `accept_permissions` must name exactly what the plugin asks for.
    """

    plugin_id: str
    accept_permissions: tuple[str, ...] = ()
    settings: Values | UnsetType = UNSET
    expected_version: int | None = None


class ConfigurePlugin(WithValues, Command[PluginView], frozen=True, kw_only=True):
    """Replace a plugin's settings. A secret that is left out keeps its value, null clears it."""

    plugin_id: str
    settings: Values
    expected_version: int | None = None


class DisablePlugin(Command[PluginView], frozen=True, kw_only=True):
    """Let a plugin work no longer; settings and data stay."""

    plugin_id: str
    expected_version: int | None = None


class UninstallPlugin(Command[None], frozen=True, kw_only=True):
    """Forget a disabled plugin's settings and secrets, and its data unless that is kept."""

    plugin_id: str
    keep_data: bool
    expected_version: int | None = None


class RecordCheck(Command[PluginView], frozen=True, kw_only=True):
    """Keep what a test of the connection found; the test itself runs outside the core."""

    plugin_id: str
    ok: bool
    message: str
    details: Mapping[str, str] = {}


class KeepUpgradedSettings(WithValues, Command[None], frozen=True, kw_only=True):
    """Keep settings that the plugin's own migrations brought to its present version.

    `values` hold secrets in the clear. Does nothing when the installation isn't as expected: others
    were faster.
    """

    plugin_id: str
    values: Values
    from_version: int
    """The version of the settings that `values` were made from."""
    settings_version: int
    expected_version: int


class BeginConnection(Command[ConsentAsked], frozen=True, kw_only=True):
    """Ask for an account at the plugin's vendor. Nothing changes until the vendor has answered."""

    plugin_id: str


class ClaimConsent(Command[ConsentClaimed], frozen=True, kw_only=True):
    """Take a vendor's answer, once: by its state, in the session that asked, in time."""

    state: Secret


class KeepConnection(Command[ConnectionView], frozen=True, kw_only=True):
    """Keep the tokens of an account that was just connected, in place of those before."""

    plugin_id: str
    tokens: Secret
    """As the host keeps them; the core doesn't look into them."""
    scopes: tuple[str, ...]
    account: str
    expires_at: UtcDatetime | None
    is_renewable: bool


class BreakConnection(Command[None], frozen=True, kw_only=True):
    """Note that the vendor takes the connection no longer. Nothing to do when it is another one."""

    plugin_id: str
    problem: str
    expected_version: int


class DisconnectPlugin(Command[None], frozen=True, kw_only=True):
    """Forget the tokens and give them back to the vendor, where it takes them."""

    plugin_id: str


class ShowConnection(Query[ConnectionView], frozen=True, kw_only=True):
    """The account of one plugin."""

    plugin_id: str


class ListPlugins(Query[tuple[PluginRow, ...]], frozen=True, kw_only=True):
    """Every plugin that is installed, or was and is still enabled, by name."""


class ShowPlugin(Query[PluginView], frozen=True, kw_only=True):
    """One plugin."""

    plugin_id: str


class PluginCallView(msgspec.Struct, frozen=True):
    """A call that a plugin made over HTTP. Never shows what was sent, nor more than the host."""

    id: UUID
    at: UtcDatetime
    """When it began."""
    method: str
    host: str
    status: int | None
    """What was answered; null when nothing was."""
    problem: str | None
    """Why there was no answer: the code of an error, such as `outbound_timeout`."""
    duration_ms: int
    sent_bytes: int
    """Of the request's body."""
    received_bytes: int
    """Of the answer's body."""


class ListPluginCalls(Query[Page[PluginCallView]], frozen=True, kw_only=True):
    """What a plugin called for this workspace in the last days, newest first."""

    plugin_id: str
    page: PageRequest = PageRequest()
