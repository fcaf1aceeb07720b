"""Takes in what services tell of messages: late, twice, out of order, and sometimes about others'.

Plugins ask for it from their webhooks. What is told of one message is put together anew each time,
so that the result doesn't depend on the order.
"""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

from core.messages.contracts import (
    DeliveriesReported,
    DeliveryReport,
    MessageId,
    ReportDeliveries,
    SuppressionId,
    SuppressionReason,
)
from core.messages.events import (
    MessageBounced,
    MessageComplained,
    MessageDelivered,
    MessageTracked,
)
from core.messages.machines import is_machine
from core.messages.model import Message
from core.messages.news import facts, of_member, sent
from core.messages.ports import MessageRepository, Suppressions
from core.messages.suppression import Suppression, canonical
from core.messages.timeline import Entry, is_for_former_address
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.errors import Forbidden
from core.shared.events import Event, Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.usecase import handles

_OUR_ID: Final = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>\s]+>?")
"""Our own Message-ID; see `core.messages.sending`."""


@handles(ReportDeliveries, action=Action.MANAGE_MESSAGES)
async def report_deliveries(
    command: ReportDeliveries,
    *,
    actor: Actor,
    messages: MessageRepository,
    suppressions: Suppressions,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> DeliveriesReported:
    """Note what is new, and what follows from it."""
    plugin = await messages.plugin_of(actor.id) if actor.kind == "plugin" else None
    if plugin is None:
        raise Forbidden("Only the plugin that sent a message tells what became of it.")
    by_message: dict[MessageId, list[DeliveryReport]] = defaultdict(list)
    for report in command.reports:
        message_id = await _meant(report, plugin, messages)
        if message_id is not None:
            by_message[message_id].append(report)
    intake = _Intake(plugin, messages, suppressions, clock.now(), ids, recorder)
    known = noted = 0
    # Always in this order: two commands about the same messages never wait for each other.
    for message_id in sorted(by_message):
        message = await messages.get_for_change(message_id)
        if message is not None and await messages.was_given_to(message, plugin):
            known += len(by_message[message_id])
            noted += await intake.take(message, by_message[message_id])
    return DeliveriesReported(noted, known - noted, len(command.reports) - known)


class _Intake:
    """Takes in what one plugin told."""

    def __init__(
        self,
        plugin: str,
        messages: MessageRepository,
        suppressions: Suppressions,
        now: UtcDatetime,
        ids: Ids,
        recorder: Recorder,
    ) -> None:
        self._plugin = plugin
        self._messages = messages
        self._suppressions = suppressions
        self._now = now
        self._ids = ids
        self._recorder = recorder

    async def take(self, message: Message, reports: Sequence[DeliveryReport]) -> int:
        """Note what is told of a message and what follows; return how many reports were new."""
        fresh = [(report, entry) async for report, entry in self._fresh(message, reports)]
        if not fresh:
            return 0
        was_sent = message.state == "sent"
        entries = await self._messages.timeline(message.id)
        message.learn(entries)
        await self._messages.save(message)
        if message.state == "sent" and not was_sent:
            self._recorder.record(sent(message, self._plugin))
        for report, entry in fresh:
            self._recorder.record(_event(message, report, entry, self._plugin))
            if not is_for_former_address(entry, entries, message.queued_at, message.reference):
                await self._suppress(message, report)
        return len(fresh)

    async def _fresh(
        self, message: Message, reports: Sequence[DeliveryReport]
    ) -> AsyncIterator[tuple[DeliveryReport, Entry]]:
        for report in reports:
            machine = report.machine or is_machine(report.user_agent)
            entry = Entry.of_report(report, self._plugin, self._now, machine=machine)
            if await self._messages.note(message.id, entry):
                yield report, entry

    async def _suppress(self, message: Message, report: DeliveryReport) -> None:
        reason = _reason(report)
        if reason is None:
            return
        suppression = Suppression(
            id=SuppressionId(self._ids.new()),
            address=canonical(message.to_address),
            reason=reason,
            detail=report.detail,
            plugin=self._plugin,
            message_id=message.id,
            created_at=self._now,
        )
        if suppression.outweighs(await self._suppressions.of(suppression.address)):
            await self._suppressions.put(suppression)


async def _meant(
    report: DeliveryReport, plugin: str, messages: MessageRepository
) -> MessageId | None:
    """Return which message is meant, by the surest name that the report has."""
    if report.message_id is not None:
        return MessageId(report.message_id)
    ours = _OUR_ID.fullmatch((report.header_id or "").strip().lower())
    if ours is not None:
        return MessageId(UUID(ours[1]))
    if report.reference:
        return await messages.by_reference(plugin, report.reference)
    return None


def _reason(report: DeliveryReport) -> SuppressionReason | None:
    """Return why the address isn't to be written to after this, if it isn't."""
    match report.kind:
        case "complained" | "unsubscribed":
            return report.kind
        case "bounced" | "dropped" if report.permanent:
            return "bounced"
        case _:
            return None


def _event(message: Message, report: DeliveryReport, entry: Entry, plugin: str) -> Event:
    if not message.is_to_candidate:
        detail = _without_address(report.detail, message.to_address)
        return of_member(message, report.kind, plugin=plugin, detail=detail)
    about = facts(message)
    if report.kind == "delivered":
        return MessageDelivered(**about, plugin=plugin)
    if report.kind == "complained":
        return MessageComplained(**about, plugin=plugin)
    if report.kind in ("bounced", "dropped"):
        detail = _without_address(report.detail, message.to_address)
        return MessageBounced(**about, plugin=plugin, detail=detail, permanent=report.permanent)
    return MessageTracked(**about, plugin=plugin, kind=report.kind, machine=entry.machine)


def _without_address(text: str, address: str) -> str:
    """Return the text for an event, which holds no addresses: servers like to repeat them."""
    return re.sub(re.escape(address), "the address", text, flags=re.IGNORECASE)
