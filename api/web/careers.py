"""The public pages of the careers site: the list of open jobs, a posting, the privacy notice."""

import re
from typing import Annotated, Any, Final, get_args
from uuid import UUID

import msgspec
from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web.careers_frame import SITE, STRANGERS, careers_frame, careers_page, words
from api.web.careers_structured import job_posting
from api.web.frame import is_partial, partial
from core.careers.contracts import (
    ListFacets,
    ListOpenings,
    Posting,
    ShowPosting,
    ShowPrivacyNotice,
)
from core.careers.errors import NoticeNotFound, PostingNotFound
from core.jobs.contracts import EmploymentType, JobId, Remote
from core.shared.errors import InvalidInput
from tenants.scope import TenantScope

PAGE_SIZE: Final = 30
NOT_FOUND: Final = 404
GONE: Final = 410

Words = Annotated[str, QueryParameter(max_length=200)]
Cursor = Annotated[str | None, QueryParameter(max_length=1_000)]

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")
_EMPLOYMENT: Final = frozenset(get_args(EmploymentType))
_REMOTE: Final = frozenset(get_args(Remote))


@get("/careers", opt=STRANGERS, **SITE)
async def openings(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    q: Words = "",
    location: Words = "",
    department: Words = "",
    type: Words = "",  # noqa: A002 - the name in the address
    remote: Words = "",
    cursor: Cursor = None,
) -> Reply[bytes]:
    """List open jobs; the address holds the filters. What can't be a filter narrows nothing."""
    chosen = {
        "q": _CONTROLS.sub(" ", q).strip(),
        "location": _CONTROLS.sub(" ", location).strip(),
        "department": _CONTROLS.sub(" ", department).strip(),
        "type": type if type in _EMPLOYMENT else "",
        "remote": remote if remote in _REMOTE else "",
    }
    employment: Any = chosen["type"] or None
    place: Any = chosen["remote"] or None
    query = ListOpenings(
        text=chosen["q"] or None,
        location=chosen["location"] or None,
        department=chosen["department"] or None,
        employment_type=employment,
        remote=place,
        limit=PAGE_SIZE,
        cursor=cursor,
    )
    try:
        found = await tenant_scope.ask(query)
    except InvalidInput:  # a link to the next page that was cut off
        found = await tenant_scope.ask(msgspec.structs.replace(query, cursor=None))
        cursor = None
    given = {name: value for name, value in chosen.items() if value}
    context: dict[str, Any] = {
        "found": found,
        "chosen": chosen,
        "given": given,
        "is_first": cursor is None,
    }
    if is_partial(request):
        name = "pieces/careers_rows.html" if cursor else "pieces/careers_list.html"
        return partial(request, name, **words(request), **context)
    facets = await tenant_scope.ask(ListFacets())
    return await careers_page(request, tenant_scope, "careers.html", facets=facets, **context)


@get("/careers/jobs/{job_id:uuid}", opt=STRANGERS, **SITE)
async def posting_page(
    request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: FromPath[UUID]
) -> Reply[bytes]:
    """Show a job; one that takes no applications any more says so (410)."""
    try:
        found = await tenant_scope.ask(ShowPosting(job_id=JobId(job_id)))
    except PostingNotFound:
        return await missing(request, tenant_scope)
    if not found.is_open:
        return await closed(request, tenant_scope, found)
    frame = await careers_frame(tenant_scope)
    return await careers_page(
        request,
        tenant_scope,
        "careers_posting.html",
        frame=frame,
        posting=found,
        structured=job_posting(found, frame.site.name, frame.home),
    )


@get("/careers/privacy", opt=STRANGERS, **SITE)
async def privacy_notice(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    version: Annotated[str, QueryParameter(max_length=9)] = "",
) -> Reply[bytes]:
    """Show what applicants agree to: the present notice, or an older version of it."""
    number = int(version) if version.isascii() and version.isdigit() else None
    try:
        notice = await tenant_scope.ask(ShowPrivacyNotice(version=number))
    except NoticeNotFound:
        return await missing(request, tenant_scope)
    return await careers_page(request, tenant_scope, "careers_privacy.html", notice=notice)


async def missing(request: "Request[Any, Any, Any]", tenant_scope: TenantScope) -> Reply[bytes]:
    """Say that there is nothing, and lead to what there is."""
    return await careers_page(request, tenant_scope, "careers_missing.html", status=NOT_FOUND)


async def closed(
    request: "Request[Any, Any, Any]", tenant_scope: TenantScope, posting: Posting
) -> Reply[bytes]:
    """Say that a job takes no applications any more; nothing of it is shown but its title."""
    return await careers_page(
        request, tenant_scope, "careers_closed.html", status=GONE, title=posting.title
    )


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (openings, posting_page, privacy_notice)
