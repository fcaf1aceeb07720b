"""Every page's route, for `api.app`. A module of pages is registered here."""

from typing import Any, Final

from litestar import Request, Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from api.request_scope import provide_tenant_scope
from api.web import (
    account,
    analytics,
    automation_editor,
    automations,
    board_cards,
    branding,
    candidate_page,
    candidate_timeline,
    candidates,
    careers,
    careers_apply,
    careers_brand,
    careers_feeds,
    careers_inbox,
    careers_status,
    dashboard,
    email_domains,
    imports,
    job_preview,
    jobs,
    mail_templates,
    notifications,
    planned,
    plugin_connection,
    plugin_forms,
    plugin_pages,
    plugin_settings,
    privacy_notice,
    promises,
    resumes,
    roles,
    sign_in_links,
    start,
    status_settings,
    styleguide,
    unmatched_replies,
    unsubscribe,
    workspace,
)
from api.web.assets import serve_asset
from api.web.forms import refuse_forged_forms
from api.web.notifications import note_bell
from api.web.plugin_pages import note_places

_ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    serve_asset,
    start.start,
    *account.ROUTES,
    *sign_in_links.ROUTES,
    *dashboard.ROUTES,
    *analytics.ROUTES,
    *jobs.ROUTES,
    *job_preview.ROUTES,
    *board_cards.ROUTES,
    *candidates.ROUTES,
    *candidate_page.ROUTES,
    *candidate_timeline.ROUTES,
    *resumes.ROUTES,
    *unmatched_replies.ROUTES,
    *imports.ROUTES,
    *workspace.ROUTES,
    *promises.ROUTES,
    *roles.ROUTES,
    *branding.ROUTES,
    *privacy_notice.ROUTES,
    *status_settings.ROUTES,
    *mail_templates.ROUTES,
    *automations.ROUTES,
    *automation_editor.ROUTES,
    *planned.ROUTES,
    *email_domains.ROUTES,
    *notifications.ROUTES,
    *plugin_settings.ROUTES,
    *plugin_forms.ROUTES,
    *plugin_connection.ROUTES,
    *plugin_pages.ROUTES,
    *careers.ROUTES,
    *careers_apply.ROUTES,
    *careers_status.ROUTES,
    *careers_inbox.ROUTES,
    *careers_feeds.ROUTES,
    *careers_brand.ROUTES,
    *unsubscribe.ROUTES,
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
        before_request=_prepare,
    )


async def _prepare(request: Request[Any, Any, Any]) -> None:
    """Runs before each handler of a page."""
    await refuse_forged_forms(request)
    await note_places(request)
    await note_bell(request)
