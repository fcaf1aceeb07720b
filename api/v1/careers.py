"""What admins set about the careers site; what the public sees of it are pages."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from api.conditional import expected_version, reply_with_version
from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.applications.contracts import ApplicationId
from core.careers.contracts import (
    GetPrivacyNotice,
    ListPrivacyNotices,
    ListSubmissions,
    NoticeText,
    NoticeVersion,
    PrivacyNotice,
    PublishPrivacyNotice,
    SubmissionView,
)
from core.shared.paging import Page

_LAST_VERSION: Final = 2**31 - 1
"""What PostgreSQL's integer holds."""


class NoticeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next version of the privacy notice."""

    text: Annotated[
        NoticeText,
        Meta(
            description="Plain text; an empty line begins a paragraph.",
            examples=["Acme GmbH, Berlin, keeps what you send for six months."],
        ),
    ]


class SubmissionController(Controller):
    """What applicants sent."""

    path = "/applications/{application_id:uuid}/submissions"
    tags = ("Careers site",)

    @get(
        operation_id="listSubmissions",
        summary="List what was sent for an application",
        responses=problems(403, 404),
    )
    async def list(
        self, tenant_scope: Scoped, application_id: FromPath[UUID]
    ) -> Reply[Page[SubmissionView]]:
        """Return what applicants wrote of themselves, and which privacy notice they agreed to."""
        query = ListSubmissions(application_id=ApplicationId(application_id))
        return reply(await tenant_scope.ask(query))


class CareersController(Controller):
    """The careers site."""

    path = "/privacy-notice"
    tags = ("Careers site",)

    @get(
        operation_id="showPrivacyNotice",
        summary="Read the privacy notice",
        responses=problems(403, 404),
    )
    async def show(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        version: Annotated[
            int | None,
            QueryParameter(ge=0, le=_LAST_VERSION, description="An older one; else the present."),
        ] = None,
    ) -> Reply[PrivacyNotice]:
        """Return what applicants agree to; version 0 is the text that everybody starts with."""
        notice = await tenant_scope.ask(GetPrivacyNotice(version=version))
        return reply_with_version(request, notice, notice.version)

    @get(
        "/versions",
        operation_id="listPrivacyNotices",
        summary="List the versions of the privacy notice",
        responses=problems(403),
    )
    async def list(self, tenant_scope: Scoped) -> Reply[Page[NoticeVersion]]:
        """Return what was published and when, the newest first; no version is ever changed."""
        return reply(Page(await tenant_scope.ask(ListPrivacyNotices())))

    @put(
        operation_id="publishPrivacyNotice",
        summary="Publish a privacy notice",
        responses=problems(403, 412),
    )
    async def publish(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[NoticeBody]
    ) -> Reply[PrivacyNotice]:
        """Publish a new version. Each application keeps the version that it was sent under."""
        command = PublishPrivacyNotice(text=data.text, expected_version=expected_version(request))
        return await mutate(request, tenant_scope, command)
