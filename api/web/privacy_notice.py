"""The page of the privacy notice: the present one, a next version beside what applicants will see.

Its form is sent by the browser itself, so that it needs no script; what was typed comes back with
whatever is wrong.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, get, post
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from api.errors import BadRequest, status_of
from api.replies import Reply
from api.request_scope import Scoped
from api.v1.careers import NoticeBody
from api.web.frame import WEB, may, page, read_form, redirect, require
from api.web.refusals import said
from core.careers.contracts import (
    GetPrivacyNotice,
    ListPrivacyNotices,
    NoticeVersion,
    PrivacyNotice,
    PublishPrivacyNotice,
)
from core.careers.errors import NoticeChanged, NoticeNotFound
from core.identity.contracts.team import ListMembers
from core.shared.errors import DomainError
from core.shared.ids import MemberId
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from core.shared.problems import problems_in
from tenants.scope import TenantScope

Number = Annotated[str, QueryParameter(max_length=9)]
PATH: Final = "/settings/privacy-notice"


class Draft(msgspec.Struct, frozen=True):
    """What is being written, and on top of which version."""

    text: str
    base: int


@get(PATH, **WEB)
async def privacy_notice(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    version: Number = "",
    start_from: Number = "",
    done: Number = "",
) -> Reply[bytes]:
    """Show the present notice to edit, or with `version` an older one to read."""
    present = await tenant_scope.ask(GetPrivacyNotice())
    older = await _version(tenant_scope, version, present)
    start = await _version(tenant_scope, start_from, present)
    return await _shown(
        request,
        tenant_scope,
        present,
        Draft((start or present).text, present.version),
        older=older,
        started_from=start.version if start else None,
        is_published=done == "published",
    )


@post(PATH, opt={"form": True}, status_code=303, **WEB)
async def publish_privacy_notice(
    request: Request[Any, Any, Any], tenant_scope: Scoped
) -> Reply[Any]:
    """Publish what was typed, or only show it as applicants would see it."""
    require(tenant_scope, Action.MANAGE_TENANT)
    form = await read_form(request)
    text = form["text"].replace("\r\n", "\n")
    base = int(form["version"]) if form["version"].isdecimal() else None
    try:
        wrong = list(problems_in({"text": text}, NoticeBody, ""))
        if wrong:
            raise BadRequest(*wrong)
        if form["do"] != "preview":
            await tenant_scope.execute(PublishPrivacyNotice(text=text, expected_version=base))
            return redirect(f"{PATH}?done=published")
    except DomainError as error:
        present = await tenant_scope.ask(GetPrivacyNotice())
        is_late = isinstance(error, NoticeChanged)
        return await _shown(
            request,
            tenant_scope,
            present,
            # Only who has been shown the other version may publish over it.
            Draft(text, present.version if is_late or base is None else base),
            status=status_of(error),
            theirs=present if is_late else None,
            **said(error, ("text",)),
        )
    present = await tenant_scope.ask(GetPrivacyNotice())
    draft = Draft(text, present.version if base is None else base)
    return await _shown(request, tenant_scope, present, draft)


async def _shown(
    request: Request[Any, Any, Any],
    tenant_scope: TenantScope,
    present: PrivacyNotice,
    draft: Draft,
    *,
    status: int = 200,
    older: PrivacyNotice | None = None,
    theirs: PrivacyNotice | None = None,
    started_from: int | None = None,
    is_published: bool = False,
    error: str = "",
    errors: dict[str, str] | None = None,
) -> Reply[bytes]:
    published = await tenant_scope.ask(ListPrivacyNotices())
    return page(
        request,
        "privacy_notice.html",
        status=status,
        present=present,
        draft=draft,
        older=older,
        theirs=theirs,
        started_from=started_from,
        published=published,
        authors=await _authors(tenant_scope, published),
        may_publish=may(tenant_scope.actor, Action.MANAGE_TENANT),
        is_published=is_published,
        error="" if theirs else error,
        errors=errors or {},
    )


async def _version(
    tenant_scope: TenantScope, number: str, present: PrivacyNotice
) -> PrivacyNotice | None:
    """Return the version that the address names. Raises NoticeNotFound."""
    if not number:
        return None
    if not (number.isascii() and number.isdigit()):
        raise NoticeNotFound("There is no such version of the privacy notice.")
    if int(number) == present.version:
        return present
    return await tenant_scope.ask(GetPrivacyNotice(version=int(number)))


async def _authors(
    tenant_scope: TenantScope, published: tuple[NoticeVersion, ...]
) -> Mapping[MemberId, str]:
    if not published or not may(tenant_scope.actor, Action.VIEW_TEAM):
        return {}
    members = await tenant_scope.ask(ListMembers(page=PageRequest(limit=MAX_LIMIT)))
    return {each.id: each.name for each in members.items}


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (privacy_notice, publish_privacy_notice)
