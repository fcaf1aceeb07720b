"""Connecting a plugin to an account at its vendor: asked for here, agreed to there, kept here.

What is said over the network, between the answer and `KeepConnection`, is the plugin host's.
"""

import hashlib
from datetime import timedelta
from typing import Any, Final

from core.installations.accounts import current_values, forget_account, place_of_tokens
from core.installations.contracts import (
    BeginConnection,
    BreakConnection,
    ClaimConsent,
    ConnectionView,
    ConsentAsked,
    ConsentClaimed,
    DisconnectPlugin,
    InstallationId,
    KeepConnection,
    ShowConnection,
)
from core.installations.errors import (
    ConsentUnknown,
    NoAccountNeeded,
    PluginNotConnected,
    PluginNotEnabled,
)
from core.installations.events import (
    PluginConnected,
    PluginConnectionBroken,
    PluginDisconnected,
)
from core.installations.model import Connection, Consent, Installation, Plugin, Provider
from core.installations.ports import (
    ConnectionRepository,
    ConsentRepository,
    InstallationQueries,
    InstallationRepository,
    Plans,
    PluginCatalogue,
    Revocations,
    Vendors,
)
from core.installations.usecases import manageable
from core.ports.secrets import SecretPlace, Secrets
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.secret import Secret
from core.shared.usecase import handles

CONSENT_LIFE: Final = timedelta(minutes=10)
"""How long a vendor's answer is waited for."""
MAX_ACCOUNT: Final = 200
MAX_PROBLEM: Final = 500


@handles(BeginConnection, action=Action.MANAGE_PLUGINS)
async def begin_connection(
    command: BeginConnection,
    *,
    actor: Actor,
    catalogue: PluginCatalogue,
    installations: InstallationRepository,
    consents: ConsentRepository,
    vendors: Vendors,
    plans: Plans,
    secrets: Secrets,
    clock: Clock,
    ids: Ids,
) -> ConsentAsked:
    """Keep what the vendor's answer will be told by, and return the vendor's page."""
    plugin = manageable(catalogue, command.plugin_id)
    _provider_of(plugin)
    plans.require(plugin)
    now = clock.now()
    installation = await installations.for_change(plugin.id, InstallationId(ids.new()), now)
    _require_enabled(plugin, installation)
    page = vendors.page(plugin.id, await current_values(catalogue, installation, secrets))
    consent_id = ids.new()
    consent = Consent(
        id=consent_id,
        plugin_id=plugin.id,
        state_digest=_digest(page.state),
        bound_to=_bound_to(actor),
        sealed=await secrets.seal(_place_of_verifier(consent_id), page.verifier),
        expires_at=UtcDatetime(now + CONSENT_LIFE),
    )
    await consents.keep(consent, now)
    return ConsentAsked(authorize_url=page.address, expires_at=consent.expires_at)


@handles(ClaimConsent, action=Action.MANAGE_PLUGINS)
async def claim_consent(
    command: ClaimConsent,
    *,
    actor: Actor,
    consents: ConsentRepository,
    secrets: Secrets,
    clock: Clock,
) -> ConsentClaimed:
    """Take out what the answer belongs to. One that is refused here stays for its own session."""
    consent = await consents.claim(_digest(command.state))
    if consent is None or not is_waited_for(consent, actor, clock.now()):
        raise ConsentUnknown(ConsentUnknown.TEXT)
    verifier = await secrets.open(_place_of_verifier(consent.id), consent.sealed)
    return ConsentClaimed(plugin_id=consent.plugin_id, verifier=verifier)


def is_waited_for(consent: Consent, actor: Actor, now: UtcDatetime) -> bool:
    """Whether who brings a vendor's answer is who asked for it, in time.

    Else anybody could have an admin's browser connect an account of theirs (RFC 9700, 4.7).
    """
    is_theirs = actor.kind == "member" and consent.bound_to in _names_of(actor)
    return is_theirs and now < consent.expires_at


@handles(KeepConnection, action=Action.MANAGE_PLUGINS)
async def keep_connection(
    command: KeepConnection,
    *,
    actor: Actor,
    catalogue: PluginCatalogue,
    installations: InstallationRepository,
    connections: ConnectionRepository,
    vendors: Vendors,
    secrets: Secrets,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> ConnectionView:
    """Keep the tokens, sealed, unless the plugin was disabled while the vendor was asked."""
    plugin = manageable(catalogue, command.plugin_id)
    provider = _provider_of(plugin)
    now = clock.now()
    installation = await installations.for_change(plugin.id, InstallationId(ids.new()), now)
    _require_enabled(plugin, installation)
    before = _audited(installation.connection)
    made = Connection(
        state="connected",
        sealed=await secrets.seal(place_of_tokens(plugin.id), command.tokens),
        account=command.account[:MAX_ACCOUNT],
        scopes=command.scopes,
        connected_at=now,
        connected_by=actor.member_id,
        expires_at=command.expires_at,
        is_renewable=command.is_renewable,
        version=0 if installation.connection is None else installation.connection.version,
    )
    await connections.keep(plugin.id, made)
    recorder.record(
        PluginConnected(aggregate_id=installation.id, plugin_id=plugin.id),
        before=before,
        after=_audited(made),
    )
    return _view(provider, made, vendors.callback_url)


@handles(BreakConnection, action=Action.MANAGE_PLUGINS)
async def break_connection(
    command: BreakConnection,
    *,
    installations: InstallationRepository,
    connections: ConnectionRepository,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> None:
    """Note it, unless the account was connected again or disconnected meanwhile."""
    installation = await installations.for_change(
        command.plugin_id, InstallationId(ids.new()), clock.now()
    )
    connection = installation.connection
    if connection is None or connection.version != command.expected_version:
        return
    if connection.state == "broken":
        return
    before = _audited(connection)
    connection.state = "broken"
    connection.problem = command.problem[:MAX_PROBLEM]
    await connections.note_broken(command.plugin_id, connection)
    recorder.record(
        PluginConnectionBroken(aggregate_id=installation.id, plugin_id=command.plugin_id),
        before=before,
        after=_audited(connection),
        reason=connection.problem,
    )


@handles(DisconnectPlugin, action=Action.MANAGE_PLUGINS)
async def disconnect_plugin(
    command: DisconnectPlugin,
    *,
    catalogue: PluginCatalogue,
    installations: InstallationRepository,
    connections: ConnectionRepository,
    revocations: Revocations,
    secrets: Secrets,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> None:
    """Forget the account, also of a plugin that is disabled or whose package is gone."""
    installation = await installations.for_change(
        command.plugin_id, InstallationId(ids.new()), clock.now()
    )
    if installation.version == 0:
        manageable(catalogue, command.plugin_id)
    connection = installation.connection
    if connection is None:
        raise PluginNotConnected("No account is connected.")
    await forget_account(installation, catalogue, connections, revocations, secrets)
    recorder.record(
        PluginDisconnected(aggregate_id=installation.id, plugin_id=installation.plugin_id),
        before=_audited(connection),
    )


@handles(ShowConnection, action=Action.MANAGE_PLUGINS)
async def show_connection(
    query: ShowConnection,
    *,
    catalogue: PluginCatalogue,
    installations: InstallationQueries,
    vendors: Vendors,
) -> ConnectionView:
    """Return how the account stands."""
    plugin = manageable(catalogue, query.plugin_id)
    installation = await installations.find(plugin.id)
    connection = None if installation is None else installation.connection
    return _view(_provider_of(plugin), connection, vendors.callback_url)


def _view(provider: Provider, connection: Connection | None, callback_url: str) -> ConnectionView:
    granted = () if connection is None else connection.scopes
    return ConnectionView(
        provider=provider.name,
        state="none" if connection is None else connection.state,
        is_required=provider.is_required,
        account="" if connection is None else connection.account,
        scopes=granted,
        missing_scopes=()
        if connection is None
        else tuple(each for each in provider.scopes if each not in granted),
        connected_at=None if connection is None else connection.connected_at,
        connected_by=None if connection is None else connection.connected_by,
        expires_at=None if connection is None else connection.expires_at,
        is_renewable=connection is not None and connection.is_renewable,
        problem="" if connection is None else connection.problem,
        callback_url=callback_url,
    )


def _audited(connection: Connection | None) -> dict[str, Any] | None:
    """Return what the audit trail may know: whose account it is may be about a person."""
    if connection is None:
        return None
    return {"state": connection.state, "scopes": list(connection.scopes)}


def _provider_of(plugin: Plugin) -> Provider:
    if plugin.provider is None:
        raise NoAccountNeeded(f"{plugin.name} works without an account that is connected.")
    return plugin.provider


def _require_enabled(plugin: Plugin, installation: Installation) -> None:
    if installation.version == 0 or installation.decision != "enabled":
        raise PluginNotEnabled(f"Enable {plugin.name} first, then connect its account.")


def _bound_to(actor: Actor) -> str:
    """Return who may bring the answer: a session that asked; for a program, its member."""
    return _names_of(actor)[0 if actor.kind == "member" else 1]


def _names_of(actor: Actor) -> tuple[str, str]:
    return f"session:{actor.id}", f"member:{actor.member_id}"


def _digest(state: Secret) -> bytes:
    return hashlib.sha256(state.reveal().encode()).digest()


def _place_of_verifier(consent_id: Any) -> SecretPlace:
    return SecretPlace("plugin_consents", consent_id, "verifier")
