"""The workspace itself, its plan and what the plan gives."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, patch
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.conditional import expected_version, reply_with_version
from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.identity.contracts.sign_in import ListPermissions, PermissionRow
from core.shared.paging import Page
from core.tenancy.contracts import (
    Branding,
    Entitlements,
    ListPlans,
    PlanView,
    ShowEntitlements,
    ShowTenant,
    TenantView,
    UpdateTenant,
)

Colour = Annotated[
    str, Meta(pattern="^#[0-9a-fA-F]{6}$", description="A colour.", examples=["#0b5fff"])
]
FooterLine = Annotated[str, Meta(max_length=200)]


class BrandingInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the workspace's pages and mails look; replaces the present look as a whole."""

    logo: Annotated[
        Annotated[str, Meta(max_length=90_000)] | None,
        Meta(
            description="A data: URL of a whole PNG, JPEG or WebP image: at most 64 KiB, and 2,000 "
            "pixels on each side."
        ),
    ] = None
    primary_color: Annotated[
        Colour | None, Meta(description="Of the band above pages and mails.")
    ] = None
    accent_color: Annotated[
        Colour | None,
        Meta(
            description="Of links and buttons; with a contrast of 4.5:1 on white. Without one it "
            "is made of the primary colour, as much darker as it takes."
        ),
    ] = None
    footer_lines: Annotated[
        tuple[FooterLine, ...],
        Meta(
            max_length=5,
            description="The postal address and what else stands under pages and mails.",
            examples=[["Acme GmbH, Berlin"]],
        ),
    ] = ()
    tagline: Annotated[
        Annotated[str, Meta(max_length=160)] | None,
        Meta(description="One line under the name.", examples=["Bread for the whole city"]),
    ] = None
    privacy_url: Annotated[
        Annotated[str, Meta(max_length=500)] | None,
        Meta(
            description="The company's own privacy policy; https only.",
            examples=["https://example.com/privacy"],
        ),
    ] = None
    contact_email: Annotated[
        Annotated[str, Meta(max_length=254)] | None,
        Meta(description="Whom applicants may write to.", examples=["jobs@example.com"]),
    ] = None
    survey_url: Annotated[
        Annotated[str, Meta(max_length=500)] | None,
        Meta(
            description="Where you ask applicants how they found it; mails that ask lead there. "
            "https only.",
            examples=["https://example.com/survey"],
        ),
    ] = None


class TenantChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change about the workspace; what is left out stays."""

    name: Annotated[str, Meta(min_length=1, max_length=120, examples=["Acme"])] | UnsetType = UNSET
    time_zone: (
        Annotated[str, Meta(max_length=64, description="IANA name.", examples=["Europe/Berlin"])]
        | UnsetType
    ) = UNSET
    locale: (
        Annotated[str, Meta(max_length=20, description="BCP 47 tag.", examples=["de-DE"])]
        | UnsetType
    ) = UNSET
    branding: BrandingInput | UnsetType = UNSET


class TenantController(Controller):
    """The workspace."""

    path = "/"
    tags = ("Workspace",)

    @get(
        "/tenant", operation_id="showTenant", responses=problems(403), summary="Read the workspace"
    )
    async def show(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped
    ) -> Reply[TenantView]:
        """Return the workspace with its look, zone, locale and plan."""
        view = await tenant_scope.ask(ShowTenant())
        return reply_with_version(request, view, view.version)

    @patch(
        "/tenant",
        operation_id="updateTenant",
        responses=problems(403, 404, 412),
        summary="Change the workspace",
    )
    async def update(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[TenantChanges]
    ) -> Reply[TenantView]:
        """Change name, time zone, locale or look.

        Logo, colours, tagline and footer need a plan that includes them; whom to ask doesn't.
        """
        branding: Branding | UnsetType = UNSET
        if data.branding is not UNSET:
            branding = msgspec.convert(data.branding, Branding, from_attributes=True)
        command = UpdateTenant(
            expected_version=expected_version(request),
            name=data.name,
            time_zone=data.time_zone,
            locale=data.locale,
            branding=branding,
        )
        return await mutate(request, tenant_scope, command)

    @get(
        "/tenant/entitlements",
        operation_id="showEntitlements",
        responses=problems(403),
        summary="Read what is included",
    )
    async def entitlements(self, tenant_scope: Scoped) -> Reply[Entitlements]:
        """Return what you may use, what is used of each quota, and why something is refused."""
        return reply(await tenant_scope.ask(ShowEntitlements()))

    @get("/plans", operation_id="listPlans", responses=problems(403), summary="Read the plans")
    async def plans(self, tenant_scope: Scoped) -> Reply[Page[PlanView]]:
        """Return every plan, from the smallest to the largest."""
        return reply(Page(await tenant_scope.ask(ListPlans())))

    @get(
        "/permissions",
        operation_id="listPermissions",
        responses=problems(403),
        summary="Read the permission table",
    )
    async def permissions(self, tenant_scope: Scoped) -> Reply[Page[PermissionRow]]:
        """Return which role may do what; each action is also a scope of API keys."""
        return reply(Page(await tenant_scope.ask(ListPermissions())))
