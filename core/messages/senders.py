"""The order in which a tenant's plugins are tried: the tenant's wish first, then how they do."""

from collections.abc import Mapping, Sequence

from core.messages.events import SendersOrdered
from core.messages.ports import MessageQueries, Postman, Sender, SenderOrder
from core.messages.sender_views import (
    ListSenders,
    OrderSenders,
    SenderFailure,
    Senders,
    SenderView,
)
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import handles


def wished(senders: Sequence[Sender], order: Sequence[str]) -> tuple[Sender, ...]:
    """Return the senders as the tenant ordered them; those it didn't name come last, as enabled."""
    places = {plugin: place for place, plugin in enumerate(order)}
    return tuple(sorted(senders, key=lambda each: places.get(each.plugin, len(places))))


def tried_in_order(senders: Sequence[Sender], order: Sequence[str]) -> tuple[Sender, ...]:
    """Return those that aren't known to be away just now, in order; when all are, all of them."""
    ordered = wished(senders, order)
    return tuple(each for each in ordered if not each.away) or ordered


@handles(ListSenders, action=Action.MANAGE_MESSAGES)
async def list_senders(
    query: ListSenders,  # noqa: ARG001 - the request has no fields
    *,
    messages: MessageQueries,
    postman: Postman,
) -> Senders:
    """Return who sends, the first first."""
    failures = await messages.sender_failures()
    return _view(await postman.senders(), await messages.sender_order(), failures)


@handles(OrderSenders, action=Action.MANAGE_MESSAGES)
async def order_senders(
    command: OrderSenders,
    *,
    postman: Postman,
    order: SenderOrder,
    tenant: TenantContext,
    recorder: Recorder,
) -> Senders:
    """Set the order, of plugins that are enabled and send."""
    senders = await postman.senders()
    sending = {each.plugin for each in senders}
    problems = [
        FieldError(f"plugins[{place}]", f"No plugin {plugin} that sends e-mail is enabled.")
        for place, plugin in enumerate(command.plugins)
        if plugin not in sending
    ]
    problems += [
        FieldError(f"plugins[{place}]", "Name each plugin once.", "repeated")
        for place, plugin in enumerate(command.plugins)
        if plugin in command.plugins[:place]
    ]
    if problems:
        raise InvalidInput(*problems)
    before = await order.get()
    await order.put(command.plugins)
    recorder.record(
        SendersOrdered(aggregate_id=tenant.id, plugins=command.plugins),
        before={"plugins": list(before)},
        after={"plugins": list(command.plugins)},
    )
    return _view(senders, command.plugins, await order.failures())


def _view(
    senders: Sequence[Sender], order: Sequence[str], failures: Mapping[str, SenderFailure]
) -> Senders:
    return Senders(
        tuple(_sender(each, failures.get(each.plugin)) for each in wished(senders, order))
    )


def _sender(sender: Sender, failure: SenderFailure | None) -> SenderView:
    return SenderView(
        plugin=sender.plugin,
        repeatable=sender.repeatable,
        away=sender.away,
        failed_at=None if failure is None else failure.at,
        failure=None if failure is None else failure.said,
    )
