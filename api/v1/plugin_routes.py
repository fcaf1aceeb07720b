"""The routes that plugins bring: everything below `/api/v1/plugins/<plugin>/x`.

Which there are differs from workspace to workspace, so they aren't in the OpenAPI document; each
names the row of the permission table that its caller needs.
"""

from typing import Any

from litestar import Controller, Request, delete, get, patch, post, put
from litestar.params import FromPath

from api.plugin_requests import any_parameters, plugin_reply, plugin_request
from api.replies import Reply
from api.request_scope import Scoped
from tenants.scope import TenantScope

PATHS = ["/", "/{path:path}"]


class PluginRouteController(Controller):
    """Routes of the plugins that a workspace has enabled."""

    path = "/plugins/{plugin_id:str}/x"
    include_in_schema = False
    before_request = staticmethod(any_parameters)

    @get(PATHS)
    async def answer_get(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        plugin_id: FromPath[str],
        path: FromPath[str] = "/",
    ) -> Reply[bytes]:
        """Answer a GET."""
        return await _answer(request, tenant_scope, plugin_id, path)

    @post(PATHS)
    async def answer_post(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        plugin_id: FromPath[str],
        path: FromPath[str] = "/",
    ) -> Reply[bytes]:
        """Answer a POST."""
        return await _answer(request, tenant_scope, plugin_id, path)

    @put(PATHS)
    async def answer_put(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        plugin_id: FromPath[str],
        path: FromPath[str] = "/",
    ) -> Reply[bytes]:
        """Answer a PUT."""
        return await _answer(request, tenant_scope, plugin_id, path)

    @patch(PATHS)
    async def answer_patch(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        plugin_id: FromPath[str],
        path: FromPath[str] = "/",
    ) -> Reply[bytes]:
        """Answer a PATCH."""
        return await _answer(request, tenant_scope, plugin_id, path)

    @delete(PATHS, status_code=200)
    async def answer_delete(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        plugin_id: FromPath[str],
        path: FromPath[str] = "/",
    ) -> Reply[bytes]:
        """Answer a DELETE."""
        return await _answer(request, tenant_scope, plugin_id, path)


async def _answer(
    request: "Request[Any, Any, Any]", tenant_scope: TenantScope, plugin_id: str, path: str
) -> Reply[bytes]:
    asked = await plugin_request(request, tenant_scope, path)
    answer = await tenant_scope.plugins.requests.route(
        tenant_scope.tenant, tenant_scope.actor, plugin_id, asked
    )
    return plugin_reply(answer, plugin_id)
