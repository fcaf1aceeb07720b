"""Who is asking, and where else they belong."""

from litestar import Controller, get

from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.identity.contracts.sign_in import ListWorkspaces, Me, ShowMe, Workspace
from core.shared.paging import Page


class MeController(Controller):
    """The caller."""

    path = "/me"
    tags = ("Signing in",)

    @get("/", operation_id="showMe", responses=problems(403, 404), summary="Read who you are")
    async def me(self, tenant_scope: Scoped) -> Reply[Me]:
        """Return who the credential stands for, and what it may do."""
        return reply(await tenant_scope.ask(ShowMe()))

    @get(
        "/workspaces",
        operation_id="listWorkspaces",
        responses=problems(403),
        summary="List your workspaces",
    )
    async def workspaces(self, tenant_scope: Scoped) -> Reply[Page[Workspace]]:
        """Return the workspaces that you are a member of; an API key sees only its own."""
        return reply(Page(await tenant_scope.ask(ListWorkspaces())))
