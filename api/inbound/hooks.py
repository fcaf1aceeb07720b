"""Inbound webhooks: `POST /api/hooks/<plugin>/<name>` on the workspace's own host.

Public: the plugin itself checks the sender's signature over the raw bytes. What it lets through is
kept and answered 202, or 200 where a vendor wants that, before anything is done about it; the same
delivery again is answered alike.
"""

from typing import Any

import msgspec
from litestar import Request, Router, post
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from api.plugin_requests import any_parameters, plain_headers, plain_query
from api.replies import Reply, reply
from api.request_scope import Scoped, provide_tenant_scope
from tenants.plugins.wire import WebhookRequest


class Accepted(msgspec.Struct, frozen=True):
    """The delivery is kept and will be handled."""

    status: str = "accepted"


@post(
    "/{plugin_id:str}/{name:str}",
    status_code=202,
    opt={"public": True, "guarded": True, "anonymous": True, "upload": True},
    before_request=any_parameters,
    include_in_schema=False,
)
async def receive_webhook(
    request: "Request[Any, Any, Any]",
    tenant_scope: Scoped,
    plugin_id: FromPath[str],
    name: FromPath[str],
) -> Reply[Accepted]:
    """Let the plugin check what came, and keep it."""
    requests = tenant_scope.plugins.requests
    body = await _body(
        request, await requests.largest_delivery(tenant_scope.tenant, plugin_id, name)
    )
    status = await requests.webhook(
        tenant_scope.tenant,
        plugin_id,
        name,
        WebhookRequest(
            headers=plain_headers(request, credentials=True),
            query=plain_query(request),
            body=body,
        ),
        tenant_scope.request_id,
    )
    return reply(Accepted(), status=status)


async def _body(request: "Request[Any, Any, Any]", limit: int) -> bytes:
    """Return the body. Raises HTTPException as soon as there is more than is taken."""
    parts: list[bytes] = []
    room = limit - _announced(request)
    if room >= 0:
        room = limit
        async for part in request.stream():
            parts.append(part)
            room -= len(part)
            if room < 0:
                break
    if room < 0:
        raise HTTPException(status_code=413, detail="The delivery is too large.")
    return b"".join(parts)


def _announced(request: "Request[Any, Any, Any]") -> int:
    told = request.headers.get("content-length", "")
    return int(told) if told.isdecimal() and len(told) < 16 else 0


def hooks() -> Router:
    """Return the router of inbound webhooks."""
    return Router(
        "/api/hooks",
        route_handlers=[receive_webhook],
        dependencies={"tenant_scope": Provide(provide_tenant_scope, sync_to_thread=False)},
    )
