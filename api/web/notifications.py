"""The bell, the page of all notifications, and what to be told of."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, cast

import msgspec
from litestar import Request, get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import TENANT_SCOPE, Scoped
from api.web.frame import BELL, WEB, is_partial, may, page, partial, require, translated
from api.web.notification_words import CADENCES, ICONS, WEEKDAYS
from api.web.time_zones import TIME_ZONES
from core.notifications.contracts import (
    Inbox,
    ListBrowsers,
    ListNotifications,
    NotificationSettings,
    NotificationView,
    ShowBadge,
    ShowDefaults,
    ShowSettings,
)
from core.notifications.reach import reach_of
from core.notifications.types import TYPES
from core.notifications.wording import said, sentences
from core.shared.paging import PageRequest
from core.shared.permissions import Action
from tenants.scope import TenantScope

LATEST: Final = 10
"""How many the bell shows."""

ESCALATIONS: Final = (0, 1, 2, 4, 8, 24, 48, 72, 168)
"""Hours that are offered; others can be chosen over the API."""

_ON_A_PAGE: Final = 30

Words = Annotated[str, QueryParameter(max_length=60)]
Cursor = Annotated[str | None, QueryParameter(max_length=2_000)]


class Shown(msgspec.Struct, frozen=True):
    """A notification in the reader's words."""

    view: NotificationView
    title: str
    message: str
    icon: str
    starts_at: datetime | None


async def note_bell(request: "Request[Any, Any, Any]") -> None:
    """Count what the bell of a whole page shows. Runs before each handler of a page."""
    scope = request.scope.get(TENANT_SCOPE)
    if not isinstance(scope, TenantScope) or request.method != "GET" or is_partial(request):
        return
    if scope.actor.kind == "member" and scope.tenant.status == "active":
        cast("dict[str, Any]", request.scope)[BELL] = await scope.ask(ShowBadge())


@get("/notifications", **WEB)
async def inbox(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    type: Words = "",  # noqa: A002 - the parameter's name
    unread: Words = "",
    cursor: Cursor = None,
) -> Reply[bytes]:
    """Show all notifications; the address holds the filter."""
    require(tenant_scope, Action.OWN_ACCOUNT)
    reached = reach_of(tenant_scope.actor).types
    chosen: Any = type if type in reached else None
    only_unread = bool(unread)
    found = await tenant_scope.ask(
        ListNotifications(
            type=chosen, unread=only_unread, page=PageRequest(limit=_ON_A_PAGE, cursor=cursor)
        )
    )
    context: dict[str, Any] = {
        "found": found,
        "shown": _shown(request, found),
        "chosen": chosen or "",
        "only_unread": only_unread,
        "is_first": cursor is None,
    }
    if is_partial(request):
        name = "pieces/notification_rows.html" if cursor else "pieces/notification_list.html"
        return partial(request, name, **context)
    types = [(kind, TYPES[kind].label) for kind in TYPES if kind in reached]
    return page(request, "notifications.html", types=types, **context)


@get("/notifications/latest", **WEB)
async def latest(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Fill the bell's panel."""
    require(tenant_scope, Action.OWN_ACCOUNT)
    found = await tenant_scope.ask(ListNotifications(page=PageRequest(limit=LATEST)))
    return partial(
        request,
        "pieces/notification_latest.html",
        found=found,
        shown=_shown(request, found),
    )


@get("/account/notifications", **WEB)
async def preferences(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Show what one is told of; admins decide here for everybody as well."""
    require(tenant_scope, Action.OWN_ACCOUNT)
    may_decide = may(tenant_scope.actor, Action.MANAGE_TENANT)
    settings = await tenant_scope.ask(ShowSettings())
    return page(
        request,
        "notification_settings.html",
        settings=settings,
        browsers=await tenant_scope.ask(ListBrowsers()),
        defaults=await tenant_scope.ask(ShowDefaults()) if may_decide else None,
        **_options(request, settings, tenant_scope.tenant.time_zone),
    )


def _options(
    request: "Request[Any, Any, Any]", settings: NotificationSettings, workspace_zone: str
) -> dict[str, Any]:
    """Return what the fields of preferences offer."""

    def _(text: str) -> str:
        return translated(request.scope, text)

    def after(hours: int) -> str:
        return _("Never") if not hours else _("After {hours} h").format(hours=hours)

    quiet = settings.quiet_hours
    usual = workspace_zone if quiet is None else quiet.zone
    decided = after(settings.workspace_escalates_after_hours)
    offered = {settings.workspace_escalates_after_hours, *ESCALATIONS}
    if settings.escalate_after_hours is not None:
        offered.add(settings.escalate_after_hours)
    escalations = [(hours, after(hours)) for hours in sorted(offered)]
    return {
        "cadences": list(CADENCES.items()),
        "hours": [(hour, f"{hour:02}:00") for hour in range(24)],
        "weekdays": [(day, _(word)) for day, word in WEEKDAYS.items()],
        "time_zones": TIME_ZONES,
        "usual_zone": _("As else: {zone}").format(zone=usual),
        "escalations": escalations,
        "own_escalations": [
            ("", _("As for everybody: {hours}").format(hours=decided)),
            *escalations,
        ],
    }


def _shown(request: "Request[Any, Any, Any]", found: Inbox) -> Sequence[Shown]:
    return [_in_words(request, view) for view in found.items]


def _in_words(request: "Request[Any, Any, Any]", view: NotificationView) -> Shown:
    title, message = sentences(view.wording)
    starts_at = view.words.get("starts_at")
    return Shown(
        view=view,
        title=said(translated(request.scope, title), view.words),
        message=said(translated(request.scope, message), view.words) if message else "",
        icon=ICONS.get(view.type, "bell"),
        starts_at=datetime.fromisoformat(starts_at).astimezone(UTC) if starts_at else None,
    )


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (inbox, latest, preferences)
