"""The account at a vendor that a plugin works with: connected, looked at and disconnected.

Where the vendor leads the browser back to is a page: `api.web.plugin_connection`.
"""

from typing import Any

from litestar import Controller, Request, delete, get, post
from litestar.params import FromPath

from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.installations.contracts import (
    BeginConnection,
    ConnectionView,
    ConsentAsked,
    DisconnectPlugin,
    ShowConnection,
)


class PluginConnectionController(Controller):
    """Accounts that plugins work with."""

    path = "/plugins/{plugin_id:str}/connection"
    tags = ("Plugins",)

    @post(
        operation_id="beginPluginConnection",
        summary="Begin to connect a plugin's account",
        status_code=200,
        responses=problems(403, 404, 409, 422),
    )
    async def begin(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
    ) -> Reply[ConsentAsked]:
        """Return the vendor's page, to be opened in a browser.

        The answer is taken for ten minutes, once, in the browser session that asked; where a
        program asked, in one of the member whose API key it is.
        """
        # The address holds the state: it is told once and kept nowhere.
        return await mutate(
            request, tenant_scope, BeginConnection(plugin_id=plugin_id), secret=True
        )

    @get(
        operation_id="showPluginConnection",
        summary="Look at a plugin's account",
        responses=problems(403, 404, 409),
    )
    async def show(
        self,
        request: Request[Any, Any, Any],  # noqa: ARG002 - the framework's signature
        tenant_scope: Scoped,
        plugin_id: FromPath[str],
    ) -> Reply[ConnectionView]:
        """Return whose account it is, since when and for what; its tokens are never told."""
        return reply(await tenant_scope.ask(ShowConnection(plugin_id=plugin_id)))

    @delete(
        operation_id="disconnectPlugin",
        summary="Disconnect a plugin's account",
        status_code=204,
        responses=problems(403, 404, 409),
    )
    async def disconnect(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
    ) -> Reply[None]:
        """Forget the tokens, and give them back to the vendor where it takes them."""
        command = DisconnectPlugin(plugin_id=plugin_id)
        return await mutate(request, tenant_scope, command, status=204)
