"""API keys: made for yourself, limited to scopes, shown once."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.instants import in_utc
from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.identity.contracts.api_keys import (
    ApiKeyIssued,
    ApiKeyView,
    CreateApiKey,
    ListApiKeys,
    RevokeApiKey,
    RotateApiKey,
)
from core.shared.ids import ApiKeyId
from core.shared.paging import Page
from core.shared.permissions import Action


class NewApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the key is for."""

    name: Annotated[str, Meta(min_length=1, max_length=120, examples=["Careers page"])]
    scopes: Annotated[
        tuple[Action, ...],
        Meta(
            min_length=1,
            max_length=len(Action),
            description="What it may do, at most what you may do yourself.",
            examples=[["jobs:read", "candidates:read"]],
        ),
    ]
    expires_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="When it ends by itself; null means never."),
    ] = None


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the old secret stays good."""

    grace_seconds: Annotated[
        int, Meta(ge=0, le=86_400, description="At most a day; 0 ends it at once.")
    ] = 0


class ApiKeyController(Controller):
    """API keys."""

    path = "/api-keys"
    tags = ("API keys",)

    @get("/", operation_id="listApiKeys", responses=problems(403), summary="List API keys")
    async def list(self, tenant_scope: Scoped) -> Reply[Page[ApiKeyView]]:
        """Return your keys, the newest first; an admin gets everybody's."""
        return reply(Page(await tenant_scope.ask(ListApiKeys())))

    @post(
        "/",
        operation_id="createApiKey",
        responses=problems(403),
        summary="Make an API key",
        status_code=201,
    )
    async def create(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[NewApiKey]
    ) -> Reply[ApiKeyIssued]:
        """Make a key that acts for you. Its secret is shown only here."""
        command = CreateApiKey(
            name=data.name,
            scopes=tuple(scope.value for scope in data.scopes),
            expires_at=in_utc(data.expires_at, "expires_at"),
        )
        return await mutate(request, tenant_scope, command, status=201, secret=True)

    @post(
        "/{api_key_id:uuid}/rotate",
        operation_id="rotateApiKey",
        responses=problems(403, 404, 409),
        summary="Give an API key a new secret",
        status_code=200,
    )
    async def rotate(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        api_key_id: FromPath[UUID],
        data: JSONBody[Rotation],
    ) -> Reply[ApiKeyIssued]:
        """Return a new secret for your own key; the old one stays good for the grace period."""
        command = RotateApiKey(api_key_id=ApiKeyId(api_key_id), grace_seconds=data.grace_seconds)
        return await mutate(request, tenant_scope, command, secret=True)

    @delete(
        "/{api_key_id:uuid}",
        operation_id="revokeApiKey",
        responses=problems(403, 404),
        summary="End an API key",
    )
    async def revoke(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, api_key_id: FromPath[UUID]
    ) -> Reply[None]:
        """End a key at once: your own, or anybody's for an admin."""
        command = RevokeApiKey(api_key_id=ApiKeyId(api_key_id))
        return await mutate(request, tenant_scope, command, status=204)
