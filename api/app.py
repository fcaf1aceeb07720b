"""Builds the web application around an open Runtime, for `api.serve`, the demo and the tests."""

from collections.abc import Sequence
from typing import cast

from litestar import Controller, Litestar, Router
from litestar.di import Provide
from litestar.types import HTTPScope, Receive, Scope, Send

from api.docs.site import documentation
from api.errors import EXCEPTION_HANDLERS
from api.gate import Gate
from api.health import Health
from api.inbound.hooks import hooks
from api.metrics import Metrics
from api.query import refuse_unknown_parameters
from api.request_scope import provide_tenant_scope
from api.routes import RouteOptions
from api.streams.hub import Hub
from api.v1 import CONTROLLERS
from api.validation import StrictBody
from api.web.pages import pages
from api.web.problem_pages import shown_by
from plugins.valkey.stream_tickets import StreamTickets
from tenants.runtime import Runtime


class Application(Litestar):
    """Litestar behind the gate."""

    def __init__(self, runtime: Runtime, controllers: Sequence[type[Controller]]) -> None:
        super().__init__(
            route_handlers=[
                version_1(controllers),
                *documentation([version_1(controllers)]),
                pages(),
                hooks(),
            ],
            exception_handlers={
                kind: shown_by(handler) for kind, handler in EXCEPTION_HANDLERS.items()
            },
            before_request=refuse_unknown_parameters,
            openapi_config=None,
            logging_config=None,
            request_max_body_size=None,
            debug=False,
        )
        metrics = Metrics()
        self.health = Health(runtime, metrics)
        self.streams = Hub(runtime, metrics)
        self.state.streams = self.streams
        self.state.stream_tickets = StreamTickets(runtime.redis)
        self._gate = Gate(super().__call__, runtime, RouteOptions(self), self.health)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        """Serve one connection: the lifespan goes to the framework, requests to the gate."""
        kind = cast("str", scope["type"])
        if kind == "http":
            await self._gate(cast("HTTPScope", scope), receive, send)
        elif kind == "lifespan":
            await super().__call__(scope, receive, send)
        else:
            # WebSockets are opened by HTTP requests, which pass the gate: api.streams.opening.
            await send({"type": "websocket.close", "code": 4404, "reason": "not found"})


def create_app(
    runtime: Runtime, controllers: Sequence[type[Controller]] = CONTROLLERS
) -> Application:
    """Return the application. Who opened `runtime` closes it."""
    return Application(runtime, controllers)


def version_1(controllers: Sequence[type[Controller]]) -> Router:
    """Return the routes of `/api/v1`."""
    return Router(
        "/api/v1",
        route_handlers=list(controllers),
        dependencies={"tenant_scope": Provide(provide_tenant_scope, sync_to_thread=False)},
        dto=StrictBody,
        return_dto=None,
    )
