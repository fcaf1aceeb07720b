"""The page behind the link that stops mails, and the door for mail services (RFC 8058).

Reading the page changes nothing: mail services, scanners and browsers that fetch ahead follow
links, some of them run scripts, and the page has none. A POST does: with the body of the RFC, which
mail services send without cookies, or from the page's own buttons. Whoever is signed in is here as
anybody else; the link alone entitles.
"""

from typing import Any, Final

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.errors import BadRequest
from api.replies import Reply
from api.request_scope import Scoped
from api.web.careers import missing
from api.web.careers_frame import SITE, STRANGERS, careers_page
from api.web.frame import read_form, redirect
from api.web.languages import mark
from core.notifications.types import TYPES
from core.ports.unsubscribing import EVERY_NOTIFICATION, ONE_CLICK
from core.templates.contracts import is_brought
from core.unsubscribing.contracts import (
    Resubscribe,
    ShowSubscription,
    Subscription,
    Unsubscribe,
)
from core.unsubscribing.errors import SubscriptionNotFound

_SECRET: Final = (
    (b"referrer-policy", b"same-origin"),
    (b"x-robots-tag", b"noindex, nofollow, noarchive"),
    (b"cache-control", b"no-store"),
)

LISTS: Final = {
    "survey": mark("Surveys"),
    "assignment": mark("Assignments"),
    "mention": mark("Mentions"),
    EVERY_NOTIFICATION: mark("All notifications by e-mail"),
}

OF_A_PLUGIN: Final = mark("E-mails like this one")


@get("/unsubscribe/{link:str}", opt=STRANGERS, **SITE)
async def subscription(
    request: Request[Any, Any, Any], tenant_scope: Scoped, link: FromPath[str]
) -> Reply[bytes]:
    """Show what the link is about and how it stands."""
    try:
        found = await tenant_scope.ask(ShowSubscription(link=link))
    except SubscriptionNotFound:
        return await missing(request, tenant_scope)
    return await _shown(request, tenant_scope, link, found)


@post("/unsubscribe/{link:str}", opt=STRANGERS, status_code=200, **SITE)
async def change_subscription(
    request: Request[Any, Any, Any], tenant_scope: Scoped, link: FromPath[str]
) -> Reply[Any]:
    """Stop the mails, or let them come again.

    Mail services are answered at once, since they follow no redirect (RFC 8058 3.2); the page's own
    buttons lead back to it. Raises BadRequest for a body that is neither.
    """
    form = await read_form(request)
    field, one_click = ONE_CLICK
    try:
        if form[field] == one_click:
            found = await tenant_scope.execute(Unsubscribe(link=link))
            return await _shown(request, tenant_scope, link, found)
        if form["action"] == "stop":
            await tenant_scope.execute(Unsubscribe(link=link))
        elif form["action"] == "resume":
            await tenant_scope.execute(Resubscribe(link=link))
        else:
            raise BadRequest(message=f"Send {field}={one_click}, or use the button of the page.")
    except SubscriptionNotFound:
        return await missing(request, tenant_scope)
    return redirect(f"/unsubscribe/{link}", headers=_SECRET)


async def _shown(
    request: Request[Any, Any, Any], tenant_scope: Scoped, link: str, found: Subscription
) -> Reply[bytes]:
    return await careers_page(
        request,
        tenant_scope,
        "unsubscribe.html",
        headers=_SECRET,
        link=link,
        subscription=found,
        list_name=_name_of(found.mail_list),
    )


def _name_of(mail_list: str) -> str:
    if is_brought(mail_list):
        return OF_A_PLUGIN  # its own name is for admins
    known = next((each.label for kind, each in TYPES.items() if kind == mail_list), None)
    return known or LISTS[mail_list]


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (subscription, change_subscription)
