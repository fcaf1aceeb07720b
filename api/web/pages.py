"""Every page's route, for `api.app`. A module of pages is registered here."""

from typing import Any, Final

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from api.request_scope import provide_tenant_scope
from api.web import (
    account,
    candidate_page,
    candidates,
    dashboard,
    imports,
    jobs,
    start,
    styleguide,
    workspace,
)
from api.web.assets import serve_asset
from api.web.forms import refuse_forged_forms

_ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    serve_asset,
    start.start,
    *account.ROUTES,
    *dashboard.ROUTES,
    *jobs.ROUTES,
    *candidates.ROUTES,
    *candidate_page.ROUTES,
    *imports.ROUTES,
    *workspace.ROUTES,
    *styleguide.ROUTES,
)


def pages(*more: Any) -> Router:
    """Return the router of all pages, and of those in `more`.

    Unlike in the API, a query parameter that a page doesn't know is let be: other sites and mail
    programs add theirs to links.
    """
    return Router(
        "/",
        route_handlers=[*_ROUTES, *more],
        dependencies={"tenant_scope": Provide(provide_tenant_scope, sync_to_thread=False)},
        before_request=refuse_forged_forms,
    )
