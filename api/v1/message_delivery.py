"""Who sends e-mail and in which order, and the addresses that aren't written to."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.messages.contracts import (
    ListSuppressions,
    RemoveSuppression,
    SuppressionId,
    SuppressionView,
)
from core.messages.sender_views import ListSenders, OrderSenders, Senders
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest

AddressFilter = Annotated[
    str | None,
    QueryParameter(description="Only this address; capitals make no difference.", max_length=320),
]


class OrderOfSenders(msgspec.Struct, forbid_unknown_fields=True):
    """In which order plugins that send e-mail are tried."""

    plugins: Annotated[
        list[Annotated[str, Meta(max_length=40)]],
        Meta(
            description="The first is tried first; those left out come last, as they were enabled.",
            max_length=50,
            examples=[["sendgrid", "smtp"]],
        ),
    ]


class MessageSendersController(Controller):
    """The plugins that send e-mail."""

    path = "/message-senders"
    tags = ("Messages",)

    @get(
        operation_id="listMessageSenders",
        summary="List who sends e-mail, the first first",
        responses=problems(403),
    )
    async def list_senders(self, tenant_scope: Scoped) -> Reply[Senders]:
        """Return the enabled plugins that send. `away`: it failed so often that it is left alone.

        `failed_at` and `failure` are there when it put off the last message that it was given.
        A message goes to the first that isn't away. One that says "later" is passed over for the
        next; one that may have taken the message never is.
        """
        return reply(await tenant_scope.ask(ListSenders()))

    @put(
        operation_id="orderMessageSenders",
        summary="Set the order in which e-mail is sent",
        responses=problems(400, 403),
    )
    async def order(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[OrderOfSenders],
    ) -> Reply[Senders]:
        """Replace the order; it holds from the next message on."""
        return await mutate(request, tenant_scope, OrderSenders(plugins=tuple(data.plugins)))


class SuppressedAddressesController(Controller):
    """The addresses that aren't written to."""

    path = "/suppressed-addresses"
    tags = ("Messages",)

    @get(
        operation_id="listSuppressedAddresses",
        summary="List addresses that aren't written to, newest first",
        responses=problems(403),
    )
    async def list_suppressed(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        address: AddressFilter = None,
    ) -> Reply[Page[SuppressionView]]:
        """Return those to which mail came back for good, and whose owners complained."""
        query = ListSuppressions(address=address, page=PageRequest(limit, cursor))
        return reply_page(request, await tenant_scope.ask(query))

    @delete(
        "/{suppression_id:uuid}",
        operation_id="removeSuppressedAddress",
        summary="Let an address be written to again",
        responses=problems(403, 404),
    )
    async def remove(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, suppression_id: FromPath[UUID]
    ) -> Reply[None]:
        """Take an address off the list. The service that sends may have a list of its own."""
        command = RemoveSuppression(suppression_id=SuppressionId(suppression_id))
        return await mutate(request, tenant_scope, command, status=204)
