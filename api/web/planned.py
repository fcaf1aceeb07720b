"""What automations do for one application, as a piece of the candidate's page."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import automation_words as words
from api.web.frame import WEB, may, partial
from core.applications.contracts import ApplicationId
from core.automations.contracts import ListPlanned
from core.shared.permissions import Action


@get("/applications/{application_id:uuid}/planned", **WEB)
async def planned(
    request: Request[Any, Any, Any], tenant_scope: Scoped, application_id: FromPath[UUID]
) -> Reply[bytes]:
    """Show what will be sent, which can be taken back, and what was."""
    found = await tenant_scope.ask(ListPlanned(application_id=ApplicationId(application_id)))
    return partial(
        request,
        "pieces/planned.html",
        application_id=application_id,
        waiting=[each for each in found.items if each.state == "planned"],
        ended=[each for each in found.items if each.state != "planned"],
        words=words,
        may_take_back=may(tenant_scope.actor, Action.MOVE_APPLICATION),
    )


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (planned,)
