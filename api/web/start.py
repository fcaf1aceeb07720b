"""The bare address: leads to the dashboard, to signing in, or to the reference of the API."""

from typing import Any

from litestar import Request, get

from api.replies import Reply
from api.request_scope import TENANT_SCOPE
from api.web.frame import PUBLIC, WEB, redirect
from tenants.scope import TenantScope


@get("/", opt=PUBLIC, status_code=303, **WEB)
async def start(request: Request[Any, Any, Any]) -> Reply[None]:
    """Lead who opens the bare address to where they can begin."""
    found = request.scope.get(TENANT_SCOPE)
    if not isinstance(found, TenantScope):
        return redirect("/api/docs")
    return redirect("/sign-in" if found.actor.role is None else "/dashboard")
