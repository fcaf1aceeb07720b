"""Reports from outside: who may make them, and the webhook that takes them."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, patch, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter, RawBody
from msgspec import UNSET, UnsetType

from api.conditional import expected_version, reply_with_version
from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from api.v1.status import UNVERSIONED
from api.validation import decode_body
from core.shared.actor import source
from core.shared.permissions import Action
from core.status.contracts.reports import (
    LARGEST_REPORT,
    AdmitReport,
    ReportReceived,
    StatusReport,
    TakeReport,
)
from core.status.contracts.sources import (
    ChangeSource,
    CreateSource,
    GraceSeconds,
    IssuedSource,
    ListSources,
    Mapping,
    RevokeSource,
    RotateSource,
    ShowSource,
    SourceId,
    SourceName,
    Sources,
    SourceView,
)

REPORTERS: Final = frozenset({Action.MOVE_APPLICATION.value})
"""What a source may do, and nothing else."""
_HEADER: Final = "A header of Standard Webhooks 1.0."

IdHeader = Annotated[
    str | None, HeaderParameter(name="webhook-id", description=_HEADER, required=False)
]
TimestampHeader = Annotated[
    str | None, HeaderParameter(name="webhook-timestamp", description=_HEADER, required=False)
]
SignatureHeader = Annotated[
    str | None, HeaderParameter(name="webhook-signature", description=_HEADER, required=False)
]


class NewSource(msgspec.Struct, forbid_unknown_fields=True):
    """Who is to report."""

    name: SourceName
    mapping: Mapping = {}


class SourceChanges(msgspec.Struct, forbid_unknown_fields=True):
    """What to change; what isn't named stays as it is."""

    name: SourceName | UnsetType = UNSET
    mapping: Mapping | UnsetType = UNSET


class SecretRotation(msgspec.Struct, forbid_unknown_fields=True):
    """How long the secret before stays good."""

    grace_seconds: GraceSeconds = 86_400


class StatusWebhookController(Controller):
    """The door for reports from outside."""

    path = "/status/webhook"
    tags = ("Status",)

    @post(
        operation_id="reportStatus",
        summary="Report a status from outside",
        description="For an applicant tracking system, a background check, an assessment: signed "
        "as Standard Webhooks 1.0 says, with the secret of a source. The same `webhook-id` again "
        "is answered as the first time. What a status stands for is set for each source; what "
        "nobody set is noted in the history.",
        status_code=200,
        responses=problems(401, 409),
        opt={
            **UNVERSIONED,
            "public": True,
            "guarded": True,
            "anonymous": True,
            "body_type": StatusReport,
        },
    )
    async def report(
        self,
        tenant_scope: Scoped,
        body: RawBody,
        source_id: Annotated[
            str,
            QueryParameter(name="source", max_length=100, description="The id of the source."),
        ] = "",
        webhook_id: IdHeader = None,
        webhook_timestamp: TimestampHeader = None,
        webhook_signature: SignatureHeader = None,
    ) -> Reply[ReportReceived]:
        """Look at the signature over the raw bytes, then read them, then act."""
        if len(body) > LARGEST_REPORT:
            raise HTTPException(status_code=413, detail="A report is at most 64 KiB.")
        admitted = await tenant_scope.ask(
            AdmitReport(
                source_id=source_id,
                webhook_id=webhook_id,
                timestamp=webhook_timestamp,
                signatures=webhook_signature,
                body=body,
            )
        )
        report = decode_body(body, StatusReport)
        tenant_id = tenant_scope.tenant.id
        actor = source(tenant_id, admitted.source_id, admitted.source_name, REPORTERS)
        acting = tenant_scope.acting_as(actor)
        return reply(await acting.execute(TakeReport(admitted=admitted, report=report)))


class StatusSourceController(Controller):
    """Who may report."""

    path = "/status/sources"
    tags = ("Status",)

    @get(
        operation_id="listStatusSources",
        summary="List who reports statuses",
        responses=problems(403),
    )
    async def list(self, tenant_scope: Scoped) -> Reply[Sources]:
        """Return everybody who reports or reported."""
        return reply(await tenant_scope.ask(ListSources()))

    @post(
        operation_id="createStatusSource",
        summary="Let somebody report statuses",
        description="The secret is shown only here.",
        responses=problems(403, 409),
    )
    async def create(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[NewSource]
    ) -> Reply[IssuedSource]:
        """Make a source with a secret of its own."""
        command = CreateSource(name=data.name, mapping=data.mapping)
        return await mutate(
            request,
            tenant_scope,
            command,
            status=201,
            location=lambda made: f"/api/v1/status/sources/{made.source.id}",
            secret=True,
        )

    @get(
        "/{source_id:uuid}",
        operation_id="showStatusSource",
        summary="Show who reports statuses",
        responses=problems(403, 404),
    )
    async def show(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, source_id: FromPath[UUID]
    ) -> Reply[SourceView]:
        """Return one, without its secret."""
        view = await tenant_scope.ask(ShowSource(source_id=SourceId(source_id)))
        return reply_with_version(request, view, view.version)

    @patch(
        "/{source_id:uuid}",
        operation_id="changeStatusSource",
        summary="Change what a source's statuses stand for",
        responses=problems(403, 404, 409, 412),
    )
    async def change(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        source_id: FromPath[UUID],
        data: JSONBody[SourceChanges],
    ) -> Reply[SourceView]:
        """Change it for reports from now on."""
        command = ChangeSource(
            source_id=SourceId(source_id),
            name=data.name,
            mapping=data.mapping,
            expected_version=expected_version(request, required=False),
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/{source_id:uuid}/rotate",
        status_code=200,
        operation_id="rotateStatusSource",
        summary="Give a source a new secret",
        description="The new secret is shown only here; the one before stays good for a while.",
        responses=problems(403, 404, 409),
    )
    async def rotate(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        source_id: FromPath[UUID],
        data: JSONBody[SecretRotation],
    ) -> Reply[IssuedSource]:
        """Return a new secret."""
        command = RotateSource(source_id=SourceId(source_id), grace_seconds=data.grace_seconds)
        return await mutate(request, tenant_scope, command, secret=True)

    @delete(
        "/{source_id:uuid}",
        status_code=204,
        operation_id="revokeStatusSource",
        summary="Take no more reports of a source",
        responses=problems(403, 404),
    )
    async def revoke(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, source_id: FromPath[UUID]
    ) -> Reply[None]:
        """End it at once; what it reported stays in the histories."""
        command = RevokeSource(source_id=SourceId(source_id))
        return await mutate(request, tenant_scope, command, status=204)
