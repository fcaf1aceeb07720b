"""What plugins called on the web, for admins who ask whether it works."""

from core.installations.contracts import ListPluginCalls, PluginCallView
from core.installations.ports import InstallationQueries, PluginCallQueries, PluginCatalogue
from core.installations.usecases import no_such_plugin
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(ListPluginCalls, action=Action.MANAGE_PLUGINS)
async def list_plugin_calls(
    query: ListPluginCalls,
    *,
    catalogue: PluginCatalogue,
    installations: InstallationQueries,
    calls: PluginCallQueries,
) -> Page[PluginCallView]:
    """Return a page of calls. Raises PluginNotFound."""
    if (
        catalogue.find(query.plugin_id) is None
        and await installations.find(query.plugin_id) is None
    ):
        raise no_such_plugin(query.plugin_id)
    return await calls.page(query.plugin_id, query.page)
