"""The tokens of a connected account: where they are kept, and how they are forgotten.

Called when an account is disconnected and when its plugin is uninstalled.
"""

from typing import Any

from core.installations.model import Installation
from core.installations.ports import ConnectionRepository, PluginCatalogue, Revocations
from core.installations.settings import open_settings
from core.ports.secrets import SecretPlace, Secrets, SecretUnreadable


def place_of_tokens(plugin_id: str) -> SecretPlace:
    """Return where the tokens of a plugin's account are kept, which they are bound to."""
    return SecretPlace("plugin_connections", plugin_id, "tokens")


async def current_values(
    catalogue: PluginCatalogue, installation: Installation, secrets: Secrets
) -> dict[str, Any]:
    """Return the settings as the installed version has them, secrets in the clear."""
    opened = await open_settings(installation, secrets)
    return {**catalogue.with_defaults(installation.plugin_id, installation.settings), **opened}


async def forget_account(
    installation: Installation,
    catalogue: PluginCatalogue,
    connections: ConnectionRepository,
    revocations: Revocations,
    secrets: Secrets,
) -> None:
    """Forget tokens and open questions, and promise that the vendor gets the tokens back.

    What can't be read any more can be forgotten, and isn't given back.
    """
    connection, plugin_id = installation.connection, installation.plugin_id
    if connection is not None and connection.sealed and catalogue.find(plugin_id) is not None:
        try:
            tokens = await secrets.open(place_of_tokens(plugin_id), connection.sealed)
            values = await current_values(catalogue, installation, secrets)
        except SecretUnreadable:
            pass
        else:
            await revocations.promise(plugin_id, values, tokens)
    await connections.remove(plugin_id)
    installation.connection = None
