"""The routes that plugins bring: everything below `/api/v1/plugins/<plugin>/x`.

Which there are differs from workspace to workspace, so they aren't in the OpenAPI document; each
names the row of the permission table that its caller needs.
"""

from typing import Any

from litestar import Controller, Request, route
from litestar.params import FromPath

from api.plugin_requests import any_parameters, plugin_reply, plugin_request
from api.replies import Reply
from api.request_scope import Scoped

PATHS = ["/", "/{path:path}"]


class PluginRouteController(Controller):
    """Routes of the plugins that a workspace has enabled."""

    path = "/plugins/{plugin_id:str}/x"
    include_in_schema = False
    before_request = staticmethod(any_parameters)

    @route(PATHS, http_method=["GET", "POST", "PUT", "PATCH", "DELETE"], status_code=200)
    async def answer(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        plugin_id: FromPath[str],
        path: FromPath[str] = "/",
    ) -> Reply[bytes]:
        """Let the plugin's route answer, with the status that it says."""
        asked = await plugin_request(request, tenant_scope, path)
        answer = await tenant_scope.plugins.requests.route(
            tenant_scope.tenant, tenant_scope.actor, plugin_id, asked
        )
        return plugin_reply(answer, plugin_id)
